"""Requests from here to addresses that partners type: by TLS, to the address that was checked, followed nowhere.

What `portal.outbound` promises of connections holds for these: nothing private is reached, and a name that resolves to
something else a moment later changes nothing. The server has to prove its name; an answer is read up to a limit.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from portal.outbound import Guard, NotReached, Problem

# Bytes of an answer that are read; whoever says more is not listened to.
MOST_READ = 64 * 1024
_USER_AGENT = "renewal-portal"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a redirect is an answer like any other."""

    status: int
    body: bytes
    retry_after: str = ""

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    guard: Guard | None = None,
    trust: ssl.SSLContext | None = None,
) -> Answer:
    """POST to an https address, once. Raises NotReached for everything that is no answer of that server."""
    guard = guard or Guard()
    parts = urlsplit(url)
    port = parts.port or 443
    if parts.scheme != "https" or not parts.hostname or parts.username:
        raise NotReached(Problem.NO_NAME)
    if port not in guard.ports:
        raise NotReached(Problem.PORT)
    deadline = time.monotonic() + guard.timeout
    line = _Line(parts.hostname, port, str(guard.checked_address(parts.hostname, deadline)), deadline, trust)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        return line.ask(path, body, headers)
    except TimeoutError:
        raise NotReached(Problem.TIMEOUT) from None
    except ssl.SSLError:
        raise NotReached(Problem.NO_TLS) from None
    except (OSError, http.client.HTTPException):
        raise NotReached(Problem.UNREACHABLE) from None
    finally:
        line.close()


class _Line(http.client.HTTPSConnection):
    """A connection to one address, under the name that its certificate has to bear."""

    def __init__(self, host: str, port: int, address: str, deadline: float, trust: ssl.SSLContext | None) -> None:
        self._trust = trust or ssl.create_default_context()
        super().__init__(host, port, context=self._trust)
        self._address, self._deadline = address, deadline

    @property
    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def connect(self) -> None:
        raw = socket.create_connection((self._address, self.port), timeout=self._left)
        raw.settimeout(self._left)
        self.sock = self._trust.wrap_socket(raw, server_hostname=self.host)

    def ask(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.request("POST", path, body=body, headers={"User-Agent": _USER_AGENT, "Connection": "close", **headers})
        answer = self.getresponse()
        content = self._read(answer)
        return Answer(answer.status, content, answer.getheader("Retry-After", ""))

    def _read(self, answer: http.client.HTTPResponse) -> bytes:
        """Piece by piece, so that one deadline holds however slowly they drip in."""
        read = b""
        while len(read) < MOST_READ:
            if self.sock is not None:
                self.sock.settimeout(self._left)
            piece = answer.read1(MOST_READ - len(read))
            if not piece:
                break
            read += piece
        return read
