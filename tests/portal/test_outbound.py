"""Connections to hosts that others name: to public addresses only, to the one that was checked, and not for long."""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from portal.outbound import Guard, NotReached, Problem, is_public
from tests.certificates.certs import make_certificate
from tests.tls import Server, serving

PRIVATE = (
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",  # noqa: S104 - the address that leads to whoever asks
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.8",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::10.0.0.1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
)


def guard_to(*addresses: str, **changes: Any) -> Guard:
    """A guard whose resolver answers with these addresses, whatever is asked."""
    return Guard(resolver=lambda _host: addresses, **changes)


def problem_of(guard: Guard, host: str = "www.example.com", **where: int) -> Problem:
    with pytest.raises(NotReached) as refused:
        guard.served_certificate(host, **where)
    return refused.value.problem


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where a connection was made to; none is."""
    places: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], **_options: Any) -> socket.socket:
        places.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    return places


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_never_connected_to(address: str, dialled: list[tuple[str, int]]) -> None:
    assert not is_public(ipaddress.ip_address(address))
    assert problem_of(guard_to(address)) is Problem.NOT_PUBLIC
    assert dialled == []


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111"])
def test_public_addresses_are(address: str, dialled: list[tuple[str, int]]) -> None:
    assert problem_of(guard_to(address)) is Problem.UNREACHABLE
    assert dialled == [(address, 443)]


NO_HOSTS = (
    "127.0.0.1 2130706433 0x7f000001 0x7f.1 127.1 0177.0.0.1 [::1] ::1 localhost intern . a..example -a.example "
    "www.example.com:22 www.example.com/x user@www.example.com www.example.com."
)


@pytest.mark.parametrize("host", ["", "a b.example", *NO_HOSTS.split()])
def test_numbers_and_bare_words_are_no_hosts(host: str, dialled: list[tuple[str, int]]) -> None:
    asked: list[str] = []

    def resolver(name: str) -> list[str]:
        asked.append(name)
        return ["8.8.8.8"]

    assert problem_of(Guard(resolver=resolver), host) is Problem.NO_NAME
    assert (asked, dialled) == ([], [])


def test_one_private_address_among_public_ones_is_enough_to_stay_away(dialled: list[tuple[str, int]]) -> None:
    assert problem_of(guard_to("8.8.8.8", "10.0.0.1")) is Problem.NOT_PUBLIC
    assert problem_of(guard_to("8.8.8.8", "no address")) is Problem.NOT_PUBLIC
    assert dialled == []


def test_a_name_that_changes_between_check_and_connection_gains_nothing(dialled: list[tuple[str, int]]) -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    guard = Guard(resolver=lambda _host: next(answers))

    assert problem_of(guard) is Problem.UNREACHABLE
    assert dialled == [("8.8.8.8", 443)]
    assert next(answers) == ["127.0.0.1"]


@pytest.mark.parametrize("port", [22, 25, 80, 8443, 0])
def test_other_ports_are_not_asked(port: int, dialled: list[tuple[str, int]]) -> None:
    assert problem_of(guard_to("8.8.8.8"), port=port) is Problem.PORT
    assert dialled == []


def test_names_that_nobody_knows_are_told_from_those_that_take_too_long() -> None:
    def unknown(_host: str) -> list[str]:
        raise socket.gaierror

    def slow(_host: str) -> list[str]:
        time.sleep(0.5)
        return ["8.8.8.8"]

    assert problem_of(Guard(resolver=unknown)) is Problem.NO_NAME
    assert problem_of(guard_to()) is Problem.NO_NAME
    assert problem_of(Guard(resolver=slow, timeout=0.05)) is Problem.TIMEOUT


# A real server in the Internet's place


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


def test_the_certificate_of_the_host_that_was_asked_for_by_name_is_seen(server: Server) -> None:
    old, new = make_certificate(serial=1), make_certificate(serial=2)
    server.shows(new, host="www.example.com")
    server.shows(old, host="old.example.com")

    for host, shown in {"www.example.com": new, "old.example.com": old}.items():
        seen = server.guard.served_certificate(host, port=server.port)

        assert hashlib.sha256(seen).digest() == hashlib.sha256(shown.public_bytes(Encoding.DER)).digest()


def test_a_server_without_tls_and_one_that_says_nothing_are_told_apart(tmp_path: Path) -> None:
    with _answering(b"HTTP/1.1 301 Moved\r\nLocation: https://127.0.0.1/\r\n\r\n") as port:
        assert problem_of(_local(port), port=port) is Problem.NO_TLS
    with _answering(b"") as port:
        began = time.monotonic()
        assert problem_of(_local(port, timeout=0.3), port=port) is Problem.TIMEOUT
        assert time.monotonic() - began < 2


def test_a_handshake_that_drips_is_cut_off_with_the_whole(tmp_path: Path) -> None:
    # The header of a record that announces more than ever comes.
    with _answering(b"\x16\x03\x03\x40\x00", then=b"\x00", every=0.05) as port:
        began = time.monotonic()

        assert problem_of(_local(port, timeout=0.4), port=port) is Problem.TIMEOUT
        assert time.monotonic() - began < 2


def _local(port: int, **changes: Any) -> Guard:
    return guard_to("127.0.0.1", allows=lambda _address: True, ports=frozenset({port}), **changes)


@contextmanager
def _answering(first: bytes, *, then: bytes = b"", every: float = 0.0) -> Iterator[int]:
    """A port on this machine that says something, whatever is said to it."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer, args=(listener, first, then, every, over), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        over.set()
    thread.join(timeout=5)


def _answer(listener: socket.socket, first: bytes, then: bytes, every: float, over: threading.Event) -> None:
    connection, _peer = listener.accept()
    with connection:
        connection.sendall(first)
        while not over.wait(every or 0.05):
            try:
                connection.sendall(then)
            except OSError:
                return
