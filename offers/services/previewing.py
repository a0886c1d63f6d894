"""What an offer would do today, before anybody sees it: whom it touches, what it costs, and whom it leaves out.

The orders it is meant for are found by the database, and each is then put through the very rules that price it, once
without the offer and once with it. So what is foreseen is what valuing does once the offer is live.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Count, Q

from certificates.models import Certificate, Order, Product
from certificates.querysets import OrderQuerySet
from certificates.rules import holds_wildcard, utc_date
from certificates.states import RenewalMark
from offers.models import CustomerTerms, Offer
from offers.rules.baskets import Basket
from offers.rules.breakeven import needed_rate
from offers.rules.ceilings import Standing
from offers.rules.discounts import (
    WINDOW_CLOSES,
    WINDOW_OPENS,
    OfferTerms,
    OrderFacts,
    best_discount,
    fits,
    fits_but_for_days,
)
from offers.services.offer_book import OfferBook, offer_book, orders_by_customer, recorded_standings, subject_of
from offers.services.offers import UPGRADES
from offers.services.price_book import PriceBook, price_book, renewal_basket
from offers.services.pricing import grant
from offers.services.standings import Desk
from portal.models import Partner

Kind = Offer.Kind
# Fewer orders than these say nothing about how many renew.
FEWEST_FOR_RATE = 20
# Rows of the database that are put through the rules at a time.
BATCH = 2_000
_NOT_SAVED = 2**40


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

    def add(self, *, before: Decimal, given: Decimal, net: Decimal, cost: Decimal | None) -> None:
        self.orders += 1
        self.before += before
        self.given += given
        self.net += net
        if cost is not None:
            self.known_before += before
            self.known_net += net
            self.cost += cost

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
    def break_even(self) -> BreakEven | None:
        """None without a rate to begin with, or without known costs."""
        main = self.main
        if main is None or self.base_rate is None:
            return None
        margin, discount = main.margin_before, main.share
        if margin is None or discount is None:
            return None
        return BreakEven(self.base_rate, margin, discount, needed_rate(self.base_rate, margin, discount))

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


def preview_offer(offer: Offer, *, now: datetime, base_rate: Decimal | None = None) -> Preview:
    """What the offer, saved or not, would do if it were live at the moment.

    `base_rate` is the share of orders that renew without it (0 to 1); without one, the partner's own. A dozen
    queries, however many orders there are.
    """
    partner, today = offer.partner, utc_date(now)
    preview = Preview(kind=offer.kind, own_rate=renewal_rate(partner, today=today))
    preview.base_rate = preview.own_rate if base_rate is None else base_rate
    if offer.kind == Kind.CONSOLIDATION:
        preview.movable = _movable(partner)
        return preview
    _Foreseeing(preview, _as_live(offer, now), now).run()
    return preview


def renewal_rate(partner: Partner, *, today: date) -> Decimal | None:
    """The share of orders that were renewed, of those whose time to renew ran out within twelve months."""
    last = today + timedelta(days=WINDOW_CLOSES - 1)
    ended = Order.objects.for_partner(partner).issued().filter(ends_on__range=(last - timedelta(days=364), last))
    found = ended.aggregate(all=Count("pk"), renewed=Count("pk", filter=Q(renewal_mark=RenewalMark.RENEWED)))
    return Decimal(found["renewed"]) / found["all"] if found["all"] >= FEWEST_FOR_RATE else None


def _movable(partner: Partner) -> tuple[int, int]:
    found = (
        Certificate.objects.for_partner(partner)
        .movable()
        .aggregate(certificates=Count("pk"), customers=Count("customer", distinct=True))
    )
    return found["certificates"], found["customers"]


def _as_live(offer: Offer, now: datetime) -> Offer:
    """The offer as it will be: published and begun, with a key of its own where it has not been saved."""
    live = copy(offer)
    live._state = copy(offer._state)
    live.pk = offer.pk or _NOT_SAVED
    live.state, live.starts_at, live.ends_at = Offer.State.PUBLISHED, now, None
    return live


# Which orders


def orders_meant(offer: Offer, *, today: date) -> OrderQuerySet:
    """The unrenewed orders in their window that an offer is meant for; the number of a customer's orders aside."""
    first, last = WINDOW_CLOSES, WINDOW_OPENS
    if offer.is_automatic:
        first, last = max(first, offer.days_until), min(last, offer.days_from)
    orders: OrderQuerySet = Order.objects.for_partner(offer.partner).issued().unrenewed()
    return orders.expiring(today=today, within=(first, last)).filter(meant_by(offer))


