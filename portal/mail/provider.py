"""What a mail provider tells of a letter, as the report that a mail server would have sent.

The letter is known by the signed token that it carries as metadata; what bears none of ours is nobody's.
"""

from __future__ import annotations

import hashlib
from typing import Any

from portal.mail.outcomes import NO_SUCH_ADDRESS
from portal.mail.reports import Kind, Report
from portal.mail.returns import letter_of

_NOT_DELIVERED = {"bounced", "rejected", "failed"}
_KINDS = {"complained": Kind.COMPLAINT, "unsubscribed": Kind.UNSUBSCRIBED}
# Why the provider did not even try
_REASONS = {"spam": Kind.COMPLAINT, "unsubscribed": Kind.UNSUBSCRIBED, "invalid": Kind.GONE}


def report_of(event: Any) -> Report | None:
    """Read one of django-anymail's tracking events; None where it is about no letter of ours, or tells no failure."""
    letter, kind = _letter(event.metadata), _kind_of(event)
    if letter is None or kind is None:
        return None
    return Report(letter, kind, _one_line(event.mta_response or event.description)[:500], _one_line(event.recipient))


def name_of(event: Any, provider: str) -> str:
    """Names the event among all providers'; empty where this one has not named it."""
    if not event.event_id:
        return ""
    return f"{provider.lower()}:{hashlib.sha256(str(event.event_id).encode()).hexdigest()}"


def _letter(metadata: Any) -> int | None:
    token = metadata.get("letter") if isinstance(metadata, dict) else None
    return letter_of(token) if isinstance(token, str) else None


def _kind_of(event: Any) -> Kind | None:
    if event.event_type not in _NOT_DELIVERED:
        return _KINDS.get(event.event_type)
    # a full or a slow mailbox bounces too: only an address that does not exist is switched off
    is_gone = NO_SUCH_ADDRESS.search(str(event.mta_response or ""))
    return Kind.GONE if is_gone else _REASONS.get(event.reject_reason, Kind.NOTE)


def _one_line(words: Any) -> str:
    return " ".join(str(words or "").replace("\x00", " ").split())
