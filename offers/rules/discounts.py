"""Which offers an order meets, and what they take off."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import NamedTuple

from offers.rules.arms import Trial
from offers.rules.baskets import Basket, Line, LineKind, UnitPrices
from offers.rules.money import percent_of, rounded

# The renewal window, in days left of the order: from its opening to its close.
WINDOW_OPENS = 90
WINDOW_CLOSES = -30
# Of a share of the list price
_DIGITS = Decimal("0.00000001")


class OfferKind(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"
    UPGRADE_SAME_PRICE = "upgrade_same_price"  # the dearer product for the price of the present one
    UPGRADE_PERCENT = "upgrade_percent"
    LONGER_PLAN = "longer_plan"  # percent off from so many years on
    EXTRA_NAMES = "extra_names"  # names beyond those of the present order, free
    CONSOLIDATION = "consolidation"  # percent off what is moved over from another authority


# Whom an offer is for


@dataclass(frozen=True, slots=True)
class Conditions:
    """Whom an offer is for. An empty set, and None, stand for everybody.

    Products (name_id), families and levels are those of the present order; `upgrade_targets` (name_id) are
    what may be bought. Days are days left of the order: from `days_from` down to `days_until`, both included.
    A `trial` is for some of the orders only.
    """

    families: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    customers: frozenset[int] = frozenset()
    price_levels: frozenset[int] = frozenset()
    owners: frozenset[int] = frozenset()
    countries: frozenset[str] = frozenset()
    min_orders: int | None = None
    max_orders: int | None = None
    first_renewal: bool | None = None
    days_from: int = WINDOW_OPENS
    days_until: int = WINDOW_CLOSES
    upgrade_targets: frozenset[str] = frozenset()
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What conditions ask about the present order; customer, price level and owner by their keys.

    `chain` is the key of the first order of its line of renewals, which trials ask for; None where there is no order.
    """

    product: str
    family: str
    level: str
    customer: int
    price_level: int | None
    owner: int | None
    country: str
    customer_orders: int
    is_first_renewal: bool
    days_left: int
    chain: int | None = None


def fits(conditions: Conditions, facts: OrderFacts) -> bool:
    """Whether an offer is for the order, and today is one of its days."""
    return is_on_day(conditions, facts) and fits_but_for_days(conditions, facts)


def is_on_day(conditions: Conditions, facts: OrderFacts) -> bool:
    """Whether today is one of the offer's days, for whomever it is."""
    return conditions.days_until <= facts.days_left <= conditions.days_from


