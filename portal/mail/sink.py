"""A local mail server for a portal without one: what it takes goes no further than the mailbox page."""

from __future__ import annotations

from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings

from portal.mail import mailbox

MAX_BYTES = 10 * 1024 * 1024


class _Keeper:
    """Puts every letter into the mailbox, with the addresses it was really sent to."""

    async def handle_DATA(  # noqa: N802  the name aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        mailbox.put(bytes(envelope.original_content or b""), recipients=envelope.rcpt_tos)
        return "250 Kept in the mailbox"


class Sink:
    """One mail server in a thread of its own."""

    def __init__(self, *, host: str, port: int, handler: Any = None) -> None:
        self.controller = Controller(handler or _Keeper(), hostname=host, port=port, data_size_limit=MAX_BYTES)

    def start(self) -> None:
        """Listen; raises OSError where the port is taken."""
        self.controller.start()

    def stop(self) -> None:
        self.controller.stop()


def start(*, host: str = "", port: int = 0) -> Sink:
    """Listen where the portal sends its letters to; the caller may stop() what is returned."""
    sink = Sink(host=host or settings.EMAIL_HOST, port=port or settings.EMAIL_PORT)
    sink.start()
    return sink
