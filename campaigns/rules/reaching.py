"""Whether a reader may be reached at this moment, when next, and until when what leaves now must have left."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from campaigns.rules.timing import Hours, at, permitted
from certificates.rules import DAY


def next_moment(
    hours: Hours,
    zone: ZoneInfo,
    *,
    now: datetime,
    due_at: datetime,
    expires_at: datetime,
    ends_at: datetime,
    is_hurried: bool = False,
) -> datetime:
    """When something due may go out: `now`, or the next moment outside quiet hours and days off.

    What is late waits for the day's usual hour, so that all of that day leaves together, unless it is over by then or
    somebody has told it to hurry. The last word before an end goes out in quiet hours too: one that was planned so, and
    one that could not wait. All moments are UTC. Due at 09:00, found at 20:00 after a failure: tomorrow at nine.
    """
    if hours.permits(now, zone):
        usual = permitted(now.astimezone(zone).date(), hours, zone)
        waits = now < usual < expires_at and is_same_day(now, usual, zone) and not is_hurried
        return usual if waits else now
    warns = expires_at <= ends_at
    if warns and not hours.permits(due_at, zone):
        return now
    found = next_permitted(hours, zone, now=now)
    return now if warns and found >= expires_at == ends_at else found


def comes_today(zone: ZoneInfo, *, now: datetime, due_at: datetime, ends_at: datetime) -> bool:
    """Whether a word comes later on the reader's day; one after an end that is still to come takes no warning's place.

    At 08:00 the step of 09:00 comes today; it does not where the end is at 08:30.
    """
    return due_at > now and is_same_day(now, due_at, zone) and (due_at < ends_at or ends_at <= now)


def is_same_day(one: datetime, other: datetime, zone: ZoneInfo) -> bool:
    """Whether both moments are on one day of the reader."""
    return one.astimezone(zone).date() == other.astimezone(zone).date()


def next_permitted(hours: Hours, zone: ZoneInfo, *, now: datetime) -> datetime:
    """The first moment after `now` at which the reader may be reached: the usual hour, or the end of the quiet ones."""
    today = now.astimezone(zone).date()
    first = [permitted(today, hours, zone), at(today, hours.quiet_until, zone)]
    later = [found for found in first if found > now and hours.permits(found, zone)]
    return later[0] if later else permitted(today + DAY, hours, zone)


def leave_by(hours: Hours, zone: ZoneInfo, *, now: datetime, expires_at: datetime) -> datetime:
    """The moment before which a letter that is queued now must leave: the reader's next quiet hour, or its own end."""
    if not hours.permits(now, zone):
        return expires_at
    today = now.astimezone(zone).date()
    quiet = at(today, hours.quiet_from, zone)
    if quiet <= now:
        quiet = at(today + DAY, hours.quiet_from, zone)
    midnight = at(today + DAY, time(0), zone)
    if quiet > midnight and not hours.works_on(today + DAY):
        quiet = midnight
    return min(expires_at, quiet)