def fits_but_for_days(conditions: Conditions, facts: OrderFacts) -> bool:
    """Whether an offer is for the order, today or on another day."""
    return (
        (not conditions.families or facts.family in conditions.families)
        and (not conditions.products or facts.product in conditions.products)
        and (not conditions.levels or facts.level in conditions.levels)
        and (not conditions.customers or facts.customer in conditions.customers)
        and (not conditions.price_levels or facts.price_level in conditions.price_levels)
        and (not conditions.owners or facts.owner in conditions.owners)
        and (not conditions.countries or facts.country in conditions.countries)
        and (conditions.min_orders is None or facts.customer_orders >= conditions.min_orders)
        and (conditions.max_orders is None or facts.customer_orders <= conditions.max_orders)
        and conditions.first_renewal in (None, facts.is_first_renewal)
        and (conditions.trial is None or conditions.trial.is_on(facts.chain))
    )


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What an offer gives: `percent` of 100, or an `amount` in a currency, or so many free names.

    `floor_margin` is the least share (0 to 1) of the net price that must remain above cost; None sets none.
    """

    id: int
    kind: OfferKind
    percent: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""
    min_term_years: int | None = None
    free_names: int | None = None
    stacks: bool = False
    floor_margin: Decimal | None = None
    conditions: Conditions = field(default_factory=Conditions)


# Whom offers have reached


def is_reached(offers: Iterable[OfferTerms], facts: OrderFacts) -> bool:
    """Whether automatic, live offers reach an order today: it is in its renewal window, and one is meant for it.

    Also where that one's own days do not include today: so an offer for the last 30 days gives nothing to an order it
    has let pass by for 60.
    """
    return is_in_window(facts) and any(fits_but_for_days(offer.conditions, facts) for offer in offers)


def is_in_window(facts: OrderFacts) -> bool:
    """Whether the order can be renewed today, as far as its end goes."""
    return WINDOW_CLOSES <= facts.days_left <= WINDOW_OPENS


def rises(terms: OfferTerms) -> bool:
    """Whether an automatic offer would reward waiting: its days begin later than the window opens.

    With 10 % off from 30 days before the end, who renews at 60 pays more than who waits. The never-rise rule
    (offers.rules.ceilings) would take the 10 % away again from all who were reached before, so such an offer is not
    worth having: its days must begin where the window opens. That they end early, as those of an early bird do, is
    welcome.
    """
    return terms.conditions.days_from < WINDOW_OPENS


# What comes off


class Discount(NamedTuple):
    """What comes off: a line for each offer that counts, by their ids, and the share that automatic offers take.

    The share is of the list price, 0 to 1, to eight digits and before rounding to coins: 7.5 % off 199.00 is 14.93, and
    the share 0.075. Where the margin stops it, it is the share of what comes off.

    With further names the same offers take at least the share `beyond` of their list price, whatever the margin says;
    it is below zero where further names cost more than they may. With fewer, at least the share `fewer` of the whole.

    Of names beyond those of the order, so many are `free` with any number of them added, whatever the margin says.
    """

    lines: tuple[Line, ...] = ()
    share: Decimal = Decimal(0)
    beyond: Decimal = Decimal(0)
    fewer: Decimal = Decimal(0)
    free: int = 0


class FreeNames(NamedTuple):
    """The most that automatic offers may give where free names count: so many, and beside them so great a share."""

    names: int
    beside: Decimal


def best_discount(
    basket: Basket,
    offers: Iterable[OfferTerms],
    *,
    floor_margin: Decimal | None,
    chosen: Collection[OfferTerms] = (),
    ceiling: Decimal | None = None,
    free_names: FreeNames | None = None,
) -> Discount:
    """The discount that saves most.

    Each offer is counted on the undiscounted list amounts and rounded half up once, so it does not matter in
    which order they come. Those that stack are added up; one that does not stands alone. The most saved wins;
    then the fewer lines; then the lowest id. EUR 300.00 with 10 % and EUR 20 that stack, and 15 % that does
    not: 30.00 + 20.00 beats 45.00.

    `offers` apply by themselves, and together take no greater share than the `ceiling`, 0 to 1
    (offers.rules.ceilings); `chosen` ones, by code, come on top. EUR 300.00 with 20 % under a ceiling of 15 %: 45.00.
    Where `free_names` are bounded, that holds instead for all that count together with them.

    The net is never below cost / (1 - margin), rounded up, with the strictest margin of the partner and of the
    offers that count; nor below zero. An offer whose own floor would cost more than it brings does not count.
    With unknown cost, or no margin set, zero is the only floor. EUR 300.00 that cost 200.00, at a margin of
    20 %: at most 50.00 come off; of 30.00 + 25.00 the second is cut to 20.00.
    """
    by_code = {offer.id for offer in chosen}
    known = {offer.id: offer for offer in (*offers, *chosen) if speaks_of(offer, basket)}
    gifts = [_Gift(offer, _line(offer, basket), pk in by_code) for pk, offer in sorted(known.items())]
    limits = _Limits(ceiling, free_names)
    combinations = list(_combinations(gifts))
    if free_names and any(gift.frees_names for gift in gifts):
        combinations += _combinations([gift for gift in gifts if not gift.frees_names])
    candidates = [_granted(together, basket, floor_margin, limits) for together in combinations]
    return min(candidates, key=_preference, default=Discount())


class _Limits(NamedTuple):
    ceiling: Decimal | None
    free_names: FreeNames | None


class _Gift(NamedTuple):
    """An offer, and all that it gives for a basket, whatever floor and ceiling say."""

    offer: OfferTerms
    line: Line
    is_chosen: bool

    @property
    def floor(self) -> Decimal:
        return Decimal("-Infinity") if self.offer.floor_margin is None else self.offer.floor_margin

    @property
    def frees_names(self) -> bool:
        return self.offer.kind is OfferKind.EXTRA_NAMES and not self.is_chosen


def _combinations(gifts: Sequence[_Gift]) -> Iterator[list[_Gift]]:
    """What may be granted together: one that stands alone, or all that stack with floors up to a certain one."""
    yield from ([gift] for gift in gifts if not gift.offer.stacks)
    stacking = [gift for gift in gifts if gift.offer.stacks]
    for floor in {gift.floor for gift in stacking}:
        yield [gift for gift in stacking if gift.floor <= floor]


def _preference(discount: Discount) -> tuple[Decimal, int, list[int | None]]:
    lines = discount.lines
    return sum((line.amount for line in lines), Decimal(0)), len(lines), [line.offer for line in lines]


def _granted(gifts: Sequence[_Gift], basket: Basket, floor_margin: Decimal | None, limits: _Limits) -> Discount:
    """What a combination gives, as far as floor and ceiling leave room; what comes to nothing is no line."""
    margins = [margin for margin in (floor_margin, *(gift.offer.floor_margin for gift in gifts)) if margin is not None]
    margin = max(margins, default=None)
    room = basket.subtotal - _lowest_net(basket, margin)
    ceiling, lines = limits.ceiling, [gift.line for gift in gifts]
    apart = {gift.offer.id for gift in gifts if gift.is_chosen}
    if limits.free_names and (freeing := {gift.offer.id for gift in gifts if gift.frees_names}):
        ceiling, apart = limits.free_names.beside, apart | freeing
        most = rounded(limits.free_names.names * basket.prices.name, basket.currency)
        lines = _capped(lines, {line.offer for line in lines} - freeing, most)
    found = _cut(lines, room)
    share = _share(found, apart, basket.subtotal)
    if ceiling is not None and share > ceiling:
        capped = _capped(lines, apart, rounded(ceiling * basket.subtotal, basket.currency))
        found = _cut(capped, room)
        share = ceiling if found == capped else min(ceiling, _share(found, apart, basket.subtotal))
    least = _least_floor(basket, margin)
    beyond = sum((_part_beyond(gift.offer, line, basket) for gift, line in zip(gifts, found, strict=True)), Decimal(0))
    return Discount(
        tuple(line for line in found if line.amount),
        share,
        min(beyond, share, least.names),
        min(share, least.all, *(_least_part(gift.offer, basket) for gift in gifts)),
        _free_with_any_number(gifts, found, basket, margin),
    )


class _LeastFloor(NamedTuple):
    """The least share that the margin leaves to come off names, and off any part of a price."""

    names: Decimal
    all: Decimal


def _least_floor(basket: Basket, margin: Decimal | None) -> _LeastFloor:
    """Of each part by itself: with whatever names, no less may come off the whole."""
    prices = basket.prices
    if margin is None or basket.cost is None:
        return _LeastFloor(Decimal(1), Decimal(1))
    name = _floor_share(prices.name, prices.cost_name, margin)
    wildcard = _floor_share(prices.wildcard, prices.cost_wildcard, margin)
    return _LeastFloor(min(name, wildcard), min(name, wildcard, _floor_share(prices.base, prices.cost_base, margin)))


def _floor_share(price: Decimal, cost: Decimal | None, margin: Decimal) -> Decimal:
    if not price or cost is None:
        return Decimal(1)
    return _down(1 - cost / (1 - margin) / price) if margin < 1 else Decimal(-1)


def _part_beyond(offer: OfferTerms, line: Line, basket: Basket) -> Decimal:
    """What an offer takes of the list price of further names, at least; an amount takes nothing more."""
    if offer.kind is OfferKind.UPGRADE_SAME_PRICE and basket.present_prices:
        part = min(_dearer_shares(basket.prices, basket.present_prices)[1:])
        return min(part, part_of(line, basket.subtotal)) if line.is_limited else part
    return Decimal(0) if line.percent is None else part_of(line, basket.subtotal)


def _least_part(offer: OfferTerms, basket: Basket) -> Decimal:
    """What the dearer product for the same price takes of any part, towards which fewer names lead; else no less."""
    if offer.kind is not OfferKind.UPGRADE_SAME_PRICE or basket.present_prices is None:
        return Decimal(1)
    return min(_dearer_shares(basket.prices, basket.present_prices))


def _dearer_shares(now: UnitPrices, before: UnitPrices) -> list[Decimal]:
    """By how much base, names and wildcards are dearer than before, each of its own price; below zero if cheaper."""
    pairs = (now.base, before.base), (now.name, before.name), (now.wildcard, before.wildcard)
    return [_down(1 - then / price) if price else Decimal(1) for price, then in pairs]


def _free_with_any_number(gifts: Sequence[_Gift], found: Sequence[Line], basket: Basket, margin: Decimal | None) -> int:
    """How many names are free whether one is added or many; found where room was made for all that may be.

    Each further name earns its price but for its cost, and for what other offers take off it; n of them are free for
    any number added if what the order itself earns pays for what n do not.
    """
    lines = [line for gift, line in zip(gifts, found, strict=True) if gift.frees_names and line.amount]
    price, name_cost = basket.prices.name, basket.prices.cost_name
    if not lines or not price:
        return 0
    given = sum(int(-line.amount / price) if line.is_limited else line.quantity for line in lines)
    if margin is None or basket.cost is None or name_cost is None:
        return given
    others = sum((line.amount for gift, line in zip(gifts, found, strict=True) if not gift.frees_names), Decimal(0))
    taken = -others / basket.subtotal
    added = len(basket.names) - basket.present_names
    if margin >= 1:
        return 0
    dear = name_cost / (1 - margin) + taken * price
    earned = basket.subtotal * (1 - taken) - basket.cost / (1 - margin) - added * (price - dear)
    if dear > price or earned < 0:
        return 0
    return min(given, int(earned / dear)) if dear else given


def _down(share: Decimal) -> Decimal:
    return share.quantize(_DIGITS, ROUND_FLOOR)


def _capped(lines: Sequence[Line], chosen: Collection[int | None], most: Decimal) -> list[Line]:
    """All lines, those that apply by themselves down to so much together."""
    automatic = _cut([line for line in lines if line.offer not in chosen], most, by_ceiling=True)
    cut = {line.offer: line for line in automatic}
    return [cut.get(line.offer, line) for line in lines]


def _share(lines: Iterable[Line], chosen: Collection[int | None], subtotal: Decimal) -> Decimal:
    """What those that apply by themselves take of the list price: what they promise, or what a limit leaves of it."""
    return sum((part_of(line, subtotal) for line in lines if line.offer not in chosen), Decimal(0))


def part_of(line: Line, subtotal: Decimal) -> Decimal:
    """The share of a list price that a line of a discount takes: its promise, or what a limit leaves of it."""
    if line.percent is not None and not line.is_limited:
        return line.percent / 100
    return (-line.amount / subtotal).quantize(_DIGITS) if subtotal else Decimal(0)


def _cut(lines: Iterable[Line], room: Decimal, *, by_ceiling: bool = False) -> list[Line]:
    """The lines one after the other, each as far as there is room for it."""
    kept = []
    for line in lines:
        amount = max(line.amount, -room)
        room += amount
        if amount != line.amount:
            line = replace(line, amount=amount, is_limited=True, by_ceiling=by_ceiling)  # noqa: PLW2901
        kept.append(line)
    return kept


def _lowest_net(basket: Basket, margin: Decimal | None) -> Decimal:
    """What must remain of the list price; all of it where that alone is below the floor."""
    if margin is None or basket.cost is None:
        return Decimal(0)
    if margin >= 1:
        return basket.subtotal
    return min(basket.subtotal, rounded(basket.cost / (1 - margin), basket.currency, ROUND_CEILING))


def speaks_of(offer: OfferTerms, basket: Basket) -> bool:
    """Whether there is something in the basket for which an offer is made."""
    targets = offer.conditions.upgrade_targets
    if targets and basket.product not in targets:
        return False
    match offer.kind:
        case OfferKind.UPGRADE_SAME_PRICE | OfferKind.UPGRADE_PERCENT:
            return basket.is_upgrade
        case OfferKind.LONGER_PLAN:
            return basket.term_years >= (offer.min_term_years or 0)
        case OfferKind.CONSOLIDATION:
            return basket.consolidates
        case OfferKind.AMOUNT:
            return offer.currency == basket.currency
        case OfferKind.EXTRA_NAMES:
            return len(basket.names) > basket.present_names
    return True


def _line(offer: OfferTerms, basket: Basket) -> Line:
    quantity, percent = 1, None
    match offer.kind:
        case OfferKind.AMOUNT:
            unit = rounded(offer.amount or Decimal(0), basket.currency)
        case OfferKind.UPGRADE_SAME_PRICE:
            unit = _dearer_by(basket)
        case OfferKind.EXTRA_NAMES:
            quantity, unit = _free_names(offer, basket), basket.prices.name
        case _:
            percent = offer.percent or Decimal(0)
            unit = percent_of(basket.subtotal, percent, basket.currency)
    amount = rounded(quantity * unit, basket.currency)
    return Line(LineKind.DISCOUNT, quantity, -unit, -amount, offer.id, percent)


def _dearer_by(basket: Basket) -> Decimal:
    """How much more the basket costs than the same names and term of the present product, where that is known."""
    if basket.present_prices is None:
        return Decimal(0)
    return max(Decimal(0), basket.subtotal - basket.amount_at(basket.present_prices))


def _free_names(offer: OfferTerms, basket: Basket) -> int:
    """Host names beyond those of the present order; a wildcard is never given away."""
    extra = len(basket.names) - basket.present_names
    return max(0, min(offer.free_names or 0, extra, basket.name_count))
