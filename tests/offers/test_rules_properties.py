"""Prices and offers, whatever is bought and whatever is on offer: what holds for every basket, offer and calendar."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from itertools import combinations, pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from offers.rules.discounts import (
    WINDOW_CLOSES,
    WINDOW_OPENS,
    Conditions,
    OfferKind,
    OfferTerms,
    OrderFacts,
    best_discount,
    regimes_until_today,
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


regimes = st.lists(some_offers(3), max_size=3)


# One price


@given(baskets, regimes, margins, some_offers(2))
def test_the_total_is_the_sum_of_the_lines(
    basket: Basket, reached: list[list[OfferTerms]], margin: Decimal | None, chosen: list[OfferTerms]
) -> None:
    priced = price(basket, reached, floor_margin=margin, chosen=chosen)

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
@given(baskets, regimes, margins, some_offers(2))
def test_a_discount_takes_no_price_below_its_floor_nor_below_zero(
    basket: Basket, reached: list[list[OfferTerms]], margin: Decimal | None, chosen: list[OfferTerms]
) -> None:
    priced = price(basket, reached, floor_margin=margin, chosen=chosen)

    used = [offer for offer in (*sum(reached, []), *chosen) if offer.id in priced.offers]  # noqa: RUF017 - three short lists
    assert 0 <= priced.discount <= priced.subtotal
    assert 0 <= priced.share <= 1
    for floor in {margin, *smallest_floors(used, priced)} - {None}:
        assert floor is not None
        if priced.cost is not None and priced.discount:
            assert priced.net * (1 - floor) >= priced.cost


def smallest_floors(used: Sequence[OfferTerms], priced: Priced) -> Iterator[Decimal | None]:
    """Of each offer on the bill its floor; an id may stand for different terms in different regimes: the mildest."""
    for offer_id in priced.offers:
        floors = [offer.floor_margin for offer in used if offer.id == offer_id]
        yield None if None in floors else min(floor for floor in floors if floor is not None)


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
    full = -sum(line.amount for lines in alone for line in lines)

    assert price(basket, [stacking]).discount == min(full, basket.subtotal)


@given(baskets, some_offers(4), margins)
def test_no_combination_that_is_allowed_saves_more(
    basket: Basket, offers: list[OfferTerms], margin: Decimal | None
) -> None:
    found = -sum(line.amount for line in best_discount(basket, offers, floor_margin=margin))

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
        (-line.amount for offer in free for line in best_discount(basket, [offer], floor_margin=None)), Decimal(0)
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
    before = price(basket, [offers], floor_margin=margin)

    assert price(basket, [offers], floor_margin=margin, chosen=further).discount >= before.discount
    assert price(basket, [[*offers, *further]], floor_margin=margin).discount >= before.discount


@given(baskets, some_offers(3), margins)
def test_an_offer_given_twice_counts_once(basket: Basket, offers: list[OfferTerms], margin: Decimal | None) -> None:
    assert price(basket, [offers], floor_margin=margin, chosen=offers) == price(basket, [offers], floor_margin=margin)


@given(baskets, regimes, margins)
def test_a_price_is_read_back_as_it_was_written(
    basket: Basket, reached: list[list[OfferTerms]], margin: Decimal | None
) -> None:
    priced = price(basket, reached, floor_margin=margin)

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


def prices_day_by_day(
    calendar: Calendar, basket: Basket, facts: OrderFacts, margin: Decimal | None, chosen: Sequence[OfferTerms]
) -> Iterator[Priced]:
    """The price of an order from the day it is first reached until its window closes, each time it changes."""
    terms = {offer.id: offer for offer, _begins, _ends in calendar}
    reached: tuple[tuple[int, ...], ...] = ()
    for days_left in range(120, WINDOW_CLOSES - 1, -1):
        live = [offer for offer, begins, ends in calendar if begins >= days_left >= ends]
        before, reached = reached, regimes_until_today(reached, live, replace(facts, days_left=days_left))
        if reached != before:
            by_terms = [[terms[offer_id] for offer_id in regime] for regime in reached]
            yield price(basket, by_terms, floor_margin=margin, chosen=chosen)


@settings(max_examples=300)
@given(calendars(), baskets, margins, some_offers(2, first=100), st.sampled_from(LEVELS), st.integers(0, 6))
def test_no_discount_rises_as_the_end_nears_or_after_it(
    calendar: Calendar, basket: Basket, margin: Decimal | None, chosen: list[OfferTerms], level: str, orders: int
) -> None:
    facts = OrderFacts("ssl_basic", "DigiCert Basic", level, 1, None, None, "FR", orders, True, 0)

    for codes in ([], chosen):
        discounts = [priced.discount for priced in prices_day_by_day(calendar, basket, facts, margin, codes)]

        assert all(later <= earlier for earlier, later in pairwise(discounts))


@given(calendars(), baskets, st.sampled_from(LEVELS))
def test_an_offer_that_rewards_waiting_gives_nothing_to_whom_it_let_wait(
    calendar: Calendar, basket: Basket, level: str
) -> None:
    facts = OrderFacts("ssl_basic", "DigiCert Basic", level, 1, None, None, "FR", 3, True, 0)
    all_along = [(offer, 120, WINDOW_CLOSES) for offer, _begins, _ends in calendar if rises(offer)]

    assert all(not priced.discount for priced in prices_day_by_day(all_along, basket, facts, None, []))
