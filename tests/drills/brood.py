"""A brood of workers that are killed at any point and born again: `python -m tests.drills.brood`.

Each sweeps in a process of its own, forked from one that has loaded the portal already, so that a death costs moments.
When the file "stop" lies in the drill's folder the last of them end; then a person lets what was set
aside leave after all, and what became of every letter is told in the file told.json.
"""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402  once Django is set up
from django.db import InterfaceError, OperationalError, connections  # noqa: E402
from django.db.models import Q  # noqa: E402

from portal import clock  # noqa: E402
from portal.access import across_partners  # noqa: E402
from portal.mail import delivery, outbox, outcomes  # noqa: E402
from portal.models import OutgoingMail, SuppressedAddress  # noqa: E402
from portal.models.mail import UNSENT, MailReason  # noqa: E402
from portal.setup.children import ends_with_parent  # noqa: E402
from portal.tasks import sweep_mail  # noqa: E402

WORKERS = 4
FOLDER = Path(os.environ["DRILL_FOLDER"])
STOP = FOLDER / "stop"
PATIENCE = 90


def labour() -> None:
    """Sweep as often as several schedulers would ask at once, whatever goes away meanwhile."""
    while True:
        try:
            sweep_mail()
        except (OperationalError, InterfaceError):
            connections.close_all()
        time.sleep(0.1)


class Brood:
    def __init__(self) -> None:
        self.workers = {self.bear() for _ in range(WORKERS)}
        self.killed = 0
        self.ended = 0

    def bear(self) -> int:
        """The process id of a new worker."""
        pid = os.fork()
        if pid:
            return pid
        try:
            if follow := ends_with_parent(signal.SIGKILL):
                follow()
            labour()
        finally:
            os._exit(1)

    def watch(self) -> None:
        """Replace whoever dies until it is time to stop."""
        while not STOP.exists():
            self.bury()
            time.sleep(0.02)
        for pid in self.workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def bury(self) -> None:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                self.killed += 1
            else:
                self.ended += 1
            self.workers.remove(pid)
            self.workers.add(self.bear())


def prepare() -> None:
    """The waits between tries last seconds."""
    # a life is short here: who dies keeps few letters from the others
    delivery.BATCH = delivery.HANDFUL
    outcomes.BACK_OFF = tuple(min(wait / 60, timedelta(seconds=1)) for wait in outcomes.BACK_OFF)
    connections.close_all()


def let_go() -> list[str]:
    """What was handed over twice without an answer waits for a person, who lets it go; returns their addresses."""
    # nobody is killed any more
    settings.CRASH_CHANCE = 0
    released: list[str] = []
    patience = time.monotonic() + PATIENCE
    # what the last of them held comes back with the lease
    while is_open() and time.monotonic() < patience:
        with across_partners():
            again = OutgoingMail.objects.filter(reason=MailReason.UNANSWERED)
            released += again.values_list("to_email", flat=True)
            outbox.try_again(again, now=clock.now())
        delivery.deliver_due(now=clock.now())
        time.sleep(0.2)
    return sorted(released)


def is_open() -> bool:
    with across_partners():
        return OutgoingMail.objects.filter(Q(state__in=UNSENT) | Q(reason=MailReason.UNANSWERED)).exists()


def told(brood: Brood, released: list[str]) -> dict[str, Any]:
    with across_partners():
        fields = ("to_email", "message_id", "state", "reason", "unanswered")
        letters = [dict(zip(fields, row, strict=True)) for row in OutgoingMail.objects.values_list(*fields)]
        off = sorted(SuppressedAddress.objects.values_list("email", flat=True))
    return {"killed": brood.killed, "ended": brood.ended, "set_aside": released, "letters": letters, "off": off}


def main() -> None:
    prepare()
    brood = Brood()
    brood.watch()
    connections.close_all()
    (FOLDER / "told.json").write_text(json.dumps(told(brood, let_go())))


if __name__ == "__main__":
    main()
