"""Whom an offer is for, whom it has reached, and what an order is owed from then on: by example."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from offers.rules.arms import Trial
from offers.rules.discounts import (
    Conditions,
    OfferKind,
    OfferTerms,
    OrderFacts,
    fits,
    fits_but_for_days,
    is_reached,
    rises,
)

FACTS = OrderFacts(
    product="ssl_securesite_flex",
    family="Secure Site",
    level="ov",
    customer=7,
    price_level=3,
    owner=12,
    country="FR",
    customer_orders=40,
    is_first_renewal=True,
    days_left=60,
)


def with_days(days_left: int) -> OrderFacts:
    return replace(FACTS, days_left=days_left)


def automatic(id: int, *, percent: str = "10", **conditions: Any) -> OfferTerms:  # noqa: A002
    return OfferTerms(id, OfferKind.PERCENT, percent=Decimal(percent), conditions=Conditions(**conditions))


# Conditions


def test_an_offer_without_conditions_is_for_everybody_in_the_renewal_window() -> None:
    assert [days for days in range(120, -60, -1) if fits(Conditions(), with_days(days))] == list(range(90, -31, -1))


@pytest.mark.parametrize(
    ("met", "missed"),
    [
        ({"families": frozenset({"Secure Site", "GeoTrust"})}, {"families": frozenset({"GeoTrust"})}),
        ({"products": frozenset({"ssl_securesite_flex"})}, {"products": frozenset({"ssl_basic"})}),
        ({"levels": frozenset({"ov"})}, {"levels": frozenset({"dv", "ev"})}),
        ({"customers": frozenset({7, 8})}, {"customers": frozenset({8})}),
        ({"price_levels": frozenset({3})}, {"price_levels": frozenset({1, 2})}),
        ({"owners": frozenset({12})}, {"owners": frozenset({7})}),
        ({"countries": frozenset({"FR", "BE"})}, {"countries": frozenset({"DE"})}),
        ({"min_orders": 40}, {"min_orders": 41}),
        ({"max_orders": 40}, {"max_orders": 39}),
        ({"min_orders": 10, "max_orders": 50}, {"min_orders": 0, "max_orders": 0}),
        ({"first_renewal": True}, {"first_renewal": False}),
        ({"days_from": 90, "days_until": 60}, {"days_from": 90, "days_until": 61}),
        ({"days_from": 60, "days_until": 0}, {"days_from": 59, "days_until": 0}),
    ],
)
def test_each_condition_is_met_or_missed(met: dict[str, Any], missed: dict[str, Any]) -> None:
    assert fits(Conditions(**met), FACTS)
    assert not fits(Conditions(**missed), FACTS)


def test_every_condition_must_be_met() -> None:
    assert not fits(Conditions(levels=frozenset({"ov"}), countries=frozenset({"DE"})), FACTS)


def test_who_has_no_owner_and_no_level_meets_no_list_of_them() -> None:
    alone = replace(FACTS, owner=None, price_level=None)

    assert fits(Conditions(), alone)
    assert not fits(Conditions(owners=frozenset({12})), alone)
    assert not fits(Conditions(price_levels=frozenset({3})), alone)


def test_days_may_be_left_aside() -> None:
    early_bird = Conditions(days_until=61)

    assert not fits(early_bird, FACTS)
    assert fits_but_for_days(early_bird, FACTS)
    assert not fits_but_for_days(replace(early_bird, levels=frozenset({"ev"})), FACTS)


# Whom offers have reached


def test_an_order_is_reached_once_an_offer_is_meant_for_it() -> None:
    assert is_reached([automatic(1)], FACTS)
    assert not is_reached([automatic(1, levels=frozenset({"ev"}))], FACTS)
    assert is_reached([automatic(1, levels=frozenset({"ev"})), automatic(2)], FACTS)
    assert not is_reached([], FACTS)


@pytest.mark.parametrize(("days", "expected"), [(91, False), (90, True), (0, True), (-30, True), (-31, False)])
def test_nothing_reaches_an_order_outside_its_renewal_window(days: int, expected: bool) -> None:
    assert is_reached([automatic(1, days_from=365, days_until=-365)], with_days(days)) == expected


def test_an_order_is_also_reached_on_a_day_its_offer_leaves_out() -> None:
    last_minute = automatic(1, days_from=30)

    assert is_reached([last_minute], with_days(60))


# Trials


def test_a_trial_is_for_the_orders_of_its_arm_only() -> None:
    half = automatic(1, trial=Trial(1, 50))
    chains = [chain for chain in range(200) if fits_but_for_days(half.conditions, replace(FACTS, chain=chain))]

    assert chains == [chain for chain in range(200) if Trial(1, 50).is_on(chain)]
    assert 70 < len(chains) < 130
    assert not is_reached([half], replace(FACTS, chain=next(one for one in range(200) if one not in chains)))


# What rewards waiting


@pytest.mark.parametrize(("days_from", "expected"), [(365, False), (90, False), (89, True), (30, True), (-1, True)])
def test_an_offer_that_begins_after_the_window_has_opened_rewards_waiting(days_from: int, expected: bool) -> None:
    assert rises(automatic(1, days_from=days_from)) == expected


def test_an_early_bird_rewards_nobody_who_waits() -> None:
    assert not rises(automatic(1, days_until=60))
