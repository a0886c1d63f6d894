"""The demo's mailbox: a Maildir under the data folder that keeps the newest letters."""

from __future__ import annotations

import email
import email.policy
import mailbox
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path

from django.conf import settings

KEPT = 500
RECIPIENTS = "X-Envelope-To"
_KEY = re.compile(r"[\w.,:=-]{1,200}", re.ASCII)


class NoSuchLetter(LookupError):
    """There is no letter under that key, or not any more."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter as the page shows it; `html` is exactly what was sent."""

    key: str
    at: datetime
    sender: str
    recipients: str
    subject: str
    text: str
    html: str


def put(content: bytes, *, recipients: Sequence[str]) -> None:
    """Keep one letter, and forget the oldest beyond KEPT."""
    box = _box()
    message = mailbox.MaildirMessage(content)
    del message[RECIPIENTS]
    message[RECIPIENTS] = ", ".join(" ".join(address.split()) for address in recipients)
    box.add(message)
    for key in _newest_first(box)[KEPT:]:
        box.discard(key)


def newest(limit: int = 100) -> list[Kept]:
    """The newest letters, newest first."""
    box = _box()
    return [_read(key, box.get_bytes(key)) for key in _newest_first(box)[:limit]]


def get(key: str) -> Kept:
    """One letter; raises NoSuchLetter."""
    box = _box()
    if not _KEY.fullmatch(key) or key not in box:
        raise NoSuchLetter(key)
    return _read(key, box.get_bytes(key))


def _box() -> mailbox.Maildir:
    return mailbox.Maildir(Path(settings.DATA_DIR) / "mailbox", create=True)


def _newest_first(box: mailbox.Maildir) -> list[str]:
    # a Maildir key begins with the second at which it was made, and counts on from there
    return sorted(box.keys(), key=_order, reverse=True)


def _order(key: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", key))


def _read(key: str, content: bytes) -> Kept:
    message = email.message_from_bytes(content, policy=email.policy.default)
    recipients = str(message[RECIPIENTS] or message["To"] or "")
    return Kept(
        key=key,
        at=_date(str(message["Date"] or "")),
        sender=str(message["From"] or ""),
        recipients=", ".join(address for _, address in getaddresses([recipients])),
        subject=str(message["Subject"] or ""),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _date(header: str) -> datetime:
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except LookupError:  # a character set that nobody knows
        content = part.get_payload(decode=True).decode("utf-8", "replace")  # type: ignore[union-attr]
    return content.replace("\r\n", "\n")
