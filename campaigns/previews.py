"""A letter as a frame shows it: no script, no request but for our own pictures, no link, light or dark as asked."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from enum import StrEnum
from urllib.parse import urlsplit

from csp.constants import SELF

from portal import links
from portal.models import Partner

_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_PREFERS_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
_HREF = re.compile(r"""\s(?:href|action)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


class Look(StrEnum):
    LIGHT = "light"
    DARK = "dark"


def framed(html: str, look: Look, *, partner: Partner) -> str:
    """The document for a frame: the reader's dark mode is simulated, whatever this browser prefers."""
    media = "(min-width: 0)" if look is Look.DARK else "(max-width: 0)"
    quiet = _HREF.sub("", _PREFERS_DARK.sub(media, html))
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(partner)}">'
    return _HEAD.sub(lambda head: head[0] + meta, quiet, count=1)


def policy(partner: Partner) -> str:
    """What a letter may do in a frame."""
    pictures = " ".join(picture_sources(partner))
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; form-action 'none'; base-uri 'none'"


def picture_sources(partner: Partner) -> list[str]:
    """Where the pictures of letters come from: here, and the partner's own host."""
    address = urlsplit(links.address(partner, "/"))
    return [SELF, "data:", f"{address.scheme}://{address.netloc}"]


def style_hashes(documents: Iterable[str]) -> list[str]:
    """The style sheets inside, as a policy names them."""
    sheets = {sheet for document in documents for sheet in _STYLE.findall(document)}
    return [f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in sorted(sheets)]
