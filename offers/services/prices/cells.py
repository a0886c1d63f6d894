"""Cells of a price list into values: amounts with commas or points, days; what can be read in two ways is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from offers.rules.money import decimals

LARGEST = Decimal("9999999999.99")
_SHOWN = 60
_SPACES = re.compile(r"[\s'\u2019]+")
_PLAIN = re.compile(r"\d+(?:[.,]\d{1,2})?", re.ASCII)
_TWO_WAYS = re.compile(r"\d{1,3}[.,]\d{3}", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:(?:,\d{3})+(?:\.\d{1,2})?|(?:\.\d{3})+(?:,\d{1,2})?)", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})", re.ASCII)
_YEARS = range(2000, 2101)


class Fault(StrEnum):
    """Why a line of a file cannot be taken."""

    UNREADABLE = "unreadable"
    TOO_MANY_CELLS = "too_many_cells"
    TOO_FEW_CELLS = "too_few_cells"
    UNKNOWN_PRODUCT = "unknown_product"
    UNKNOWN_LEVEL = "unknown_level"
    UNKNOWN_CUSTOMER = "unknown_customer"
    TWO_CUSTOMERS = "two_customers"
    LEVEL_AND_CUSTOMER = "level_and_customer"
    UNKNOWN_CURRENCY = "unknown_currency"
    BAD_YEARS = "bad_years"
    NOT_SOLD_SO_LONG = "not_sold_so_long"
    NO_AMOUNT = "no_amount"
    NOT_AN_AMOUNT = "not_an_amount"
    TWO_WAYS = "two_ways"
    NEGATIVE = "negative"
    TOO_LARGE = "too_large"
    NO_CENTS = "no_cents"
    NOT_A_DAY = "not_a_day"
    DAY_TWO_WAYS = "day_two_ways"
    ENDS_BEFORE = "ends_before"
    TWICE = "twice"
    PAST = "past"


class BadCell(ValueError):
    """A line that cannot be taken: why, the column, and as much of the cell as a report repeats."""

    def __init__(self, fault: Fault, column: str = "", value: str = "") -> None:
        super().__init__(fault, column, value)
        self.fault = fault
        self.column = column
        self.value = shown(value)


def shown(value: str) -> str:
    return "".join(character for character in value[:_SHOWN] if character.isprintable())


def amount(text: str, currency: str, column: str = "") -> Decimal:
    """ "1 234,56", "1,234.56" and "1234.56" are one amount; "1,234" could be two and is refused. Raises BadCell."""
    plain = _SPACES.sub("", text)
    if plain.startswith(("-", "\u2212")):
        raise BadCell(Fault.NEGATIVE, column, text)
    if _TWO_WAYS.fullmatch(plain):
        raise BadCell(Fault.TWO_WAYS, column, text)
    if not (_PLAIN.fullmatch(plain) or _GROUPED.fullmatch(plain)):
        raise BadCell(Fault.NOT_AN_AMOUNT, column, text)
    found = Decimal(_pointed(plain))
    if found > LARGEST:
        raise BadCell(Fault.TOO_LARGE, column, text)
    if found != found.quantize(Decimal(1).scaleb(-decimals(currency))):
        raise BadCell(Fault.NO_CENTS, column, text)
    return found.quantize(Decimal("0.01"))


def _pointed(plain: str) -> str:
    """Without marks between thousands, and with a point before the cents."""
    if _PLAIN.fullmatch(plain):
        return plain.replace(",", ".")
    whole, mark, cents = plain.rpartition(max(".,", key=plain.rfind))
    if len(cents) == 3:  # the last mark parts thousands too
        whole, mark, cents = plain, "", ""
    return re.sub("[.,]", "", whole) + ("." if mark else "") + cents


def day(text: str, column: str = "") -> date:
    """ "2026-11-23" and "23.11.2026"; "23/11/2026" where only one of the numbers can be a month. Raises BadCell."""
    year_last = _YEAR_LAST.fullmatch(text)
    try:
        found = _year_last(year_last, text, column) if year_last else date.fromisoformat(text)
    except BadCell:
        raise
    except ValueError:
        raise BadCell(Fault.NOT_A_DAY, column, text) from None
    if found.year not in _YEARS:
        raise BadCell(Fault.NOT_A_DAY, column, text)
    return found


def _year_last(found: re.Match[str], text: str, column: str) -> date:
    first, mark, second, year = int(found[1]), found[2], int(found[3]), int(found[4])
    if mark != "." and first <= 12 and second <= 12 and first != second:
        raise BadCell(Fault.DAY_TWO_WAYS, column, text)
    month, of_month = (second, first) if mark == "." or second <= 12 else (first, second)
    return date(year, month, of_month)


def choice(text: str, choices: Mapping[str, int], fault: Fault, column: str) -> int:
    """The key of what a cell names, else of what it names with capitals aside. Raises BadCell."""
    found = choices.get(text, choices.get(text.casefold()))
    if found is None:
        raise BadCell(fault, column, text)
    return found
