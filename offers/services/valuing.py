"""What every order is worth today, kept beside it, and which offers have reached it: worked out in sets.

Asked twice it writes nothing the second time. The price that binds is made afresh at the press (`pricing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from django.db import transaction

from certificates.models import Order, Product
from certificates.querysets import OrderQuerySet
from certificates.rules import parse_wildcard, utc_date
from certificates.states import LIVE_ORDER_STATES, RenewalMark
from offers.models import Reach, Valuation
from offers.rules.baskets import Basket
from offers.rules.discounts import WINDOW_CLOSES, WINDOW_OPENS, OrderFacts
from offers.rules.prices import Priced
from offers.services.pricing import (
    OfferBook,
    PriceBook,
    Regimes,
    basket_of,
    grant,
    offer_book,
    orders_by_customer,
    price_book,
    recorded_regimes,
    regimes_of,
    subject_of,
)
from portal.access import PartnerQuerySet
from portal.models import Partner

BATCH = 2_000
_VALUED = ("currency", "subtotal", "discount", "net", "cost", "offer_id")
_Value: TypeAlias = tuple[str, Decimal, Decimal, Decimal, Decimal | None, int | None]
# Counts of host names and wildcards stand for the names themselves: the price asks no more.
_HOST, _WILDCARD = "a.example", "*.example"


@dataclass(slots=True)
class ValueReport:
    """How many values were written, stood as they were, and were taken away; and how many orders an offer reached."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0
    reached: int = 0


class _Row(NamedTuple):
    """The few columns of an order that make its price."""

    pk: int
    customer: int
    product: int | None
    product__name_id: str | None
    product__family: str | None
    product__level: str | None
    term_years: int
    names: list[str]
    ends_on: date
    predecessor: int | None
    customer__owner: int | None
    customer__country: str


def value_orders(partner: Partner, *, now: datetime, orders: Iterable[int] | None = None) -> ValueReport:
    """Write what renewing each order as it is would bring, and the offers that reach it from now on.

    Of `orders` (primary keys), or of all that are live and unrenewed. Without a price there is no row.
    """
    live: OrderQuerySet = Order.objects.for_partner(partner).issued().unrenewed()
    books, report = _Books.load(partner, now=now), ValueReport()
    if orders is None:
        report.removed += _dead_values(partner).delete()[0]
        for rows in _in_turn(live):
            _value(books, rows, report)
        return report
    for asked in batched(orders):
        rows = _rows(live.filter(pk__in=asked))
        dead = set(asked).difference(row.pk for row in rows)
        report.removed += Valuation.objects.for_partner(partner).filter(order__in=dead).delete()[0]
        _value(books, rows, report)
    return report


def record_reaches(partner: Partner, *, now: datetime) -> int:
    """Write down which offers reach which orders at a moment, and nothing else; how many orders have a new row."""
    report = ValueReport()
    live: OrderQuerySet = Order.objects.for_partner(partner).issued().unrenewed()
    books = _Books.load(partner, now=now)
    in_window = live.expiring(today=books.today, within=(WINDOW_CLOSES, WINDOW_OPENS))
    for rows in _in_turn(in_window):
        _record(books, rows, report)
    return report.reached


def value_window(partner: Partner, *, now: datetime) -> ValueReport:
    """The same for the orders that offers can reach: those in their renewal window."""
    live = Order.objects.for_partner(partner).issued().unrenewed()
    in_window = live.expiring(today=utc_date(now), within=(WINDOW_CLOSES, WINDOW_OPENS))
    return value_orders(partner, now=now, orders=in_window.order_by("pk").values_list("pk", flat=True))


def note_reach(order: Order, regimes: Regimes, *, now: datetime) -> None:
    """Write down by which offers an order has just been reached, where that is new; today's stand last."""
    if not regimes or not _is_in_window(order.ends_on, utc_date(now)):
        return
    last = Reach.objects.for_partner(order.partner).filter(order=order).order_by("since", "pk").last()
    if last is None or tuple(last.offers) != regimes[-1]:
        Reach.objects.get_or_create(
            partner=order.partner, order=order, since=now, defaults={"offers": list(regimes[-1])}
        )


class _Outcome(NamedTuple):
    """The value of an order, None without a price, and the offers by which it has been reached, today's last."""

    value: _Value | None
    regimes: Regimes


