"""What the selector shows after some answers: the product, its reasons and price, what to mind, what else would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from offers.forms.selector import Asked, asked
from offers.rules.selector import Answers, Recommendation, recommend
from offers.services.advice import Match, Matches, Subject, match
from offers.services.choices import benefits_of
from offers.wording import advice as words
from portal.types import StrOrPromise


@dataclass(frozen=True, slots=True)
class Told:
    """A reason, and the answer that caused it."""

    words: StrOrPromise
    question: StrOrPromise
    answer: StrOrPromise


@dataclass(frozen=True, slots=True)
class Proposal:
    """A product as it is proposed: what it holds, what it costs, and why in one sentence."""

    match: Match
    price: str
    why: StrOrPromise
    is_more: bool = False
    difference: str = ""

    @property
    def names(self) -> str:
        return words.names_held(self.match)

    @property
    def benefits(self) -> list[StrOrPromise]:
        return benefits_of(self.match.product)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The page's answer; `best` is None where nothing was answered, or nothing that is offered fits."""

    questions: list[Asked]
    given: int = 0
    is_complete: bool = False
    best: Proposal | None = None
    told: list[Told] = field(default_factory=list)
    cautions: list[StrOrPromise] = field(default_factory=list)
    others: list[Proposal] = field(default_factory=list)


def advise(answers: Answers, subject: Subject, *, today: date, with_prices: bool = True) -> Advice:
    """What to show to the subject after these answers; without prices, none is said, not even on request."""
    questions = asked(answers)
    if not answers.given:
        return Advice(questions=questions)
    found = recommend(answers)
    matches = match(found, subject, today=today)
    return Advice(
        questions=questions,
        given=answers.given,
        is_complete=answers.are_complete,
        best=_best(matches, with_prices=with_prices),
        told=list(_told(found, questions)),
        cautions=[words.CAUTIONS[caution] for caution in found.cautions],
        others=list(_others(found, matches, with_prices=with_prices)),
    )


def _best(matches: Matches, *, with_prices: bool) -> Proposal | None:
    best = matches.best
    if best is None:
        return None
    price = words.price_words(best, matches.currency) if with_prices else ""
    return Proposal(best, price, words.WAYS.get(best.way, ""))


def _told(found: Recommendation, questions: Sequence[Asked]) -> Iterator[Told]:
    asked_as = {one.name: one for one in questions}
    for because in found.reasons:
        question = asked_as[because.question]
        yield Told(words.REASONS[because.reason], question.short, question.answer_words)


def _others(found: Recommendation, matches: Matches, *, with_prices: bool) -> Iterator[Proposal]:
    """What would be ordered differently from the best, each once, less before more."""
    shown = [matches.best]
    for alternative, other in zip(found.alternatives, matches.others, strict=True):
        if other and not any(other.is_same_as(one) for one in shown):
            shown.append(other)
            price = words.price_words(other, matches.currency) if with_prices else ""
            why, differs = words.WHYS[alternative.why], words.difference(other, matches.best)
            yield Proposal(other, price, why, alternative.is_more, differs)
