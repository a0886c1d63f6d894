"""What an order costs: its list lines, less the discount it is entitled to, as a sum one can check by hand.

    base + host names x name price + wildcards x wildcard price, for the whole term, tax excluded

each line rounded half up once; then one negative line for each offer that counts. The total is the sum of the
lines. EUR 200.00 base, 3 host names at 25.00, one wildcard at 150.00: 200.00 + 75.00 + 150.00 = 425.00; with
10 % off -42.50: 382.50.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from offers.rules.baskets import Basket, Line, LineKind, UnitPrices
from offers.rules.discounts import Discount, OfferTerms, best_discount

__all__ = ["Basket", "Line", "LineKind", "Priced", "UnitPrices", "price", "with_discount"]


@dataclass(frozen=True, slots=True)
class Priced:
    """A priced order, tax excluded; `cost` is what it costs the partner, None where unknown."""

    currency: str
    lines: tuple[Line, ...]
    cost: Decimal | None = None

    @property
    def subtotal(self) -> Decimal:
        """The list price."""
        return sum((line.amount for line in self.lines if line.kind is not LineKind.DISCOUNT), Decimal(0))

    @property
    def discount(self) -> Decimal:
        """What comes off, as a positive amount."""
        return self.subtotal - self.net

    @property
    def net(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def share(self) -> Decimal:
        """The part of the list price that comes off, 0 to 1."""
        return self.discount / self.subtotal if self.subtotal else Decimal(0)

    @property
    def margin(self) -> Decimal | None:
        """The share of the net price above cost, at most 1; None where cost is unknown, or the net is zero."""
        return None if self.cost is None or not self.net else 1 - self.cost / self.net

    @property
    def offers(self) -> tuple[int, ...]:
        """The offers that count, by their ids."""
        return tuple(line.offer for line in self.lines if line.offer is not None)

    def to_json(self) -> dict[str, Any]:
        return {
            "currency": self.currency,
            "lines": [line.to_json() for line in self.lines],
            "cost": None if self.cost is None else str(self.cost),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            currency=stored["currency"],
            lines=tuple(Line.from_json(line) for line in stored["lines"]),
            cost=None if stored["cost"] is None else Decimal(stored["cost"]),
        )


def price(
    basket: Basket,
    offers: Iterable[OfferTerms] = (),
    *,
    floor_margin: Decimal | None = None,
    chosen: Collection[OfferTerms] = (),
    ceiling: Decimal | None = None,
) -> Priced:
    """The list lines, and the best discount of the offers that hold (`discounts.best_discount`).

    `offers` apply by themselves, under the order's `ceiling`; `chosen` ones, by code or by hand, stack with them by
    the stacking rule: a code lowers a price, never raises it. `floor_margin` is the partner's own floor, a share of the
    net price.
    """
    found = best_discount(basket, offers, floor_margin=floor_margin, chosen=chosen, ceiling=ceiling)
    return with_discount(basket, found)


def with_discount(basket: Basket, discount: Discount) -> Priced:
    """The price of a basket once the discount has been worked out."""
    return Priced(basket.currency, (*basket.lines, *discount.lines), basket.cost)
