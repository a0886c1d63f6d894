"""Products side by side by what they bring: a line for each benefit, marked where the products differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from certificates.catalogue import Benefit
from certificates.models import Product
from certificates.wording import years
from offers.services.listed import PriceList
from portal.money import money
from portal.types import StrOrPromise


@dataclass(frozen=True, slots=True)
class Line:
    """What the line is about, and a cell for each product: True and False are marks, anything else is said."""

    label: StrOrPromise
    cells: list[Any]
    is_price: bool = False

    @property
    def differs(self) -> bool:
        return any(cell != self.cells[0] for cell in self.cells[1:])


@dataclass(frozen=True, slots=True)
class Section:
    """One table: a brand, or one level of several brands."""

    key: str
    title: StrOrPromise
    products: list[Product]
    lines: list[Line]


def by_brand(products: Iterable[Product], prices: PriceList) -> list[Section]:
    """A section for each brand, in the order of the catalogue."""
    ranked = list(products)
    first = {product.family: place for place, product in reversed(list(enumerate(ranked)))}
    ranked.sort(key=lambda product: first[product.family])
    brands = groupby(ranked, lambda product: product.family)
    return [_without_what_none_has(side_by_side(brand, list(group), prices)) for brand, group in brands]


def _without_what_none_has(section: Section) -> Section:
    """A brand is told by what it brings; what it lacks is seen beside the others."""
    return replace(section, lines=[line for line in section.lines if any(line.cells)])


def side_by_side(title: StrOrPromise, products: list[Product], prices: PriceList, key: str = "") -> Section:
    """Products in one table."""
    return Section(key or str(title), title, products, _lines(products, prices))


def _lines(products: Sequence[Product], prices: PriceList) -> list[Line]:
    lines = [_line(_("Verification"), products, lambda product: product.get_level_display())]
    lines += [_line(label, products, _brings(code)) for code, label in Benefit.choices]
    lines += [
        _line(_("Holds a wildcard"), products, lambda product: product.allows_wildcard),
        _line(_("Holds several names"), products, lambda product: product.allows_names),
        _line(_("Longest plan"), products, lambda product: years(product.max_years)),
    ]
    if any(product.warranty_usd for product in products):
        lines.append(_line(_("Warranty, sample figure"), products, _warranty))
    lines.append(_line(_("May be raised to"), products, _upgrades))
    lines += _prices(products, prices)
    return lines


def _line(label: StrOrPromise, products: Sequence[Product], cell: Callable[[Product], Any]) -> Line:
    return Line(label, [cell(product) for product in products])


def _brings(code: str) -> Callable[[Product], bool]:
    return lambda product: code in product.benefits


def _warranty(product: Product) -> str:
    return money(Decimal(product.warranty_usd), "USD") if product.warranty_usd else ""


def _upgrades(product: Product) -> str:
    return ", ".join(sorted(one.name for one in product.upgrades.all() if one.is_offered))


def _prices(products: Sequence[Product], prices: PriceList) -> list[Line]:
    """What one year costs with one name and with one wildcard, where the list has a price for any of them."""
    asked = ((_("One year, one name"), "www.example.org"), (_("One year, one wildcard"), "*.example.org"))
    lines = [
        Line(label, [_price(product, name, prices) for product in products], is_price=True) for label, name in asked
    ]
    return [line for line in lines if any(line.cells)]


def _price(product: Product, name: str, prices: PriceList) -> str | bool:
    if name.startswith("*.") and not product.allows_wildcard:
        return False
    amount = prices.price(product.pk, 1, [name])
    return "" if amount is None else money(amount, prices.currency)
