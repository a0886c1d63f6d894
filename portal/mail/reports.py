"""What mail servers send back, read without trusting a word of it: bounces (RFC 3464) and complaints (RFC 5965).

A report that names no return address of ours, or one that we have not signed, is nobody's. Anything may stand in it, so
nothing here raises.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses, parseaddr

import structlog

from portal.mail.outcomes import NO_SUCH_ADDRESS
from portal.mail.returns import letter_of, token_in
from portal.models import MailReturn

log = structlog.get_logger(__name__)
Kind = MailReturn.Kind

MAX_BYTES = 2 * 1024 * 1024
# So much of a text is looked at for a mail server's words.
_LOOKED_AT = 64 * 1024
_PLACES = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")
# What a mail server says at RCPT, as servers without reports quote it in a letter.
_SAID = re.compile(r"\b(?:550|551|553)[ #-]{1,3}5\.1\.\d{1,2}\b[^\r\n]{0,200}")


@dataclass(frozen=True, slots=True)
class Report:
    """What came back of the letter with this primary key. `recipient` is whom it is about, where that is said."""

    letter: int
    kind: Kind
    detail: str
    recipient: str = ""


def read(content: bytes, *, to: str = "") -> Report | None:
    """Read one message; `to` is the address that it was delivered to, where the mail server says so."""
    if len(content) > MAX_BYTES:
        log.warning("return_too_large", size=len(content))
        return None
    try:
        return _read(email.message_from_bytes(content, policy=email.policy.compat32), to)
    except Exception:  # made to break its readers, perhaps
        log.exception("return_unreadable")
        return None


def _read(message: Message, to: str) -> Report | None:
    letter = _letter(message, to)
    if letter is None:
        return None
    parts = {part.get_content_type(): part for part in reversed(list(message.walk()))}
    if "message/feedback-report" in parts:
        return Report(letter, Kind.COMPLAINT, _field(_fields(parts["message/feedback-report"]), "Feedback-Type"))
    if "message/delivery-status" in parts:
        return _of_status(letter, parts["message/delivery-status"])
    if str(message.get("Auto-Submitted", "")).lower().startswith("auto-replied"):
        return None
    return _of_text(letter, message)


def _letter(message: Message, to: str) -> int | None:
    tokens = filter(None, map(token_in, _addresses(message, to)))
    return next((letter for token in tokens if (letter := letter_of(token)) is not None), None)


def _addresses(message: Message, to: str) -> Iterator[str]:
    """Where a return address of ours may stand: of a complaint, in what is said of the letter."""
    yield to
    yield from (
        address for _, address in getaddresses([str(one) for name in _PLACES for one in message.get_all(name, [])])
    )
    for part in message.walk():
        if part.get_content_type() == "message/feedback-report":
            yield from (parseaddr(_field(group, "Original-Mail-From"))[1] for group in _groups(part))
        if part is not message and part["Return-Path"]:
            yield parseaddr(str(part["Return-Path"]))[1]


def _of_status(letter: int, part: Message) -> Report:
    for group in _groups(part):
        status, action = _field(group, "Status"), _field(group, "Action").lower()
        if not status:
            continue
        detail = " ".join(f"{status} {_field(group, 'Diagnostic-Code')}".split())
        is_gone = action == "failed" and NO_SUCH_ADDRESS.fullmatch(status.split()[0])
        recipient = _field(group, "Original-Recipient") or _field(group, "Final-Recipient")
        return Report(letter, Kind.GONE if is_gone else Kind.NOTE, detail[:500], recipient.rpartition(";")[2].strip())
    return Report(letter, Kind.NOTE, "")


def _of_text(letter: int, message: Message) -> Report:
    texts = (part for part in message.walk() if part.get_content_type() == "text/plain")
    said = next((found for part in texts if (found := _SAID.search(_text(part)))), None)
    is_gone = said is not None and NO_SUCH_ADDRESS.search(said[0])
    return Report(letter, Kind.GONE if is_gone else Kind.NOTE, _one_line(said[0]) if said else "")


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload[:_LOOKED_AT].decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _groups(part: Message) -> Iterable[Message]:
    """A report's groups of fields: the email package reads them as messages, or leaves them as text."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [one for one in payload if isinstance(one, Message)]
    return [_fields(part)]


def _fields(part: Message) -> Message:
    payload = part.get_payload()
    if isinstance(payload, list):
        return next((one for one in payload if isinstance(one, Message)), Message())
    return email.message_from_string(_text(part).strip())


def _field(group: Message, name: str) -> str:
    return _one_line(str(group.get(name, "")))


def _one_line(words: str) -> str:
    # PostgreSQL takes no NUL
    return " ".join(words.replace("\x00", " ").split())
