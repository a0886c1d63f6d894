"""What is said of quotes to the house: their states, their last days, and why a line cannot be had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from certificates import rules
from certificates.wording import URGENCY_LEVELS, Pill, day, readable
from offers.models import Quote
from offers.models.documents import WorkState
from offers.models.quotes import QuoteState
from offers.services.pricing import Coded, CodeRefusal
from offers.services.quotes.refusals import LineProblem, Reason
from portal.types import StrOrPromise

STATE_LEVELS: Mapping[str, str] = {
    QuoteState.DRAFT: "plain",
    QuoteState.SENT: "note",
    QuoteState.VIEWED: "note",
    QuoteState.ACCEPTED: "good",
    QuoteState.DECLINED: "bad",
    QuoteState.EXPIRED: "plain",
    QuoteState.WITHDRAWN: "plain",
    QuoteState.SUPERSEDED: "plain",
}
WORK_LEVELS: Mapping[str, str] = {
    WorkState.WAITING: "note",
    WorkState.RUNNING: "note",
    WorkState.DONE: "good",
    WorkState.FAILED: "bad",
    WorkState.CANCELED: "plain",
}


def state_pill(state: str) -> Pill:
    return Pill(STATE_LEVELS[state], QuoteState(state).label)


def work_pill(state: str) -> Pill:
    return Pill(WORK_LEVELS[state], WorkState(state).label)


def standing(quote: Quote, *, today: date) -> Pill:
    """Its state; an open one past its last day has expired, whether or not a sweep has said so."""
    if quote.is_open and quote.valid_until < today:
        return state_pill(QuoteState.EXPIRED)
    return state_pill(quote.state)


def validity(valid_until: date, *, today: date) -> Pill:
    """How urgent the last day of an open quote is."""
    days = (valid_until - today).days
    if days < 0:
        return Pill("bad", _("no longer valid"))
    if days == 0:
        return Pill("bad", _("last day today"))
    words = ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days}
    return Pill(URGENCY_LEVELS[rules.urgency(days)], words)


def name_of(problem: LineProblem) -> str:
    """What the line is called: "15678931 · www.example.org"."""
    return " · ".join(filter(None, (problem.number, readable(problem.host) if problem.host else "")))


def sentence(problem: LineProblem) -> str:
    """Why it cannot be had, and what can be done."""
    facts = {"date": day(problem.on) if problem.on else "", "detail": problem.detail}
    return str(_SENTENCES[problem.reason] % facts)


def all_told(problems: Iterable[LineProblem]) -> list[tuple[str, str]]:
    """Name and sentence of each."""
    return [(name_of(one), sentence(one)) for one in problems]


def told(stored: Mapping[str, str]) -> tuple[str, str]:
    """The same for a problem kept by a batch: the line's name, and the sentence."""
    problem = LineProblem(
        reason=Reason(stored["reason"]),
        number=stored["number"],
        host=stored["host"],
        on=date.fromisoformat(stored["on"]) if stored["on"] else None,
        detail=stored["detail"],
    )
    return name_of(problem), sentence(problem)


_SENTENCES: Mapping[Reason, StrOrPromise] = {
    Reason.TOO_EARLY: gettext_lazy("Its renewal opens on %(date)s."),
    Reason.TOO_LATE: gettext_lazy("Its renewal closed on %(date)s: request a new certificate instead."),
    Reason.RENEWED: gettext_lazy("It has been renewed already, or its renewal is in hand."),
    Reason.RENEWED_ELSEWHERE: gettext_lazy("It is marked as renewed elsewhere."),
    Reason.MOVED: gettext_lazy("It has been moved to us already, or the order that replaces it is in hand."),
    Reason.NOT_ISSUED: gettext_lazy("It has not been issued, or no longer stands: there is nothing to renew."),
    Reason.NOT_CONNECTED: gettext_lazy("There is no connection to an authority over which it could be placed."),
    Reason.NO_PRICE: gettext_lazy("The price list has no price for %(detail)s over so many years."),
    Reason.NO_PRODUCT: gettext_lazy("Its product is no longer sold, and no other was chosen."),
    Reason.TERM_NOT_OFFERED: gettext_lazy("This product is sold for %(detail)s years at most."),
    Reason.WILDCARD: gettext_lazy("%(detail)s cannot hold its wildcard: choose another product, or list each name."),
    Reason.NO_WILDCARD: gettext_lazy("%(detail)s is for wildcards such as *.example.org: choose another product."),
    Reason.ONE_NAME: gettext_lazy("%(detail)s holds a single name: choose another product."),
    Reason.BAD_NAME: gettext_lazy("One of its names is no host name that a certificate can hold."),
    Reason.NO_ORGANIZATION: gettext_lazy("The product names an organisation, and none is known for this customer."),
    Reason.OFFER_USED_UP: gettext_lazy("The offer “%(detail)s” has been used up, or has ended, meanwhile."),
    Reason.ANOTHER_CUSTOMER: gettext_lazy("It belongs to another customer: make a quote of its own."),
    Reason.NO_ADDRESS: gettext_lazy("Nobody at this customer can be reached by e-mail."),
}

_CODES: Mapping[CodeRefusal, StrOrPromise] = {
    CodeRefusal.UNKNOWN: gettext_lazy("There is no offer with the code %(code)s."),
    CodeRefusal.NOT_LIVE: gettext_lazy("The offer with the code %(code)s does not run today."),
    CodeRefusal.NOT_FOR_THIS: gettext_lazy("The offer with the code %(code)s is not meant for these lines."),
    CodeRefusal.USED_UP: gettext_lazy("The offer with the code %(code)s has been used up."),
    CodeRefusal.NOT_BETTER: gettext_lazy("The code %(code)s gives no more than the offers that apply by themselves."),
}


def code_sentence(coded: Coded | None) -> str:
    """Why a code changed nothing; nothing where it counts."""
    if coded is None or coded.refusal is None:
        return ""
    return str(_CODES[coded.refusal] % {"code": coded.code})


def for_what(host: str | None, lines: int) -> str:
    """What a quote is about in a few words: "www.example.org and 3 more"."""
    if not host:
        return ""
    if lines < 2:
        return readable(host)
    words = ngettext("%(host)s and %(count)s more", "%(host)s and %(count)s more", lines - 1)
    return words % {"host": readable(host), "count": lines - 1}
