"""Connections from here to hosts that others name: only to public addresses, and only to the one that was checked.

Whoever names a host could point it at this machine or its neighbours. So a name is resolved once, every address it
has must be public, and the connection goes to the checked address itself: a name that resolves to something else a
moment later changes nothing. Nothing is followed, and everything together takes ten seconds at most.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address
Resolver = Callable[[str], Sequence[str]]

TIMEOUT = 10.0
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.ASCII)
# What Python's own table calls global, or did once, although it leads elsewhere: translated, tunnelled and the like.
_ELSEWHERE = [
    ipaddress.ip_network(net)
    for net in (
        "192.0.0.0/24",  # kept for protocols (RFC 6890)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "64:ff9b::/96",  # NAT64 (RFC 6052): an IPv4 address in disguise
        "64:ff9b:1::/48",  # NAT64 of a local network (RFC 8215)
        "2001::/32",  # Teredo (RFC 4380)
        "2002::/16",  # 6to4 (RFC 3056)
        "3fff::/20",  # examples (RFC 9637)
        "5f00::/16",  # segment routing (RFC 9602)
        "fec0::/10",  # site-local (RFC 3879)
    )
]
# A resolver cannot be told to hurry; it is waited for no longer than the rest.
_resolvers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolve")


class Problem(StrEnum):
    """Why no certificate was seen."""

    NO_NAME = "no_name"
    NOT_PUBLIC = "not_public"
    PORT = "port"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    NO_TLS = "no_tls"


class NotReached(Exception):
    """The host was not asked, or did not answer; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def resolve(host: str) -> list[str]:
    """Every address of the host, as the system's resolver tells them."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Whether an address belongs to the Internet at large, and not to this house or nobody."""
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or address.scope_id):
        return False
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address.version == net.version and address in net for net in _ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be reached, and how names are resolved; tests put their own server in the Internet's place."""

    resolver: Resolver = resolve
    allows: Callable[[Address], bool] = is_public
    ports: frozenset[int] = frozenset({443})
    timeout: float = TIMEOUT

    def served_certificate(self, host: str, *, port: int = 443) -> bytes:
        """The certificate (DER) that the host shows to whoever asks for it by name, trusted or not.

        One TLS handshake and nothing more. Raises NotReached.
        """
        deadline = time.monotonic() + self.timeout
        if port not in self.ports:
            raise NotReached(Problem.PORT)
        address = self.checked_address(host, deadline)
        try:
            with socket.create_connection((str(address), port), timeout=_left(deadline)) as connection:
                return _leaf(connection, host, deadline)
        except TimeoutError:
            raise NotReached(Problem.TIMEOUT) from None
        except ssl.SSLError:
            raise NotReached(Problem.NO_TLS) from None
        except OSError:
            raise NotReached(Problem.UNREACHABLE) from None

    def checked_address(self, host: str, deadline: float) -> Address:
        """One address of the host, of which none is private, by the deadline of time.monotonic. Raises NotReached."""
        if not _is_name(host):
            raise NotReached(Problem.NO_NAME)
        addresses = [_address(found) for found in self._resolved(host, deadline)]
        if not addresses:
            raise NotReached(Problem.NO_NAME)
        if not all(address is not None and self.allows(address) for address in addresses):
            raise NotReached(Problem.NOT_PUBLIC)
        # Most of our hosts reach the Internet by IPv4; not all do by IPv6.
        first: Address = min((one for one in addresses if one is not None), key=lambda one: one.version)
        return first

    def _resolved(self, host: str, deadline: float) -> Sequence[str]:
        try:
            return _resolvers.submit(self.resolver, host).result(timeout=_left(deadline))
        except TookTooLong:
            raise NotReached(Problem.TIMEOUT) from None
        except (OSError, UnicodeError):
            raise NotReached(Problem.NO_NAME) from None


def _is_name(host: str) -> bool:
    """Whether it is a name with a domain; a number, in whatever notation, is none."""
    labels = host.casefold().split(".")
    named = len(host) <= 253 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    return named and not _NUMERIC.fullmatch(labels[-1])


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _left(deadline: float) -> float:
    """Seconds until then. Raises TimeoutError once there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _leaf(connection: socket.socket, host: str, deadline: float) -> bytes:
    """What the server shows first; nobody's word is taken for it, so nothing is verified."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection.settimeout(_left(deadline))
    with context.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False) as secured:
        # One deadline for the whole handshake, however slowly its pieces drip in.
        secured.settimeout(_left(deadline))
        secured.do_handshake()
        shown = secured.getpeercert(binary_form=True)
    if not shown:
        raise NotReached(Problem.NO_TLS)
    return shown
