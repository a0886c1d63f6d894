"""What the worker does for the ground: sweeps that find their work in rows and may be asked twice."""

from __future__ import annotations

import threading

from celery import shared_task
from django.conf import settings

from portal import clock, heartbeats
from portal.access import across_partners
from portal.mail import caps, imap
from portal.mail.delivery import deliver_due

# A mail server that hangs must not hold every thread of the worker: one for the mass, one for what is urgent.
_senders = threading.BoundedSemaphore(2)


@shared_task  # type: ignore[untyped-decorator]
def sweep_returns() -> None:
    """Take in what came back of letters, where a mailbox is named for it."""
    if settings.MAIL_RETURN_IMAP:
        now = clock.now()
        imap.take_returns(now=now)
        heartbeats.beat("returns", now=now)


@shared_task  # type: ignore[untyped-decorator]
def clear_counts() -> None:
    """Forget whom the houses wrote to on days gone by."""
    with across_partners():
        caps.clear(clock.now())


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
