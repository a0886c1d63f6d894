"""The price list as people read it: products by terms on a day, what is inherited told apart from what is own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q

from certificates.models import Customer, Product
from offers.models import CustomerTerms, Price, PriceLevel
from offers.rules.baskets import UnitPrices
from offers.rules.timelines import Span, following, in_force
from offers.services.prices.changing import PriceKey, Timelines, timelines
from portal.models import Partner


@dataclass(frozen=True, slots=True)
class Whose:
    """For whom prices are read: everybody, a level, or a customer, with the level it is of."""

    level: PriceLevel | None = None
    customer: Customer | None = None

    @property
    def param(self) -> str:
        """As it stands in an address: "", "level-3", "customer-12"."""
        if self.customer:
            return f"customer-{self.customer.pk}"
        return f"level-{self.level.pk}" if self.level else ""

    def keys(self, product: int, term_years: int, currency: str) -> list[PriceKey]:
        """The most particular first."""
        plan = PriceKey(product, term_years, currency)
        found = [plan]
        if self.level:
            found.insert(0, plan._replace(level=self.level.pk))
        if self.customer:
            found.insert(0, plan._replace(customer=self.customer.pk))
        return found

    def key(self, product: int, term_years: int, currency: str) -> PriceKey:
        """The one under which its own price is kept."""
        return self.keys(product, term_years, currency)[0]

    @property
    def rows(self) -> Q:
        """Its own prices."""
        return Q(level=None if self.customer else self.level, customer=self.customer)

    @property
    def rows_seen(self) -> Q:
        """Its own and those it falls back to."""
        seen = Q(level__isnull=True, customer__isnull=True)
        if self.level:
            seen |= Q(level=self.level)
        return seen | Q(customer=self.customer) if self.customer else seen


@dataclass(frozen=True, slots=True)
class Cell:
    """What a plan costs; `source` is where the price stands, `later` what of its own, or else theirs, begins next."""

    product: Product
    term_years: int
    is_sold: bool
    span: Span | None = None
    source: PriceKey | None = None
    is_own: bool = False
    later: Span | None = None

    @property
    def prices(self) -> UnitPrices | None:
        return self.span.prices if self.span else None

    @property
    def margin(self) -> Decimal | None:
        return margin_of(self.span.prices) if self.span else None

    @property
    def is_below_cost(self) -> bool:
        return self.span is not None and is_below_cost(self.span.prices)


@dataclass(frozen=True, slots=True)
class Row:
    product: Product
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Brand:
    name: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All products of the catalogue; `priced` counts the cells that have a price, `own` those of their own."""

    brands: Sequence[Brand]
    terms: Sequence[int]

    @property
    def cells(self) -> Iterator[Cell]:
        return (cell for brand in self.brands for row in brand.rows for cell in row.cells)

    @property
    def priced(self) -> int:
        return sum(cell.span is not None for cell in self.cells)

    @property
    def own(self) -> int:
        return sum(cell.is_own for cell in self.cells)


def margin_of(prices: UnitPrices) -> Decimal | None:
    """The share of the base price above its cost, at most 1; None where the cost is unknown, or the price zero."""
    return None if prices.cost_base is None or not prices.base else 1 - prices.cost_base / prices.base


def is_below_cost(prices: UnitPrices) -> bool:
    """Whether the base, a name or a wildcard is sold for less than it is known to cost."""
    pairs = (
        (prices.base, prices.cost_base),
        (prices.name, prices.cost_name),
        (prices.wildcard, prices.cost_wildcard),
    )
    return any(cost is not None and price < cost for price, cost in pairs)


def everybody_or(partner: Partner, param: str) -> Whose | None:
    """Whose prices an address asks for; None where it names nobody of this partner."""
    kind, _, key = param.partition("-")
    if not param:
        return Whose()
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        return None
    if kind == "level":
        level = PriceLevel.objects.for_partner(partner).filter(pk=int(key)).first()
        return Whose(level) if level else None
    customer = Customer.objects.for_partner(partner).filter(pk=int(key)).first() if kind == "customer" else None
    return of_customer(customer) if customer else None


def of_customer(customer: Customer) -> Whose:
    terms = CustomerTerms.objects.for_partner(customer.partner).filter(customer=customer).select_related("level")
    found = terms.first()
    return Whose(found.level if found else None, customer)


def matrix(partner: Partner, *, whose: Whose, currency: str, on: date) -> Matrix:
    """The prices that hold on the day for whom it may concern, in one query beside the catalogue's."""
    lines = timelines(partner, whose.rows_seen & Q(currency=currency))
    products = [*Product.objects.all()]
    priced = {key.product for key in lines}
    shown = [product for product in products if product.is_offered or product.pk in priced]
    terms = range(1, max((product.max_years for product in shown), default=1) + 1)
    rows = [
        Row(product, [_cell(product, years, lines, whose=whose, currency=currency, on=on) for years in terms])
        for product in shown
    ]
    return Matrix(list(_by_brand(rows)), terms)


def _cell(product: Product, years: int, lines: Timelines, *, whose: Whose, currency: str, on: date) -> Cell:
    own, *others = keys = whose.keys(product.pk, years, currency)
    holding = ((key, in_force(lines.get(key, ()), on)) for key in keys)
    source, span = next(((key, span) for key, span in holding if span), (None, None))
    after = (following(lines.get(key, ()), on) for key in [own, *others][: keys.index(source) + 1 if source else None])
    return Cell(
        product,
        years,
        is_sold=years <= product.max_years,
        span=span,
        source=source,
        is_own=source == own,
        later=next((found for found in after if found), None),
    )


def _by_brand(rows: Sequence[Row]) -> Iterator[Brand]:
    """Brands in the order in which the catalogue first names them."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.product.family, []).append(row)
    for name, mine in found.items():
        yield Brand(name, mine)


def customers_with_prices(partner: Partner) -> Mapping[int, str]:
    """The customers that have prices of their own, by name."""
    own = Price.objects.for_partner(partner).filter(customer__isnull=False).order_by().values("customer").distinct()
    named = Customer.objects.for_partner(partner).filter(pk__in=own).order_by("name", "pk")
    return dict(named.values_list("pk", "name"))