@dataclass
class _Books:
    """What all orders have in common, and the prices worked out so far: orders alike are priced once."""

    partner: Partner
    now: datetime
    prices: PriceBook
    offers: OfferBook
    counts: Mapping[int, int]
    products: Mapping[int, Product]
    _known: dict[Any, _Outcome] = field(default_factory=dict)

    @classmethod
    def load(cls, partner: Partner, *, now: datetime) -> _Books:
        today, offers = utc_date(now), offer_book(partner, now=now)
        return cls(
            partner=partner,
            now=now,
            prices=price_book(partner, on=today),
            offers=offers,
            counts=orders_by_customer(partner, today=today) if offers.counts_orders else {},
            products=Product.objects.in_bulk(),
        )

    @property
    def today(self) -> date:
        return self.prices.on

    def regimes(self, rows: Sequence[_Row]) -> Mapping[int, list[tuple[int, ...]]]:
        """What has been recorded so far about those of the rows that an offer can have reached."""
        if not self.offers.known:
            return {}
        return recorded_regimes(self.partner, [row.pk for row in rows if _may_be_reached(row.ends_on, self.today)])

    def outcome(self, row: _Row, recorded: Regimes) -> _Outcome:
        """What renewing an order as it is brings."""
        facts, subject = self._facts(row), subject_of(row.pk)
        spent = self.offers.used_up(customer_id=row.customer, subject=subject)
        regimes = regimes_of(facts, recorded, offers=self.offers, spent=spent)
        basket = self._basket(row)
        if basket is None:
            return _Outcome(None, regimes)
        key = basket, regimes, (row.customer, subject) if self.offers.has_limits and regimes else None
        if key not in self._known:
            found = grant(basket, facts, subject=subject, recorded=recorded, book=self.prices, offers=self.offers)
            self._known[key] = _Outcome(_value_of(found.priced), found.regimes)
        return self._known[key]

    def _basket(self, row: _Row) -> Basket | None:
        product = self.products.get(row.product or 0)
        if product is None:
            return None
        wildcards = sum(parse_wildcard(name) is not None for name in row.names)
        names = (_HOST,) * (len(row.names) - wildcards) + (_WILDCARD,) * wildcards
        return basket_of(self.prices, product, term_years=row.term_years, names=names, customer_id=row.customer)

    def _facts(self, row: _Row) -> OrderFacts:
        return OrderFacts(
            product=row.product__name_id or "",
            family=row.product__family or "",
            level=row.product__level or "",
            customer=row.customer,
            price_level=self.prices.level_of(row.customer),
            owner=row.customer__owner,
            country=row.customer__country,
            customer_orders=self.counts.get(row.customer, 0),
            is_first_renewal=row.predecessor is None,
            days_left=(row.ends_on - self.today).days,
        )


def _value(books: _Books, rows: Sequence[_Row], report: ValueReport) -> None:
    recorded = books.regimes(rows)
    outcomes = {row.pk: books.outcome(row, recorded.get(row.pk, ())) for row in rows}
    with transaction.atomic():
        _write_values(books, outcomes, report)
        _write_reaches(books, rows, recorded, outcomes, report)


def _record(books: _Books, rows: Sequence[_Row], report: ValueReport) -> None:
    recorded = books.regimes(rows)
    outcomes = {row.pk: books.outcome(row, recorded.get(row.pk, ())) for row in rows}
    _write_reaches(books, rows, recorded, outcomes, report)


def _value_of(priced: Priced) -> _Value:
    saving = min((line for line in priced.lines if line.offer is not None), key=lambda one: one.amount, default=None)
    offer = saving.offer if saving else None
    return priced.currency, priced.subtotal, priced.discount, priced.net, priced.cost, offer


def _write_values(books: _Books, outcomes: Mapping[int, _Outcome], report: ValueReport) -> None:
    """Only what changed is written."""
    mine = Valuation.objects.for_partner(books.partner).filter(order__in=list(outcomes))
    before = {pk: tuple(value) for pk, *value in mine.values_list("order_id", *_VALUED)}
    values = {pk: outcome.value for pk, outcome in outcomes.items() if outcome.value}
    changed = {pk: value for pk, value in values.items() if before.get(pk) != value}
    Valuation.objects.bulk_create(
        [_valuation(books, pk, value) for pk, value in changed.items()],
        update_conflicts=True,
        unique_fields=["order"],
        update_fields=[*(name.removesuffix("_id") for name in _VALUED), "valued_at"],
    )
    report.written += len(changed)
    report.unchanged += len(values) - len(changed)
    if without := before.keys() - values.keys():
        report.removed += mine.filter(order__in=without).delete()[0]


def _valuation(books: _Books, order: int, value: _Value) -> Valuation:
    columns = dict(zip(_VALUED, value, strict=True))
    return Valuation(partner=books.partner, order_id=order, valued_at=books.now, **columns)


def _write_reaches(
    books: _Books,
    rows: Sequence[_Row],
    recorded: Mapping[int, Regimes],
    outcomes: Mapping[int, _Outcome],
    report: ValueReport,
) -> None:
    """One row for each order whose offers are others than they were; the same moment is written once."""
    new = []
    for row in rows:
        mine, before = outcomes[row.pk].regimes, recorded.get(row.pk)
        if mine and _is_in_window(row.ends_on, books.today) and (not before or before[-1] != mine[-1]):
            new.append(Reach(partner=books.partner, order_id=row.pk, since=books.now, offers=list(mine[-1])))
    Reach.objects.bulk_create(new, ignore_conflicts=True)
    report.reached += len(new)


def batched(keys: Iterable[int]) -> Iterator[list[int]]:
    """So many at once as one statement bears well."""
    rest = iter(keys)
    while some := list(islice(rest, BATCH)):
        yield some


def _in_turn(live: OrderQuerySet) -> Iterator[list[_Row]]:
    """All of them by their keys, so that no page is lost while rows come and go."""
    last = 0
    while rows := _rows(live.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield rows
        last = rows[-1].pk


def _rows(orders: OrderQuerySet) -> list[_Row]:
    return [_Row(*columns) for columns in orders.values_list(*_Row._fields)]


def _dead_values(partner: Partner) -> PartnerQuerySet[Valuation]:
    """Of orders that are renewed, or stand no longer."""
    return Valuation.objects.for_partner(partner).exclude(
        order__status__in=LIVE_ORDER_STATES, order__renewal_mark=RenewalMark.NONE
    )


def _may_be_reached(ends_on: date, today: date) -> bool:
    """An order whose window has not opened was never reached."""
    return (ends_on - today).days <= WINDOW_OPENS


def _is_in_window(ends_on: date | None, today: date) -> bool:
    return ends_on is not None and WINDOW_CLOSES <= (ends_on - today).days <= WINDOW_OPENS
