"""Children that do not outlive their parent, even when it is killed outright."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def ends_with_parent(number: int = signal.SIGTERM) -> Callable[[], None] | None:
    """For Popen(preexec_fn=…): this signal arrives once the parent is gone. None where there is no Linux."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, number)
