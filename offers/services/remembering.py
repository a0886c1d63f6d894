"""Writes down where orders stand before anything happens that could raise what offers may give them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from certificates.rules import start_of_day, utc_date
from offers.models import Offer, Price, Watermark
from offers.services.valuing import INSTANT, record_reaches
from portal.models import Partner


def remember_reaches(partner: Partner, *, now: datetime, customer: int | None = None) -> None:
    """Before a change: where every order stands by now, or every order of a `customer` (primary key)."""
    mark = Watermark.objects.for_partner(partner).first()
    if mark:
        catch_up(partner, mark, now=now)
    record_reaches(partner, now=now, customer=customer)


def note_arrival(partner: Partner, *, now: datetime) -> None:
    """Right after an offer has come: whom it has reached, so that no later change gives them more of it."""
    record_reaches(partner, now=now + INSTANT)


def catch_up(partner: Partner, mark: Watermark, *, now: datetime) -> None:
    """Make up for what happened by itself since reaches were last written down."""
    for moment in missed_moments(partner, since=mark.reached_at, now=now):
        record_reaches(partner, now=moment)
    # Never back: what an offer published meanwhile has given would else be taken for what it had not given before.
    known_until = Q(reached_at__isnull=True) | Q(reached_at__lt=now)
    Watermark.objects.filter(known_until, pk=mark.pk).update(reached_at=now)


def missed_moments(partner: Partner, *, since: datetime | None, now: datetime) -> list[datetime]:
    """The last moments before an offer or a price began or ended by itself, from `since` until now.

    What lies between need not be known: until the next one begins or ends, shares stand or fall. So every offer and
    every day of new prices is made up for once, however long no worker ran.
    """
    if since is None:
        return []
    turns = {*turns_of_offers(partner), *_turns_of_prices(partner, since=since, now=now)}
    return sorted(moment - INSTANT for moment in turns if since < moment <= now)


def turns_of_offers(partner: Partner) -> Iterator[datetime]:
    """When automatic offers begin and end."""
    offers = Offer.objects.for_partner(partner).automatic().exclude(state=Offer.State.DRAFT)
    for starts_at, ends_at in offers.values_list("starts_at", "ends_at"):
        yield starts_at
        if ends_at:
            yield ends_at


def _turns_of_prices(partner: Partner, *, since: datetime, now: datetime) -> Iterator[datetime]:
    days, prices = (utc_date(since), utc_date(now)), Price.objects.for_partner(partner).order_by()
    for day in prices.filter(valid_from__range=days).values_list("valid_from", flat=True).distinct():
        yield start_of_day(day)
    for last in prices.filter(valid_until__range=days).values_list("valid_until", flat=True).distinct():
        if last:
            yield start_of_day(last) + timedelta(days=1)
