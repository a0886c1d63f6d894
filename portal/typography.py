"""Spaces as a language sets them: in French a colon or a question mark never begins a line."""

from __future__ import annotations

import re

NO_BREAK_SPACE, NARROW_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
_TAG = re.compile(r"(<[^>]*>)")
_NARROW = re.compile(f"[ {NO_BREAK_SPACE}](?=[;!?])")
_WIDE_BEFORE = re.compile(r" (?=[:%»])")
_WIDE_AFTER = re.compile(r"(?<=«) ")


def spaced(text: str, language: str) -> str:
    """The text with the spaces of French before ; ! ? : % and inside « » kept from breaking; else as it is.

    Spaces that are not there are not put in: an address or a time holds colons too.
    """
    if not language.startswith("fr"):
        return text
    text = _NARROW.sub(NARROW_NO_BREAK_SPACE, text)
    return _WIDE_AFTER.sub(NO_BREAK_SPACE, _WIDE_BEFORE.sub(NO_BREAK_SPACE, text))


def spaced_html(html: str, language: str) -> str:
    """The same for what stands between the tags of a page; attributes stay as they are."""
    if not language.startswith("fr"):
        return html
    return "".join(part if part.startswith("<") else spaced(part, language) for part in _TAG.split(html))
