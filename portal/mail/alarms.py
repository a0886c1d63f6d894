"""What keeps letters from leaving is said to a person, once for as long as it lasts.

Administrators see it on the page of sending and on the dashboard; apps above may carry it further.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from portal.access import across_partners
from portal.contributions import Slot
from portal.models import MailAlarm, Partner

log = structlog.get_logger(__name__)

# A server that is being restarted is nobody's business yet.
PATIENCE = {MailAlarm.Kind.UNREACHABLE: timedelta(minutes=10)}


@dataclass(frozen=True, slots=True)
class Alarm:
    """`partner` is None where it is about the mail server of all. `facts` are figures and codes, never addresses."""

    kind: MailAlarm.Kind
    partner: Partner | None
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)


# Apps above add hear(alarm), which is called once for each alarm.
alarms: Slot[Callable[[Alarm], None]] = Slot()


def raise_alarm(
    kind: MailAlarm.Kind,
    *,
    at: datetime,
    partner: Partner | None = None,
    until: datetime | None = None,
    **facts: Any,
) -> None:
    """Note that it is so, and tell whoever listens unless they know; nothing at all is sent `until` then."""
    with across_partners(), transaction.atomic():
        fresh = MailAlarm(kind=kind, partner=partner, since=at, last_at=at, until=until, facts=facts)
        MailAlarm.objects.bulk_create([fresh], ignore_conflicts=True)
        alarm = _open(kind, partner).select_for_update().get()
        MailAlarm.objects.filter(pk=alarm.pk).update(last_at=at, until=until, facts=facts)
        is_patient = at - alarm.since < PATIENCE.get(kind, timedelta())
        if alarm.told_at is None and not is_patient:
            MailAlarm.objects.filter(pk=alarm.pk).update(told_at=at)
            _tell(Alarm(kind, partner, at, facts))


def end(*kinds: MailAlarm.Kind, at: datetime, partner: Partner | None = None) -> None:
    """It is no longer so."""
    with across_partners():
        _open_among(kinds).filter(partner=partner).update(ended_at=at)


def is_paused(now: datetime) -> bool:
    """Whether the mail server is to be left alone for a while."""
    with across_partners():
        return MailAlarm.objects.filter(ended_at=None, partner=None, until__gt=now).exists()


def standing(partner: Partner) -> list[MailAlarm]:
    """What a person of this partner should see now: the server's troubles, and the partner's own."""
    with across_partners():
        shown = MailAlarm.objects.filter(Q(partner=None) | Q(partner=partner), ended_at=None)
        return list(shown.exclude(told_at=None))


def _open(kind: MailAlarm.Kind, partner: Partner | None) -> QuerySet[MailAlarm]:
    return MailAlarm.objects.filter(kind=kind, partner=partner, ended_at=None)


def _open_among(kinds: tuple[MailAlarm.Kind, ...]) -> QuerySet[MailAlarm]:
    return MailAlarm.objects.filter(kind__in=kinds, ended_at=None)


def _tell(alarm: Alarm) -> None:
    log.warning("mail_alarm", kind=alarm.kind, partner=alarm.partner and alarm.partner.slug, **alarm.facts)
    for hear in alarms.items:
        try:
            with transaction.atomic():
                hear(alarm)
        except Exception:  # who carries it further must not stop the letters
            log.exception("alarm_not_heard", kind=alarm.kind)
