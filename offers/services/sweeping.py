"""Keeps values and sales true while nobody looks: orders are made, offers begin and end, days pass.

A sweep may be asked at any time and asked twice; it reads what is new since the last one, and everything once a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F, Q

from certificates.models import ImportLine, ImportRun, Order, Request
from certificates.rules import utc_date
from offers.models import Watermark
from offers.services import renewing
from offers.services.remembering import catch_up, turns_of_offers
from offers.services.valuing import ValueReport, value_orders, value_window
from portal.access import across_partners
from portal.models import Partner
from portal.wakeups import nudge

# Valuing a million orders takes minutes; a worker that died is followed after so long.
LEASE = timedelta(minutes=15)
# A key is taken before its row is committed: so many keys back, one may still appear.
OVERLAP = 1_000


def sweep(partner: Partner, *, now: datetime) -> ValueReport | None:
    """Value what has changed since the last sweep; None where another worker is at it."""
    mark = _claim(partner, now)
    if mark is None:
        return None
    try:
        report = _value_what_changed(partner, mark, now)
        _value_new(partner, mark, now)
        _sell_what_was_asked(partner, mark, now)
    finally:
        Watermark.objects.filter(pk=mark.pk).update(claimed_until=None)
    return report


def ask_for_sweep(partner: Partner) -> None:
    """Let the next sweep value the window whatever the clock says: an offer has changed."""
    mark = Watermark.objects.for_partner(partner).exclude(swept_at=None).first()
    if mark and mark.swept_at:
        Watermark.objects.filter(pk=mark.pk).update(swept_at=mark.swept_at - timedelta(hours=1))


def prices_have_changed(partner: Partner) -> None:
    """Let the next sweep, woken once this is committed, value every order: the list or what is agreed has changed."""
    from offers.tasks import value_orders  # tasks call services

    mark, _made = Watermark.objects.for_partner(partner).get_or_create(partner=partner)
    Watermark.objects.filter(pk=mark.pk).update(prices_version=F("prices_version") + 1)
    nudge(value_orders)


def partners_to_sweep() -> list[Partner]:
    with across_partners():
        return list(Partner.objects.filter(is_active=True))


def _claim(partner: Partner, now: datetime) -> Watermark | None:
    mark, _made = Watermark.objects.for_partner(partner).get_or_create(partner=partner)
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    taken = Watermark.objects.filter(free, pk=mark.pk).update(claimed_until=now + LEASE)
    return mark if taken else None


def _value_what_changed(partner: Partner, mark: Watermark, now: datetime) -> ValueReport:
    """Everything on a new day or after a change of prices, the window when an offer began or ended.

    Else only what an import changed.
    """
    since = mark.swept_at
    catch_up(partner, mark, now=now)
    if since is None or utc_date(since) < utc_date(now) or mark.prices_version != mark.valued_version:
        mark.last_order = _newest(Order)
        report = value_orders(partner, now=now)
    elif _is_due(partner, since=since, now=now):
        report = value_window(partner, now=now)
    else:
        report = ValueReport()
    if since:
        for run in ImportRun.objects.for_partner(partner).filter(finished_at__gt=since, updated__gt=0):
            value_orders(partner, now=now, orders=_changed_by(run))
    # The mark was read before prices and offers were: what changed meanwhile is left to the next sweep.
    mine = Watermark.objects.filter(pk=mark.pk)
    mine.update(last_order=mark.last_order, valued_version=mark.prices_version)
    mine.filter(swept_at=since).update(swept_at=now)
    return report


def _is_due(partner: Partner, *, since: datetime, now: datetime) -> bool:
    """An hour has passed, or an offer has begun or ended."""
    hours = (moment.replace(minute=0, second=0, microsecond=0) for moment in (since, now))
    return len(set(hours)) > 1 or any(since < moment <= now for moment in turns_of_offers(partner))


def _changed_by(run: ImportRun) -> Iterator[int]:
    numbers = ImportLine.objects.filter(run=run, outcome=ImportLine.Outcome.UPDATED).values("number")
    orders = Order.objects.for_partner(run.partner).filter(authority=run.authority, number__in=numbers)
    return orders.values_list("pk", flat=True).iterator()


def _value_new(partner: Partner, mark: Watermark, now: datetime) -> None:
    """Orders made since, by an import or a request: their keys lie beyond the last one seen."""
    newest = _newest(Order)
    new = Order.objects.for_partner(partner).filter(pk__gt=mark.last_order, pk__lte=newest).order_by("pk")
    if newest > mark.last_order:
        value_orders(partner, now=now, orders=list(new.values_list("pk", flat=True)))
        Watermark.objects.filter(pk=mark.pk).update(last_order=newest)


def _sell_what_was_asked(partner: Partner, mark: Watermark, now: datetime) -> None:
    """Give requests that came without a price theirs, and take offers back from those that came to nothing."""
    newest = _newest(Request)
    is_new_day = mark.swept_at is None or utc_date(mark.swept_at) < utc_date(now)
    if newest > mark.last_request or is_new_day:
        renewing.price_requests(partner, after=mark.last_request - OVERLAP, through=newest)
        Watermark.objects.filter(pk=mark.pk).update(last_request=newest)
    renewing.release_uses(partner, now=now)


def _newest(model: type[Order] | type[Request]) -> int:
    """The last primary key of all partners: what others make meanwhile need not be looked at again."""
    with across_partners():
        return model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
