"""Dates in words as people of a language write them: Django's, and in French the first of a month as "1er"."""

from __future__ import annotations

from datetime import date

from django.utils import formats
from django.utils.translation import get_language

_FIRST = "1 "


def date_format(when: date, style: str | None = None) -> str:
    """Django's `date_format`: 1 December 2026 in English, 1er décembre 2026 in French.

    `style` is a name such as "SHORT_DATE_FORMAT", or letters such as "j F".
    """
    return with_ordinal(formats.date_format(when, style))


def with_ordinal(words: str) -> str:
    """The date as written, with the ordinal that French gives to the first of a month, and to no other day."""
    is_first = words.startswith(_FIRST) and (get_language() or "").startswith("fr")
    return f"1er {words.removeprefix(_FIRST)}" if is_first else words
