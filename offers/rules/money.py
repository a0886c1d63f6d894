"""An amount is a `Decimal` in a named currency, and is rounded half up to the smallest coin people pay with."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

DECIMALS: Mapping[str, int] = {"JPY": 0}  # ISO 4217; every other currency in use here has two


def decimals(currency: str) -> int:
    """The digits after the point: EUR -> 2, JPY -> 0; 2 for a currency nobody listed."""
    return DECIMALS.get(currency, 2)


def rounded(amount: Decimal, currency: str, rounding: str = ROUND_HALF_UP) -> Decimal:
    """To whole coins: EUR 10.005 -> 10.01, EUR 7 -> 7.00, JPY 1234.5 -> 1235."""
    return amount.quantize(_coin(currency), rounding)


@cache
def _coin(currency: str) -> Decimal:
    """The smallest: EUR 0.01, JPY 1."""
    return Decimal(1).scaleb(-decimals(currency))


def percent_of(amount: Decimal, percent: Decimal, currency: str) -> Decimal:
    """So many per cent of an amount, rounded: 7.5 % of EUR 199.00 -> 14.93."""
    return rounded(amount * percent / 100, currency)
