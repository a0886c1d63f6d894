"""Write down who did what: one verb for every app."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.db import models

from portal import clock
from portal.models import Activity, Partner, User


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
    return Activity.objects.create(
        partner=partner,
        at=at or clock.now(),
        actor=actor,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_label=str(subject)[:255],
        facts=facts,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )
