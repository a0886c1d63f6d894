"""The child that makes PDFs: started once for each process, warm, limited, and replaced when it fails or has aged."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from portal.pdf import wire

MAX_PDF_BYTES = 64 * 1024 * 1024
START_SECONDS = 60
# Documents made by one child before a fresh one takes its place: what a library leaks stays small.
DOCUMENTS = 200


class RenderFailed(Exception):
    """The document could not be made; the message says why, in the library's words."""


class RenderTimeout(RenderFailed):
    """The document was not made in time."""


class ChildEnded(RenderFailed):
    """The child was killed, ran out of memory, or crashed."""


def render(
    html: str, *, title: str, author: str, language: str, created: datetime | None = None, timeout: float = 30
) -> bytes:
    """A tagged PDF (PDF/UA-1) of a page of HTML; the same arguments give the same bytes.

    `language` is a code such as "fr", `created` the date the document carries, `timeout` seconds for this document,
    waiting for others not counted. The HTML may hold `data:` addresses; one that wants anything from elsewhere is
    refused. Raises RenderTimeout and RenderFailed; the next document is not touched by either.
    """
    wanted = {"html": html, "title": title, "author": author, "language": language}
    if created:
        wanted["created"] = created.isoformat()
    return _renderer.render(json.dumps(wanted).encode(), timeout=timeout)


def prewarm() -> None:
    """Start the child now, so that the first document need not wait for it. Raises RenderFailed."""
    _renderer.prewarm()


@dataclass(slots=True)
class Child:
    """A running child and the line to it; closing the line ends it."""

    process: subprocess.Popen[bytes]
    line: socket.socket
    made: int = 0

    @classmethod
    def start(cls, program: str) -> Child:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603  one of our own modules
                [sys.executable, "-m", program],
                cwd=settings.BASE_DIR,
                env=_surroundings(),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        return cls(process, ours)

    def ask(self, message: bytes, *, timeout: float) -> bytes:
        """The child's answer. Raises TimeoutError, EOFError, OSError and wire.Overlong."""
        deadline = time.monotonic() + timeout
        wire.send(self.line, message, deadline=deadline)
        return wire.receive(self.line, most=MAX_PDF_BYTES, deadline=deadline)

    def end(self) -> None:
        self.line.close()
        self.process.kill()
        self.process.wait()


class Renderer:
    """One child for all threads of a process; they take turns. `program` is the module that the child runs."""

    def __init__(self, program: str = "portal.pdf.child") -> None:
        self._program = program
        self._turn = threading.Lock()
        self._child: Child | None = None

    def render(self, message: bytes, *, timeout: float) -> bytes:
        with self._turn:
            verdict, document = self._ask_living(message, timeout)
            if verdict != b"+" or (self._child and self._child.made >= DOCUMENTS):
                self._drop()
        if verdict != b"+":
            raise RenderFailed(document.decode(errors="replace"))
        return document

    def prewarm(self) -> None:
        with self._turn:
            self._ready()

    def close(self) -> None:
        with self._turn:
            self._drop()

    def forget(self) -> None:
        """In a forked process: the child is the parent's, and must notice when the parent is gone."""
        self._turn = threading.Lock()
        if self._child:
            self._child.line.close()
            self._child = None

    def _ready(self) -> Child:
        """The child, warm; a new one where there is none or it has died meanwhile."""
        if self._child and self._child.process.poll() is None:
            return self._child
        self._drop()
        try:
            self._child = Child.start(self._program)
        except OSError as error:
            raise ChildEnded(f"the process that makes documents could not start: {error}") from error
        verdict, words = self._ask(self._child, b"", START_SECONDS)
        if verdict != b"+":
            self._drop()
            raise ChildEnded(words.decode(errors="replace"))
        return self._child

    def _ask_living(self, message: bytes, timeout: float) -> tuple[bytes, bytes]:
        """Ask the child, and once more a fresh one where the first had died, perhaps long before it was asked."""
        child = self._ready()
        try:
            answer = self._ask(child, message, timeout)
        except ChildEnded:
            if not child.made:
                raise
            child = self._ready()
            answer = self._ask(child, message, timeout)
        child.made += 1
        return answer

    def _ask(self, child: Child, message: bytes, timeout: float) -> tuple[bytes, bytes]:
        """The child's verdict, + or -, and its document or complaint; a child that breaks the rules is ended."""
        try:
            answer = child.ask(message, timeout=timeout)
        except TimeoutError as error:
            self._drop()
            raise RenderTimeout(f"not made within {timeout:g} s") from error
        except (EOFError, OSError, wire.Overlong) as error:
            self._drop()
            raise ChildEnded("the process that makes documents ended") from error
        return answer[:1], answer[1:]

    def _drop(self) -> None:
        if self._child:
            with contextlib.suppress(OSError):
                self._child.end()
            self._child = None


def _surroundings() -> dict[str, str]:
    """What the child knows of the world: no secrets, and our fonts before the machine's."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "FONTCONFIG_FILE": str(settings.BASE_DIR / "portal" / "pdf" / "fonts.conf"),
        "XDG_CACHE_HOME": str(settings.DATA_DIR / "cache"),
    }


_renderer = Renderer()
os.register_at_fork(after_in_child=_renderer.forget)
