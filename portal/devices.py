"""Devices a person has signed in from: their tries are counted apart, so that strangers cannot lock the person out."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

_SALT = "portal.known-device"
_AGE = 180 * 24 * 3600


def remember(response: HttpResponseBase, *, email: str) -> None:
    """Let the browser prove later that this person has signed in from it; the cookie tells nobody who it was."""
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(_trace(email), salt=_SALT),
        max_age=_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.HTTPS,
    )


def is_known(request: HttpRequest, *, email: str) -> bool:
    """Whether this person has signed in from this browser in the last 180 days."""
    proof = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        trace: Any = signing.loads(proof, salt=_SALT, max_age=_AGE)
    except signing.BadSignature:
        return False
    return bool(trace == _trace(email))


def _trace(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]
