"""Percentages as people of a language write them, the same on every page."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import format_percent
from django.utils.translation import get_language

_WIDE, _NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


def percentage(number: Decimal | int, language: str | None = None) -> str:
    """62 -> "62%" in English, "62 %" in French with a narrow space that does not break; 12.5 keeps its decimal.

    `number` is of a hundred; `language` is the active one unless it is given.
    """
    locale = _locale(language or get_language() or "en")
    written = format_percent(Decimal(number) / 100, locale=locale, decimal_quantization=False)
    # typographers put a narrow space before the sign; the locale's data has a wide one
    return written.replace(_WIDE, _NARROW)


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")
