"""Ask for a letter, or take it back: the same key twice makes one letter, and nothing is sent from here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.utils import parseaddr

from django.conf import settings
from django.db import models

from portal import wakeups
from portal.access import across_partners
from portal.models import OutgoingMail, Partner
from portal.models.mail import MailPurpose, MailState
from portal.tasks import sweep_mail


class KeyTaken(Exception):
    """The key already names a letter of another partner."""


def enqueue(
    *,
    key: str,
    partner: Partner | None,
    purpose: MailPurpose,
    to_email: str,
    subject: str,
    text: str,
    now: datetime,
    to_name: str = "",
    html: str = "",
    code: str = "",
    headers: Mapping[str, str] | None = None,
    due_at: datetime | None = None,
) -> OutgoingMail:
    """Queue one letter to one address, in the caller's transaction; asked again with the same key, change nothing.

    `key` says what the letter is, such as "quote:17:2". Only sign-in letters may be without a partner. `code` is
    what the letter bears at its foot. Line breaks in subject, name and headers become spaces. Raises KeyTaken.
    """
    sender, reply_to = sender_of(partner)
    row = {
        "partner": partner,
        "message_id": message_id(key),
        "purpose": purpose,
        "to_email": to_email.strip(),
        "to_name": one_line(to_name)[:200],
        "from_email": sender,
        "reply_to": reply_to,
        "subject": one_line(subject)[:255],
        "text": text,
        "html": html,
        "code": code,
        "headers": {name: one_line(value) for name, value in (headers or {}).items()},
        "due_at": due_at or now,
    }
    with across_partners():
        letter, created = OutgoingMail.objects.get_or_create(key=key, defaults=row)
    if letter.partner_id != (partner.pk if partner else None):
        raise KeyTaken(key)
    if created and letter.due_at <= now:
        wakeups.nudge(sweep_mail)
    return letter


def withdraw(*keys: str) -> int:
    """Let letters stay home that have become untrue; returns how many had not left. Those being sent may still go."""
    with across_partners():
        return _unsent().filter(key__in=keys).update(is_wanted=False)


def withdraw_all(prefix: str) -> int:
    """The same for every key that begins with the prefix, such as all notices of one order: "notice:order:17:"."""
    with across_partners():
        return _unsent().filter(key__startswith=prefix).update(is_wanted=False)


def _unsent() -> models.QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(state__in=[MailState.QUEUED, MailState.CLAIMED], is_wanted=True)


def message_id(key: str) -> str:
    """The same for the same key, so that a letter handed over twice is recognisable as one."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{settings.MAIL_ID_DOMAIN}>"


def sender_of(partner: Partner | None) -> tuple[str, str]:
    """From and Reply-To: the partner's own sender, else the portal's address under the partner's name."""
    if partner is None:
        return settings.DEFAULT_FROM_EMAIL, ""
    address = partner.sender_email or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    name = one_line(partner.sender_name or partner.name)
    return str(Address(name, addr_spec=address)), partner.support_email


def one_line(text: str) -> str:
    """A header value on one line: a name with a line break must not keep a letter from ever being sent."""
    return " ".join(str(text).split())
