"""How allauth speaks for us: letters go through our outbox, second-factor secrets are stored encrypted."""

from __future__ import annotations

import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from portal import vault


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by themselves: partners invite."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return vault.encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return vault.decrypt(encrypted_text.encode()).decode()
