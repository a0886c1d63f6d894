"""Signing in as a person does: through the pages, with codes as an app or a letter gives them."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core import mail
from django.test import Client
from django.urls import reverse

from portal.mail.delivery import deliver_due
from portal.models import User
from tests.portal.mail.letters import NOW

PASSWORD = "a long pass phrase"  # as tests.factories.make_user gives it


def try_password(client: Client, user: User | str, password: str = PASSWORD, **extra: Any) -> Any:
    """Fill in the sign-in page."""
    email = user if isinstance(user, str) else user.email
    next_url = extra.pop("next", "")
    return client.post(reverse("account_login"), {"login": email, "password": password, "next": next_url}, **extra)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def give_app(user: User) -> str:
    """Set up an authenticator app; returns its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def app_code(secret: str, *, periods: int = 0) -> str:
    """What the app shows now, or so many periods later."""
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + periods))
    return code


def has_app(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def letters() -> list[mail.EmailMessage]:
    """Everything that has left, after another sweep."""
    deliver_due(now=NOW.replace(hour=23, minute=59, second=59))
    return mail.outbox


def code_in(message: mail.EmailMessage) -> str:
    """The sign-in code of a letter."""
    found = re.search(r"^ {4}(\S+)$", str(message.body), re.MULTILINE)
    assert found, message.body
    return found[1]


def link_in(message: mail.EmailMessage) -> str:
    """The path of the one link of a letter."""
    found = re.search(r"https?://[^/\s]+(/\S+)", str(message.body))
    assert found, message.body
    return found[1]
