"""An invented price list for the whole catalogue, as the file that an import reads: something to begin from."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from certificates.models import Product
from offers.rules.money import percent_of, rounded
from offers.services.prices.files import COLUMNS
from portal import csvio
from portal.models import Partner

_BASES = {"dv": Decimal(60), "ov": Decimal(180), "ev": Decimal(320)}
_BRANDS = {
    "RapidSSL": Decimal("0.6"),
    "GeoTrust": Decimal("1"),
    "Thawte": Decimal("1.1"),
    "DigiCert Basic": Decimal("1.2"),
    "Secure Site": Decimal("2.2"),
    "Secure Site Pro": Decimal("4.2"),
}
# What one pays for each year of a plan, per cent of the first year's price
_YEARS = {1: 100, 2: 95, 3: 90}
_WILDCARD_ONLY = 3
_UNITS = {"JPY": 150, "SEK": 11}


def sample_file(partner: Partner) -> bytes:
    """CSV of every plan in the partner's currency, from the day it is imported."""
    return "".join(csvio.write_csv(COLUMNS, _rows(partner.currency))).encode()


def _rows(currency: str) -> Iterator[list[Any]]:
    for product in Product.objects.filter(is_offered=True):
        for years in range(1, product.max_years + 1):
            base = _base(product, years, currency)
            wildcard = base * 2 if product.allows_wildcard else Decimal(0)
            prices = base, percent_of(base, Decimal(30), currency), wildcard
            costs = [percent_of(amount, Decimal(62), currency) for amount in prices]
            yield [product.name_id, product.name, years, currency, "", "", *prices, *costs, "", ""]


def _base(product: Product, years: int, currency: str) -> Decimal:
    """A year's price, rounded to a five, for each year, with something off a longer plan."""
    yearly = _BASES[product.level] * _BRANDS.get(product.family, Decimal(1))
    if product.name_id.startswith("wildcard"):
        yearly *= _WILDCARD_ONLY
    fives = rounded(yearly / 5, "JPY") * 5
    return percent_of(fives * years * _UNITS.get(currency, 1), Decimal(_YEARS.get(years, 90)), currency)