def meant_by(offer: Offer) -> Q:
    """What the database can ask about orders: everything but days, arms, and the number of a customer's orders."""
    columns = {
        "product__family__in": offer.families,
        "product__name_id__in": offer.products,
        "product__level__in": offer.levels,
        "customer__in": offer.customers,
        "customer__owner__in": offer.owners,
        "customer__country__in": offer.countries,
    }
    asked = Q(**{column: wanted for column, wanted in columns.items() if wanted})
    if offer.price_levels:
        terms = CustomerTerms.objects.for_partner(offer.partner).filter(level__in=offer.price_levels)
        asked &= Q(customer__in=terms.values("customer"))
    if offer.first_renewal:
        asked &= Q(predecessor__isnull=True)
    return asked


# What becomes of them


class _Row(NamedTuple):
    """The few columns of an order that decide what it gets."""

    pk: int
    customer: int
    product: int | None
    term_years: int
    names: list[str]
    ends_on: date
    predecessor: int | None
    customer__owner: int | None
    customer__country: str


class Fate(StrEnum):
    """What becomes of an order that an offer is meant for."""

    TOUCHED = "touched"
    LEFT_OUT = "left_out"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one order, and all that are like it, would get."""

    fate: Fate
    before: Decimal = Decimal(0)
    given: Decimal = Decimal(0)
    net: Decimal = Decimal(0)
    cost: Decimal | None = None
    is_limited: bool = False


class _Foreseeing:
    """One pass over the orders that are meant, with everything else loaded beforehand; those alike are priced once."""

    def __init__(self, preview: Preview, offer: Offer, now: datetime) -> None:
        self.preview, self.offer, self.today = preview, offer, utc_date(now)
        partner = offer.partner
        self.book = price_book(partner, on=self.today)
        present = offer_book(partner, now=now)
        known = {pk: one for pk, one in present.known.items() if pk != offer.pk}
        self.without = OfferBook(partner, now, known)
        self.with_it = OfferBook(partner, now, {**known, offer.pk: offer})
        self.terms: OfferTerms = self.with_it.terms[offer.pk]
        self.baskets = _Baskets(offer, self.terms, self.book)
        self.desk = Desk(self.book, self.without, self.baskets.products)
        self.counts: Mapping[int, int] = {}
        self._known: dict[Any, _Outcome] = {}

    def run(self) -> None:
        orders = orders_meant(self.offer, today=self.today)
        recorded = recorded_standings(self.offer.partner, orders.order_by().only("pk"))
        self.with_it.read_chains(orders.order_by().values_list("pk", flat=True))
        if self.with_it.counts_orders:
            self.counts = orders_by_customer(self.offer.partner, today=self.today)
        meets = fits if self.offer.is_automatic else fits_but_for_days
        rows = orders.order_by("pk").values_list(*_Row._fields)
        for row in map(_Row._make, rows.iterator(chunk_size=BATCH)):
            facts = self._facts(row)
            if meets(self.terms.conditions, facts):
                self.preview.matches += 1
                self._foresee(row, facts, recorded.get(row.pk))

    def _facts(self, row: _Row) -> OrderFacts:
        product = self.baskets.products.get(row.product or 0)
        return OrderFacts(
            product=product.name_id if product else "",
            family=product.family if product else "",
            level=product.level if product else "",
            customer=row.customer,
            price_level=self.book.level_of(row.customer),
            owner=row.customer__owner,
            country=row.customer__country,
            customer_orders=self.counts.get(row.customer, 0),
            is_first_renewal=row.predecessor is None,
            days_left=(row.ends_on - self.today).days,
            chain=self.with_it.chain_of(row.pk),
        )

    def _foresee(self, row: _Row, facts: OrderFacts, recorded: Standing | None) -> None:
        wish, preview = self.baskets.wish(row), self.preview
        if wish.basket is None or not wish.promised:
            preview.no_price += not wish.is_priced
            preview.no_room += wish.is_priced and wish.has_no_room
            preview.not_for_them += wish.is_priced and not wish.has_no_room
            return
        outcome = self._outcome(row, wish, wish.basket, facts, recorded)
        if outcome.fate is Fate.TOUCHED:
            self._count(row.customer, wish.basket, outcome)
        elif outcome.fate is Fate.LEFT_OUT:
            preview.left_out += 1
        else:
            preview.elsewhere += 1

    def _outcome(
        self, row: _Row, wish: _Wish, basket: Basket, facts: OrderFacts, recorded: Standing | None
    ) -> _Outcome:
        """Told by what orders share: what is bought, where they stand without the offer, and what is used up.

        Where the order stands today counts as told to its customer.
        """
        subject = subject_of(row.pk)
        stands = self.desk.outcome(
            facts,
            subject=subject,
            product=row.product,
            term_years=row.term_years,
            names=row.names,
            recorded=recorded,
        ).standing
        spent = tuple(self.without.used_up(customer_id=row.customer, subject=subject))
        met = stands and (stands.offers, stands.key)
        key = wish.key, met, spent, subject if self.without.holds(subject) else ""
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._work_out(basket, wish.promised, facts, stands, subject)
        return found

    def _work_out(
        self, basket: Basket, promised: Decimal, facts: OrderFacts, stands: Standing | None, subject: str
    ) -> _Outcome:
        """The price without the offer, and with it."""
        book, is_automatic = self.book, self.offer.is_automatic
        before = grant(basket, facts, subject=subject, recorded=stands, book=book, offers=self.without)
        chosen = () if is_automatic else (self.terms,)
        after = grant(basket, facts, subject=subject, recorded=stands, chosen=chosen, book=book, offers=self.with_it)
        mine = next((line for line in after.priced.lines if line.offer == self.offer.pk), None)
        if mine is None or after.priced.discount <= before.priced.discount:
            is_left_out = is_automatic and stands and promised > before.priced.discount
            return _Outcome(Fate.LEFT_OUT if is_left_out else Fate.ELSEWHERE)
        return _Outcome(
            Fate.TOUCHED, before.priced.net, -mine.amount, after.priced.net, after.priced.cost, mine.is_limited
        )

    def _count(self, customer: int, basket: Basket, outcome: _Outcome) -> None:
        preview, currency = self.preview, basket.currency
        preview.customers.add(customer)
        preview.limited += outcome.is_limited
        total = preview.sums.setdefault(currency, Sum(currency))
        row = preview.products.setdefault((basket.product, currency), self.baskets.row(basket))
        for one in (total, row):
            one.add(before=outcome.before, given=outcome.given, net=outcome.net, cost=outcome.cost)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What an order would have to buy for the offer to count, and how much comes off it alone (above zero).

    `has_no_room` says that something would come off, were it not for the margin.
    """

    key: Any
    is_priced: bool
    basket: Basket | None = None
    promised: Decimal = Decimal(0)
    has_no_room: bool = False


