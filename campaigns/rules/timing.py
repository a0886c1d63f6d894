"""When a step speaks: on its day, by the reader's own clock, within the hours of the calendar, and until when it may.

A step's day counts from the last day of what ends, by UTC dates; the hour is the reader's. All moments are UTC.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.rules.ladder import days_left_of
from certificates.rules import DAY, in_utc, last_day, utc_date, whole_days

# A step that would otherwise come after the end goes out so long before it, at the latest.
LAST_CALL = timedelta(hours=1)
# So many days off in a row are a mistake: whoever has no working day at all is written to on every day.
LONGEST_BREAK = 31


@dataclass(frozen=True, slots=True)
class Hours:
    """When a calendar may reach anybody; the times are the reader's own.

    `sends_at` is the usual hour. From `quiet_from` to before `quiet_until` it is quiet, over midnight where the first
    is the later one. `working_days` are ISO week days. A late step may still go within `grace_days` of 24 hours.
    """

    sends_at: time = time(9)
    quiet_from: time = time(18)
    quiet_until: time = time(8)
    working_days: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    days_off: frozenset[date] = frozenset()
    grace_days: int = 5

    def is_quiet(self, clock: time) -> bool:
        if self.quiet_from < self.quiet_until:
            return self.quiet_from <= clock < self.quiet_until
        return clock >= self.quiet_from or clock < self.quiet_until

    def works_on(self, day: date) -> bool:
        return day.isoweekday() in self.working_days and day not in self.days_off

    def permits(self, when: datetime, zone: ZoneInfo) -> bool:
        """Whether the reader's clock shows a working day and no quiet hour."""
        local = in_utc(when).astimezone(zone)
        return self.works_on(local.date()) and not self.is_quiet(local.time())


@dataclass(frozen=True, slots=True)
class When:
    """On `days` from the order's last day, negative before it; or when `share` per cent of a life are left."""

    days: int | None = None
    share: int | None = None

    @property
    def is_before(self) -> bool:
        """Whether it warns of the end; the others speak of what has ended, on the last day too."""
        return self.days is None or self.days < 0

    @property
    def rank(self) -> int:
        """The greater, the later, among steps of one basis."""
        return self.days if self.days is not None else -(self.share or 0)


@dataclass(frozen=True, slots=True)
class Period:
    """What ends, half-open in UTC: an order, whose start may be unknown, or a certificate."""

    starts_at: datetime | None
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """The step's `day`; due at a moment on it, or on the next day that permits it; useful until before `expires_at`."""

    day: date
    due_at: datetime
    expires_at: datetime


def day_of(when: When, period: Period) -> date | None:
    """The day on which a step stands; None outside the life of what ends, its first day included.

    An order until 2027-01-01T00:00:00Z: the step of -30 days stands on 2026-12-01, that of +7 on 2027-01-07. The
    certificate of 199 days until then, with 33 % left: 66 days before its last day, on 2026-10-26.
    """
    if when.share is not None:
        return _day_of_share(when.share, period)
    day = last_day(period.ends_at) + (when.days or 0) * DAY
    return None if period.starts_at is not None and day <= utc_date(period.starts_at) else day


def _day_of_share(share: int, period: Period) -> date | None:
    if period.starts_at is None:
        return None
    left = days_left_of(share, whole_days(period.starts_at, period.ends_at))
    if left is None:
        return None
    day = last_day(period.ends_at) - left * DAY
    return day if day > utc_date(period.starts_at) else None


def moment(when: When, period: Period, *, hours: Hours, zone: ZoneInfo, siblings: Iterable[When] = ()) -> Moment | None:
    """When a step goes out to a reader in a zone, or None outside the life of what ends.

    `siblings` are the calendar's steps on the same basis and channel. A step before the end goes out before the end:
    the last of them in quiet hours if it must, the others together with it. Its grace ends with the end, and when
    the step after it is due. On a Saturday, the step of -3 for an end on Tuesday: on Monday at nine.
    """
    day = day_of(when, period)
    if day is None:
        return None
    due_at, is_moved = _due(when, period, day, hours, zone, siblings)
    ends = [due_at + hours.grace_days * DAY]
    next_at = _next_permitted(when, period, hours, zone, siblings)
    if next_at is not None and next_at > due_at and not is_moved:
        ends.append(next_at)
    if when.is_before:
        ends.append(in_utc(period.ends_at))
    return Moment(day, due_at, min(ends))


def _due(
    when: When, period: Period, day: date, hours: Hours, zone: ZoneInfo, siblings: Iterable[When]
) -> tuple[datetime, bool]:
    """The moment, and whether the end has moved it."""
    due_at = permitted(day, hours, zone)
    end = in_utc(period.ends_at)
    if not when.is_before or due_at < end:
        return due_at, False
    warnings = [day_of(one, period) for one in siblings if one.is_before]
    last = max((each for each in warnings if each is not None), default=day)
    return min(at(max(day, last), hours.sends_at, zone), end - LAST_CALL), True


def _next_permitted(
    when: When, period: Period, hours: Hours, zone: ZoneInfo, siblings: Iterable[When]
) -> datetime | None:
    following = [one for one in siblings if one.rank > when.rank]
    day = day_of(min(following, key=lambda one: one.rank), period) if following else None
    return permitted(day, hours, zone) if day is not None else None


def permitted(day: date, hours: Hours, zone: ZoneInfo) -> datetime:
    """The first moment, from the usual hour of a reader's day on, that is neither quiet nor on a day off.

    Where the usual hour is quiet it is the end of the quiet hours. Where no day of the next month permits one, it is
    the usual hour of the day itself.
    """
    clock, first = hours.sends_at, day
    if hours.is_quiet(clock):
        clock, first = hours.quiet_until, day if hours.quiet_until > clock else day + DAY
    for ahead in range(LONGEST_BREAK):
        found = at(first + ahead * DAY, clock, zone)
        if hours.permits(found, zone):
            return found
    return at(day, hours.sends_at, zone)


def at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """A reader's wall clock as a moment in UTC, exactly one even where the clock shows it never, or twice.

    In Paris 02:30 on 2026-03-29 does not exist and is 01:30Z (03:30 there); on 2026-10-25 it comes first at 00:30Z.
    """
    return datetime.combine(day, clock.replace(tzinfo=None, fold=0), zone).astimezone(UTC)


# Which of several speaks


@dataclass(frozen=True, slots=True)
class Due:
    """A step that is due: `about` says of what it speaks and to whom, such as (order, basis, reader)."""

    key: int
    about: Hashable
    day: date
    rank: int


def choose(due: Sequence[Due], coming: Sequence[Due] = ()) -> tuple[set[int], Mapping[int, int]]:
    """Of all that are due about one thing to one reader only the latest step speaks; none where a later one is coming.

    `coming` are due later on the reader's day. Returns the keys of those that speak; and for each that is overtaken the
    key of the one that takes its place.
    """
    latest: dict[Hashable, Due] = {}
    for one in sorted((*due, *coming), key=lambda each: (each.day, each.rank, each.key)):
        latest[one.about] = one
    speaking = {one.key for one in due if latest[one.about].key == one.key}
    return speaking, {one.key: latest[one.about].key for one in due if one.key not in speaking}
