"""A real SMTP server on a free port, with one scripted answer per address."""

# ruff: noqa: N802  aiosmtpd asks for these names

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from portal.setup.ports import free_port

DROP = "drop the connection"
HANG = "say nothing"
KEEP = "250 Kept"


@dataclass
class Script:
    """What to answer; addresses not named are welcome."""

    to_mail: str = "250 OK"
    to_rcpt: dict[str, str] = field(default_factory=dict)
    to_data: dict[str, str] = field(default_factory=dict)
    seen: list[EmailMessage] = field(default_factory=list)
    sessions: int = 0
    # of each envelope
    senders: list[str] = field(default_factory=list)


class _Handler:
    """Takes every letter that is answered with 250, and also those after which the line is dropped."""

    def __init__(self, script: Script) -> None:
        self.script = script

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        self.script.sessions += 1
        session.host_name = hostname
        return answers

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        self.script.senders.append(address)
        return self.script.to_mail

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.script.to_rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return await self.say(server, answer)

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        answer = self.script.to_data.get(envelope.rcpt_tos[0], KEEP)
        if answer in {KEEP, DROP}:
            content = envelope.original_content or b""
            self.script.seen.append(message_from_bytes(content, policy=policy.default))
        return await self.say(server, answer)

    async def say(self, server: SMTP, answer: str) -> str:
        if answer == DROP and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        if answer == HANG:
            await asyncio.sleep(3)
        return answer


class Server:
    """Starts and stops with a `with` block."""

    def __init__(self) -> None:
        self.script = Script()
        self.address = ("127.0.0.1", free_port())
        host, port = self.address
        self.controller = Controller(_Handler(self.script), hostname=host, port=port)

    def __enter__(self) -> Server:
        self.controller.start()
        return self

    def __exit__(self, *_exc: Any) -> None:
        self.controller.stop()

    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.script.seen]

    def message_ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.script.seen]
