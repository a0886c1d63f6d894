"""Which offers an order meets, what they take off, and why waiting for the end is never rewarded.

**The never-rise rule.** For each order the best automatic discount never rises as its end nears or after it.
An order is *reached* from the first day in the renewal window on which an automatic offer is meant for it. From
then on each set of automatic offers that fits it, the empty one included, is recorded: its *regimes*. An order
gets the least that any of its regimes so far gives for the very basket at hand (`prices.price`). Regimes are only
ever added, and the minimum over a set that grows never rises; so it holds for every basket, whatever offers begin,
end or run out of money. A new offer therefore gives no more to an order that a worse one has reached before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import NamedTuple

from offers.rules.baskets import Basket, Line, LineKind
from offers.rules.money import percent_of, rounded

# The renewal window, in days left of the order: from its opening to its close.
WINDOW_OPENS = 90
WINDOW_CLOSES = -30


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


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What conditions ask about the present order; customer, price level and owner by their keys."""

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


def fits(conditions: Conditions, facts: OrderFacts) -> bool:
    """Whether an offer is for the order, and today is one of its days."""
    in_days = conditions.days_until <= facts.days_left <= conditions.days_from
    return in_days and fits_but_for_days(conditions, facts)


def fits_but_for_days(conditions: Conditions, facts: OrderFacts) -> bool:
    """Whether an offer is for the order, today or on another day."""
    asked: tuple[tuple[Collection[object], object], ...] = (
        (conditions.families, facts.family),
        (conditions.products, facts.product),
        (conditions.levels, facts.level),
        (conditions.customers, facts.customer),
        (conditions.price_levels, facts.price_level),
        (conditions.owners, facts.owner),
        (conditions.countries, facts.country),
    )
    return (
        all(not wanted or fact in wanted for wanted, fact in asked)
        and (conditions.min_orders is None or facts.customer_orders >= conditions.min_orders)
        and (conditions.max_orders is None or facts.customer_orders <= conditions.max_orders)
        and conditions.first_renewal in (None, facts.is_first_renewal)
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

    Also where that one's own days do not include today: then the regime is without it, so an offer for the
    last 30 days gives nothing to an order it has let pass by for 60.
    """
    in_window = WINDOW_CLOSES <= facts.days_left <= WINDOW_OPENS
    return in_window and any(fits_but_for_days(offer.conditions, facts) for offer in offers)


def regime_of(offers: Iterable[OfferTerms], facts: OrderFacts) -> tuple[int, ...]:
    """The automatic, live offers that an order meets today, by their ids in order."""
    return tuple(sorted(offer.id for offer in offers if fits(offer.conditions, facts)))


def regimes_until_today(
    recorded: Sequence[tuple[int, ...]], offers: Sequence[OfferTerms], facts: OrderFacts
) -> tuple[tuple[int, ...], ...]:
    """The regimes of an order, oldest first, with today's last; none as long as nothing has reached it."""
    if not recorded and not is_reached(offers, facts):
        return ()
    today = regime_of(offers, facts)
    return (*(regime for regime in recorded if regime != today), today)


def rises(terms: OfferTerms) -> bool:
    """Whether an automatic offer would reward waiting: its days begin later than the window opens.

    With 10 % off from 30 days before the end, who renews at 60 pays more than who waits. The never-rise rule
    would take the 10 % away again from all who were reached before, so such an offer is not worth having:
    its days must begin where the window opens. That they end early, as those of an early bird do, is welcome.
    """
    return terms.conditions.days_from < WINDOW_OPENS


# What comes off


def best_discount(basket: Basket, offers: Iterable[OfferTerms], *, floor_margin: Decimal | None) -> tuple[Line, ...]:
    """The lines of the discount that saves most: one for each offer that counts, by their ids.

    Each offer is counted on the undiscounted list amounts and rounded half up once, so it does not matter in
    which order they come. Those that stack are added up; one that does not stands alone. The most saved wins;
    then the fewer lines; then the lowest id. EUR 300.00 with 10 % and EUR 20 that stack, and 15 % that does
    not: 30.00 + 20.00 beats 45.00.

    The net is never below cost / (1 - margin), rounded up, with the strictest margin of the partner and of the
    offers that count; nor below zero. An offer whose own floor would cost more than it brings does not count.
    With unknown cost, or no margin set, zero is the only floor. EUR 300.00 that cost 200.00, at a margin of
    20 %: at most 50.00 come off; of 30.00 + 25.00 the second is cut to 20.00.
    """
    known = {offer.id: offer for offer in offers if _is_for(offer, basket)}
    gifts = [_Gift(offer, _line(offer, basket)) for _id, offer in sorted(known.items())]
    candidates = [_granted(together, basket, floor_margin) for together in _combinations(gifts)]
    return min(candidates, key=_preference, default=())


class _Gift(NamedTuple):
    """An offer, and all that it gives for a basket, whatever the floor says."""

    offer: OfferTerms
    line: Line

    @property
    def floor(self) -> Decimal:
        return Decimal("-Infinity") if self.offer.floor_margin is None else self.offer.floor_margin


def _combinations(gifts: Sequence[_Gift]) -> Iterator[list[_Gift]]:
    """What may be granted together: one that stands alone, or all that stack with floors up to a certain one."""
    yield from ([gift] for gift in gifts if not gift.offer.stacks)
    stacking = [gift for gift in gifts if gift.offer.stacks]
    for floor in {gift.floor for gift in stacking}:
        yield [gift for gift in stacking if gift.floor <= floor]


def _preference(lines: Sequence[Line]) -> tuple[Decimal, int, list[int | None]]:
    return sum((line.amount for line in lines), Decimal(0)), len(lines), [line.offer for line in lines]


def _granted(gifts: Sequence[_Gift], basket: Basket, floor_margin: Decimal | None) -> tuple[Line, ...]:
    """The lines of a combination, each as far as the floor leaves room; what comes to nothing is left out."""
    margins = [margin for margin in (floor_margin, *(gift.offer.floor_margin for gift in gifts)) if margin is not None]
    room = basket.subtotal - _lowest_net(basket, max(margins, default=None))
    lines = []
    for gift in gifts:
        amount = max(gift.line.amount, -room)
        room += amount
        if amount:
            lines.append(replace(gift.line, amount=amount, is_limited=amount != gift.line.amount))
    return tuple(lines)


def _lowest_net(basket: Basket, margin: Decimal | None) -> Decimal:
    """What must remain of the list price; all of it where that alone is below the floor."""
    if margin is None or basket.cost is None:
        return Decimal(0)
    if margin >= 1:
        return basket.subtotal
    return min(basket.subtotal, rounded(basket.cost / (1 - margin), basket.currency, ROUND_CEILING))


def _is_for(offer: OfferTerms, basket: Basket) -> bool:
    """Whether an offer speaks of what is in the basket."""
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
