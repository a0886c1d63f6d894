"""The mailbox to which letters come back, read over IMAP: each message once, marked as seen when it has been noted."""

from __future__ import annotations

import imaplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError

from portal.mail import judging, reports

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 30
# So many messages are read in one go.
AT_ONCE = 200


@dataclass(slots=True)
class Taken:
    """Messages read; `noted` of them said something new about a letter."""

    read: int = 0
    noted: int = 0


def take_returns(*, now: datetime) -> Taken:
    """Read what has come since. Raises OSError or imaplib.IMAP4.error where the mailbox cannot be opened."""
    taken = Taken()
    with _mailbox() as box:
        for number in _unseen(box)[:AT_ONCE]:
            taken.noted += _take(box, number, now)
            taken.read += 1
    return taken


@contextmanager
def _mailbox() -> Iterator[imaplib.IMAP4]:
    place = urlsplit(settings.MAIL_RETURN_IMAP)
    kind, port = (imaplib.IMAP4_SSL, 993) if place.scheme == "imaps" else (imaplib.IMAP4, 143)
    with kind(place.hostname or "", place.port or port, timeout=TIMEOUT_SECONDS) as box:
        box.login(unquote(place.username or ""), unquote(place.password or ""))
        status, said = box.select(unquote(place.path.strip("/")) or "INBOX")
        if status != "OK":
            raise imaplib.IMAP4.error(str(said))
        yield box


def _unseen(box: imaplib.IMAP4) -> list[str]:
    _, found = box.uid("SEARCH", "UNSEEN")
    return found[0].decode().split() if found and found[0] else []


def _take(box: imaplib.IMAP4, number: str, now: datetime) -> bool:
    """Whether it said something new. What cannot be dealt with is flagged for a person, and keeps nothing else back."""
    flags = r"(\Seen)"
    try:
        report = reports.read(_content(box, number))
        noted = report is not None and judging.take(report, now=now) is not None
    except (OperationalError, InterfaceError, OSError, imaplib.IMAP4.error):
        raise  # of the database or the mailbox, not of the message: it stays unseen
    except Exception:
        log.exception("return_not_noted", message=number)
        flags, noted = r"(\Seen \Flagged)", False
    box.uid("STORE", number, "+FLAGS", flags)
    return noted


def _content(box: imaplib.IMAP4, number: str) -> bytes:
    """The message, cut where it is too large to be a report."""
    _, found = box.uid("FETCH", number, f"(BODY.PEEK[]<0.{reports.MAX_BYTES + 1}>)")
    return next((bytes(part[1]) for part in found if isinstance(part, tuple)), b"")
