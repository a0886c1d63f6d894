"""What must be right before the portal starts: said by `manage.py check`, not found out later."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import mail
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's word
from django.core.exceptions import ImproperlyConfigured

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


@register(deploy=True)
def letters_can_leave(**_: Any) -> list[CheckMessage]:
    """The kind of connection that EMAIL_URL or PORTAL_MAIL_PROVIDER names is there, with all that it asks for."""
    try:
        mail.get_connection()
    except (ImproperlyConfigured, ImportError, ValueError) as error:
        return [Error(f"No letter can be sent with these settings: {error}", id="portal.E004")]
    return []


@register(Tags.security, deploy=True)
def provider_reports_under_a_secret(**_: Any) -> list[CheckMessage]:
    """A provider's word about bounces and complaints is taken under a secret only: without one, nothing is heard."""
    secrets = settings.ANYMAIL["WEBHOOK_SECRET"]
    if not settings.MAIL_PROVIDER or (secrets and all(secret.partition(":")[2] for secret in secrets)):
        return []
    said = f"PORTAL_MAIL_PROVIDER is {settings.MAIL_PROVIDER}, and nothing is heard of its bounces and complaints."
    hint = "Set PORTAL_MAIL_WEBHOOK_SECRET to a user:password, and give the same to the provider with its webhook."
    return [Error(said, hint=hint, id="portal.E005")]
