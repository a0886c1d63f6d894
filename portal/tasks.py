"""What the worker does for the ground: sweeps that find their work in rows and may be asked twice."""

from __future__ import annotations

import threading

from celery import shared_task

from portal import clock, heartbeats
from portal.mail.delivery import deliver_due

# A mail server that hangs must not hold every thread of the worker: one for the mass, one for what is urgent.
_senders = threading.BoundedSemaphore(2)


@shared_task  # type: ignore[untyped-decorator]
def sweep_mail() -> None:
    """Send the letters that are due."""
    if not _senders.acquire(blocking=False):
        return
    try:
        now = clock.now()
        deliver_due(now=now)
        heartbeats.beat("mail", now=now)
    finally:
        _senders.release()
