"""What is bought, and what it costs by the list: a base, the host names and the wildcards, one line each.

Prices are for the whole term of the plan, tax excluded. An amount is rounded half up once, on its line:
2 host names at 10.005 -> 20.01, not 2 x 10.01.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from certificates.rules import parse_wildcard
from offers.rules.money import rounded


class LineKind(StrEnum):
    BASE = "base"
    NAMES = "names"
    WILDCARDS = "wildcards"
    DISCOUNT = "discount"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sum: `quantity` times `unit` is `amount`, rounded; those of a discount are negative.

    A discount names its offer, and its percent where it is one. Where a floor cut it, `is_limited` says so: `amount` is
    what comes off, and quantity times unit still what the offer would have given. With `by_ceiling` it was not the
    floor, but what the order had been given before.
    """

    kind: LineKind
    quantity: int
    unit: Decimal
    amount: Decimal
    offer: int | None = None
    percent: Decimal | None = None
    is_limited: bool = False
    by_ceiling: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column; Decimals as strings, so that no digit is lost."""
        return {
            "kind": self.kind.value,
            "quantity": self.quantity,
            "unit": str(self.unit),
            "amount": str(self.amount),
            "offer": self.offer,
            "percent": None if self.percent is None else str(self.percent),
            "is_limited": self.is_limited,
            "by_ceiling": self.by_ceiling,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            kind=LineKind(stored["kind"]),
            quantity=stored["quantity"],
            unit=Decimal(stored["unit"]),
            amount=Decimal(stored["amount"]),
            offer=stored["offer"],
            percent=None if stored["percent"] is None else Decimal(stored["percent"]),
            is_limited=stored["is_limited"],
            by_ceiling=stored.get("by_ceiling", False),
        )


@dataclass(frozen=True, slots=True)
class UnitPrices:
    """What a plan costs for its whole term, tax excluded, and what it costs the partner; None where unknown."""

    base: Decimal
    name: Decimal
    wildcard: Decimal
    cost_base: Decimal | None = None
    cost_name: Decimal | None = None
    cost_wildcard: Decimal | None = None


@dataclass(frozen=True)
class Basket:
    """One order to be priced: a product (its name_id) for a term, the names it shall hold, and its unit prices.

    Of a renewal also: the prices of the present product for the same term, where known, and how many names, and
    wildcards among them, the present order holds. `is_apart` marks what is none of the order's choices
    (offers.rules.ceilings), `consolidates` a certificate moved over from another authority.
    """

    product: str
    family: str
    level: str
    term_years: int
    names: tuple[str, ...]
    prices: UnitPrices
    currency: str
    is_upgrade: bool = False
    present_prices: UnitPrices | None = None
    present_names: int = 0
    present_wildcards: int = 0
    is_apart: bool = False
    consolidates: bool = False

    @property
    def name_count(self) -> int:
        """Host names that are no wildcards."""
        return len(self.names) - self.wildcard_count

    @cached_property
    def wildcard_count(self) -> int:
        return sum(parse_wildcard(name) is not None for name in self.names)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The sum by the list, before any discount."""
        return tuple(self._lines_at(self.prices))

    @cached_property
    def subtotal(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @cached_property
    def cost(self) -> Decimal | None:
        """What it costs the partner, rounded line by line; None where one of its parts is unknown."""
        costs = self.prices.cost_base, self.prices.cost_name, self.prices.cost_wildcard
        quantities = 1, self.name_count, self.wildcard_count
        parts = [(quantity, unit) for quantity, unit in zip(quantities, costs, strict=True) if quantity]
        known = [rounded(quantity * unit, self.currency) for quantity, unit in parts if unit is not None]
        return sum(known, Decimal(0)) if len(known) == len(parts) else None

    @property
    def has_present_names(self) -> bool:
        """Whether it holds as many names of each sort as the present order."""
        return (len(self.names), self.wildcard_count) == (self.present_names, self.present_wildcards)

    @cached_property
    def present_subtotal(self) -> Decimal:
        """The list price with as many names as the present order holds."""
        if self.has_present_names:
            return self.subtotal
        return self._amount(self.present_names - self.present_wildcards, self.present_wildcards)

    @cached_property
    def kept_subtotal(self) -> Decimal:
        """The list price of those names, of each sort, that the present order holds as well."""
        hosts = min(self.name_count, self.present_names - self.present_wildcards)
        return self._amount(hosts, min(self.wildcard_count, self.present_wildcards))

    def amount_at(self, prices: UnitPrices) -> Decimal:
        """What the same names and term cost at other prices, such as those of the present product."""
        return sum((line.amount for line in self._lines_at(prices)), Decimal(0))

    def _amount(self, hosts: int, wildcards: int) -> Decimal:
        return sum((line.amount for line in self._lines(self.prices, hosts, wildcards)), Decimal(0))

    def _lines_at(self, prices: UnitPrices) -> Iterator[Line]:
        return self._lines(prices, self.name_count, self.wildcard_count)

    def _lines(self, prices: UnitPrices, hosts: int, wildcards: int) -> Iterator[Line]:
        parts = (
            (LineKind.BASE, 1, prices.base),
            (LineKind.NAMES, hosts, prices.name),
            (LineKind.WILDCARDS, wildcards, prices.wildcard),
        )
        for kind, quantity, unit in parts:
            if quantity:
                yield Line(kind, quantity, unit, rounded(quantity * unit, self.currency))
