"""Secrets in the database are stored encrypted; their keys live outside it and can be rotated."""

from __future__ import annotations

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.VAULT_KEYS])


def encrypt(plain: bytes) -> bytes:
    """Encrypt under the newest key."""
    return _fernet().encrypt(plain)


def decrypt(token: bytes) -> bytes:
    """Decrypt under any current key; raises `cryptography.fernet.InvalidToken` for anything else."""
    return _fernet().decrypt(bytes(token))
