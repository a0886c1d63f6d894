"""Whole messages between a process and its child: four bytes of length, then so many bytes."""

from __future__ import annotations

import socket
import struct
import time

LENGTH = struct.Struct("!I")


class Overlong(ValueError):
    """The other side announced more than may come."""


def send(line: socket.socket, message: bytes, *, deadline: float | None = None) -> None:
    """Raises TimeoutError after `deadline` (time.monotonic), OSError when nobody is there."""
    line.settimeout(_left(deadline))
    line.sendall(LENGTH.pack(len(message)) + message)


def receive(line: socket.socket, *, most: int, deadline: float | None = None) -> bytes:
    """Raises TimeoutError after `deadline`, EOFError when nobody is there, Overlong beyond `most` bytes."""
    (length,) = LENGTH.unpack(_exactly(line, LENGTH.size, deadline))
    if length > most:
        raise Overlong(length)
    return _exactly(line, length, deadline)


def _exactly(line: socket.socket, count: int, deadline: float | None) -> bytes:
    found = bytearray()
    while len(found) < count:
        line.settimeout(_left(deadline))
        piece = line.recv(min(count - len(found), 1 << 20))
        if not piece:
            raise EOFError
        found += piece
    return bytes(found)


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
