"""Letters for tests: what they say does not matter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.mail import outbox
from portal.mail.letters import Words
from portal.models import OutgoingMail
from portal.models.mail import MailPurpose
from tests.factories import TODAY, midnight

NOW = midnight(TODAY) + timedelta(hours=9)


def post(key: str, **fields: Any) -> OutgoingMail:
    """Queue a letter under the key, to an address and with a subject made from it."""
    fields.setdefault("partner", None)
    fields.setdefault("purpose", MailPurpose.SERVICE if fields["partner"] else MailPurpose.SIGN_IN)
    fields.setdefault("to_email", f"{key.replace(':', '-')}@reader.example")
    said = {name: fields.pop(name) for name in ("subject", "text", "html", "code") if name in fields}
    fields["words"] = Words(**{"subject": f"Letter {key}", "text": "What the letter says."} | said)
    fields.setdefault("now", NOW)
    return outbox.enqueue(key=key, **fields)


def states() -> dict[str, str]:
    """The state of every letter, by key."""
    return dict(OutgoingMail.objects.order_by("key").values_list("key", "state"))
