"""What is left until a moment, as people count it down: days and hours, never below nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Left:
    """Whole days, hours and minutes of what is left; `is_over` once nothing is."""

    days: int
    hours: int
    minutes: int

    @property
    def is_over(self) -> bool:
        return not (self.days or self.hours or self.minutes)


def time_left(end: datetime, *, now: datetime) -> Left:
    """2 days, 3 hours and 59.9 minutes -> Left(2, 3, 59); nothing once the end has come.

    Rounded down: a countdown that promises a minute too many has lied at its end.
    """
    left = max(end - now, timedelta(0))
    return Left(left.days, left % timedelta(days=1) // _HOUR, left % _HOUR // _MINUTE)
