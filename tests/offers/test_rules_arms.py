"""An order stays in its arm: the same on every day, for every renewal, and whatever the share becomes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.rules.arms import Trial, drawn

keys = st.integers(1, 2**40)


@given(keys, keys, st.integers(1, 100))
def test_asked_twice_an_order_is_in_the_same_arm(key: int, chain: int, percent: int) -> None:
    assert Trial(key, percent).is_on(chain) == Trial(key, percent).is_on(chain)


@given(keys, keys)
def test_a_larger_share_only_adds_orders(key: int, chain: int) -> None:
    grown = [Trial(key, percent).is_on(chain) for percent in range(1, 101)]

    assert all(later >= earlier for earlier, later in pairwise(grown))
    assert grown[-1]


@pytest.mark.parametrize("percent", [1, 10, 50, 90])
def test_the_arm_is_as_large_as_it_was_meant(percent: int) -> None:
    inside = sum(Trial(7, percent).is_on(chain) for chain in range(1, 20_001))

    assert abs(inside - 200 * percent) < 300


def test_the_draw_is_written_in_stone() -> None:
    """Other numbers would move orders to the other arm in the middle of a trial."""
    assert [drawn(1, chain) for chain in range(1, 6)] == [5222, 8578, 8743, 3292, 3496]


def test_each_offer_draws_anew() -> None:
    arms = [[Trial(key, 50).is_on(chain) for chain in range(100)] for key in (1, 2)]

    assert arms[0] != arms[1]


def test_what_is_no_renewal_is_not_held_back() -> None:
    assert Trial(1, 1).is_on(None)
