"""What every child keeps to: it outstays no limit, and ends when nobody can ask it any more."""

from __future__ import annotations

import os
import queue
import resource
import socket

from portal.pdf import wire

MAX_REQUEST_BYTES = 32 * 1024 * 1024


def listen(line: socket.socket, wishes: queue.SimpleQueue[bytes]) -> None:
    """Pass on what is asked; when nobody can ask any more, end the process in the middle of whatever it does."""
    try:
        while True:
            wishes.put(wire.receive(line, most=MAX_REQUEST_BYTES))
    finally:
        os._exit(0)


def limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))
