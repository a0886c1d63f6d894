"""An address that must not be written to any more is switched off once, and whoever cares is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.access import on_behalf_of
from portal.contributions import Slot
from portal.models import OutgoingMail, Partner, SuppressedAddress

Kind = SuppressedAddress.Reason


@dataclass(frozen=True, slots=True)
class Bounce:
    """The partner must not write to the address any more, or not with offers; `detail` holds the server's words."""

    partner: Partner
    email: str
    detail: str
    at: datetime
    letter: OutgoingMail
    kind: Kind = Kind.BOUNCED


# Upper apps add a function here; it runs in the partner's scope and in the transaction that switches the address off.
on_bounce: Slot[Callable[[Bounce], None]] = Slot()


def switch_off(letter: OutgoingMail, *, detail: str, at: datetime, kind: Kind = Kind.BOUNCED) -> None:
    """Suppress the letter's address for its partner and tell the listeners. Sign-in letters switch nothing off."""
    if letter.partner is None:
        return
    bounce = Bounce(letter.partner, letter.to_email.lower(), detail, at, letter, kind)
    with on_behalf_of(letter.partner):
        SuppressedAddress.objects.get_or_create(
            partner=letter.partner, email=bounce.email, reason=kind, defaults={"detail": detail, "at": at}
        )
        for hear in on_bounce.items:
            hear(bounce)
