"""What a trial has shown: how many renew of the orders that got the offer, beside those that were held back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q

from certificates.models import Order, Request
from certificates.querysets import OrderQuerySet
from certificates.rules import utc_date
from certificates.states import RenewalMark
from offers.models import Offer
from offers.rules.arms import ALL, Trial
from offers.rules.discounts import WINDOW_CLOSES, WINDOW_OPENS
from offers.services.offer_book import chains_of
from offers.services.previewing import meant_by

_RENEWED = (RenewalMark.IN_HAND, RenewalMark.RENEWED)


@dataclass(slots=True)
class Arm:
    """Orders of one arm, and those of them that are renewed or whose renewal is in hand."""

    orders: int = 0
    renewed: int = 0

    @property
    def rate(self) -> Decimal | None:
        """A share of one; None without orders."""
        return Decimal(self.renewed) / self.orders if self.orders else None


def arms_of(offer: Offer, *, today: date) -> tuple[Arm, Arm] | None:
    """Those who got the offer and those held back; None where it is for all of its orders, or has not begun.

    Counted is every order that the offer is meant for, by what it and its customer are today, on whose days it ran, and
    that was not renewed before it began. The number of a customer's orders is left aside.
    """
    if offer.trial_percent >= ALL or offer.published_at is None or utc_date(offer.starts_at) > today:
        return None
    rows = list(_orders(offer, today).values_list("pk", "renewal_mark"))
    chains = chains_of(offer.partner, [pk for pk, _mark in rows])
    trial, tried, held_back = Trial(offer.pk, offer.trial_percent), Arm(), Arm()
    for pk, mark in rows:
        arm = tried if trial.is_on(chains[pk]) else held_back
        arm.orders += 1
        arm.renewed += mark in _RENEWED
    return tried, held_back


def _orders(offer: Offer, today: date) -> OrderQuerySet:
    opens, closes = WINDOW_OPENS, WINDOW_CLOSES
    if offer.is_automatic:
        opens, closes = min(opens, offer.days_from), max(closes, offer.days_until)
    last = min(today, utc_date(offer.ends_at)) if offer.ends_at else today
    ends = utc_date(offer.starts_at) + timedelta(days=closes), last + timedelta(days=opens)
    before = Request.objects.for_partner(offer.partner).renewing().filter(requested_at__lt=offer.starts_at)
    orders: OrderQuerySet = Order.objects.for_partner(offer.partner).issued().filter(ends_on__range=ends)
    renewed_before = Q(pk__in=before.values("order")) | Q(successor__placed_at__lt=offer.starts_at)
    return orders.filter(meant_by(offer)).exclude(renewed_before)
