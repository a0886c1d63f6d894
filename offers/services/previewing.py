"""What an offer would do today, before anybody sees it: whom it touches, what it costs, and whom it leaves out.

The orders it is meant for are found by the database, and each is then put through the very rules that price it, once
without the offer and once with it. So what is foreseen is what valuing does once the offer is live.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import Count, Q

from certificates.models import Certificate, Order
from certificates.querysets import OrderQuerySet
from certificates.rules import utc_date
from certificates.states import RenewalMark
from offers.models import CustomerTerms, Offer
from offers.rules.baskets import Basket
from offers.rules.ceilings import Standing
from offers.rules.discounts import (
    WINDOW_CLOSES,
    WINDOW_OPENS,
    OfferTerms,
    OrderFacts,
    fits,
    fits_but_for_days,
)
from offers.rules.prices import Priced
from offers.services.forecasts import Preview, Sum
from offers.services.offer_book import OfferBook, offer_book, orders_by_customer, recorded_standings, subject_of
from offers.services.price_book import price_book
from offers.services.pricing import grant
from offers.services.standings import Desk
from offers.services.wanted import Wanted, WantedBaskets
from portal.models import Partner

Kind = Offer.Kind
# Fewer orders than these say nothing about how many renew.
FEWEST_FOR_RATE = 20
# Rows of the database that are put through the rules at a time.
BATCH = 2_000
_NOT_SAVED = 2**40


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
    # What the plain renewal earns without the offer; None where its cost is not known
    as_it_is: Decimal | None = None
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
        self.baskets = WantedBaskets(offer, self.terms, self.book)
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
        self, row: _Row, wish: Wanted, basket: Basket, facts: OrderFacts, recorded: Standing | None
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
            found = self._known[key] = self._work_out(basket, wish, facts, stands, subject)
        return found

    def _work_out(
        self, basket: Basket, wish: Wanted, facts: OrderFacts, stands: Standing | None, subject: str
    ) -> _Outcome:
        """The price without the offer, and with it."""
        book, is_automatic = self.book, self.offer.is_automatic
        before = grant(basket, facts, subject=subject, recorded=stands, book=book, offers=self.without)
        chosen = () if is_automatic else (self.terms,)
        after = grant(basket, facts, subject=subject, recorded=stands, chosen=chosen, book=book, offers=self.with_it)
        mine = next((line for line in after.priced.lines if line.offer == self.offer.pk), None)
        if mine is None or after.priced.discount <= before.priced.discount:
            is_left_out = is_automatic and stands and wish.promised > before.priced.discount
            return _Outcome(Fate.LEFT_OUT if is_left_out else Fate.ELSEWHERE)
        plain = before
        if wish.as_it_is and wish.as_it_is != basket:
            plain = grant(wish.as_it_is, facts, subject=subject, recorded=stands, book=book, offers=self.without)
        return _Outcome(
            Fate.TOUCHED,
            before=before.priced.net,
            given=-mine.amount,
            net=after.priced.net,
            cost=after.priced.cost,
            as_it_is=_earned(plain.priced),
            is_limited=mine.is_limited,
        )

    def _count(self, customer: int, basket: Basket, outcome: _Outcome) -> None:
        preview, currency = self.preview, basket.currency
        preview.customers.add(customer)
        preview.limited += outcome.is_limited
        total = preview.sums.setdefault(currency, Sum(currency))
        row = preview.products.setdefault((basket.product, currency), self.baskets.row(basket))
        for one in (total, row):
            one.add(
                before=outcome.before,
                given=outcome.given,
                net=outcome.net,
                cost=outcome.cost,
                as_it_is=outcome.as_it_is,
            )


def _earned(priced: Priced) -> Decimal | None:
    return None if priced.cost is None else priced.net - priced.cost
