"""What every order is worth today, kept beside it, and which offers have reached it: worked out in sets.

Asked twice it writes nothing the second time. The price that binds is made afresh at the press (`pricing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from django.db import transaction

from certificates.models import Order, Product
from certificates.querysets import OrderQuerySet
from certificates.rules import utc_date
from certificates.states import LIVE_ORDER_STATES, RenewalMark
from offers.models import Reach, Valuation
from offers.rules.alternatives import Alternative
from offers.rules.ceilings import Standing
from offers.rules.discounts import WINDOW_CLOSES, WINDOW_OPENS, OrderFacts
from offers.rules.prices import Priced
from offers.services.offer_book import OfferBook, offer_book, orders_by_customer, recorded_standings, subject_of
from offers.services.price_book import PriceBook, price_book
from offers.services.standings import Desk, Outcome
from portal.access import PartnerQuerySet
from portal.models import Partner

# From just before a moment to just after it
INSTANT = timedelta(microseconds=1)
BATCH = 2_000
_VALUED = ("currency", "subtotal", "discount", "net", "cost", "offer_id", "alternatives")
_Value: TypeAlias = tuple[str, Decimal, Decimal, Decimal, Decimal | None, int | None, list[dict[str, Any]]]


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


def record_reaches(partner: Partner, *, now: datetime, customer: int | None = None) -> int:
    """Write down where orders stand at a moment, and nothing else; how many have a new row.

    Of one `customer` (primary key), or of all.
    """
    report = ValueReport()
    live: OrderQuerySet = Order.objects.for_partner(partner).issued().unrenewed()
    if customer is not None:
        live = live.filter(customer=customer)
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


def note_reach(order: Order, standing: Standing | None, *, now: datetime) -> None:
    """Write down where an order stands after it was priced, where that is new."""
    if standing is None or not _is_in_window(order.ends_on, utc_date(now)):
        return
    if recorded_standings(order.partner, [order.pk]).get(order.pk) != standing:
        _store([_reach(order.partner, order.pk, standing, now)])


@dataclass
class _Books:
    """What all orders have in common."""

    partner: Partner
    now: datetime
    prices: PriceBook
    offers: OfferBook
    counts: Mapping[int, int]
    desk: Desk

    @classmethod
    def load(cls, partner: Partner, *, now: datetime) -> _Books:
        today, offers = utc_date(now), offer_book(partner, now=now)
        prices = price_book(partner, on=today)
        return cls(
            partner=partner,
            now=now,
            prices=prices,
            offers=offers,
            counts=orders_by_customer(partner, today=today) if offers.counts_orders else {},
            desk=Desk(prices, offers, Product.objects.in_bulk()),
        )

    @property
    def today(self) -> date:
        return self.prices.on

    def recorded(self, rows: Sequence[_Row]) -> Mapping[int, Standing]:
        """What has been recorded so far about those of the rows that an offer can have reached."""
        if not self.offers.known:
            return {}
        self.offers.read_chains(row.pk for row in rows)
        return recorded_standings(self.partner, [row.pk for row in rows if _may_be_reached(row.ends_on, self.today)])

    def outcomes(self, rows: Sequence[_Row], recorded: Mapping[int, Standing]) -> dict[int, Outcome]:
        """What renewing each order as it is brings, and where it stands."""
        return {row.pk: self._outcome(row, recorded.get(row.pk)) for row in rows}

    def _outcome(self, row: _Row, recorded: Standing | None) -> Outcome:
        return self.desk.outcome(
            self._facts(row),
            subject=subject_of(row.pk),
            product=row.product,
            term_years=row.term_years,
            names=row.names,
            recorded=recorded,
        )

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
            chain=self.offers.chain_of(row.pk),
        )


def _value(books: _Books, rows: Sequence[_Row], report: ValueReport) -> None:
    recorded = books.recorded(rows)
    outcomes = books.outcomes(rows, recorded)
    with transaction.atomic():
        _write_values(books, outcomes, report)
        _write_reaches(books, rows, recorded, outcomes, report)


def _record(books: _Books, rows: Sequence[_Row], report: ValueReport) -> None:
    recorded = books.recorded(rows)
    _write_reaches(books, rows, recorded, books.outcomes(rows, recorded), report)


def _value_of(priced: Priced, others: Sequence[Alternative]) -> _Value:
    saving = min((line for line in priced.lines if line.offer is not None), key=lambda one: one.amount, default=None)
    offer = saving.offer if saving else None
    stored = [one.to_json() for one in others]
    return priced.currency, priced.subtotal, priced.discount, priced.net, priced.cost, offer, stored


def _write_values(books: _Books, outcomes: Mapping[int, Outcome], report: ValueReport) -> None:
    """Only what changed is written."""
    mine = Valuation.objects.for_partner(books.partner).filter(order__in=list(outcomes))
    before = {pk: tuple(value) for pk, *value in mine.values_list("order_id", *_VALUED)}
    values = {pk: _value_of(one.priced, one.alternatives) for pk, one in outcomes.items() if one.priced}
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
    recorded: Mapping[int, Standing],
    outcomes: Mapping[int, Outcome],
    report: ValueReport,
) -> None:
    """One row for each order that stands elsewhere than it did; the same moment is written once.

    Who began before an offer came and writes after it knows nothing of it: what a later moment gave stands.
    """
    new = {}
    for row in rows:
        mine = outcomes[row.pk].standing
        if mine and mine != recorded.get(row.pk) and _is_in_window(row.ends_on, books.today):
            new[row.pk] = _reach(books.partner, row.pk, mine, books.now)
    known_later = Reach.objects.for_partner(books.partner).filter(order__in=new, since__gt=books.now + INSTANT)
    for order in known_later.values_list("order", flat=True) if new else ():
        new.pop(order, None)
    _store(list(new.values()))
    report.reached += len(new)


def _reach(partner: Partner, order: int, standing: Standing, now: datetime) -> Reach:
    shares = {choice: f"{share.normalize():f}" for choice, share in standing.ceilings.items()}
    return Reach(partner=partner, order_id=order, since=now, offers=list(standing.offers), ceilings=shares)


def _store(reaches: Sequence[Reach]) -> None:
    """What was written at the same moment before is part of what is written now."""
    Reach.objects.bulk_create(
        reaches, update_conflicts=True, unique_fields=["order", "since"], update_fields=["offers", "ceilings"]
    )


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
