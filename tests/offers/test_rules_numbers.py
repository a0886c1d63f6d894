"""Money's coins, a quote's number and last day, and what a discount must bring: by example and for all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.rules.breakeven import needed_rate, rate_to_earn
from offers.rules.money import decimals, percent_of, rounded
from offers.rules.numbers import quote_number, validity_limit

# Money


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("10.005", "EUR", "10.01"),
        ("10.0049", "EUR", "10.00"),
        ("7", "USD", "7.00"),
        ("-10.005", "CHF", "-10.01"),
        ("1234.5", "JPY", "1235"),
        ("1234.49", "JPY", "1234"),
        ("1.005", "XYZ", "1.01"),
    ],
)
def test_halves_go_up_to_the_next_coin(amount: str, currency: str, expected: str) -> None:
    assert str(rounded(Decimal(amount), currency)) == expected


def test_every_currency_has_cents_but_the_yen() -> None:
    assert [decimals(currency) for currency in ("EUR", "USD", "GBP", "CHF", "CAD", "SEK", "JPY")] == [2] * 6 + [0]


def test_a_percentage_is_rounded_to_coins() -> None:
    assert percent_of(Decimal("199.00"), Decimal("7.5"), "EUR") == Decimal("14.93")


# The number of a quote


def test_a_quote_is_numbered_by_year_in_five_digits_or_more() -> None:
    assert [quote_number("Q", 2026, n) for n in (1, 42, 123456)] == ["Q-2026-00001", "Q-2026-00042", "Q-2026-123456"]


def test_a_number_may_stand_without_prefix() -> None:
    assert quote_number("", 2026, 42) == "2026-00042"


# The last day of a quote

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("asked", "last_days", "expected"),
    [
        (date(2026, 12, 23), [], date(2026, 12, 23)),
        (date(2026, 12, 23), [date(2027, 1, 31)], date(2026, 12, 23)),
        (date(2026, 12, 23), [date(2027, 1, 31), date(2026, 12, 4)], date(2026, 12, 4)),
        (date(2026, 12, 23), [TODAY], TODAY),
        (date(2026, 12, 23), [date(2026, 11, 22)], date(2026, 12, 23)),
        (date(2026, 12, 23), [date(2026, 11, 22), date(2026, 12, 10)], date(2026, 12, 10)),
    ],
    ids=["no order", "ends later", "the first to end", "ends today", "has ended", "one has ended"],
)
def test_a_quote_holds_until_the_first_of_its_running_orders_ends(
    asked: date, last_days: list[date], expected: date
) -> None:
    assert validity_limit(asked, last_days, TODAY) == expected


# What a discount must bring


@pytest.mark.parametrize(
    ("base_rate", "margin", "discount", "expected"),
    [
        ("0.6", "0.4", "0.1", "0.8"),
        ("0.8", "0.4", "0.1", None),
        ("0.75", "0.4", "0.1", "1"),
        ("0.6", "0.4", "0", "0.6"),
        ("0.5", "0.2", "0.2", None),
        ("0.5", "0.2", "0.3", None),
        ("0", "0.4", "0.1", "0"),
    ],
)
def test_what_a_discount_must_lift_renewals_to(
    base_rate: str, margin: str, discount: str, expected: str | None
) -> None:
    needed = needed_rate(Decimal(base_rate), Decimal(margin), Decimal(discount))

    assert needed == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [("80", "50", "0.96"), ("80", "100", "0.48"), ("80", "40", None), ("80", "-10", None), ("-5", "50", "0")],
)
def test_what_renewals_must_rise_to_where_more_is_bought(before: str, after: str, expected: str | None) -> None:
    needed = rate_to_earn(Decimal("0.6"), Decimal(before), Decimal(after))

    assert needed == (None if expected is None else Decimal(expected))


shares = st.decimals(0, 1, places=3)


@given(shares, shares, shares)
def test_at_the_needed_rate_as_much_is_earned_as_without_the_discount(
    base_rate: Decimal, margin: Decimal, discount: Decimal
) -> None:
    needed = needed_rate(base_rate, margin, discount)

    if needed is None:
        assert base_rate * margin >= margin - discount
    else:
        assert base_rate <= needed <= 1
        assert needed * (margin - discount) == pytest.approx(base_rate * margin)
