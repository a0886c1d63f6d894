"""Which certificate is recommended: every path through the five questions, walked to its end."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product
from typing import Any

import pytest

from certificates.catalogue import Benefit
from certificates.rules import Level
from offers.rules.selector import (
    Alternative,
    Answers,
    Because,
    Caution,
    Names,
    Question,
    Reason,
    Recommendation,
    Servers,
    Shape,
    Tier,
    Timing,
    Trust,
    Why,
    rank,
    recommend,
    shape_of,
)

PATHS = [
    Answers(personal=personal, payment=payment, names=names, servers=servers, trust=trust)
    for personal, payment, names, servers, trust in product(
        [None, *Timing], [None, *Timing], [None, *Names], [None, *Servers], [None, *Trust]
    )
]
WHOLE_PATHS = [path for path in PATHS if path.are_complete]
NOTHING = Answers(personal=Timing.NO, payment=Timing.NO, names=Names.ONE, servers=Servers.ONE, trust=Trust.US)
# Each question's answers from the least sensitive to the most; "later" weighs as much as "yes".
RISING: dict[str, list[Any]] = {
    "personal": [None, Timing.NO, Timing.LATER, Timing.YES],
    "payment": [None, Timing.NO, Timing.LATER, Timing.YES],
    "trust": [None, Trust.US, Trust.PUBLIC, Trust.PARTNERS],
}


def answering(path: Answers, question: str, answer: Any) -> Answers:
    changed: dict[str, Any] = {question: answer}
    return replace(path, **changed)


def test_there_are_as_many_paths_as_answers_can_be_combined() -> None:
    assert len(WHOLE_PATHS) == 3 * 3 * 3 * 2 * 3
    assert len(PATHS) == 4 * 4 * 4 * 3 * 4


def test_every_path_ends_in_a_recommendation_with_one_reason_for_each_answer() -> None:
    for path in PATHS:
        found = recommend(path)

        answered = {one.name for one in fields(path) if getattr(path, one.name) is not None}
        assert {because.question for because in found.reasons} == answered
        assert len(found.reasons) == path.given


def test_no_reason_contradicts_what_is_recommended() -> None:
    for path in PATHS:
        found = recommend(path)
        reasons, is_named = {because.reason for because in found.reasons}, found.shape.level != Level.DV

        assert (Reason.TRUST_US in reasons) == (path.trust == Trust.US and not is_named), path
        assert (Reason.TRUST_US_NAMED in reasons) == (path.trust == Trust.US and is_named), path
        if reasons & {Reason.PERSONAL_NOW, Reason.PERSONAL_LATER, Reason.TRUST_PUBLIC}:
            assert is_named, path
        if Reason.PAYMENT_NONE in reasons:
            assert found.shape.tier < Tier.PRO, path
        if reasons & {Reason.PAYMENT_NOW, Reason.PAYMENT_LATER}:
            assert found.shape.tier == Tier.PRO, path
        if Reason.TRUST_PARTNERS in reasons or Reason.MANY_NAMES_LISTED in reasons:
            assert found.shape.level == Level.EV, path


def test_ev_never_holds_a_wildcard() -> None:
    for path in PATHS:
        found = recommend(path)

        shapes = [found.shape, *(one.shape for one in found.alternatives)]
        assert not any(shape.level == Level.EV and shape.wildcard for shape in shapes), path
        assert (Caution.EV_HOLDS_NO_WILDCARD in found.cautions) == (
            found.shape.level == Level.EV and path.names == Names.MANY
        )


def test_payments_now_ask_for_a_named_organisation_and_a_vulnerability_assessment() -> None:
    for path in (one for one in PATHS if one.payment == Timing.YES):
        found = recommend(path)

        for shape in (found.shape, *(one.shape for one in found.alternatives)):
            assert rank(shape.level) >= rank(Level.OV), path
            assert Benefit.VULNERABILITY_ASSESSMENT in shape.benefits, path


@pytest.mark.parametrize("question", ["personal", "payment"])
def test_later_recommends_what_yes_does_so_that_nothing_has_to_change_in_between(question: str) -> None:
    for path in PATHS:
        assert shape_of(answering(path, question, Timing.LATER)) == shape_of(answering(path, question, Timing.YES))


def test_what_would_do_until_later_is_offered_beside_it() -> None:
    found = recommend(replace(NOTHING, payment=Timing.LATER, trust=Trust.PUBLIC))

    assert found.shape == Shape(Level.OV, Tier.PRO)
    assert Alternative(Shape(Level.OV, Tier.BASIC), Why.UNTIL_LATER) in found.alternatives


@pytest.mark.parametrize("question", RISING)
def test_more_sensitive_answers_never_recommend_less(question: str) -> None:
    for path in PATHS:
        shapes = [shape_of(answering(path, question, answer)) for answer in RISING[question]]

        assert [rank(shape.level) for shape in shapes] == sorted(rank(shape.level) for shape in shapes), path
        assert [shape.tier for shape in shapes] == sorted(shape.tier for shape in shapes), path


def test_how_many_names_and_servers_there_are_changes_neither_level_nor_tier() -> None:
    for path in PATHS:
        bare = replace(path, names=None, servers=None)

        assert (shape_of(path).level, shape_of(path).tier) == (shape_of(bare).level, shape_of(bare).tier)


def test_dv_brings_nothing_but_encryption() -> None:
    assert {shape_of(path).tier for path in PATHS if shape_of(path).level == Level.DV} == {Tier.BASIC}


def test_alternatives_differ_from_the_recommendation_and_from_each_other() -> None:
    for path in PATHS:
        found = recommend(path)

        shapes = [found.shape, *(one.shape for one in found.alternatives)]
        assert len(set(shapes)) == len(shapes), path


def test_alternatives_say_truly_whether_they_bring_more() -> None:
    for path in PATHS:
        shape = shape_of(path)
        for other in recommend(path).alternatives:
            before = (rank(shape.level), shape.tier, shape.wildcard)
            after = (rank(other.shape.level), other.shape.tier, other.shape.wildcard)

            assert other.is_more == (after > before), path


def test_every_benefit_a_shape_asks_for_is_one_of_the_catalogue() -> None:
    assert {benefit for path in PATHS for benefit in shape_of(path).benefits} <= set(Benefit.values)


@pytest.mark.parametrize(
    ("answers", "shape"),
    [
        (NOTHING, Shape(Level.DV, Tier.BASIC)),
        (replace(NOTHING, trust=Trust.PUBLIC), Shape(Level.OV, Tier.BASIC)),
        (replace(NOTHING, trust=Trust.PARTNERS), Shape(Level.EV, Tier.SITE)),
        (
            replace(NOTHING, personal=Timing.YES, trust=Trust.PUBLIC),
            Shape(Level.OV, Tier.SITE),
        ),
        (replace(NOTHING, personal=Timing.YES), Shape(Level.OV, Tier.BASIC)),
        (replace(NOTHING, payment=Timing.YES), Shape(Level.OV, Tier.PRO)),
        (
            replace(NOTHING, names=Names.MANY),
            Shape(Level.DV, Tier.BASIC, wildcard=True),
        ),
        (
            replace(NOTHING, names=Names.FEW, trust=Trust.PUBLIC),
            Shape(Level.OV, Tier.BASIC, several_names=True),
        ),
        (
            replace(NOTHING, names=Names.MANY, trust=Trust.PARTNERS),
            Shape(Level.EV, Tier.SITE, several_names=True),
        ),
    ],
)
def test_worked_answers(answers: Answers, shape: Shape) -> None:
    assert shape_of(answers) == shape


def test_a_shop_that_grows_on_several_servers_is_told_everything() -> None:
    answers = Answers(
        personal=Timing.YES,
        payment=Timing.YES,
        names=Names.MANY,
        servers=Servers.SEVERAL,
        trust=Trust.PUBLIC,
    )

    assert recommend(answers) == Recommendation(
        Shape(Level.OV, Tier.PRO, wildcard=True),
        (
            Because(Question.PERSONAL, Reason.PERSONAL_NOW),
            Because(Question.PAYMENT, Reason.PAYMENT_NOW),
            Because(Question.TRUST, Reason.TRUST_PUBLIC),
            Because(Question.NAMES, Reason.MANY_NAMES),
            Because(Question.SERVERS, Reason.SEVERAL_SERVERS),
        ),
        (Caution.WILDCARD_ON_SEVERAL_SERVERS,),
    )
