"""Words that somebody typed or imported, as they can be set: without controls, and no longer than there is room."""

from __future__ import annotations

import unicodedata
from typing import Any

LAYOUT = {"\n", "\t"}
# Marks that turn the direction of what follows, so that a name could rewrite its neighbours.
TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


_STRAIGHT = dict.fromkeys(map(ord, TURNS))


class StraightForm:
    """A form, Django's to come behind it, whose words are kept without marks that turn the reading direction."""

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean()  # type: ignore[misc]
        values.update({name: straight(value) for name, value in values.items() if isinstance(value, str)})
        return values


def straight(text: str) -> str:
    """The text without marks that turn the reading direction of what follows; nothing else of it is touched."""
    return text if text.isascii() else text.translate(_STRAIGHT)


def clean_text(text: str, longest: int) -> str:
    """The text without controls and marks that turn the reading direction, cut off after `longest` characters."""
    if len(text) > longest:
        text = f"{text[: longest - 1]}…"
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def one_line(text: str, longest: int) -> str:
    """The same on one line, without spaces around it."""
    return clean_text(" ".join(clean_text(text, len(text)).split()), longest)


def _shown(character: str) -> str:
    if character in TURNS:
        return ""
    # Cc are controls, Cs half characters that no encoding holds, Cn and Co have no agreed look
    return " " if character not in LAYOUT and unicodedata.category(character) in ("Cc", "Cs", "Cn") else character
