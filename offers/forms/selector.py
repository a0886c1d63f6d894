"""The five questions of the selector as an address carries them: each answer in the query, nothing kept elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from offers.rules.selector import Answers, Names, Question, Servers, Timing, Trust
from portal.types import StrOrPromise

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: StrOrPromise
    hint: StrOrPromise = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its options, and the answer given to it, empty so far."""

    name: str
    title: StrOrPromise
    short: StrOrPromise
    hint: StrOrPromise
    options: tuple[Option, ...]
    answer: str = ""

    @property
    def answer_words(self) -> StrOrPromise:
        return next((option.label for option in self.options if option.value == self.answer), "")


_TIMING = (
    Option(Timing.YES, _("Yes")),
    Option(Timing.LATER, _("Not now, but later")),
    Option(Timing.NO, _("No")),
)
_ASKED = (
    Asked(
        Question.PERSONAL,
        _("Do people give you personal data there?"),
        _("Personal data"),
        _("A name, an address, an account, a message: whatever is about a person."),
        _TIMING,
    ),
    Asked(
        Question.PAYMENT,
        _("Do they give payment data there?"),
        _("Payment data"),
        _("Card numbers or bank details, also in a form of a payment service."),
        _TIMING,
    ),
    Asked(
        Question.NAMES,
        _("How many names does it need?"),
        _("Names"),
        _("Names are what stands in the address bar, such as www.example.org."),
        (
            Option(Names.ONE, _("One")),
            Option(Names.FEW, _("A few"), _("Listed one by one in one certificate.")),
            Option(Names.MANY, _("Many below one domain"), _("Or more to come: shop, login, mail and others.")),
        ),
    ),
    Asked(
        Question.SERVERS,
        _("On how many servers will it be installed?"),
        _("Servers"),
        "",
        (Option(Servers.ONE, _("One")), Option(Servers.SEVERAL, _("Several"))),
    ),
    Asked(
        Question.TRUST,
        _("Who must trust it?"),
        _("Trust"),
        "",
        (
            Option(Trust.US, _("Only us and our machines")),
            Option(Trust.PUBLIC, _("Customers and the public")),
            Option(Trust.PARTNERS, _("Buyers and partners who check who we are")),
        ),
    ),
)


def answers_in(query: QueryDict) -> Answers:
    """What the address answers; anything that is no answer counts as none."""
    return Answers(
        personal=_one_of(Timing, query.get(Question.PERSONAL)),
        payment=_one_of(Timing, query.get(Question.PAYMENT)),
        names=_one_of(Names, query.get(Question.NAMES)),
        servers=_one_of(Servers, query.get(Question.SERVERS)),
        trust=_one_of(Trust, query.get(Question.TRUST)),
    )


def _one_of(choices: type[E], value: str | None) -> E | None:
    return next((one for one in choices if one == value), None)


def asked(answers: Answers) -> list[Asked]:
    """The questions in the order they are asked, with what was answered."""
    given: Mapping[str, str] = {one.name: getattr(answers, one.name) or "" for one in _ASKED}
    return [Asked(one.name, one.title, one.short, one.hint, one.options, given[one.name]) for one in _ASKED]
