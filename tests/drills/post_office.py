"""A mail server in many moods: what it answers follows from the reader's address, and from how often it was asked."""

# ruff: noqa: N802  aiosmtpd asks for these names

from __future__ import annotations

import asyncio
from collections import Counter
from email.parser import BytesHeaderParser
from enum import StrEnum
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from portal.setup.ports import free_port

# Longer than the portal waits for an answer
SILENT_SECONDS = 3.0


class Mood(StrEnum):
    """The first part of an address, and so what becomes of a letter to it."""

    KEEPS = "keeps"
    BUSY = "busy"  # 421 at first
    GREYLISTS = "greylists"  # 451 at first
    FULL_FOR_NOW = "full-for-now"  # 452 at first
    NOBODY = "nobody"  # 550 5.1.1
    FULL = "full"  # 552
    BLOCKS = "blocks"  # 554 once it has read the letter
    DROPS = "drops"  # takes the letter, and the line goes dead before it says so, once
    HANGS = "hangs"  # takes the letter and says nothing, once
    LEAVES = "leaves"  # drops the line before the letter, once


# One in so many letters meets the mood; the rest is kept. Never five refusals in a row, which would stop everything.
ONE_IN = {
    Mood.BUSY: 71,
    Mood.GREYLISTS: 29,
    Mood.FULL_FOR_NOW: 73,
    Mood.NOBODY: 37,
    Mood.FULL: 61,
    Mood.BLOCKS: 67,
    Mood.DROPS: 53,
    Mood.HANGS: 151,
    Mood.LEAVES: 79,
}
FINAL = {Mood.NOBODY: "550 5.1.1 No such user", Mood.FULL: "552 5.2.2 Mailbox full"}
AT_FIRST = {
    Mood.BUSY: "421 4.3.2 Busy",
    Mood.GREYLISTS: "451 4.7.1 Greylisted",
    Mood.FULL_FOR_NOW: "452 4.2.2 Full for now",
}


def reader(number: int) -> str:
    """The address of the letter with this number."""
    mood = next((mood for mood, one_in in ONE_IN.items() if number % one_in == one_in // 2), Mood.KEEPS)
    return f"{mood}-{number}@reader.example"


def mood_of(address: str) -> Mood:
    return Mood(address.partition("@")[0].rpartition("-")[0])


class PostOffice:
    """Counts what it has taken, by Message-ID; over each letter it may muse for a while."""

    def __init__(self, *, musing_seconds: float = 0) -> None:
        self.musing_seconds = musing_seconds
        self.address = ("127.0.0.1", free_port())
        self.taken: Counter[str] = Counter()
        self.asked: Counter[tuple[str, str]] = Counter()
        host, port = self.address
        self.controller = Controller(self, hostname=host, port=port)

    def __enter__(self) -> PostOffice:
        self.controller.start()
        return self

    def __exit__(self, *_exc: Any) -> None:
        self.controller.stop()

    def is_first(self, address: str, stage: str) -> bool:
        self.asked[address, stage] += 1
        return self.asked[address, stage] == 1

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        mood = mood_of(address)
        if mood in FINAL:
            return FINAL[mood]
        if self.is_first(address, "RCPT"):
            if mood in AT_FIRST:
                return AT_FIRST[mood]
            if mood == Mood.LEAVES:
                _hang_up(server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        (address,) = envelope.rcpt_tos
        mood = mood_of(address)
        if mood == Mood.BLOCKS:
            return "554 5.7.1 Blocked"
        headers = BytesHeaderParser().parsebytes(envelope.original_content or b"")
        self.taken[str(headers["Message-ID"])] += 1
        await asyncio.sleep(self.musing_seconds)
        if self.is_first(address, "DATA"):
            if mood == Mood.DROPS:
                _hang_up(server)
            if mood == Mood.HANGS:
                await asyncio.sleep(SILENT_SECONDS)
        return "250 Kept"


def _hang_up(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()
