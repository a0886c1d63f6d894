"""The background: one Celery app whose schedule is a handful of sweeps that may be asked twice."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def every_sweep(task: str) -> dict[str, Any]:
    """An entry of the schedule. A sweep nobody took before the next one was due is dropped, not piled up."""
    return {"task": task, "schedule": settings.SWEEP_SECONDS, "options": {"expires": max(settings.SWEEP_SECONDS, 1)}}


app.conf.beat_schedule = {
    "mail": every_sweep("portal.tasks.sweep_mail"),
    "returned mail": {"task": "portal.tasks.sweep_returns", "schedule": timedelta(minutes=3)},
    "mail counts": {"task": "portal.tasks.clear_counts", "schedule": timedelta(hours=1)},
    "requests": every_sweep("certificates.tasks.sweep_requests"),
    "imports": every_sweep("certificates.tasks.sweep_imports"),
    "installations": every_sweep("certificates.tasks.sweep_installations"),
    "quotes": every_sweep("offers.tasks.sweep_quotes"),
    "values": every_sweep("offers.tasks.value_orders"),
    "touchpoints": every_sweep("campaigns.tasks.sweep_touchpoints"),
    "events": {"task": "campaigns.tasks.sweep_events", "schedule": timedelta(minutes=5)},
    "team messages": every_sweep("campaigns.tasks.sweep_team_messages"),
    "calls": {"task": "campaigns.tasks.sweep_calls", "schedule": timedelta(minutes=1)},
    "old archives": {"task": "offers.tasks.clear_archives", "schedule": timedelta(hours=1)},
    "installation checks": {"task": "certificates.tasks.take_up_checks", "schedule": timedelta(hours=1)},
    "abandoned imports": {"task": "certificates.tasks.clear_imports", "schedule": timedelta(hours=1)},
    # Due once a day and harmless any time: a scheduler that restarts daily would never come to a day's end.
    "automatic renewals": {"task": "certificates.tasks.renew_automatically", "schedule": timedelta(hours=1)},
}
