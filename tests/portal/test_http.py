"""Requests to addresses that partners type: to public servers that prove their name, followed nowhere."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from portal import http
from portal.http import Answer, post
from portal.outbound import Guard, NotReached, Problem
from tests.certificates.certs import as_pem, ec_key, make_certificate, private_pem

HOST = "hooks.chat.example"


@dataclass
class Chat:
    """A real TLS server; what it answers is set by the test."""

    port: int = 0
    trust: ssl.SSLContext | None = None
    status: int = 200
    location: str = ""
    size: int = 2
    slow: float = 0
    heard: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def guard(self, *addresses: str, **changes: Any) -> Guard:
        options: dict[str, Any] = {
            "allows": lambda _address: True,
            "ports": frozenset({self.port}),
            "timeout": 5.0,
        }
        return Guard(resolver=lambda _host: addresses or ["127.0.0.1"], **(options | changes))

    def ask(self, *, host: str = HOST, guard: Guard | None = None) -> Answer:
        url = f"https://{host}:{self.port}/room?key=1"
        return post(url, b'{"a": 1}', headers={"X-Ours": "1"}, guard=guard or self.guard(), trust=self.trust)


@contextmanager
def chatting(folder: Path) -> Iterator[Chat]:
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            chat.heard.append((self.path, body, dict(self.headers)))
            time.sleep(chat.slow)
            self.send_response(chat.status)
            if chat.location:
                self.send_header("Location", chat.location)
            self.end_headers()
            self.wfile.write(b"x" * chat.size)

        def log_message(self, *_: object) -> None:
            pass

    now, day = datetime.now(UTC), timedelta(days=1)
    certificate = as_pem(make_certificate(names=[HOST], starts_at=now - day, last_second=now + day)).decode()
    (folder / "chat.pem").write_text(certificate + private_pem(ec_key()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chat.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    chat.port, chat.trust = server.server_port, ssl.create_default_context(cadata=certificate)
    chat.trust.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield chat
    server.shutdown()
    server.server_close()


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    with chatting(tmp_path) as found:
        yield found


def problem(ask: Any) -> Problem:
    with pytest.raises(NotReached) as refused:
        ask()
    return refused.value.problem


def test_body_and_headers_arrive_and_the_answer_comes_back(chat: Chat) -> None:
    answer = chat.ask()

    assert answer == Answer(200, b"xx")
    [(path, body, headers)] = chat.heard
    assert (path, body, headers["X-Ours"], headers["Host"]) == ("/room?key=1", b'{"a": 1}', "1", f"{HOST}:{chat.port}")


def test_server_that_does_not_prove_its_name_hears_nothing(chat: Chat) -> None:
    assert problem(lambda: chat.ask(host="another.chat.example")) == Problem.NO_TLS
    chat.trust = ssl.create_default_context()
    assert problem(chat.ask) == Problem.NO_TLS
    assert chat.heard == []


def test_redirect_is_an_answer_and_followed_nowhere(chat: Chat) -> None:
    chat.status, chat.location = 302, "https://127.0.0.1/inside"

    assert chat.ask().status == 302
    assert len(chat.heard) == 1


def test_name_that_also_leads_inside_is_not_asked(chat: Chat) -> None:
    guard = Guard(resolver=lambda _host: ["93.184.216.34", "10.0.0.1"], ports=frozenset({chat.port}))

    assert problem(lambda: chat.ask(guard=guard)) == Problem.NOT_PUBLIC
    assert chat.heard == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.chat.example/",
        "https://me:word@hooks.chat.example/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://localhost/",
        "https://[::1]/",
        "ftp://hooks.chat.example/",
        "https:///nothing",
    ],
)
def test_what_is_no_public_name_is_not_asked(url: str) -> None:
    assert problem(lambda: post(url, b"", headers={})) == Problem.NO_NAME


def test_other_ports_are_not_asked() -> None:
    assert problem(lambda: post(f"https://{HOST}:22/", b"", headers={})) == Problem.PORT


def test_answer_is_read_up_to_a_limit(chat: Chat) -> None:
    chat.size = 4 * http.MOST_READ

    assert len(chat.ask().body) == http.MOST_READ


def test_server_that_is_slow_is_not_waited_for(chat: Chat) -> None:
    chat.slow = 1

    assert problem(lambda: chat.ask(guard=chat.guard(timeout=0.3))) == Problem.TIMEOUT
