"""Everything that may be bought for an order, and the most that automatic offers may give from now on.

The rule is that of offers.rules.ceilings. Orders that are alike are worked out once, however many there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from certificates.models import Order, Product
from offers.rules.alternatives import Alternative, alternatives
from offers.rules.baskets import Basket
from offers.rules.ceilings import Standing, lowest
from offers.rules.discounts import OfferKind, OrderFacts, fits_but_for_days, is_in_window, is_on_day
from offers.rules.prices import Priced
from offers.services.offer_book import OfferBook
from offers.services.price_book import PriceBook, is_choice, renewal_basket
from offers.services.pricing import Grant, grant, reached

# Counts of host names and wildcards stand for the names themselves: the price asks no more.
_HOST, _WILDCARD = "a.example", "*.example"


class Wish(NamedTuple):
    """What may be bought for orders that are alike: renewing as it is, None without a price, and everything else."""

    key: Any
    as_it_is: Basket | None
    others: tuple[Basket, ...]


class Choices:
    """The choices of orders: each product of theirs (`is_choice`) for each term, and each with more names."""

    def __init__(self, book: PriceBook, products: Mapping[int, Product]) -> None:
        self.book, self.products = book, products
        self._with_own_prices = {customer for *_, customer in book.prices if customer}
        self._known: dict[Any, Wish] = {}

    def of(self, *, product: int | None, term_years: int, names: Sequence[str], customer: int, more: int = 0) -> Wish:
        """With so many `more` names, where there are any; without a product nothing can be renewed as it is."""
        wildcards = sum(name.startswith("*.") for name in names)
        own = customer if customer in self._with_own_prices else 0
        prices = self.book.currency_of(customer), self.book.level_of(customer), own
        key = product, term_years, len(names), wildcards, more, prices
        if key not in self._known:
            plain = [_HOST] * (len(names) - wildcards) + [_WILDCARD] * wildcards
            order = Order(product=self.products.get(product or 0), customer_id=customer, names=plain)
            self._known[key] = self._work_out(key, order, term_years, more)
        return self._known[key]

    def _work_out(self, key: Any, order: Order, term_years: int, more: int) -> Wish:
        present = order.product
        as_it_is = self._basket(order, present, term_years) if present else None
        plans = [(product, years) for product in self._products(order) for years in range(1, product.max_years + 1)]
        others = [self._basket(order, *plan) for plan in plans if plan != (present, term_years)]
        found = [basket for basket in others if basket]
        wider = [self._with_more(basket, more) for basket in (as_it_is, *found) if basket and more]
        return Wish(key, as_it_is, (*found, *wider))

    def _products(self, order: Order) -> list[Product]:
        return [one for one in self.products.values() if is_choice(self.book, order, one)]

    def _basket(self, order: Order, product: Product, term_years: int) -> Basket | None:
        return renewal_basket(self.book, order, product, term_years=term_years, names=order.names)

    def _with_more(self, basket: Basket, more: int) -> Basket:
        return replace(basket, names=(*basket.names, *[_HOST] * more))


class Outcome(NamedTuple):
    """What renewing an order as it is brings, None without a price; and where the order stands, None if not reached.

    `alternatives` are what offers give for more than it holds.
    """

    priced: Priced | None
    standing: Standing | None
    alternatives: tuple[Alternative, ...] = ()


class Desk:
    """Works out where orders stand with the prices and offers of one moment; orders alike are worked out once."""

    def __init__(self, book: PriceBook, offers: OfferBook, products: Mapping[int, Product]) -> None:
        self.book, self.offers = book, offers
        self.choices = Choices(book, products)
        self._free_names = max(
            (terms.free_names or 0 for terms in offers.automatic if terms.kind is OfferKind.EXTRA_NAMES), default=0
        )
        self._sold = {one.name_id: one.name for one in products.values() if one.is_offered}
        self._holding_wildcards = {one.name_id for one in products.values() if one.allows_wildcard}
        self._known: dict[Any, Outcome] = {}

    def outcome(
        self,
        facts: OrderFacts,
        *,
        subject: str,
        product: int | None,
        term_years: int,
        names: Sequence[str],
        recorded: Standing | None,
    ) -> Outcome:
        """Told by what orders share: what they may buy, whom offers meet, where they stand, and what is used up."""
        more = self._more(recorded)
        wish = self.choices.of(product=product, term_years=term_years, names=names, customer=facts.customer, more=more)
        spent = tuple(self.offers.used_up(customer_id=facts.customer, subject=subject))
        key = (
            wish.key,
            self._met(facts),
            recorded and recorded.key,
            spent,
            subject if self.offers.holds(subject) else "",
        )
        if key not in self._known:
            self._known[key] = self._work_out(wish, facts, subject, recorded)
        return self._known[key]

    def _more(self, recorded: Standing | None) -> int:
        """Free names that are over leave a ceiling behind, which must fall."""
        return self._free_names or int(recorded is not None and recorded.has_free_names)

    def _met(self, facts: OrderFacts) -> tuple[bool, tuple[tuple[int, bool], ...]]:
        meant = [one for one in self.offers.automatic if fits_but_for_days(one.conditions, facts)]
        return is_in_window(facts), tuple((one.id, is_on_day(one.conditions, facts)) for one in meant)

    def _work_out(self, wish: Wish, facts: OrderFacts, subject: str, recorded: Standing | None) -> Outcome:
        """Each choice from where the order stood, so that none limits another that is reached at the same moment."""
        plain = reached(facts, recorded, subject=subject, offers=self.offers)
        looked_at = [wish.as_it_is, *wish.others] if plain else [wish.as_it_is]
        found = {basket: self._grant(basket, facts, subject, recorded) for basket in looked_at if basket}
        standings = [plain, *(one.standing for one in found.values())]
        priced = found[wish.as_it_is].priced if wish.as_it_is else None
        return Outcome(priced, lowest(one for one in standings if one), self._alternatives(wish.as_it_is, found))

    def _alternatives(self, present: Basket | None, found: Mapping[Basket, Grant]) -> tuple[Alternative, ...]:
        if present is None or len(found) == 1:
            return ()
        is_wide = present.wildcard_count > 0
        holding = [one for one in found if one.product in self._holding_wildcards or not is_wide or one == present]
        priced = {basket: found[basket].priced for basket in holding}
        return tuple(alternatives(present, priced, self.offers.terms, self._sold))

    def _grant(self, basket: Basket, facts: OrderFacts, subject: str, recorded: Standing | None) -> Grant:
        return grant(basket, facts, subject=subject, recorded=recorded, book=self.book, offers=self.offers)
