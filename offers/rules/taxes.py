"""Which tax a sale bears: where the seller and the buyer are, and what was agreed, decide it.

Certificates are services supplied electronically. Between businesses in the European Union the buyer owes the
tax (reverse charge: Council Directive 2006/112/EC, articles 44 and 196); a buyer there without a VAT number is
taxed where it is (article 58, the one-stop shop) if a rate for it is listed. What leaves the Union bears none,
unless the partner lists a rate for that country. A rate is in per cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate, pairwise

from offers.rules.money import percent_of, rounded

_MEMBERS = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EUROPEAN_UNION = frozenset(_MEMBERS.split())
VAT_PREFIXES: Mapping[str, str] = {"GR": "EL"}  # elsewhere the number begins with the country itself
ZERO = Decimal(0)


class Treatment(StrEnum):
    AUTOMATIC = "automatic"
    EXEMPT = "exempt"
    STANDARD = "standard"


class TaxCode(StrEnum):
    STANDARD = "standard"
    REVERSE_CHARGE = "reverse_charge"
    EXPORT = "export"
    EXEMPT = "exempt"
    NONE = "none"  # no rate is listed for the country that would tax it


@dataclass(frozen=True, slots=True)
class Seller:
    country: str  # ISO 3166, two letters
    vat_number: str


@dataclass(frozen=True, slots=True)
class Buyer:
    country: str
    vat_number: str
    treatment: Treatment


@dataclass(frozen=True, slots=True)
class Tax:
    """Why and how much: the rate in per cent, and the country whose tax it is or would be."""

    code: TaxCode
    rate: Decimal
    country: str


def tax_for(seller: Seller, buyer: Buyer, rates: Mapping[str, Decimal]) -> Tax:
    """The tax on what a seller sells to a buyer; where the country of either is unknown, that of the seller.

    From France, with rates for FR 20 and DE 19: to FR 20 %; to DE with a German VAT number reverse charge,
    without one 19 %; to IT without one 20 %; to CH export.
    """
    if buyer.treatment is Treatment.EXEMPT:
        return Tax(TaxCode.EXEMPT, ZERO, seller.country)
    if buyer.treatment is Treatment.STANDARD or _is_at_home(seller, buyer):
        return _taxed_in(seller.country, rates)
    if {seller.country, buyer.country} <= EUROPEAN_UNION:
        return _within_union(seller, buyer, rates)
    return _taxed_in(buyer.country, rates) if buyer.country in rates else Tax(TaxCode.EXPORT, ZERO, buyer.country)


def _is_at_home(seller: Seller, buyer: Buyer) -> bool:
    return seller.country == buyer.country or "" in (seller.country, buyer.country)


def _within_union(seller: Seller, buyer: Buyer, rates: Mapping[str, Decimal]) -> Tax:
    if has_own_vat_number(buyer):
        return Tax(TaxCode.REVERSE_CHARGE, ZERO, buyer.country)
    return _taxed_in(buyer.country if buyer.country in rates else seller.country, rates)


def _taxed_in(country: str, rates: Mapping[str, Decimal]) -> Tax:
    return Tax(TaxCode.STANDARD, rates[country], country) if country in rates else Tax(TaxCode.NONE, ZERO, country)


def has_own_vat_number(buyer: Buyer) -> bool:
    """Whether the buyer's VAT number is one of its own country; Greek ones begin with EL."""
    prefix = VAT_PREFIXES.get(buyer.country, buyer.country)
    number = buyer.vat_number.replace(" ", "").upper()
    return number.startswith(prefix) and number != prefix


@dataclass(frozen=True, slots=True)
class Totals:
    net: Decimal
    tax: Decimal
    gross: Decimal


def totals(nets: Iterable[Decimal], tax: Tax, currency: str) -> Totals:
    """What a document comes to; tax is rounded once, on the sum: 3 x 0.33 at 20 % -> 0.99 + 0.20 = 1.19."""
    net = rounded(sum(nets, ZERO), currency)
    owed = percent_of(net, tax.rate, currency)
    return Totals(net, owed, net + owed)


def shares(nets: Iterable[Decimal], rate: Decimal, currency: str) -> list[Decimal]:
    """What each line bears of the tax on their sum, together exactly that: each takes what rounding left before it.

    3 x 0.33 at 20 % -> 0.07 + 0.06 + 0.07 = 0.20, where each rounded alone would make 0.21. `rate` is in per cent.
    """
    owed = [percent_of(net, rate, currency) for net in accumulate(nets, initial=ZERO)]
    return [after - before for before, after in pairwise(owed)]
