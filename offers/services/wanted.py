"""What an order would have to buy for an offer to count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

from certificates.models import Order, Product
from certificates.rules import holds_wildcard
from offers.models import Offer
from offers.rules.baskets import Basket
from offers.rules.discounts import OfferTerms, best_discount
from offers.services.forecasts import Sum
from offers.services.offers import UPGRADES
from offers.services.price_book import PriceBook, renewal_basket

Kind = Offer.Kind


class Wanting(Protocol):
    """An order, as far as it decides what is bought; product and customer by their primary keys."""

    @property
    def customer(self) -> int: ...
    @property
    def product(self) -> int | None: ...
    @property
    def term_years(self) -> int: ...
    @property
    def names(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an order would have to buy for the offer to count, and how much comes off it alone (above zero).

    `has_no_room` says that something would come off, were it not for the margin; `as_it_is` is the plain renewal.
    """

    key: Any
    is_priced: bool
    basket: Basket | None = None
    as_it_is: Basket | None = None
    promised: Decimal = Decimal(0)
    has_no_room: bool = False


class WantedBaskets:
    """What each order would have to buy: itself, or the least that the offer speaks of. Orders alike buy the same."""

    def __init__(self, offer: Offer, terms: OfferTerms, book: PriceBook) -> None:
        self.offer, self.terms, self.book = offer, terms, book
        self.products = {one.pk: one for one in Product.objects.all()}
        self.named = {one.name_id: one for one in self.products.values()}
        self._with_own_prices = {customer for *_, customer in book.prices if customer}
        self._known: dict[Any, Wanted] = {}

    def row(self, basket: Basket) -> Sum:
        product = self.named[basket.product]
        return Sum(basket.currency, product.name, product.family)

    def wish(self, row: Wanting) -> Wanted:
        key = self._key(row)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._work_out(key, row)
        return found

    def _key(self, row: Wanting) -> Any:
        """What the price of an order depends on; the names count, not what they are."""
        customer = row.customer
        own = customer if customer in self._with_own_prices else 0
        wildcards = sum(name.startswith("*") for name in row.names)
        prices = self.book.currency_of(customer), self.book.level_of(customer), own
        return row.product, row.term_years, len(row.names), wildcards, prices

    def _work_out(self, key: Any, row: Wanting) -> Wanted:
        product = self.products.get(row.product or 0)
        order = Order(product=product, customer_id=row.customer, names=row.names, term_years=row.term_years)
        as_it_is = self._as_it_is(order, product) if product else None
        if product is None or as_it_is is None:
            return Wanted(key, is_priced=False)
        basket = self._basket(order, product)
        if basket is None:
            return Wanted(key, is_priced=True)
        promised = _comes_off(basket, self.terms, self.book.floor_margin)
        freely = replace(self.terms, floor_margin=None)
        has_no_room = not promised and _comes_off(basket, freely, None) > 0
        return Wanted(key, is_priced=True, basket=basket, as_it_is=as_it_is, promised=promised, has_no_room=has_no_room)

    def _basket(self, order: Order, product: Product) -> Basket | None:
        """None where there is nothing to buy of which the offer speaks."""
        if self.offer.kind in UPGRADES:
            return self._cheapest_upgrade(order, product)
        if self.offer.kind == Kind.LONGER_PLAN:
            return self._longer(order, product)
        basket = self._as_it_is(order, product)
        if basket and self.offer.kind == Kind.EXTRA_NAMES:
            return self._with_more_names(basket)
        return basket

    def _as_it_is(self, order: Order, product: Product) -> Basket | None:
        return renewal_basket(self.book, order, product, term_years=order.term_years, names=order.names)

    def _cheapest_upgrade(self, order: Order, product: Product) -> Basket | None:
        found = [self._as_it_is(order, target) for target in self._targets(product) if self._holds(target, order)]
        return min((basket for basket in found if basket), key=lambda basket: basket.subtotal, default=None)

    def _targets(self, product: Product) -> list[Product]:
        wanted: Sequence[str] = self.offer.upgrade_targets
        ahead = [self.products[to] for start, to in self.book.upgrades if start == product.pk]
        return [one for one in ahead if one.is_offered and (not wanted or one.name_id in wanted)]

    def _holds(self, target: Product, order: Order) -> bool:
        return target.allows_wildcard or not holds_wildcard(order.names)

    def _longer(self, order: Order, product: Product) -> Basket | None:
        years = max(order.term_years, self.offer.min_term_years or 0)
        if years > product.max_years:
            return None
        return renewal_basket(self.book, order, product, term_years=years, names=order.names)

    def _with_more_names(self, basket: Basket) -> Basket | None:
        if not self.named[basket.product].allows_names:
            return None
        more = tuple(f"name-{number}.example" for number in range(self.offer.free_names or 0))
        return replace(basket, names=(*basket.names, *more))


def _comes_off(basket: Basket, terms: OfferTerms, floor_margin: Decimal | None) -> Decimal:
    """What the offer alone takes off, above zero."""
    return -sum((line.amount for line in best_discount(basket, [terms], floor_margin=floor_margin).lines), Decimal(0))
