"""A word beside what was saved: prices that are below what they cost."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.utils.translation import ngettext

from offers.services.prices.changing import Rewritten
from offers.services.prices.reading import is_below_cost
from portal.access import PartnerRequest


def warn_of_costs(request: PartnerRequest, done: Rewritten, today: date) -> None:
    """Say how many of the prices that were set, and are not over, are below cost; nothing where none is."""
    spans = [span for one in done.differences for span in (*one.created, *one.changed)]
    number = sum(is_below_cost(span.prices) for span in spans if span.until is None or span.until >= today)
    if number:
        words = ngettext(
            "%(count)s price is below what it costs you: you lose money with every sale at it.",
            "%(count)s prices are below what they cost you: you lose money with every sale at them.",
            number,
        )
        messages.warning(request, words % {"count": number})
