"""What a preview of an offer tells: orders, customers, money, and what the offer must bring."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from offers.models import Offer
from offers.rules.breakeven import needed_rate, rate_to_earn
from offers.services.offers import UPGRADES

# What is bought is more than the order has: its price is not what is paid without the offer.
FOR_MORE = (*UPGRADES, Offer.Kind.EXTRA_NAMES)


@dataclass(slots=True)
class Sum:
    """Orders that get the offer, in one currency, tax excluded; the `known_…` are those whose cost is known."""

    currency: str
    name: str = ""
    family: str = ""
    orders: int = 0
    before: Decimal = Decimal(0)
    given: Decimal = Decimal(0)
    net: Decimal = Decimal(0)
    known_before: Decimal = Decimal(0)
    known_net: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    # Of those whose cost is known with the offer and as they are
    compared: int = 0
    earned_as_it_is: Decimal = Decimal(0)
    earned: Decimal = Decimal(0)

    def add(
        self, *, before: Decimal, given: Decimal, net: Decimal, cost: Decimal | None, as_it_is: Decimal | None
    ) -> None:
        """One order more: what it costs without and with the offer, and what it earns as it is, without the offer."""
        self.orders += 1
        self.before += before
        self.given += given
        self.net += net
        if cost is not None:
            self.known_before += before
            self.known_net += net
            self.cost += cost
        if cost is not None and as_it_is is not None:
            self.compared += 1
            self.earned_as_it_is += as_it_is
            self.earned += net - cost

    @property
    def margin(self) -> Decimal | None:
        """The share of the net above cost, with the offer; None where no cost is known."""
        return 1 - self.cost / self.known_net if self.known_net else None

    @property
    def margin_before(self) -> Decimal | None:
        """The same without the offer."""
        return 1 - self.cost / self.known_before if self.known_before else None

    @property
    def share(self) -> Decimal | None:
        """How much less is paid than without it, where costs are known; of two offers one often replaces the other."""
        return 1 - self.known_net / self.known_before if self.known_before else None


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The share of orders that renew without the offer, and the share that must for it to pay; None: it cannot."""

    base_rate: Decimal
    margin: Decimal
    discount: Decimal
    needed: Decimal | None


@dataclass(frozen=True, slots=True)
class BreakEvenOfMore:
    """The same where more is bought: what an order earns as it is, and with the offer, on average."""

    base_rate: Decimal
    as_it_is: Decimal
    with_offer: Decimal
    currency: str
    needed: Decimal | None


@dataclass
class Preview:
    """What an offer would do today. Orders that match it are told apart by what becomes of them; each counts once.

    `left_out` have been reached by a worse offer, or by none, while this one would give more; `elsewhere` get as much
    from another one; `not_for_them` have nothing it speaks of, or no room above the margin. `limited` are those of the
    touched that get less than promised, because of the margin.
    """

    kind: str
    matches: int = 0
    no_price: int = 0
    left_out: int = 0
    elsewhere: int = 0
    no_room: int = 0
    not_for_them: int = 0
    limited: int = 0
    customers: set[int] = field(default_factory=set)
    sums: dict[str, Sum] = field(default_factory=dict)
    products: dict[tuple[str, str], Sum] = field(default_factory=dict)
    # Certificates of other authorities that could be moved over, and their customers; None for other offers
    movable: tuple[int, int] | None = None
    # The partner's own, and the one that was reckoned with
    own_rate: Decimal | None = None
    base_rate: Decimal | None = None

    @property
    def touched(self) -> int:
        return sum(one.orders for one in self.sums.values())

    @property
    def main(self) -> Sum | None:
        """The currency most of them pay in."""
        return max(self.sums.values(), key=lambda one: one.orders, default=None)

    @property
    def others(self) -> list[Sum]:
        """The sums in other currencies."""
        return [one for one in self.sums.values() if one is not self.main]

    @property
    def by_product(self) -> list[Sum]:
        return sorted(self.products.values(), key=lambda one: (one.family, one.name, one.currency))

    @cached_property
    def break_even(self) -> BreakEven | BreakEvenOfMore | None:
        """None without a rate to begin with, or without known costs."""
        main = self.main
        if main is None or self.base_rate is None:
            return None
        if self.kind in FOR_MORE:
            return self._break_even_of_more(main, self.base_rate)
        margin, discount = main.margin_before, main.share
        if margin is None or discount is None:
            return None
        return BreakEven(self.base_rate, margin, discount, needed_rate(self.base_rate, margin, discount))

    def _break_even_of_more(self, main: Sum, base_rate: Decimal) -> BreakEvenOfMore | None:
        """Against renewing as it is: whoever did that did not pay the price of more."""
        if not main.compared:
            return None
        before, after = main.earned_as_it_is / main.compared, main.earned / main.compared
        return BreakEvenOfMore(base_rate, before, after, main.currency, rate_to_earn(base_rate, before, after))

    def to_json(self) -> dict[str, Any]:
        """What results are held against later; shares with four decimals."""
        even = self.break_even
        return {
            "matches": self.matches,
            "orders": self.touched,
            "customers": len(self.customers),
            "left_out": self.left_out,
            "no_price": self.no_price,
            "sums": [
                {"currency": one.currency, "orders": one.orders, "given": str(one.given), "net": str(one.net)}
                for one in self.sums.values()
            ],
            "base_rate": _stored(self.base_rate),
            "needed_rate": _stored(even.needed if even else None),
        }


def _stored(share: Decimal | None) -> str | None:
    return None if share is None else str(share.quantize(Decimal("0.0001")))
