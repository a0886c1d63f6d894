"""Ask for a new quote in the place of one that has ended."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from certificates.rules import utc_date
from offers.models import Quote
from offers.models.quotes import QuoteState
from offers.services.quotes import holding, moves
from offers.services.quotes.refusals import QuoteMovedOn
from portal import activities

ENDED = (QuoteState.EXPIRED, QuoteState.DECLINED, QuoteState.WITHDRAWN)


def ask_again(quote: Quote, *, now: datetime) -> bool:
    """Put the quote among what its owner has to do; whether this was the first time that it was asked for.

    One past its last day that no sweep has closed yet is closed. Raises QuoteMovedOn where it can still be answered,
    was accepted, or has a newer version.
    """
    with transaction.atomic():
        quote = moves.lock(quote)
        if quote.is_open and quote.valid_until < utc_date(now):
            moves.move(quote, QuoteState.EXPIRED, ended_at=now, change_asked_at=None)
            holding.release_all(quote, now=now)
        if quote.state not in ENDED:
            raise QuoteMovedOn(quote)
        if quote.change_asked_at:
            return False
        quote.change_asked_at = now
        quote.save(update_fields=["change_asked_at"])
        activities.record(
            "quote.change_asked", quote, partner=quote.partner, at=now, words="", name="", by_telephone=False
        )
    return True
