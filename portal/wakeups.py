"""Nudge a worker after commit: a hint that may fail without harm, since the sweeps find every row anyway."""

from __future__ import annotations

from typing import Any

import structlog
from celery import Task
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def nudge(task: Task[Any, Any], *args: int | str) -> None:
    """Ask a worker to run task(*args) once this transaction has committed. Without Redis, do nothing."""
    if settings.REDIS_URL:
        transaction.on_commit(lambda: _publish(task, args), robust=True)


def _publish(task: Task[Any, Any], args: tuple[int | str, ...]) -> None:
    try:
        task.apply_async(args=args, retry=False)
    except OperationalError:
        log.warning("broker_unreachable", task=task.name)
