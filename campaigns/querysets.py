"""Named, chainable questions about notices and calls."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from campaigns.states import OPEN_NOTICE_STATES, Channel, NoticeState
from portal.access import PartnerQuerySet

if TYPE_CHECKING:
    from campaigns.models import Call, Notice


class NoticeQuerySet(PartnerQuerySet["Notice"]):
    def open(self) -> NoticeQuerySet:
        """Still to come: planned, held, or waiting in a letter."""
        return self.filter(state__in=OPEN_NOTICE_STATES)

    def planned(self) -> NoticeQuerySet:
        return self.filter(state=NoticeState.PLANNED)

    def due(self, now: datetime) -> NoticeQuerySet:
        """Planned, and their hour has come."""
        return self.planned().filter(due_at__lte=now)

    def on(self, channel: Channel) -> NoticeQuerySet:
        return self.filter(channel=channel)


class CallQuerySet(PartnerQuerySet["Call"]):
    def open(self) -> CallQuerySet:
        return self.filter(state="open")

    def due(self, today: date) -> CallQuerySet:
        """Open, and their day has come."""
        return self.open().filter(Q(due_on__lte=today))
