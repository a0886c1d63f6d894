"""Named places where a drill may kill the process, to prove that nothing is lost and nothing done twice."""

from __future__ import annotations

import os
import random
import signal

from django.conf import settings

KILLED = 137  # what a shell reports for SIGKILL


def reach(point: str) -> None:
    """End the process here, without a word or a clean-up, where PORTAL_CRASH_AT names the point; else go on.

    With PORTAL_CRASH_CHANCE, a number from 0 to 1, any point may be the last.
    """
    if point == settings.CRASH_AT:
        os._exit(KILLED)
    if settings.CRASH_CHANCE and random.random() < settings.CRASH_CHANCE:  # noqa: S311  chance, not a secret
        os.kill(os.getpid(), signal.SIGKILL)
