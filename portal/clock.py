"""The only clock of views and tasks; `PORTAL_TODAY` pins its date for demonstrations and tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.conf import settings


def now() -> datetime:
    """This moment in UTC; with a pinned date, that date at the real time of day."""
    real = datetime.now(UTC)
    if not settings.PORTAL_TODAY:
        return real
    return datetime.combine(date.fromisoformat(settings.PORTAL_TODAY), real.timetz())


def today() -> date:
    """The UTC date of this moment: "days left" are counted by it everywhere."""
    return now().date()
