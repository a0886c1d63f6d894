"""The mailbox to which letters come back, read over IMAP: each message once, marked as seen when it has been noted."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator, Sequence
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
    """Read what has come since. Raises OSError or imaplib.IMAP4.error where the mailbox cannot be read or marked."""
    taken = Taken()
    with _mailbox() as box:
        for number in _unseen(box)[:AT_ONCE]:
            try:
                taken.noted += _take(box, number, now)
            except _NotGiven as refused:
                log.warning("return_not_given", message=number, said=str(refused))
            else:
                taken.read += 1
    return taken


class _NotGiven(Exception):
    """The server would not give this message just now."""


@contextmanager
def _mailbox() -> Iterator[imaplib.IMAP4]:
    place = urlsplit(settings.MAIL_RETURN_IMAP)
    box = _connection(place.scheme, place.hostname or "", place.port)
    try:
        box.login(unquote(place.username or ""), unquote(place.password or ""))
        _expect_ok(box.select(_quoted(unquote(place.path.strip("/")) or "INBOX")))
        yield box
    finally:
        _leave(box)


def _connection(scheme: str, host: str, port: int | None) -> imaplib.IMAP4:
    if scheme != "imaps":
        return imaplib.IMAP4(host, port or 143, timeout=TIMEOUT_SECONDS)
    # without a context of ours, any server could show any certificate and be told the password
    context = ssl.create_default_context()
    return imaplib.IMAP4_SSL(host, port or 993, ssl_context=context, timeout=TIMEOUT_SECONDS)


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _leave(box: imaplib.IMAP4) -> None:
    """What has been noted stays so, even where the farewell fails."""
    try:
        box.logout()
    except (OSError, imaplib.IMAP4.error) as error:
        log.info("return_mailbox_left_badly", error=str(error))
        box.shutdown()


def _unseen(box: imaplib.IMAP4) -> list[str]:
    status, found = box.uid("SEARCH", "UNSEEN")
    _expect_ok((status, found))
    return found[0].decode().split() if found and found[0] else []


def _take(box: imaplib.IMAP4, number: str, now: datetime) -> bool:
    """Whether it said something new. What cannot be dealt with is flagged for a person, and keeps nothing else back.

    Noted first and marked as seen after it: in between, the next run meets it again and knows it.
    """
    flags = r"(\Seen)"
    try:
        report = reports.read(_content(box, number))
        noted = report is not None and judging.take(report, now=now) is not None
    except (OperationalError, InterfaceError, OSError, imaplib.IMAP4.error, _NotGiven):
        raise  # of the database or the mailbox, not of the message: it stays unseen
    except Exception:  # anything may stand in it, and listeners make mistakes: unseen, it would come back for ever
        log.exception("return_not_noted", message=number)
        flags, noted = r"(\Seen \Flagged)", False
    _expect_ok(box.uid("STORE", number, "+FLAGS", flags))
    return noted


def _expect_ok(answer: tuple[str, Sequence[object]]) -> None:
    """Raises imaplib.IMAP4.error: the library itself takes NO for an answer."""
    status, said = answer
    if status != "OK":
        raise imaplib.IMAP4.error(str(said))


def _content(box: imaplib.IMAP4, number: str) -> bytes:
    """The message, cut where it is too large to be a report; empty where it has been deleted. Raises _NotGiven."""
    status, found = box.uid("FETCH", number, f"(BODY.PEEK[]<0.{reports.MAX_BYTES + 1}>)")
    if status != "OK":
        raise _NotGiven(str(found))
    return next((bytes(part[1]) for part in found if isinstance(part, tuple)), b"")
