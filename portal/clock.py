"""The only clock of views and tasks; `PORTAL_TODAY` pins its date for demonstrations and tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache

from django.conf import settings


def now() -> datetime:
    """This moment in UTC; with a pinned date, that date at the real time of day, and on from there.

    A pinned clock never goes back: past midnight it shows the day after the pinned one. Pinned to 2026-11-22 on a
    Monday at 23:59, two minutes later it is 2026-11-23, 00:01.
    """
    real = datetime.now(UTC)
    if not settings.PORTAL_TODAY:
        return real
    return real + (date.fromisoformat(settings.PORTAL_TODAY) - pinned_on())


def today() -> date:
    """The UTC date of this moment: "days left" are counted by it everywhere."""
    return now().date()


def pinned_on() -> date:
    """The real date on which the pin holds: the one the process was started with, or the day it first asked."""
    given: str = settings.PORTAL_TODAY_SINCE
    return date.fromisoformat(given) if given else _first_asked(settings.PORTAL_TODAY)


@cache
def _first_asked(_pin: str) -> date:
    return datetime.now(UTC).date()
