"""Which state of a quote may follow which, and the one statement by which it moves: of two presses one succeeds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from offers.models import Quote
from offers.models.quotes import QuoteState
from offers.services.quotes.refusals import QuoteExpired, QuoteMovedOn

S = QuoteState

# To each state the ones from which it is reached; whatever is not listed is not done.
TRANSITIONS: Mapping[QuoteState, frozenset[QuoteState]] = {
    S.SENT: frozenset({S.DRAFT}),
    S.VIEWED: frozenset({S.SENT}),
    S.ACCEPTED: frozenset({S.SENT, S.VIEWED}),
    S.DECLINED: frozenset({S.SENT, S.VIEWED}),
    S.EXPIRED: frozenset({S.SENT, S.VIEWED}),
    S.WITHDRAWN: frozenset({S.SENT, S.VIEWED}),
    S.SUPERSEDED: frozenset({S.SENT, S.VIEWED}),
}
# What a new version may follow on; all but the open ones keep the state that tells their story.
REVISABLE = frozenset({S.SENT, S.VIEWED, S.DECLINED, S.EXPIRED, S.WITHDRAWN})


def lock(quote: Quote) -> Quote:
    """The quote as it stands, held until the end of the transaction (on SQLite the transaction itself holds)."""
    rows = Quote.objects.for_partner(quote.partner).select_related("partner", "customer", "contact", "owner")
    return rows.select_for_update(of=("self",)).get(pk=quote.pk)


def move(quote: Quote, to: QuoteState, **values: Any) -> None:
    """Take the quote to the state with these values, if it may go there from where it stands in the database.

    Raises QuoteMovedOn.
    """
    rows = Quote.objects.filter(pk=quote.pk, state__in=TRANSITIONS[to])
    if not rows.update(state=to, **values):
        raise QuoteMovedOn(current(quote))
    quote.state = to
    for name, value in values.items():
        setattr(quote, name, value)


def current(quote: Quote) -> Quote:
    """The row as the database has it now."""
    return Quote.objects.select_related("partner", "customer").get(pk=quote.pk)


def refuse_unless_answerable(quote: Quote, *, today: date) -> None:
    """Whether the customer may still answer; raises QuoteMovedOn, or QuoteExpired after its last day."""
    if quote.state == S.EXPIRED or (quote.is_open and quote.valid_until < today):
        raise QuoteExpired(quote)
    if not quote.is_open:
        raise QuoteMovedOn(quote)


def refuse_unless_draft(quote: Quote) -> None:
    """Whether it may be changed; raises QuoteMovedOn."""
    if not quote.is_draft:
        raise QuoteMovedOn(quote)
