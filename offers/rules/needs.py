"""What else a customer needs, read off the orders they have: each need with its names, its orders and its money.

Only what is true today counts. A host is covered by a live order that names it, or holds a wildcard one label above
it. What was marked as renewed elsewhere, or is being renewed, is nobody's lapse. Without prices only what needs none
is said. Worked, at EUR 200.00 a plan, 25.00 a name and 150.00 a wildcard: six names below one domain cost 350.00 as
listed names and 350.00 as a wildcard, so the wildcard is not yet advised; a seventh makes it 375.00 against 350.00.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from certificates.rules import Level, parse_wildcard
from offers.rules.selector import rank

# (product, years, names) -> the list price of one order, tax excluded, or None without a price
Pricer = Callable[[int, int, Sequence[str]], Decimal | None]
# name -> the domain somebody registered ("www.example.co.uk" -> "example.co.uk"), empty where there is none
Registered = Callable[[str], str]

# Without prices a wildcard is worth a word from so many names on; with them from three, where it costs less.
WILDCARD_NAMES, FEWEST_NAMES = 6, 3
# What ended longer ago than this is history, not a lapse.
LAPSE_DAYS = 400
SENSITIVE = frozenset(
    {"account", "accounts", "auth", "checkout", "login", "my", "pay", "payment", "payments", "secure", "shop", "signin"}
    | {"sso", "store"}
)


class NeedCode(StrEnum):
    LAPSED = "lapsed"
    BESIDE = "beside"
    MISSING_WWW = "missing_www"
    MISSING_APEX = "missing_apex"
    SENSITIVE_DV = "sensitive_dv"
    WILDCARD = "wildcard"
    LONGER_PLAN = "longer_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFacts:
    """`weight` ranks what products of one level bring: the more benefits, the heavier."""

    pk: int
    name_id: str
    name: str
    level: Level
    weight: int = 0
    is_monitored: bool = False
    allows_wildcard: bool = True
    max_years: int = 1


@dataclass(frozen=True, kw_only=True)
class OrderFacts:
    """`is_live`: issued, and not ended on the day of asking. `is_open`: no renewal, here or elsewhere, is known."""

    pk: int
    names: tuple[str, ...]
    product: ProductFacts | None
    term_years: int
    ends_on: date
    is_live: bool = True
    is_open: bool = True

    @property
    def level(self) -> Level | None:
        return self.product.level if self.product else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """`now` and `then` are prices for the whole term, of what they have and of what is advised; None where unknown.

    `orders` are those it speaks of; `product` is the one advised, `years` the plan.
    """

    code: NeedCode
    orders: tuple[int, ...]
    names: tuple[str, ...] = ()
    domain: str = ""
    product: ProductFacts | None = None
    years: int = 0
    now: Decimal | None = None
    then: Decimal | None = None

    @property
    def saving(self) -> Decimal | None:
        """What is saved by following the advice; negative where it costs more."""
        return None if self.now is None or self.then is None else self.now - self.then


def covers(held: str, host: str) -> bool:
    """Whether a certificate's name stands for the host: itself, or a wildcard exactly one label above it.

    "*.example.org" covers "www.example.org", neither "example.org" nor "a.b.example.org" (RFC 6125, 6.4.3).
    """
    return held == host or parse_wildcard(held) == parent(host)


def parent(host: str) -> str:
    """ "www.example.org" -> "example.org"."""
    return host.partition(".")[2]


def needs_of(orders: Iterable[OrderFacts], *, today: date, price: Pricer, registered: Registered) -> tuple[Need, ...]:
    """Everything the orders of one customer ask for: what is uncovered first, then what is weak, then what saves."""
    customer = _Customer(tuple(orders), today, price, registered)
    finders = (customer.lapsed, customer.missing, customer.sensitive, customer.wildcards, customer.longer_plans)
    return tuple(need for find in finders for need in find())


@dataclass(frozen=True)
class _Customer:
    orders: tuple[OrderFacts, ...]
    today: date
    price: Pricer
    registered: Registered

    @cached_property
    def live(self) -> list[OrderFacts]:
        """Those that end first come first."""
        return sorted((order for order in self.orders if order.is_live), key=lambda one: (one.ends_on, one.pk))

    @cached_property
    def held(self) -> frozenset[str]:
        return frozenset(name for order in self.live for name in order.names)

    def is_covered(self, host: str) -> bool:
        return host in self.held or f"*.{parent(host)}" in self.held

    # What is not covered

    def lapsed(self) -> Iterator[Need]:
        """Names of orders that ended unrenewed and that nothing live covers, an order each."""
        told: set[str] = set()
        for order in sorted(self.orders, key=lambda one: (one.ends_on, one.pk), reverse=True):
            names = tuple(name for name in order.names if name not in told and self._has_lapsed(order, name))
            told.update(names)
            if names:
                yield self._lapse(order, names)

    def _has_lapsed(self, order: OrderFacts, name: str) -> bool:
        recent = self.today - timedelta(days=LAPSE_DAYS) <= order.ends_on < self.today
        return recent and order.is_open and not order.is_live and not self.is_covered(name)

    def _lapse(self, order: OrderFacts, names: tuple[str, ...]) -> Need:
        """A live order with names beside them may take them in; without one they need an order of their own."""
        domain = self.registered(names[0])
        siblings = [one for one in self.live if domain and domain in {self.registered(name) for name in one.names}]
        if not siblings:
            return Need(code=NeedCode.LAPSED, orders=(order.pk,), names=names)
        return Need(code=NeedCode.BESIDE, orders=(siblings[0].pk, order.pk), names=names, domain=domain)

    def missing(self) -> Iterator[Need]:
        """A domain without its www, or www without its domain: visitors type both."""
        told: set[str] = set()
        for order in self.live:
            for name in order.names:
                other, code = self._other_half(name)
                if other and other not in told and not self.is_covered(other):
                    told.add(other)
                    yield Need(code=code, orders=(order.pk,), names=(other,), domain=name)

    def _other_half(self, name: str) -> tuple[str, NeedCode]:
        domain = self.registered(name)
        if name == domain:
            return f"www.{name}", NeedCode.MISSING_WWW
        return domain if domain and name == f"www.{domain}" else "", NeedCode.MISSING_APEX

    # What is weak

    def sensitive(self) -> Iterator[Need]:
        """Hosts where people pay or sign in that DV alone covers, though the customer monitors others."""
        monitored = [order.product for order in self.live if order.product and order.product.is_monitored]
        if not monitored:
            return
        verified = [name for order in self.live if order.level not in (None, Level.DV) for name in order.names]
        advised = min(monitored, key=lambda product: (rank(product.level), product.pk))
        for order in self.live:
            names = tuple(name for name in order.names if is_sensitive(name) and not _any_covers(verified, name))
            if order.level == Level.DV and names:
                yield self._raise(order, advised, names)

    def _raise(self, order: OrderFacts, advised: ProductFacts, names: tuple[str, ...]) -> Need:
        return Need(
            code=NeedCode.SENSITIVE_DV,
            orders=(order.pk,),
            names=names,
            product=advised,
            years=order.term_years,
            now=self._price(order.product, order.term_years, order.names),
            then=self._price(advised, order.term_years, order.names),
        )

    # What saves

    def wildcards(self) -> Iterator[Need]:
        """Domains with so many hosts that one wildcard costs less than their names."""
        for domain, orders in sorted(self._below().items()):
            names = sorted({name for order in orders for name in order.names if self._is_below(name, domain)})
            advised = max((order.product for order in orders if order.product), key=_weight)
            if len(names) >= FEWEST_NAMES and advised.allows_wildcard:
                yield from self._wildcard(domain, orders, tuple(names), advised)

    def _below(self) -> dict[str, list[OrderFacts]]:
        """Open orders by the domain directly above their names; EV is left out, as it holds no wildcard."""
        found: dict[str, list[OrderFacts]] = defaultdict(list)
        for order in self.live:
            if order.is_open and order.product and order.level != Level.EV:
                for domain in sorted({parent(name) for name in order.names}):
                    if self.registered(domain) and f"*.{domain}" not in self.held:
                        found[domain].append(order)
        return found

    @staticmethod
    def _is_below(name: str, domain: str) -> bool:
        return parent(name) == domain and not parse_wildcard(name)

    def _wildcard(
        self, domain: str, orders: list[OrderFacts], names: tuple[str, ...], advised: ProductFacts
    ) -> Iterator[Need]:
        others = {name for order in orders for name in order.names} - set(names)
        now = _total([self._price(order.product, 1, order.names) for order in orders])
        then = self._price(advised, 1, (f"*.{domain}", *sorted(others)))
        is_worth_it = len(names) >= WILDCARD_NAMES if now is None or then is None else then < now
        if is_worth_it:
            yield Need(
                code=NeedCode.WILDCARD,
                orders=tuple(order.pk for order in orders),
                names=names,
                domain=domain,
                product=advised,
                years=1,
                now=now,
                then=then,
            )

    def longer_plans(self) -> Iterator[Need]:
        """Orders bought year by year whose longest plan costs less than its years one by one, by their length."""
        found: dict[int, list[tuple[OrderFacts, Decimal, Decimal]]] = defaultdict(list)
        for order in self.live:
            if order.is_open and order.term_years == 1 and order.product and order.product.max_years > 1:
                self._compare_plans(found, order, order.product)
        for years, plans in sorted(found.items()):
            yield Need(
                code=NeedCode.LONGER_PLAN,
                orders=tuple(order.pk for order, _, _ in plans),
                years=years,
                now=sum((now for _, now, _ in plans), Decimal(0)),
                then=sum((then for _, _, then in plans), Decimal(0)),
            )

    def _compare_plans(
        self, found: dict[int, list[tuple[OrderFacts, Decimal, Decimal]]], order: OrderFacts, product: ProductFacts
    ) -> None:
        years = product.max_years
        yearly, whole = (self._price(product, term, order.names) for term in (1, years))
        if yearly is not None and whole is not None and whole < yearly * years:
            found[years].append((order, yearly * years, whole))

    def _price(self, product: ProductFacts | None, years: int, names: Sequence[str]) -> Decimal | None:
        return self.price(product.pk, years, names) if product else None


def is_sensitive(name: str) -> bool:
    """Whether people sign in or pay there, as far as its first label tells."""
    return name.partition(".")[0] in SENSITIVE


def _any_covers(held: Iterable[str], host: str) -> bool:
    return any(covers(name, host) for name in held)


def _weight(product: ProductFacts) -> tuple[int, int, int]:
    return (rank(product.level), product.weight, -product.pk)


def _total(prices: Sequence[Decimal | None]) -> Decimal | None:
    known = [price for price in prices if price is not None]
    return sum(known, Decimal(0)) if len(known) == len(prices) else None
