"""Write down who did what: one verb for every app."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from django.db import models

from portal import clock
from portal.models import Activity, Partner, PartnerOwned, User


def record(
    verb: str,
    subject: models.Model,
    *,
    partner: Partner,
    actor: User | None = None,
    at: datetime | None = None,
    **facts: Any,
) -> Activity:
    """Add one activity, inside the caller's transaction. `verb` is "subject.deed", such as "order.renewal_marked"."""
    activity = _activity(verb, subject, partner.pk, actor, at or clock.now(), facts)
    activity.save()
    return activity


def record_each(
    verb: str, subjects: Iterable[PartnerOwned], *, actor: User | None = None, at: datetime | None = None, **facts: Any
) -> None:
    """Add the same activity for each of many rows."""
    at = at or clock.now()
    Activity.objects.bulk_create(
        (_activity(verb, subject, subject.partner_id, actor, at, facts) for subject in subjects), batch_size=500
    )


def _activity(
    verb: str, subject: models.Model, partner_id: int, actor: User | None, at: datetime, facts: dict[str, Any]
) -> Activity:
    return Activity(
        partner_id=partner_id,
        at=at,
        actor=actor,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_label=str(subject)[:255],
        facts=facts,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )
