"""Prices and offers, whatever is bought and whatever is on offer: what holds for every basket, offer and calendar."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from itertools import combinations, pairwise
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from offers.rules.ceilings import Limits, Standing, after_giving, choice_of, lowest
from offers.rules.discounts import (
    WINDOW_CLOSES,
    WINDOW_OPENS,
    Conditions,
    Discount,
    OfferKind,
    OfferTerms,
    OrderFacts,
    best_discount,
    fits,
    rises,
)
from offers.rules.money import decimals, rounded
from offers.rules.prices import Basket, LineKind, Priced, UnitPrices, price

Calendar = Sequence[tuple[OfferTerms, int, int]]  # each offer, live from so many days left down to so many

PRODUCTS, LEVELS = ("ssl_basic", "ssl_securesite_flex", "ssl_securesite_pro"), ("dv", "ov", "ev")
# From free to dear, with more digits than there are coins.
amounts = st.decimals(0, 2000, places=3)
costs = st.decimals(0, 800, places=3)
names = st.lists(st.sampled_from(["www.example.com", "example.com", "*.example.com"]), max_size=6).map(tuple)
currencies = st.sampled_from(["EUR", "USD", "CHF", "JPY"])
unit_prices = st.builds(UnitPrices, amounts, amounts, amounts) | st.builds(
    UnitPrices, amounts, amounts, amounts, cost_base=costs, cost_name=costs, cost_wildcard=costs
)
baskets = st.builds(
    Basket,
    product=st.sampled_from(PRODUCTS),
    family=st.just("Secure Site"),
    level=st.sampled_from(LEVELS),
    term_years=st.integers(1, 3),
    names=names,
    prices=unit_prices,
    currency=currencies,
    is_upgrade=st.booleans(),
    present_prices=st.none() | unit_prices,
    present_names=st.integers(0, 4),
    consolidates=st.booleans(),
)
margins = st.none() | st.decimals(0, 1, places=2)


def some_of(values: Sequence[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


conditions = st.just(Conditions()) | st.builds(
    Conditions,
    levels=some_of(LEVELS),
    min_orders=st.none() | st.integers(0, 5),
    days_from=st.just(WINDOW_OPENS) | st.integers(0, 120),
    days_until=st.just(WINDOW_CLOSES) | st.integers(-60, 89),
    upgrade_targets=some_of(PRODUCTS),
)


def terms_of(ids: st.SearchStrategy[int]) -> st.SearchStrategy[OfferTerms]:
    """Offers of every kind; half of them percentages off everything, so that most baskets have some."""
    percents = st.decimals(0, 100, places=1)
    plain = st.builds(
        OfferTerms,
        id=ids,
        kind=st.just(OfferKind.PERCENT),
        percent=percents,
        stacks=st.booleans(),
        conditions=conditions,
    )
    return plain | st.builds(
        OfferTerms,
        id=ids,
        kind=st.sampled_from(OfferKind),
        percent=percents,
        amount=st.decimals(0, 500, places=2),
        currency=currencies,
        min_term_years=st.integers(1, 3),
        free_names=st.integers(0, 3),
        stacks=st.booleans(),
        floor_margin=margins,
        conditions=conditions,
    )


def some_offers(most: int, first: int = 1) -> st.SearchStrategy[list[OfferTerms]]:
    return st.lists(terms_of(st.integers(first, first + 98)), max_size=most, unique_by=lambda offer: offer.id)


ceilings = st.none() | st.decimals(0, 1, places=4)


# One price


@given(baskets, some_offers(4), margins, some_offers(2, first=100), ceilings)
def test_the_total_is_the_sum_of_the_lines(
    basket: Basket,
    offers: list[OfferTerms],
    margin: Decimal | None,
    chosen: list[OfferTerms],
    ceiling: Decimal | None,
) -> None:
    priced = price(basket, offers, floor_margin=margin, chosen=chosen, ceiling=ceiling)

    assert priced.net == sum(line.amount for line in priced.lines)
    assert priced.subtotal - priced.discount == priced.net
    assert priced.discount == -sum(line.amount for line in priced.lines if line.kind is LineKind.DISCOUNT)
    assert [line.kind for line in priced.lines] == sorted(
        (line.kind for line in priced.lines), key=list(LineKind).index
    )
    for line in priced.lines:
        assert line.amount == rounded(line.amount, basket.currency)
        assert line.is_limited == (line.amount != rounded(line.quantity * line.unit, basket.currency))
        assert (line.amount < 0) == (line.kind is LineKind.DISCOUNT)


@settings(max_examples=400)
@given(baskets, some_offers(4), margins, some_offers(2, first=100), ceilings)
def test_a_discount_takes_no_price_below_its_floor_nor_below_zero(
    basket: Basket,
    offers: list[OfferTerms],
    margin: Decimal | None,
    chosen: list[OfferTerms],
    ceiling: Decimal | None,
) -> None:
    priced = price(basket, offers, floor_margin=margin, chosen=chosen, ceiling=ceiling)

    used = [offer for offer in (*offers, *chosen) if offer.id in priced.offers]
    assert 0 <= priced.discount <= priced.subtotal
    assert 0 <= priced.share <= 1
    for floor in {margin, *(offer.floor_margin for offer in used)} - {None}:
        assert floor is not None
        if priced.cost is not None and priced.discount:
            assert priced.net * (1 - floor) >= priced.cost


@settings(max_examples=300)
@given(baskets, some_offers(4), margins, st.decimals(0, 1, places=4))
def test_automatic_offers_take_no_more_than_the_ceiling_and_all_they_can_below_it(
    basket: Basket, offers: list[OfferTerms], margin: Decimal | None, ceiling: Decimal
) -> None:
    free = best_discount(basket, offers, floor_margin=margin)
    under = best_discount(basket, offers, floor_margin=margin, ceiling=ceiling)

    most = ceiling * basket.subtotal + Decimal(1).scaleb(-decimals(basket.currency)) * max(1, len(under.lines)) / 2
    assert under.share <= ceiling
    assert -sum(line.amount for line in under.lines) <= min(most, -sum(line.amount for line in free.lines))
    if free.share <= ceiling:
        assert under == free


@given(baskets, some_offers(4), margins)
def test_what_was_given_is_a_ceiling_that_cuts_nothing(
    basket: Basket, offers: list[OfferTerms], margin: Decimal | None
) -> None:
    given_once = best_discount(basket, offers, floor_margin=margin)

    assert best_discount(basket, offers, floor_margin=margin, ceiling=given_once.share) == given_once


@given(baskets, some_offers(5), margins, st.randoms(use_true_random=False))
def test_the_order_in_which_offers_are_given_is_nothing(
    basket: Basket, offers: list[OfferTerms], margin: Decimal | None, chance: Random
) -> None:
    shuffled = chance.sample(offers, len(offers))

    assert best_discount(basket, shuffled, floor_margin=margin) == best_discount(basket, offers, floor_margin=margin)


@given(baskets, some_offers(4))
def test_offers_that_stack_give_together_what_each_gives_alone(basket: Basket, offers: list[OfferTerms]) -> None:
    stacking = [replace(offer, stacks=True, floor_margin=None) for offer in offers]

    alone = [best_discount(basket, [offer], floor_margin=None) for offer in stacking]
    full = -sum(line.amount for one in alone for line in one.lines)

    assert price(basket, stacking).discount == min(full, basket.subtotal)


@given(baskets, some_offers(4), margins)
def test_no_combination_that_is_allowed_saves_more(
    basket: Basket, offers: list[OfferTerms], margin: Decimal | None
) -> None:
    found = -sum(line.amount for line in best_discount(basket, offers, floor_margin=margin).lines)

    assert found == max((plainly(basket, together, margin) for together in allowed(offers)), default=0)


def allowed(offers: Sequence[OfferTerms]) -> Iterator[Sequence[OfferTerms]]:
    yield from ([offer] for offer in offers if not offer.stacks)
    stacking = [offer for offer in offers if offer.stacks]
    for count in range(len(stacking) + 1):
        yield from combinations(stacking, count)


def plainly(basket: Basket, together: Sequence[OfferTerms], margin: Decimal | None) -> Decimal:
    """What comes off when these are granted together: all that each gives by itself, down to the strictest floor."""
    free = [replace(offer, floor_margin=None, stacks=False) for offer in together]
    full = sum(
        (-line.amount for offer in free for line in best_discount(basket, [offer], floor_margin=None).lines), Decimal(0)
    )
    floors = [floor for floor in (margin, *(offer.floor_margin for offer in together)) if floor is not None]
    if basket.cost is None or not floors:
        return min(full, basket.subtotal)
    if max(floors) == 1:
        return Decimal(0)
    coin = Decimal(1).scaleb(-decimals(basket.currency))
    lowest = (basket.cost / (1 - max(floors))).quantize(coin, ROUND_CEILING)
    return max(Decimal(0), min(full, basket.subtotal - lowest))


@given(baskets, some_offers(3), some_offers(3, first=100), margins)
def test_a_further_offer_takes_nothing_away(
    basket: Basket, offers: list[OfferTerms], further: list[OfferTerms], margin: Decimal | None
) -> None:
    before = price(basket, offers, floor_margin=margin)

    assert price(basket, offers, floor_margin=margin, chosen=further).discount >= before.discount
    assert price(basket, [*offers, *further], floor_margin=margin).discount >= before.discount


@given(baskets, some_offers(3), margins)
def test_an_offer_given_twice_counts_once(basket: Basket, offers: list[OfferTerms], margin: Decimal | None) -> None:
    assert price(basket, offers, floor_margin=margin, chosen=offers) == price(basket, offers, floor_margin=margin)


@given(baskets, some_offers(4), margins, ceilings)
def test_a_price_is_read_back_as_it_was_written(
    basket: Basket, offers: list[OfferTerms], margin: Decimal | None, ceiling: Decimal | None
) -> None:
    priced = price(basket, offers, floor_margin=margin, ceiling=ceiling)

    assert Priced.from_json(json.loads(json.dumps(priced.to_json()))) == priced


# Waiting is never rewarded


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Offers that follow each other, overlap and leave gaps, some meant for the first or the last days only."""
    return [
        (offer, begins, draw(st.integers(-40, begins)))
        for offer in draw(some_offers(5))
        for begins in [draw(st.integers(-30, 120))]
    ]


def granted(basket: Basket, offers: Sequence[OfferTerms], margin: Decimal | None, stands: Standing | None) -> Discount:
    limits = stands.limits(basket) if stands else Limits()
    return best_discount(basket, offers, floor_margin=margin, ceiling=limits.ceiling, free_names=limits.free_names)


def as_held(basket: Basket) -> Basket:
    """With as many names as its order has."""
    return replace(basket, present_names=len(basket.names), present_wildcards=basket.wildcard_count)


def shares_day_by_day(
    calendar: Calendar, baskets: Sequence[Basket], facts: OrderFacts, margins: Sequence[Decimal | None]
) -> Iterator[Decimal]:
    """The share that comes off from the day an order is first reached until its window closes.

    Each day one of the baskets stands for the list of the day (the same is bought, prices differ), and one margin.
    On a day on which it costs nothing there is no share.
    """
    stands: Standing | None = None
    for day, days_left in enumerate(range(120, WINDOW_CLOSES - 1, -1)):
        live = [offer for offer, begins, ends in calendar if begins >= days_left >= ends]
        today, basket = replace(facts, days_left=days_left), baskets[day % len(baskets)]
        fitting = [offer for offer in live if fits(offer.conditions, today)]
        found = granted(basket, fitting, margins[day % len(margins)], stands)
        stands = after_giving(found, basket, today, live, stands)
        if stands and basket.subtotal and choice_of(basket) in stands.ceilings:
            yield found.share


@settings(max_examples=300)
@given(
    calendars(),
    baskets,
    st.lists(unit_prices, min_size=1, max_size=4),
    st.lists(margins, min_size=1, max_size=3),
    st.sampled_from(LEVELS),
    st.integers(0, 6),
)
def test_no_share_rises_as_the_end_nears_or_after_it_whatever_prices_costs_and_margins_do(
    calendar: Calendar,
    basket: Basket,
    lists: list[UnitPrices],
    floors: list[Decimal | None],
    level: str,
    orders: int,
) -> None:
    facts = OrderFacts("ssl_basic", "DigiCert Basic", level, 1, None, None, "FR", orders, True, 0)
    priced = [replace(as_held(basket), prices=prices) for prices in lists]

    shares = list(shares_day_by_day(calendar, priced, facts, floors))

    assert all(later <= earlier for earlier, later in pairwise(shares))


@given(calendars(), baskets, st.sampled_from(LEVELS))
def test_an_offer_that_rewards_waiting_gives_nothing_to_whom_it_let_wait(
    calendar: Calendar, basket: Basket, level: str
) -> None:
    facts = OrderFacts("ssl_basic", "DigiCert Basic", level, 1, None, None, "FR", 3, True, 0)
    all_along = [(offer, 120, WINDOW_CLOSES) for offer, _begins, _ends in calendar if rises(offer)]

    assert not any(shares_day_by_day(all_along, [basket], facts, [None]))


# Whole prices: what one is charged is rounded to coins, and shares of next to nothing are all coins.
prices_and_costs = st.builds(UnitPrices, *[st.integers(1, 500).map(Decimal)] * 3) | st.builds(
    UnitPrices,
    *[st.integers(1, 500).map(Decimal)] * 3,
    cost_base=st.integers(0, 400).map(Decimal),
    cost_name=st.integers(0, 400).map(Decimal),
    cost_wildcard=st.integers(0, 400).map(Decimal),
)
moments = st.lists(st.tuples(some_offers(3), margins), min_size=2, max_size=5)


# A host name costs more than it is sold for, and comes in the place of a wildcard.
_HALF_OFF = OfferTerms(id=1, kind=OfferKind.PERCENT, percent=Decimal(50))
_WILDCARD = Basket("ssl_basic", "Basic", "dv", 1, ("*.example.com",), UnitPrices(*[Decimal(0)] * 3), "EUR")
_AT_A_LOSS = UnitPrices(Decimal(130), Decimal(2), Decimal(1), Decimal(29), Decimal(103), Decimal(0))
# What the order itself loses, one further name just makes up for: nothing is left to give it away.
_ONE_FREE, _TWO_FREE = (OfferTerms(id=n, kind=OfferKind.EXTRA_NAMES, free_names=n) for n in (1, 2))
_LOSING = UnitPrices(Decimal(1), Decimal(1), Decimal(1), Decimal(2), Decimal(0), Decimal(0))


@settings(max_examples=200, deadline=None)
@example([([_HALF_OFF], Decimal(0)), ([_HALF_OFF], None)], _WILDCARD, _AT_A_LOSS, _AT_A_LOSS, [("www.example.com",)])
@example(
    [([_ONE_FREE], Decimal(0)), ([_TWO_FREE], None)],
    replace(_WILDCARD, names=()),
    _LOSING,
    _LOSING,
    [("www.example.com",)],
)
@given(moments, baskets, prices_and_costs, prices_and_costs, st.lists(names, min_size=1, max_size=3))
def test_with_whatever_names_no_discount_rises_while_prices_stand(
    whiles: Sequence[tuple[Sequence[OfferTerms], Decimal | None]],
    basket: Basket,
    prices: UnitPrices,
    before: UnitPrices,
    others: list[tuple[str, ...]],
) -> None:
    held = as_held(replace(basket, prices=prices, present_prices=before, currency="EUR"))
    wishes = [replace(held, names=names) for other in others for names in (other, (*held.names, *other))]

    shown = list(discounts_in_turn(whiles, held, wishes))

    for amounts_off in zip(*shown, strict=True):
        assert all(later <= earlier + _COINS for earlier, later in pairwise(amounts_off))
        assert min(amounts_off) >= 0


# A coin for each line, since lines are rounded one by one.
_COINS = Decimal("0.05")


def discounts_in_turn(
    whiles: Sequence[tuple[Sequence[OfferTerms], Decimal | None]], held: Basket, wishes: Sequence[Basket]
) -> Iterator[list[Decimal]]:
    """What comes off each wish from when an offer first speaks of the choice, valued each time anything changes."""
    facts = OrderFacts("ssl_basic", "DigiCert Basic", "dv", 1, None, None, "FR", 3, True, 60)
    stands: Standing | None = None
    added = max((offer.free_names or 0 for live, _margin in whiles for offer in live), default=0) or 1
    wider = replace(held, names=(*held.names, *["a.example"] * added))
    for live, margin in whiles:
        fitting = [offer for offer in live if fits(offer.conditions, facts)]
        valued = [(one, granted(one, fitting, margin, stands)) for one in (held, wider)]
        found = [after_giving(discount, one, facts, live, stands) for one, discount in valued]
        stands = lowest(one for one in found if one)
        if stands and choice_of(held) in stands.ceilings:
            yield [off(granted(one, fitting, margin, stands)) for one in wishes]


def off(found: Discount) -> Decimal:
    return -sum((line.amount for line in found.lines), Decimal(0))
