"""The owner of a customer hears by letter that an order is no longer needed: there is money at risk."""

from __future__ import annotations

from datetime import datetime

from certificates import letters
from certificates.models import Order, Reply
from portal.mail import outbox
from portal.models.mail import MailPurpose


def tell_owner(reply: Reply, *, now: datetime) -> None:
    """Queue the letter; nobody's customer tells nobody."""
    order: Order = reply.order
    member = order.customer.owner
    if member is None or not member.is_active or not member.user.is_active:
        return
    owner = member.user
    words = letters.not_needed(reply, owner)
    outbox.enqueue(
        key=_key(reply),
        partner=order.partner,
        purpose=MailPurpose.SERVICE,
        to_email=owner.email,
        to_name=owner.get_full_name(),
        words=words,
        now=now,
    )


def keep_home(reply: Reply) -> None:
    """It was taken back before the letter left."""
    outbox.withdraw(_key(reply))


def _key(reply: Reply) -> str:
    return f"not-needed:{reply.pk}"
