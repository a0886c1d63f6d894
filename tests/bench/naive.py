"""The naive queue: one Celery task and one `.send()` for each letter, taken one at a time.

With Redis the worker is a process of its own. The broker of the embedded portal is the memory of one process, so there
the worker is a thread beside whoever asks.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import shared_task
from celery.exceptions import SecurityWarning
from celery.signals import worker_ready

# of its own: the portal's sweeps, which whoever queues letters asks for, are no work for this worker
QUEUE = "naive"
READY_SECONDS = 60
LOOK_SECONDS = 0.02


@shared_task(name="tests.bench.naive.send_letter", queue=QUEUE)  # type: ignore[untyped-decorator]
def send_letter(pk: int) -> None:
    from django.core.mail import EmailMultiAlternatives

    from portal import clock
    from portal.access import across_partners
    from portal.models import OutgoingMail
    from portal.models.mail import MailState

    with across_partners():
        letter = OutgoingMail.objects.get(pk=pk)
        message = EmailMultiAlternatives(
            letter.subject,
            letter.text,
            letter.from_email,
            [f"{letter.to_name} <{letter.to_email}>"],
            reply_to=[letter.reply_to] if letter.reply_to else None,
            headers={"Message-ID": letter.message_id},
        )
        message.attach_alternative(letter.html, "text/html")
        message.send()
        letter.state, letter.sent_at = MailState.SENT, clock.now()
        letter.save()


def deliver(ids: list[int]) -> None:
    """Publish a task for each letter and wait until the worker has sent the last of them."""
    from portal.models import OutgoingMail
    from portal.models.mail import MailState

    for pk in ids:
        send_letter.delay(pk)
    # one worker takes them in their order
    last = OutgoingMail.objects.filter(pk=ids[-1], state=MailState.SENT)
    while not last.exists():
        time.sleep(LOOK_SECONDS)


@contextmanager
def worker() -> Iterator[None]:
    """A worker that takes one task at a time, ready for the first."""
    from django.conf import settings

    with _process() if settings.REDIS_URL else _thread():
        yield


@contextmanager
def _process() -> Iterator[None]:
    command = [sys.executable, "-c", "from tests.bench import naive; naive.serve()"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.terminate()


@contextmanager
def _thread() -> Iterator[None]:
    is_ready = threading.Event()
    worker_ready.connect(lambda **_: is_ready.set(), weak=False)
    app = _worker()
    thread = threading.Thread(target=app.start, daemon=True)
    thread.start()
    assert is_ready.wait(READY_SECONDS)
    try:
        yield
    finally:
        app.stop()
        thread.join(READY_SECONDS)


def serve() -> None:
    """Work until SIGTERM, and say "ready" before."""
    import django

    django.setup()
    worker_ready.connect(lambda **_: print("ready", flush=True), weak=False)
    _worker().start()


def _worker() -> Any:
    """The portal's own worker, with one thread instead of four."""
    from django.conf import settings

    from portal.celery import app

    # as in the portal's own: Celery warns of root because pickled tasks could run anything; ours are JSON
    warnings.filterwarnings("ignore", category=SecurityWarning)
    app.conf.worker_redirect_stdouts = False
    if not settings.REDIS_URL:
        # it looks for tasks once a second, four at a time: a sweep can wait so long, a task for each letter cannot
        app.conf.broker_transport_options = {"polling_interval": 0.001}
    return app.Worker(
        pool="threads",
        concurrency=1,
        queues=[QUEUE],
        loglevel="ERROR",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
