"""Ports of this machine: which are taken, which are free."""

from __future__ import annotations

import errno
import socket


def why_not(host: str, port: int) -> str:
    """Why a server could not listen there, as a sentence; empty when it could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that is only fading away does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            return _sentence(error, host=host, port=port)
    return ""


def _sentence(error: OSError | OverflowError, *, host: str, port: int) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use; choose another with PORT={port + 1} make run"
    return f"Nothing can listen at {host}, port {port}: {error}"


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
