"""What to advise: the product that a recommended shape comes as, and what else a customer's orders ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.db.models import Count

from certificates.models import Customer, Order, Product
from certificates.rules import Level
from certificates.services.imports.values import registrable
from certificates.states import RenewalMark
from offers.rules.needs import Need, OrderFacts, Pricer, ProductFacts, needs_of
from offers.rules.selector import Recommendation, Shape, rank
from offers.services.choices import choices_for
from offers.services.listed import PriceList, price_list
from portal.models import Partner

# The orders that advice looks at, those that end last first: more than a page of needs could ever name.
LOOKED_AT = 400
_MONITORING = "ct_monitoring"
# What a price is told for, where no order says it: one name, a few, or one wildcard.
_ONE, _FEW, _WILDCARD = ("www.example.org",), ("a.example.org", "b.example.org", "c.example.org"), ("*.example.org",)


class Way(StrEnum):
    """How one comes by a product."""

    PRESENT = "present"  # the order has it already
    UPGRADE = "upgrade"  # a published upgrade at the renewal
    ANEW = "anew"  # no published path leads there from the order
    NEW = "new"  # there is no order to start from


@dataclass(frozen=True, slots=True)
class Match:
    """A product for a shape, and its list price for one year and `names` names; None without a price."""

    shape: Shape
    product: Product
    way: Way
    price: Decimal | None
    names: int

    def is_same_as(self, other: Match | None) -> bool:
        """Whether one would order the same thing."""
        return other is not None and (self.product, self.shape.wildcard) == (other.product, other.shape.wildcard)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the advice is for: a customer, perhaps one of its orders, or nobody yet."""

    partner: Partner
    customer: Customer | None = None
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """The product for the recommended shape, and one for each alternative; None where none that is offered fits."""

    best: Match | None
    others: list[Match | None]
    currency: str


def match(found: Recommendation, subject: Subject, *, today: date) -> Matches:
    """What the recommendation comes as for the subject, in a fixed number of queries."""
    prices = price_list(subject.partner, customer=subject.customer, today=today)
    catalogue = _Catalogue(subject, prices)
    others = [catalogue.match(one.shape) for one in found.alternatives]
    return Matches(catalogue.match(found.shape), others, prices.currency)


class _Catalogue:
    """The products that may be advised, read once."""

    def __init__(self, subject: Subject, prices: PriceList) -> None:
        self.subject, self.prices = subject, prices
        self.products = list(Product.objects.filter(is_offered=True))
        self.families = families_of(subject.customer) if subject.customer else []
        self.reachable = [choice.product for choice in choices_for(subject.order)] if subject.order else []

    def match(self, shape: Shape) -> Match | None:
        """The order's own product where it suffices, then its upgrades, then whatever is offered."""
        order = self.subject.order
        product = fitting(shape, self.reachable, present=order.product if order else None)
        product = product or fitting(shape, self.products, families=self.families)
        if product is None:
            return None
        names = self._names(shape)
        price = self.prices.price(product.pk, 1, names)
        return Match(shape, product, self._way(product), price, len(names))

    def _way(self, product: Product) -> Way:
        order = self.subject.order
        if order is None:
            return Way.NEW
        if product == order.product:
            return Way.PRESENT
        return Way.UPGRADE if product in self.reachable else Way.ANEW

    def _names(self, shape: Shape) -> Sequence[str]:
        if shape.wildcard:
            return _WILDCARD
        if self.subject.order:
            return tuple(self.subject.order.names)
        return _FEW if shape.several_names else _ONE


def fitting(
    shape: Shape, products: Iterable[Product], *, families: Sequence[str] = (), present: Product | None = None
) -> Product | None:
    """Of the products that hold the shape: the present one; else the lowest level, a known brand, the least beyond."""
    held = [product for product in products if holds(product, shape)]
    if present in held:
        return present
    return min(held, key=lambda product: _distance(product, shape, families), default=None)


def holds(product: Product, shape: Shape) -> bool:
    """Whether the product is at least what the shape asks for."""
    names = product.allows_wildcard if shape.wildcard else product.allows_names or not shape.several_names
    return names and rank(Level(product.level)) >= rank(shape.level) and shape.benefits <= set(product.benefits)


def _distance(product: Product, shape: Shape, families: Sequence[str]) -> tuple[int, bool, int, int]:
    beyond = len(set(product.benefits) - shape.benefits)
    return (rank(Level(product.level)), product.family not in families, beyond, product.rank)


def families_of(customer: Customer) -> list[str]:
    """The brands of the customer's issued orders, the most used first."""
    orders = Order.objects.for_partner(customer.partner).issued().filter(customer=customer, product__isnull=False)
    used = orders.order_by().values("product__family").annotate(uses=Count("pk")).order_by("-uses", "product__family")
    return [row["product__family"] for row in used]


# What else a customer needs


@dataclass(frozen=True, slots=True)
class CustomerNeeds:
    """Needs with the orders they speak of, and the currency of their money."""

    needs: tuple[Need, ...]
    orders: dict[int, Order]
    currency: str


def needs_of_customer(customer: Customer, *, today: date) -> CustomerNeeds:
    """Everything that the customer's orders ask for today, in a fixed number of queries."""
    orders = _looked_at(customer)
    prices = price_list(customer.partner, customer=customer, today=today)
    facts = [facts_of(order, today=today) for order in orders]
    price: Pricer = prices.price
    needs = needs_of(facts, today=today, price=price, registered=registrable)
    return CustomerNeeds(needs, {order.pk: order for order in orders}, prices.currency)


def _looked_at(customer: Customer) -> list[Order]:
    orders = Order.objects.for_partner(customer.partner).issued().filter(customer=customer, ends_on__isnull=False)
    return list(orders.select_related("product").order_by("-ends_on", "-pk")[:LOOKED_AT])


def facts_of(order: Order, *, today: date) -> OrderFacts:
    """What the rules read of an issued order."""
    ends_on = order.ends_on or today
    return OrderFacts(
        pk=order.pk,
        names=tuple(order.names) or (order.common_name,),
        product=_product_facts(order.product) if order.product else None,
        term_years=order.term_years,
        ends_on=ends_on,
        is_live=order.is_live and ends_on >= today,
        is_open=order.renewal_mark == RenewalMark.NONE,
    )


def _product_facts(product: Product) -> ProductFacts:
    return ProductFacts(
        pk=product.pk,
        name_id=product.name_id,
        name=product.name,
        level=Level(product.level),
        weight=len(product.benefits),
        is_monitored=_MONITORING in product.benefits,
        allows_wildcard=product.allows_wildcard,
        max_years=product.max_years,
    )
