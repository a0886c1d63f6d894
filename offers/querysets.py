"""Named, chainable questions about prices, offers and quotes: `offers.live(now).automatic()`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from certificates.states import LIVE_ORDER_STATES, RenewalMark
from portal.access import PartnerQuerySet

if TYPE_CHECKING:
    from offers.models import Offer, Price, Quote, Valuation


class PriceQuerySet(PartnerQuerySet["Price"]):
    def holding(self, on: date) -> PriceQuerySet:
        """In force on the day; of several for the same thing the one that began last counts."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on), valid_from__lte=on)

    def listed(self) -> PriceQuerySet:
        """For everybody: neither of a level nor of a customer."""
        return self.filter(level__isnull=True, customer__isnull=True)


class OfferQuerySet(PartnerQuerySet["Offer"]):
    def live(self, now: datetime) -> OfferQuerySet:
        """Published, begun and not over."""
        open_ended = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
        return self.filter(open_ended, state="published", starts_at__lte=now)

    def scheduled(self, now: datetime) -> OfferQuerySet:
        return self.filter(state="published", starts_at__gt=now)

    def drafts(self) -> OfferQuerySet:
        return self.filter(state="draft")

    def paused(self, now: datetime) -> OfferQuerySet:
        """Paused, while their period is not over."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now), state="paused")

    def ended(self, now: datetime) -> OfferQuerySet:
        """Ended by hand, or by the calendar."""
        return self.filter(Q(state="ended") | Q(state__in=["published", "paused"], ends_at__lte=now))

    def automatic(self) -> OfferQuerySet:
        return self.filter(code="")

    def coded(self, code: str) -> OfferQuerySet:
        """Offers of this code, however it is written."""
        return self.filter(code__iexact=code.strip()).exclude(code="")


class QuoteQuerySet(PartnerQuerySet["Quote"]):
    def sent(self) -> QuoteQuerySet:
        """Everything that has left the house, whatever became of it."""
        return self.exclude(state="draft")

    def open(self) -> QuoteQuerySet:
        """Sent or viewed, and not answered."""
        return self.filter(state__in=["sent", "viewed"])

    def answerable(self, today: date) -> QuoteQuerySet:
        """Open, and still valid."""
        return self.open().filter(valid_until__gte=today)

    def overdue(self, today: date) -> QuoteQuerySet:
        """Open, and past their last day."""
        return self.open().filter(valid_until__lt=today)

    def expiring_soon(self, today: date, *, within: int = 7) -> QuoteQuerySet:
        """Open quotes whose last day lies today or in that many days."""
        return self.answerable(today).filter(valid_until__lte=today + timedelta(days=within))

    def change_asked(self) -> QuoteQuerySet:
        """Somebody waits for a new version."""
        return self.filter(change_asked_at__isnull=False, replaced_by__isnull=True)


class ValuationQuerySet(PartnerQuerySet["Valuation"]):
    def due(self, *, first: date, last: date) -> ValuationQuerySet:
        """Of orders that end in these days, both included, stand, and are not renewed."""
        return self.filter(
            order__renewal_mark=RenewalMark.NONE,
            order__status__in=LIVE_ORDER_STATES,
            order__ends_on__range=(first, last),
        )
