"""The demo's calendars: the usual ladder for every order, and a more personal one for the highest assurance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from campaigns.models import Step
from campaigns.rules.ladder import DEFAULT_LADDER, Channel, Recipient, Rung, Tone
from campaigns.services.calendars import create_calendar, ensure_calendar
from portal.models import Partner


def seed_calendars(partner: Partner, now: datetime) -> None:
    """Make them once; nothing has gone out before, so that every step may speak within its days of grace."""
    ensure_calendar(partner)
    terms: dict[str, Any] = {"name": "Extended validation", "levels": ["ev"], "days_off": _days_off(now)}
    create_calendar(partner, terms, _personal_ladder(), actor=None, now=now)
    Step.objects.for_partner(partner).update(since=None)


def _days_off(now: datetime) -> list[str]:
    return [f"{now.year}-12-25", f"{now.year + 1}-01-01", f"{now.year + 1}-05-01"]


def _personal_ladder() -> list[Rung]:
    """Buyers from the first letter on, and a call before each of the last two."""
    early = (Recipient.TECHNICAL, Recipient.BUYER)
    ladder = [replace(rung, recipients=early) if rung.recipients == early[:1] else rung for rung in DEFAULT_LADDER]
    return [*ladder, Rung(Channel.TELEPHONE, -60, tone=Tone.FRIENDLY), Rung(Channel.BANNER, -7, tone=Tone.URGENT)]
