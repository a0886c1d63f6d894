"""The child process: fills letters' sources with plain facts, and says what is wrong with them.

It knows nothing of Django, of settings or of the database, and ends when nobody can ask it any more.
"""

from __future__ import annotations

import json
import queue
import resource
import socket
import sys
import threading
from typing import Any

from campaigns.liquid import LetterRefused, read
from portal.pdf import wire
from portal.pdf.manners import limit, listen

MEMORY = 512 * 1024 * 1024
WARM = {"sources": {"body": "{% if name %}{{ name | upcase }}{% endif %}"}, "facts": {"name": "warm"}}


def answer(message: bytes) -> bytes:
    """+ and the first refusal as JSON, or null; an empty message asks for nothing but warmth."""
    try:
        return b"+" + json.dumps(refusal(json.loads(message) if message else WARM)).encode()
    except MemoryError as error:
        return f"-{type(error).__name__}".encode()


def refusal(asked: dict[str, Any]) -> dict[str, Any] | None:
    """Which source cannot be filled, and why."""
    for part, source in asked["sources"].items():
        try:
            read(source, is_html=part == "body").fill(asked["facts"])
        except LetterRefused as refused:
            return {"part": part, "problem": refused.problem, "line": refused.line, "word": refused.word}
    return None


def main() -> None:
    limit(resource.RLIMIT_AS, MEMORY)
    limit(resource.RLIMIT_CORE, 0)
    line = socket.socket(fileno=sys.stdin.fileno())
    wishes: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(line, wishes), daemon=True).start()
    while True:
        wire.send(line, answer(wishes.get()))


if __name__ == "__main__":
    main()
