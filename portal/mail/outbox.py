"""Ask for letters, or take them back: the same key twice makes one letter, and nothing is sent from here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.utils import parseaddr

from django.conf import settings
from django.db import models

from portal import wakeups
from portal.access import across_partners
from portal.mail.letters import Words
from portal.models import OutgoingMail, Partner
from portal.models.mail import MailPurpose, MailState
from portal.tasks import sweep_mail

# So many rows go into the database with one statement.
AT_ONCE = 500
ONE_CLICK = "List-Unsubscribe=One-Click"


class KeyTaken(Exception):
    """The key already names a letter of another partner."""


class CodeTaken(Exception):
    """Another letter bears the same code; ask again with a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A letter to one address that is to be queued.

    `key` says what the letter is, such as "quote:17:2". Only sign-in letters may be without a partner. After
    `leave_by` it is withdrawn instead, unless it may have left before. Line breaks in subject, name and headers become
    spaces.
    """

    key: str
    partner: Partner | None
    purpose: MailPurpose
    to_email: str
    words: Words
    to_name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    due_at: datetime | None = None
    leave_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """The primary keys of the letters by their keys, and how many of them are new."""

    ids: Mapping[str, int]
    created: int


def enqueue(
    *,
    key: str,
    partner: Partner | None,
    purpose: MailPurpose,
    to_email: str,
    words: Words,
    now: datetime,
    to_name: str = "",
    headers: Mapping[str, str] | None = None,
    due_at: datetime | None = None,
    leave_by: datetime | None = None,
) -> OutgoingMail:
    """Queue one letter (see Draft) in the caller's transaction; asked again with the same key, change nothing.

    Raises KeyTaken.
    """
    draft = Draft(
        key=key,
        partner=partner,
        purpose=purpose,
        to_email=to_email,
        words=words,
        to_name=to_name,
        headers=headers or {},
        due_at=due_at,
        leave_by=leave_by,
    )
    with across_partners():
        letter, created = OutgoingMail.objects.get_or_create(key=key, defaults=_row(draft, now))
    if letter.partner_id != (partner.pk if partner else None):
        raise KeyTaken(key)
    if created and letter.due_at <= now:
        wakeups.nudge(sweep_mail)
    return letter


def enqueue_many(drafts: Sequence[Draft], *, now: datetime) -> Queued:
    """Queue many letters in the caller's transaction, 500 with each statement; letters already known stay as they are.

    Raises KeyTaken, or CodeTaken, when nothing of the transaction may be kept.
    """
    ids: dict[str, int] = {}
    created = 0
    with across_partners():
        for start in range(0, len(drafts), AT_ONCE):
            batch = {draft.key: draft for draft in drafts[start : start + AT_ONCE]}
            known = _known(batch)
            fresh = [OutgoingMail(key=key, **_row(one, now)) for key, one in batch.items() if key not in known]
            OutgoingMail.objects.bulk_create(fresh, ignore_conflicts=True)
            ids |= _checked(batch, _known(batch))
            created += len(fresh)
    if any((draft.due_at or now) <= now for draft in drafts):
        wakeups.nudge(sweep_mail)
    return Queued(ids, created)


def _known(keys: Iterable[str]) -> dict[str, tuple[int, int | None]]:
    """Primary key and partner of the letters there are, by key."""
    rows = OutgoingMail.objects.filter(key__in=list(keys)).values_list("key", "pk", "partner")
    return {key: (pk, partner) for key, pk, partner in rows}


def _checked(drafts: Mapping[str, Draft], known: Mapping[str, tuple[int, int | None]]) -> dict[str, int]:
    for key, draft in drafts.items():
        if key not in known:
            raise CodeTaken(key)
        if known[key][1] != (draft.partner.pk if draft.partner else None):
            raise KeyTaken(key)
    return {key: pk for key, (pk, _partner) in known.items()}


def _row(draft: Draft, now: datetime) -> dict[str, object]:
    sender, reply_to = sender_of(draft.partner)
    return {
        "partner": draft.partner,
        "message_id": message_id(draft.key),
        "purpose": draft.purpose,
        "to_email": draft.to_email.strip(),
        "to_name": one_line(draft.to_name)[:200],
        "from_email": sender,
        "reply_to": reply_to,
        "subject": one_line(draft.words.subject)[:255],
        "text": draft.words.text,
        "html": draft.words.html,
        "code": draft.words.code,
        "headers": {name: one_line(value) for name, value in draft.headers.items()},
        "due_at": draft.due_at or now,
        "leave_by": draft.leave_by,
    }


def withdraw(*keys: str) -> int:
    """Let letters stay home that have become untrue; returns how many had not left. Those being sent may still go."""
    with across_partners():
        return _wanted().filter(key__in=keys).update(is_wanted=False)


def withdraw_all(prefix: str) -> int:
    """The same for every key that begins with the prefix, such as all notices of one order: "notice:order:17:"."""
    with across_partners():
        return _wanted().filter(key__startswith=prefix).update(is_wanted=False)


def _wanted() -> models.QuerySet[OutgoingMail]:
    return OutgoingMail.objects.unsent().filter(is_wanted=True)


def try_again(letters: models.QuerySet[OutgoingMail], *, now: datetime) -> int:
    """Let letters that were set aside leave after all, under the same Message-ID; returns how many."""
    again = letters.filter(state=MailState.PARKED).update(
        state=MailState.QUEUED, reason="", due_at=now, leave_by=None, attempts=0, unanswered=0, is_handing=False
    )
    if again:
        wakeups.nudge(sweep_mail)
    return again


def one_click(url: str) -> dict[str, str]:
    """The headers by which a mail program stops such letters with one press: it posts to the address (RFC 8058).

    Mail programs do so over https only; elsewhere the address is only named. Raises ValueError where it is none.
    """
    if not url.isascii() or not url.startswith(("https://", "http://")) or set(url) & set(" <>,"):
        raise ValueError(url)
    headers = {"List-Unsubscribe": f"<{url}>"}
    return headers | {"List-Unsubscribe-Post": ONE_CLICK} if url.startswith("https://") else headers


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
