"""What is said next about each of many orders: by what is planned, else by the steps of its calendar, in one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from django.core.cache import caches
from django.db.models import OuterRef, Q, QuerySet, Subquery

from campaigns.models import Calendar, Notice, Step
from campaigns.rules import timing
from campaigns.rules.ladder import REISSUE_LEAD_DAYS
from campaigns.rules.timing import Period, When
from campaigns.services.calendars import calendars_of, following
from campaigns.states import Basis, Channel
from certificates.models import Order
from portal.models import Partner

Ladders: TypeAlias = Mapping[int, Sequence[Step]]


@dataclass(frozen=True, slots=True)
class Next:
    """The next word about an order: on which day, by which channel; of what is planned already also its notice."""

    day: date
    channel: Channel
    notice: int | None = None


def next_touchpoints(partner: Partner, orders: Sequence[int], *, now: datetime) -> dict[int, Next]:
    """By the primary key of the order; those about which nothing more is said are left out."""
    calendars, ladders = _known(partner)
    rows = _waiting(Order.objects.for_partner(partner).filter(pk__in=orders), now)
    found: dict[int, Next] = {}
    for row in rows.annotate(follows=following(calendars)).values():
        coming = _planned(row, partner) or _by_steps(row, ladders.get(row["follows"] or 0, ()), now.date())
        if coming:
            found[row["id"]] = coming
    return found


def _waiting(orders: QuerySet[Order], now: datetime) -> QuerySet[Order]:
    """Those of which may be spoken, each with its first open notice."""
    speaking = Q(notices_enabled=True, customer__notices_enabled=True)
    rows: Any = orders
    live = rows.issued().unrenewed().not_put_off(today=now.date()).filter(speaking)
    first = Notice.objects.filter(order=OuterRef("pk")).open().order_by("due_at", "pk")
    names = {"notice_id": "pk", "notice_channel": "channel", "notice_due_at": "due_at"}
    found: QuerySet[Order] = live.annotate(**{name: Subquery(first.values(of)[:1]) for name, of in names.items()})
    return found


def _planned(row: Mapping[str, Any], partner: Partner) -> Next | None:
    if row["notice_id"] is None:
        return None
    day = row["notice_due_at"].astimezone(ZoneInfo(partner.time_zone)).date()
    return Next(day, Channel(row["notice_channel"]), row["notice_id"])


def _by_steps(row: Mapping[str, Any], steps: Iterable[Step], today: date) -> Next | None:
    """The first step ahead, by its own day: hours and days off are its reader's."""
    days = ((_day(row, step), step) for step in steps)
    ahead = [Next(day, Channel(step.channel)) for day, step in days if day is not None and day > today]
    return min(ahead, key=lambda one: one.day, default=None)


def _day(row: Mapping[str, Any], step: Step) -> date | None:
    is_reissue = step.basis == Basis.CERTIFICATE
    starts_at, ends_at = row["certificate_starts_at"], row["certificate_ends_at"]
    if not is_reissue:
        starts_at, ends_at = row["starts_at"], row["ends_at"]
    elif not _goes_on(row):
        return None
    return timing.day_of(When(step.days, step.share), Period(starts_at, ends_at)) if ends_at else None


def _goes_on(row: Mapping[str, Any]) -> bool:
    """The order outlives its certificate by so long that a reissue is asked for."""
    if row["ends_on"] is None or row["certificate_ends_on"] is None:
        return False
    return bool((row["ends_on"] - row["certificate_ends_on"]).days > REISSUE_LEAD_DAYS)


def _known(partner: Partner) -> tuple[list[Calendar], Ladders]:
    """The calendars in use and their steps, as of a minute ago."""
    found: Any = caches["minute"].get_or_set(f"ladders:{partner.pk}", lambda: _ladders(partner))
    calendars: list[Calendar] = found[0]
    ladders: Ladders = found[1]
    return calendars, ladders


def _ladders(partner: Partner) -> tuple[list[Calendar], Ladders]:
    calendars = calendars_of(partner)
    steps = Step.objects.for_partner(partner).filter(removed_at=None, calendar__in=calendars)
    ladders: dict[int, list[Step]] = {calendar.pk: [] for calendar in calendars}
    for step in steps:
        ladders[step.calendar_id].append(step)
    return calendars, ladders