class _Baskets:
    """What each order would have to buy: itself, or the least that the offer speaks of. Orders alike buy the same."""

    def __init__(self, offer: Offer, terms: OfferTerms, book: PriceBook) -> None:
        self.offer, self.terms, self.book = offer, terms, book
        self.products = {one.pk: one for one in Product.objects.all()}
        self.named = {one.name_id: one for one in self.products.values()}
        self._with_own_prices = {customer for *_, customer in book.prices if customer}
        self._known: dict[Any, _Wish] = {}

    def row(self, basket: Basket) -> Sum:
        product = self.named[basket.product]
        return Sum(basket.currency, product.name, product.family)

    def wish(self, row: _Row) -> _Wish:
        key = self._key(row)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._work_out(key, row)
        return found

    def _key(self, row: _Row) -> Any:
        """What the price of an order depends on; the names count, not what they are."""
        customer = row.customer
        own = customer if customer in self._with_own_prices else 0
        wildcards = sum(name.startswith("*") for name in row.names)
        prices = self.book.currency_of(customer), self.book.level_of(customer), own
        return row.product, row.term_years, len(row.names), wildcards, prices

    def _work_out(self, key: Any, row: _Row) -> _Wish:
        product = self.products.get(row.product or 0)
        order = Order(product=product, customer_id=row.customer, names=row.names, term_years=row.term_years)
        if product is None or self._as_it_is(order, product) is None:
            return _Wish(key, is_priced=False)
        basket = self._basket(order, product)
        if basket is None:
            return _Wish(key, is_priced=True)
        promised = _comes_off(basket, self.terms, self.book.floor_margin)
        freely = replace(self.terms, floor_margin=None)
        has_no_room = not promised and _comes_off(basket, freely, None) > 0
        return _Wish(key, is_priced=True, basket=basket, promised=promised, has_no_room=has_no_room)

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
