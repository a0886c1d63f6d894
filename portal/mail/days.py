"""A day of letters is the partner's own, in its zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.models import Partner


def day_of(partner: Partner, moment: datetime) -> date:
    """The date that the partner's clock shows."""
    return moment.astimezone(ZoneInfo(partner.time_zone)).date()


def same_time_tomorrow(partner: Partner, moment: datetime) -> datetime:
    """The same time of the next day on the partner's clock, as a moment in UTC; so it is an hour as good as this one.

    An hour that summer time leaves out becomes the one after it: 02:30 on the day before is 03:30 on that day.
    """
    here = moment.astimezone(ZoneInfo(partner.time_zone))
    return (here + timedelta(days=1)).replace(fold=0).astimezone(UTC)
