"""What must be right before the portal starts: said by `manage.py check`, not found out later."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's word

SET_UP = "python3 -m portal.setup application"


@register(Tags.security)
def vault_keys_work(**_: Any) -> list[CheckMessage]:
    """Every key of PORTAL_VAULT_KEYS is a Fernet key."""
    try:
        [Fernet(key) for key in settings.VAULT_KEYS]
    except ValueError as error:
        return [Error(f"PORTAL_VAULT_KEYS holds something that is not a Fernet key: {error}", id="portal.E001")]
    return []


@register(Tags.security, deploy=True)
def demo_is_not_deployed(**_: Any) -> list[CheckMessage]:
    """The demo's open mailbox and lifted second factor must never face the world."""
    if settings.DEMO:
        return [Error("PORTAL_DEMO is on: it lifts the second factor and shows every letter.", id="portal.E002")]
    return []


@register
def documents_have_their_fonts(**_: Any) -> list[CheckMessage]:
    """PDFs are set in the pages' own typeface, which set-up cuts."""
    if not any((settings.BASE_DIR / "var" / "fonts").glob("*.ttf")):
        return [Warning("The fonts of documents are missing; set-up makes them.", hint=SET_UP, id="portal.W003")]
    return []
