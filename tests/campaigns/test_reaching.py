"""When a reader may be reached next, and until when what leaves now must have left: a table of examples."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from campaigns.rules.reaching import leave_by, next_moment, next_permitted
from campaigns.rules.timing import Hours

PARIS, TOKYO = ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Tokyo")
OFFICE = Hours()
FAR = datetime(2027, 1, 1, tzinfo=UTC)


def utc(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "hours", "found"),
    [
        # a Monday, before the quiet hours end: at the usual hour of the same day
        (utc(23, 4), PARIS, OFFICE, utc(23, 8)),
        # after they have begun: the next morning
        (utc(23, 20), PARIS, OFFICE, utc(24, 8)),
        # on a Friday evening: on Monday
        (utc(27, 20), PARIS, OFFICE, utc(30, 8)),
        # where it is morning already
        (utc(23, 22), TOKYO, OFFICE, utc(24, 0)),
        # quiet over noon alone: when that is over
        (utc(23, 11, 30), PARIS, Hours(quiet_from=time(12), quiet_until=time(14)), utc(23, 13)),
        # the night in which clocks go forward in Paris, and a day off
        (utc(28, 23, month=3), PARIS, Hours(days_off=frozenset({date(2026, 3, 30)})), utc(31, 7, month=3)),
    ],
)
def test_a_reader_is_reached_at_the_next_usual_hour_or_the_end_of_the_quiet_ones(
    now: datetime, zone: ZoneInfo, hours: Hours, found: datetime
) -> None:
    assert next_permitted(hours, zone, now=now) == found


@pytest.mark.parametrize(
    ("now", "due_at", "expires_at", "ends_at", "goes_at"),
    [
        # within the hours: now
        (utc(23, 10), utc(23, 8), utc(28, 8), FAR, utc(23, 10)),
        # late, and the usual hour is still to come: with all else of that day
        (utc(23, 7, 30), utc(20, 8), utc(25, 8), FAR, utc(23, 8)),
        # late, and over by the usual hour: now
        (utc(23, 7, 30), utc(20, 8), utc(23, 8), FAR, utc(23, 7, 30)),
        # at night: the next morning
        (utc(23, 20), utc(23, 8), utc(28, 8), FAR, utc(24, 8)),
        # at night, and the end comes before the morning: the last word goes
        (utc(23, 20), utc(23, 8), utc(24, 0), utc(24, 0), utc(23, 20)),
        # its grace is over by the morning, the end is not: it waits, and is missed
        (utc(23, 20), utc(23, 8), utc(24, 7), FAR, utc(24, 8)),
        # planned at night since the end left no other hour
        (utc(23, 22), utc(23, 22), utc(23, 23), utc(23, 23), utc(23, 22)),
        # after the end nothing is worth waking anybody
        (utc(23, 20), utc(23, 20), utc(28, 8), utc(20, 0), utc(24, 8)),
    ],
)
def test_only_the_last_word_before_an_end_goes_out_in_quiet_hours(
    now: datetime, due_at: datetime, expires_at: datetime, ends_at: datetime, goes_at: datetime
) -> None:
    assert next_moment(OFFICE, PARIS, now=now, due_at=due_at, expires_at=expires_at, ends_at=ends_at) == goes_at


@pytest.mark.parametrize(
    ("now", "hours", "expires_at", "by"),
    [
        (utc(23, 10), OFFICE, FAR, utc(23, 17)),
        (utc(23, 10), OFFICE, utc(23, 12), utc(23, 12)),
        # in quiet hours only what cannot wait leaves, and its end is all that bounds it
        (utc(23, 20), OFFICE, utc(23, 23), utc(23, 23)),
        # quiet from two to five at night, and no work on the Saturday: until midnight in Paris
        (utc(27, 10), Hours(quiet_from=time(2), quiet_until=time(5)), FAR, utc(27, 23)),
        (utc(26, 10), Hours(quiet_from=time(2), quiet_until=time(5)), FAR, utc(27, 1)),
    ],
)
def test_a_letter_leaves_before_its_reader_rests(
    now: datetime, hours: Hours, expires_at: datetime, by: datetime
) -> None:
    assert leave_by(hours, PARIS, now=now, expires_at=expires_at) == by
