"""Origins of websites, as browsers compare them: https, a host, perhaps a port, and nothing behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from certificates.x509 import BadRequest, is_wildcard, normalise_name

# What may stand in a policy's list; a stored text that is anything else is left out of it.
_ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?", re.ASCII)
_DEFAULT_PORT = 443


class BadOrigin(ValueError):
    """Not the beginning of an https address; the argument is what was typed."""


def read_origin(typed: str) -> str:
    """ "https://Café.example/" -> "https://xn--caf-dma.example"; raises BadOrigin.

    Refused are other schemes, addresses with a path, a query or a person in them, and wildcards.
    """
    try:
        parts = urlsplit(typed.strip())
        host, port = normalise_name(parts.hostname or ""), parts.port
    except (BadRequest, ValueError):
        raise BadOrigin(typed) from None
    has_more = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme.lower() != "https" or has_more or is_wildcard(host) or port == 0:
        raise BadOrigin(typed)
    return f"https://{host}" + (f":{port}" if port not in (None, _DEFAULT_PORT) else "")


def in_policy(origins: Iterable[object]) -> list[str]:
    """The origins that may be written into a Content-Security-Policy."""
    return [origin for origin in origins if isinstance(origin, str) and _ORIGIN.fullmatch(origin)]
