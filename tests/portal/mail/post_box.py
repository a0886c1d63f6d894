"""A real IMAP server on a free port: one mailbox, and whatever goes wrong at a named command."""

from __future__ import annotations

import re
import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field

DROP = "drop the connection"
HANG = "say nothing"
REFUSE = "answer no"
_PART = re.compile(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)")
_FLAGS = re.compile(r"UID STORE (\d+) \+FLAGS \((.*)\)")


@dataclass
class PostBox:
    """Starts and stops with a `with` block; messages are numbered from 1.

    `faults` says for the beginning of a command, such as "UID STORE 2", what goes wrong there.
    """

    messages: list[bytes] = field(default_factory=list)
    password: str = "a pass/word"
    faults: dict[str, str] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    # What was asked, without the tags
    heard: list[str] = field(default_factory=list)
    flags: dict[int, set[str]] = field(default_factory=dict)

    def __enter__(self) -> PostBox:
        self.is_over = threading.Event()
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self, *, password: str = "a%20pass%2Fword", mailbox: str = "Came%20back") -> str:
        scheme = "imaps" if self.context else "imap"
        return f"{scheme}://bounces:{password}@127.0.0.1:{self.server.server_address[1]}/{mailbox}"

    def seen(self) -> list[int]:
        return sorted(number for number, flags in self.flags.items() if r"\Seen" in flags)

    def times(self, command: str) -> int:
        return sum(one.startswith(command) for one in self.heard)

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        box = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):  # the other side has gone
                    plain: socket.socket = self.request
                    with box.context.wrap_socket(plain, server_side=True) if box.context else plain as line:
                        box.converse(line)

        return Handler

    def converse(self, line: socket.socket) -> None:
        line.sendall(b"* OK ready\r\n")
        for asked in line.makefile("rb"):
            tag, _, command = asked.decode().strip().partition(" ")
            self.heard.append(command)
            fault = next((what for where, what in self.faults.items() if command.startswith(where)), "")
            if fault == HANG:
                self.is_over.wait(5)
            if fault in {HANG, DROP}:
                return
            said = None if fault == REFUSE else self.answer(command)
            ending = f"{tag} NO not so\r\n" if said is None else f"{tag} OK done\r\n"
            line.sendall((said or b"") + ending.encode())
            if command == "LOGOUT":
                return

    def answer(self, command: str) -> bytes | None:
        """The untagged part; None where the answer is no."""
        if command == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n"
        if command.startswith("LOGIN"):
            return b"" if command == f'LOGIN bounces "{self.password}"' else None
        if command.startswith("SELECT"):
            return f"* {len(self.messages)} EXISTS\r\n".encode() if command == 'SELECT "Came back"' else None
        if command == "UID SEARCH UNSEEN":
            unseen = [str(number) for number in range(1, len(self.messages) + 1) if number not in self.seen()]
            return f"* SEARCH {' '.join(unseen)}\r\n".encode()
        if part := _PART.fullmatch(command):
            number, size = map(int, part.groups())
            content = self.messages[number - 1][:size]
            return b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (number, number, len(content), content)
        if flagged := _FLAGS.fullmatch(command):
            self.flags.setdefault(int(flagged[1]), set()).update(flagged[2].split())
            return b""
        return b"* BYE\r\n" if command == "LOGOUT" else None
