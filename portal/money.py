"""Money as people of a language write it, the same on every page, in every letter and on every document."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import format_currency
from django.utils.translation import get_language

from portal.typography import NO_BREAK_SPACE

MINUS = "\N{MINUS SIGN}"
# CLDR parts a currency that is written in letters from its digits; Babel does not.
_LETTER_BESIDE_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)")


def money(amount: Decimal, currency: str, language: str | None = None) -> str:
    """1234.5 EUR -> "€1,234.50" in English, "1 234,50 €" in French with spaces that do not break.

    12.5 CHF -> "CHF 12.50" in English, where the same space parts letters from digits.
    `currency` is a code of ISO 4217, whose decimals are shown; `language` is the active one unless it is given.
    The amount is shown, not settled: it has been rounded to its currency before.
    """
    written = format_currency(abs(amount), currency, locale=_locale(language or get_language() or "en"))
    written = _LETTER_BESIDE_DIGIT.sub(NO_BREAK_SPACE, written)
    return f"{MINUS}{written}" if amount < 0 else written


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")
