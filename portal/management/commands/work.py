"""Run the worker and the scheduler in one process: threads, so that they work without any broker outside."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import warnings
from typing import Any

from celery.beat import Scheduler, Service
from celery.exceptions import SecurityWarning
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import pdf
from portal.celery import app


class Command(BaseCommand):
    help = "Run the worker and the scheduler until SIGTERM. With Redis, more may run beside it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--threads", type=int, default=4, help="how many tasks run at once (default: 4)")
        parser.add_argument("--no-schedule", action="store_true", help="work only, and schedule nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        # Celery warns of root because pickled tasks could run anything; ours are JSON.
        warnings.filterwarnings("ignore", category=SecurityWarning)
        start_mailbox()
        schedule = None if options["no_schedule"] else Schedule()
        worker = app.Worker(
            pool="threads",
            concurrency=options["threads"],
            loglevel=settings.LOG_LEVEL,
            quiet=True,
            # Workers need not know of each other: the rows they claim keep them apart.
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        if schedule:
            schedule.start()
        threading.Thread(target=warm_up, name="documents", daemon=True).start()
        worker.start()
        if schedule:
            schedule.stop()
        raise SystemExit(worker.exitcode)


def warm_up() -> None:
    """Have the child that makes PDFs ready before the first is asked for."""
    # What is wrong with it stands on the first document that fails.
    with contextlib.suppress(pdf.RenderFailed):
        pdf.prewarm()


class Schedule(threading.Thread):
    """The scheduler's thread. Its entries may be asked twice, so nothing is kept on disk."""

    def __init__(self) -> None:
        super().__init__(name="schedule", daemon=True)
        # Looking up every second lets it stop within one.
        self.service = Service(app, max_interval=1, scheduler_cls=Scheduler, remote_control=False)
        self.stopping = False

    def run(self) -> None:
        try:
            self.service.start()
        finally:
            if not self.stopping:
                # A worker without its schedule looks alive and does nothing: end it, loudly.
                os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        self.stopping = True
        self.service.stop(wait=True)


def start_mailbox() -> None:
    """Take in the letters of a portal without a mail server of its own, for the mailbox page."""
    if settings.MAIL_SINK:
        from portal.mail import sink  # only where it is used: it brings a mail server along

        try:
            sink.start()
        except OSError as error:
            place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
            raise CommandError(
                f"The local mail server cannot listen at {place}; name another one in EMAIL_URL."
            ) from error
