"""The five keys: what a letter holds and says is found, what it lacks is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaigns.library import LIBRARY, Source
from campaigns.liquid import LetterRefused
from campaigns.rules.keys import Checked, Code, Finding, Part, Status, five_keys
from campaigns.services.examples import check, example
from campaigns.wording.keys import KEYS, by_key
from portal.access import on_behalf_of
from portal.models import Partner
from tests import factories
from tests.campaigns.letters_at_hand import NOW, make_seller

GOOD = Checked(
    subject="www.granit-phare.example: 60 days left",
    preheader="One minute is enough, and the order then runs to 22 January 2028.",
    text="7101811 Secure Site OV www.granit-phare.example 23 January 2026 22 January 2027 1 year",
    language="en",
    own="7101811 Secure Site OV www.granit-phare.example 23 January 2026 22 January 2027 1 year",
    said="Hello Søren, your certificate ends soon. Renew it today and lose nothing.",
    essentials={
        Code.ORDER_NUMBER: "7101811",
        Code.PRODUCT: "Secure Site OV",
        Code.COMMON_NAME: "www.granit-phare.example",
        Code.ISSUED: "23 January 2026",
        Code.EXPIRES: "22 January 2027",
        Code.VALIDITY: "1 year",
    },
    named=("www.granit-phare.example", "7101811"),
    expected=frozenset(Part),
    placed=frozenset(Part),
    shown=frozenset(Part),
    days=-60,
)


def _wrong(letter: Checked) -> list[Finding]:
    return [one for one in five_keys(letter) if one.status is not Status.OK]


def test_a_letter_with_everything_passes_all_five_keys() -> None:
    found = five_keys(GOOD)

    assert _wrong(GOOD) == []
    assert {one.key for one in found} == {1, 2, 3, 4, 5}
    assert [one.key for one in found] == sorted(one.key for one in found)


@pytest.mark.parametrize("code", list(GOOD.essentials))
def test_an_essential_that_does_not_stand_in_the_text_is_missing(code: Code) -> None:
    fact = GOOD.essentials[code]
    nowhere = {name: getattr(GOOD, name).replace(fact, "") for name in ("subject", "preheader", "own", "text")}

    assert Finding(code, Status.MISSING) in _wrong(replace(GOOD, **nowhere))
    assert Finding(code, Status.ADDED) in _wrong(replace(GOOD, **nowhere | {"text": GOOD.text}))


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (Part.SAVINGS, Code.INCENTIVE),
        (Part.BENEFITS, Code.BENEFITS),
        (Part.NO_DAY_LOST, Code.NO_DAY_LOST),
        (Part.INSTRUCTIONS, Code.INSTRUCTIONS),
        (Part.AUTOMATION, Code.AUTOMATION),
    ],
)
def test_a_part_left_out_is_added_and_one_that_says_nothing_is_missing(part: Part, code: Code) -> None:
    left_out = replace(GOOD, placed=GOOD.placed - {part})
    nowhere = replace(GOOD, shown=GOOD.shown - {part})
    not_of_its_kind = replace(nowhere, expected=GOOD.expected - {part})

    assert _wrong(left_out) == [Finding(code, Status.ADDED, part.value)]
    assert _wrong(nowhere) == [Finding(code, Status.MISSING, part.value)]
    assert _wrong(not_of_its_kind) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"subject": ""}, Finding(Code.SUBJECT_LENGTH, Status.MISSING, "0")),
        ({"subject": f"7101811 {'x' * 80}"}, Finding(Code.SUBJECT_LENGTH, Status.ADVICE, "88")),
        ({"subject": "Your certificate"}, Finding(Code.SUBJECT_NAMES_IT, Status.ADVICE)),
        ({"preheader": ""}, Finding(Code.PREHEADER, Status.MISSING, "0")),
        ({"preheader": "Short"}, Finding(Code.PREHEADER, Status.ADVICE, "5")),
        ({"subject": "RE: 7101811"}, Finding(Code.HONEST, Status.MISSING, "RE:")),
        ({"subject": "7101811, last chance"}, Finding(Code.HONEST, Status.MISSING, "last chance")),
        (
            {"subject": "7101811 : dernière chance", "language": "fr"},
            Finding(Code.HONEST, Status.MISSING, "dernière chance"),
        ),
        ({"subject": "7101811 is ending!"}, Finding(Code.CALM, Status.ADVICE, "!")),
        ({"subject": "7101811 EXPIRES soon"}, Finding(Code.CALM, Status.ADVICE, "EXPIRES")),
        ({"subject": "Urgent: 7101811"}, Finding(Code.CALM, Status.ADVICE, "Urgent")),
        ({"days": -7}, Finding(Code.EARLY, Status.ADVICE, "7")),
        ({"buttons": 2}, Finding(Code.ONE_BUTTON, Status.MISSING, "2")),
        ({"placed": frozenset(Part) - {Part.BUTTON}}, Finding(Code.ONE_BUTTON, Status.ADDED, "button")),
        ({"said": "Dear customer,"}, Finding(Code.OWN_WORDS, Status.MISSING)),
    ],
)
def test_what_would_put_readers_off_is_named(change: dict[str, Any], finding: Finding) -> None:
    assert finding in _wrong(replace(GOOD, **change))


# Worked examples


@pytest.fixture
def seller(db: None) -> Iterator[Partner]:
    partner = make_seller()
    with on_behalf_of(partner):
        yield partner


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("key", LIBRARY)
def test_every_built_in_letter_passes_the_five_keys(seller: Partner, key: str, language: str) -> None:
    found = check(example(seller, key, language, NOW))

    assert [one for one in found if one.status is Status.MISSING] == []
    assert {one.code for one in found if one.status is not Status.OK} <= {Code.EARLY, Code.SUBJECT_LENGTH}


def test_example_shows_what_somebody_is_typing(seller: Partner) -> None:
    typed = Source("Hello {{ name }}", "Of {{ order.host }}", "Only this. {{ essentials }}")

    shown = example(seller, "not-kept-yet", "en", NOW, source=typed, based_on="days_60")

    assert shown.drawn.words.subject == "Hello Søren Lindqvist"
    assert shown.drawn.placed == {Part.ESSENTIALS}
    assert "60 days until expiration" in shown.drawn.words.text
    found = check(shown)
    added = {one.code for one in found if one.status is Status.ADDED}
    assert {Code.INCENTIVE, Code.BENEFITS, Code.NO_DAY_LOST, Code.ONE_BUTTON} <= added
    assert [one.code for one in found if one.status is Status.MISSING] == [Code.OWN_WORDS]


def test_what_the_layout_brings_by_itself_is_not_said_to_be_the_authors(seller: Partner) -> None:
    own = "Hello {{ name }}, your certificate ends on {{ order.expires }}. Renew it in time, and no day is lost."
    typed = Source("{{ order.host }} ends soon", "Renew it with one press, and keep every day that is left.", own)

    found = {one.code: one for one in check(example(seller, "days_60", "en", NOW, source=typed))}

    assert found[Code.EXPIRES].status is found[Code.COMMON_NAME].status is Status.OK
    assert found[Code.OWN_WORDS].status is Status.OK
    brought = [Code.ORDER_NUMBER, Code.PRODUCT, Code.ISSUED, Code.VALIDITY]
    assert [found[code].status for code in brought] == [Status.ADDED] * 4
    told = dict(by_key(found.values()))[KEYS[4]]
    assert [words for level, words in told if level == "note" and "essentials" in words] == [
        "The essentials that you leave out are added as a table: place {{ essentials }} yourself."
    ]


def test_example_says_in_which_part_a_mistake_stands(seller: Partner) -> None:
    for part in ("subject", "preheader", "body"):
        words = {"subject": "x", "preheader": "y", "body": "z", part: "{{ nobody }}"}
        with pytest.raises(LetterRefused) as refused:
            example(seller, "days_60", "en", NOW, source=Source(**words))
        assert (refused.value.part, refused.value.word) == (part, "nobody")


def test_example_of_a_letter_that_is_nobodys_is_refused(seller: Partner) -> None:
    with pytest.raises(KeyError):
        example(seller, "nobodys", "en", NOW)


def test_example_lives_by_the_partners_own_rules(seller: Partner) -> None:
    factories.make_connection(seller)

    words = example(seller, "days_60", "en", NOW).drawn.words

    end = factories.TODAY + timedelta(days=60)
    assert f"Renew on any day until {end.day} January {end.year}" in words.text
    assert "(60 days) is added to the 365 days of the new order: 424 days" not in words.text
