"""Percentages and sizes of files as people of a language write them, the same on every page."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import format_percent
from babel.units import format_unit
from django.utils.translation import get_language

_WIDE, _NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
_SIZES = ((1024**2, "digital-megabyte"), (1024, "digital-kilobyte"), (1, "digital-byte"))


def percentage(number: Decimal | int, language: str | None = None) -> str:
    """62 -> "62%" in English, "62 %" in French with a narrow space that does not break; 12.5 keeps its decimal.

    `number` is of a hundred; `language` is the active one unless it is given.
    """
    written = format_percent(Decimal(number) / 100, locale=_locale(language), decimal_quantization=False)
    # typographers put a narrow space before the sign; the locale's data has a wide one
    return written.replace(_WIDE, _NARROW)


def size_of_file(number: int, language: str | None = None) -> str:
    """5242880 bytes -> "5 MB" in English, "5 Mo" in French; cut down to a whole number of the largest unit."""
    length, unit = next(((length, unit) for length, unit in _SIZES if number >= length), _SIZES[-1])
    return format_unit(number // length, unit, length="short", locale=_locale(language))


def _locale(language: str | None) -> Locale:
    return _parsed(language or get_language() or "en")


@cache
def _parsed(language: str) -> Locale:
    return Locale.parse(language, sep="-")
