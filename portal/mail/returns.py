"""Return addresses that name their letter and cannot be made up: what comes back to one says which address failed."""

from __future__ import annotations

import hmac
import re
from email.utils import parseaddr

from django.conf import settings
from django.utils.crypto import salted_hmac

from portal.models import OutgoingMail

SALT = "portal.mail.returns"
# 80 bits, in letters that survive a server which changes their case
SIGNATURE = 20
_TOKEN = re.compile(rf"(\d{{1,19}})-([0-9a-f]{{{SIGNATURE}}})", re.ASCII)


def token_for(letter: OutgoingMail) -> str:
    """Names the letter, signed: "1234-0123456789abcdef0123"."""
    return f"{letter.pk}-{_signature(str(letter.pk), settings.SECRET_KEY)}"


def letter_of(token: str) -> int | None:
    """The key of the letter that a token names; None for one that we have not made."""
    found = _TOKEN.fullmatch(token.strip().lower())
    if found is None:
        return None
    number, signature = found.groups()
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    is_ours = any(hmac.compare_digest(signature, _signature(number, secret)) for secret in secrets)
    return int(number) if is_ours else None


def _signature(number: str, secret: str) -> str:
    return salted_hmac(SALT, number, secret=secret, algorithm="sha256").hexdigest()[:SIGNATURE]


def address_for(letter: OutgoingMail) -> str:
    """Where the letter comes back to: "bounces+1234-…@portal.example"; empty where no such address is set up."""
    return settings.MAIL_RETURN_ADDRESS.replace("{token}", token_for(letter)) if settings.MAIL_RETURN_ADDRESS else ""


def token_in(address: str) -> str:
    """The token in a return address of ours; empty where there is none."""
    before, _, after = settings.MAIL_RETURN_ADDRESS.partition("{token}")
    if not after:
        return ""
    shape = f"{re.escape(before)}([0-9a-z-]+){re.escape(after)}"
    found = re.fullmatch(shape, parseaddr(address)[1] or address.strip(), re.IGNORECASE)
    return found[1] if found else ""
