"""What a quote said when it was sent, whole: its page and its PDF are drawn from this and from nothing else.

Amounts are Decimals of the quote's currency, already rounded to it; `net` of a line is the sum of its prices, `net` of
the quote the sum of its lines, `gross` is net + tax. Dates that end something are last valid days. In JSON amounts are
decimal strings and dates ISO dates, so that what is read back equals what was written.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

SCHEMA = 1


class SnapshotUnreadable(ValueError):
    """The stored document is not one of ours; the message names the field."""


class LineKind(StrEnum):
    RENEWAL = "renewal"
    NEW = "new"  # a certificate of another authority is moved over, or one is bought anew


class PriceKind(StrEnum):
    BASE = "base"
    NAMES = "names"
    WILDCARDS = "wildcards"
    OFFER = "offer"  # a discount: its amount is negative


class TaxKind(StrEnum):
    """As offers.rules.taxes.TaxCode, whose values these are."""

    STANDARD = "standard"  # the tax of the country, at a rate
    REVERSE_CHARGE = "reverse_charge"  # the customer accounts for it (Directive 2006/112/EC, articles 44 and 196)
    EXPORT = "export"  # outside the scope of the seller's tax
    EXEMPT = "exempt"
    NONE = "none"  # no rate is listed for the country that would tax it


class _Stored:
    """Written as JSON and read back equal."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, strings, numbers and truths; enums by value."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """What `to_json` wrote; a field unknown here is left out. Raises SnapshotUnreadable."""
        found: Self = _read(cls, stored, cls.__name__)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPart(_Stored):
    """Who sells: as it called itself and looked on that day."""

    name: str
    address: str = ""  # lines
    vat_number: str = ""
    support_email: str = ""
    support_phone: str = ""
    website: str = ""
    brand: str = "#0b5cad"  # colours as # and six hexadecimal digits
    accent: str = "#10233a"
    logo: str = ""  # a PNG as data: URI, or nothing
    legal_footer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPart(_Stored):
    name: str
    address: str = ""  # lines
    city: str = ""
    country: str = ""  # ISO 3166, two letters
    vat_number: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPart(_Stored):
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePart(_Stored):
    """One step of a line's arithmetic: amount = quantity x unit; of an offer only the amount counts, below zero."""

    kind: PriceKind
    amount: Decimal
    quantity: int = 1
    unit: Decimal = Decimal(0)
    offer_words: str = ""  # what the offer is called, in the contact's language
    percent: Decimal | None = None  # of an offer in percent: 20 is 20 %
    is_limited: bool = False  # a floor kept the offer smaller than it promises


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePart(_Stored):
    """One order: what it is, how it is priced, and which days it gives if renewed on the reference day."""

    kind: LineKind
    host: str  # the common name
    product: str
    term_years: int
    net: Decimal
    prices: tuple[PricePart, ...]
    order_number: str = ""  # of the order that ends; empty for a new one
    names: tuple[str, ...] = ()  # all of them, the host among them
    names_count: int = 1
    upgrade_from: str = ""  # the present product, where it is another
    benefits: tuple[str, ...] = ()  # what an upgrade adds, in the contact's language
    old_starts_on: date | None = None
    old_ends_on: date | None = None  # of the present order, or of the certificate that is moved over
    new_ends_on: date | None = None
    term_days: int = 0
    carried_days: int = 0
    lost_days: int = 0
    order_days: int = 0  # term_days + carried_days
    certificate_days: int = 0
    certificate_ends_on: date | None = None
    reissues: int = 0  # free ones that collect the rest
    moved_from: str = ""  # who issued the certificate that is moved over, where that is known

    @property
    def is_moved(self) -> bool:
        """Whether a certificate of another authority is moved over, whose days are not kept."""
        return self.kind is LineKind.NEW and self.old_ends_on is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPart(_Stored):
    kind: TaxKind
    amount: Decimal
    rate: Decimal = Decimal(0)  # percent: 20 is 20 %
    country: str = ""  # ISO 3166, two letters
    name: str = ""  # what the tax is called there, in the contact's language: VAT, TVA
    reason: str = ""  # of an exemption


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteSnapshot(_Stored):
    """The whole quote."""

    partner: PartnerPart
    customer: CustomerPart
    contact: ContactPart
    language: str  # the contact's: en, fr
    currency: str  # ISO 4217
    number: str  # empty for a draft
    issued_on: date
    valid_until: date  # the last day on which it can be accepted
    reference_day: date  # day counts are "if renewed on" this day
    lines: tuple[LinePart, ...]
    net: Decimal
    tax: TaxPart
    gross: Decimal
    version: int = 1
    prepared_by: str = ""
    purchase_order: str = ""
    terms: str = ""
    note: str = ""
    verification_code: str = ""  # short, to be typed
    verify_at: str = ""  # where it is typed: a host and path without scheme
    is_draft: bool = False
    schema: int = SCHEMA

    def keeps_days(self, line: LinePart) -> bool:
        """Whether the line's new order ends on the same date whenever the quote is accepted, and no day is lost.

        It does for a renewal whose order runs beyond the quote's last day: what is left of it is added. Any other new
        order ends as long after its acceptance as its term is long.
        """
        runs = line.old_ends_on is not None and line.old_ends_on >= self.valid_until
        return line.kind is LineKind.RENEWAL and runs and not line.lost_days and line.new_ends_on is not None

    @property
    def keeps_all_days(self) -> bool:
        """The same of every line."""
        return all(map(self.keeps_days, self.lines))


def _plain(value: Any) -> Any:
    if isinstance(value, _Stored):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


@cache
def _hints(cls: type[Any]) -> dict[str, Any]:
    return get_type_hints(cls)


def _read(kind: Any, value: Any, place: str) -> Any:
    """The value as `kind`; `place` is said when it cannot be."""
    if kind in (str, int, bool):
        if type(value) is not kind:
            raise SnapshotUnreadable(place)
        return value
    if get_origin(kind) in (Union, types.UnionType):
        return None if value is None else _read(get_args(kind)[0], value, place)
    if get_origin(kind) is tuple:
        return _read_list(get_args(kind)[0], value, place)
    return _read_dataclass(kind, value, place) if is_dataclass(kind) else _read_word(kind, value, place)


def _read_list(kind: Any, value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise SnapshotUnreadable(place)
    return tuple(_read(kind, item, f"{place}[{n}]") for n, item in enumerate(value))


def _read_dataclass(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, Mapping):
        raise SnapshotUnreadable(place)
    facts = {}
    for field in fields(kind):
        if field.name in value:
            facts[field.name] = _read(_hints(kind)[field.name], value[field.name], f"{place}.{field.name}")
        elif field.default is MISSING:
            raise SnapshotUnreadable(f"{place}.{field.name}")
    return kind(**facts)


def _read_word(kind: Any, value: Any, place: str) -> Any:
    """A date, an amount or a member of an enum, each written as one word."""
    if not isinstance(value, str):
        raise SnapshotUnreadable(place)
    try:
        return date.fromisoformat(value) if kind is date else kind(value)
    except (ValueError, InvalidOperation) as error:
        raise SnapshotUnreadable(place) from error
