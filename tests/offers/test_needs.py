"""What a customer needs beside what they have: read off their orders, in names, orders and money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certificates.rules import Level
from offers.rules.needs import (
    FEWEST_NAMES,
    LAPSE_DAYS,
    WILDCARD_NAMES,
    Need,
    NeedCode,
    OrderFacts,
    Pricer,
    ProductFacts,
    covers,
    is_sensitive,
    needs_of,
)

TODAY = date(2026, 11, 22)
DV = ProductFacts(pk=1, name_id="dv", name="GeoTrust DV", level=Level.DV, max_years=3)
OV = ProductFacts(pk=2, name_id="ov", name="Secure Site OV", level=Level.OV, weight=3, max_years=3)
PRO = ProductFacts(
    pk=3, name_id="pro", name="Secure Site Pro", level=Level.OV, weight=7, is_monitored=True, max_years=3
)
EV = ProductFacts(pk=4, name_id="ev", name="Secure Site EV", level=Level.EV, weight=5, allows_wildcard=False)
CODES_BY_URGENCY = [
    NeedCode.LAPSED,
    NeedCode.BESIDE,
    NeedCode.MISSING_WWW,
    NeedCode.MISSING_APEX,
    NeedCode.SENSITIVE_DV,
    NeedCode.WILDCARD,
    NeedCode.LONGER_PLAN,
]


def order(pk: int, *names: str, product: ProductFacts | None = OV, days: int = 100, **fields: Any) -> OrderFacts:
    """A live one-year order that ends in so many days."""
    facts = {"term_years": 1, "is_live": days >= 0} | fields
    return OrderFacts(pk=pk, names=names, product=product, ends_on=TODAY + timedelta(days=days), **facts)


def registered(name: str) -> str:
    """The last two labels: enough where no public suffix has a dot."""
    labels = name.removeprefix("*.").split(".")
    return ".".join(labels[-2:]) if len(labels) > 1 else ""


def no_price(_product: int, _years: int, _names: Sequence[str]) -> None:
    return None


def by_the_name(base: int, name: int, wildcard: int, *, longer: str = "1") -> Pricer:
    """A list: each further year costs `longer` of the first."""

    def price(_product: int, years: int, names: Sequence[str]) -> Decimal:
        wildcards = sum(one.startswith("*.") for one in names)
        year = Decimal(base + (len(names) - wildcards) * name + wildcards * wildcard)
        return year + year * Decimal(longer) * (years - 1)

    return price


def found(*orders: OrderFacts, price: Pricer = no_price) -> list[Need]:
    return list(needs_of(orders, today=TODAY, price=price, registered=registered))


def hosts(number: int, domain: str = "example.org") -> tuple[str, ...]:
    return tuple(f"host{index}.{domain}" for index in range(number))


# What is covered


@pytest.mark.parametrize(
    ("held", "host", "answer"),
    [
        ("www.example.org", "www.example.org", True),
        ("*.example.org", "www.example.org", True),
        ("*.example.org", "*.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "a.b.example.org", False),
        ("*.b.example.org", "a.b.example.org", True),
        ("www.example.org", "example.org", False),
        ("*.example.org", "www.other.org", False),
    ],
)
def test_a_wildcard_covers_exactly_one_label(held: str, host: str, answer: bool) -> None:
    assert covers(held, host) is answer


def test_a_customer_who_has_everything_needs_nothing() -> None:
    assert found(order(1, "example.org", "www.example.org")) == []


# Uncovered names


def test_a_domain_without_its_www_and_a_www_without_its_domain_are_both_told() -> None:
    assert found(order(1, "example.org"), order(2, "www.other.org")) == [
        Need(code=NeedCode.MISSING_WWW, orders=(1,), names=("www.example.org",), domain="example.org"),
        Need(code=NeedCode.MISSING_APEX, orders=(2,), names=("other.org",), domain="www.other.org"),
    ]


def test_the_other_half_may_stand_on_another_order_or_under_a_wildcard() -> None:
    assert found(order(1, "example.org"), order(2, "www.example.org")) == []
    assert found(order(1, "example.org"), order(2, "*.example.org")) == []


def test_a_host_below_a_host_has_no_other_half() -> None:
    assert found(order(1, "www.shop.example.org")) == []


def test_names_of_an_order_that_ended_unrenewed_are_told_once() -> None:
    assert found(
        order(1, "old.example.org", "older.example.org", days=-10),
        order(2, "old.example.org", days=-300),
    ) == [Need(code=NeedCode.LAPSED, orders=(1,), names=("old.example.org", "older.example.org"))]


def test_a_lapsed_name_goes_beside_its_siblings_on_the_order_that_ends_first() -> None:
    assert found(
        order(1, "a.example.org", days=200),
        order(2, "b.example.org", days=100),
        order(3, "old.example.org", days=-10),
        order(4, "c.other.org", days=50),
    ) == [Need(code=NeedCode.BESIDE, orders=(2, 3), names=("old.example.org",), domain="example.org")]


@pytest.mark.parametrize(
    "ended",
    [
        order(2, "old.example.org", days=-10, is_open=False),
        order(2, "www.example.org", days=-10),
        order(2, "old.example.org", days=-LAPSE_DAYS - 1),
    ],
    ids=["renewed elsewhere", "covered by another", "long ago"],
)
def test_what_ended_and_is_settled_is_no_lapse(ended: OrderFacts) -> None:
    assert found(order(1, "example.org", "www.example.org"), ended) == []


# Sensitive hosts


def test_where_people_pay_dv_is_too_little_beside_monitored_hosts() -> None:
    price = by_the_name(100, 10, 500)

    assert found(
        order(1, "www.example.org", "example.org", product=PRO),
        order(2, "pay.example.org", "blog.example.org", product=DV),
        price=price,
    ) == [
        Need(
            code=NeedCode.SENSITIVE_DV,
            orders=(2,),
            names=("pay.example.org",),
            product=PRO,
            years=1,
            now=Decimal(120),
            then=Decimal(120),
        )
    ]


def test_without_a_monitored_host_nobody_is_told_to_raise_the_others() -> None:
    assert found(order(1, "pay.example.org", product=DV), order(2, "a.example.org", product=OV)) == []


def test_a_sensitive_host_that_a_verified_order_covers_too_is_left_alone() -> None:
    assert found(order(1, "*.example.org", product=PRO), order(2, "pay.example.org", product=DV)) == []


def test_only_the_first_label_says_what_a_host_is_for() -> None:
    assert is_sensitive("shop.example.org")
    assert not is_sensitive("www.shop.org")
    assert not is_sensitive("shopping.example.org")


# A wildcard


def test_without_prices_a_wildcard_is_advised_from_six_names_on() -> None:
    assert found(order(1, *hosts(WILDCARD_NAMES - 1))) == []

    assert found(order(1, *hosts(WILDCARD_NAMES))) == [
        Need(
            code=NeedCode.WILDCARD,
            orders=(1,),
            names=hosts(WILDCARD_NAMES),
            domain="example.org",
            product=OV,
            years=1,
        )
    ]


def test_with_prices_a_wildcard_is_advised_once_it_costs_less() -> None:
    price = by_the_name(200, 25, 150)

    assert found(order(1, *hosts(6)), price=price) == []

    (need,) = found(order(1, *hosts(7)), price=price)
    assert (need.now, need.then, need.saving) == (Decimal(375), Decimal(350), Decimal(25))


def test_one_wildcard_takes_in_several_orders_and_the_names_it_does_not_cover() -> None:
    price = by_the_name(100, 10, 30)

    (need,) = found(
        order(1, "a.example.org", "b.example.org", product=DV),
        order(2, "c.example.org", "deep.c.example.org"),
        price=price,
    )

    # 120 + 120 as they are; one OV order at 100 + one wildcard at 30 + one name at 10.
    assert (need.orders, need.names) == ((1, 2), ("a.example.org", "b.example.org", "c.example.org"))
    assert (need.product, need.now, need.then) == (OV, Decimal(240), Decimal(140))


def test_ev_is_never_turned_into_a_wildcard() -> None:
    assert found(order(1, *hosts(20), product=EV)) == []


def test_names_that_a_wildcard_covers_already_are_not_counted() -> None:
    assert found(order(1, *hosts(20)), order(2, "*.example.org")) == []


def test_an_order_that_is_being_renewed_is_left_out_of_what_saves() -> None:
    price = by_the_name(100, 10, 10, longer="0.5")

    assert found(order(1, *hosts(9), is_open=False), price=price) == []


# A longer plan


def test_a_longer_plan_is_advised_where_the_list_says_that_it_saves() -> None:
    price = by_the_name(100, 0, 0, longer="0.8")

    assert found(order(1, "a.example.org"), order(2, "b.example.org"), price=price) == [
        Need(
            code=NeedCode.LONGER_PLAN,
            orders=(1, 2),
            years=3,
            now=Decimal(600),
            then=Decimal("520.0"),
        )
    ]


@pytest.mark.parametrize("price", [no_price, by_the_name(100, 0, 0)], ids=["no price", "no saving"])
def test_without_a_saving_nobody_is_told_of_a_longer_plan(price: Pricer) -> None:
    assert found(order(1, "a.example.org"), price=price) == []


def test_who_has_a_longer_plan_already_is_not_told_of_one() -> None:
    assert found(order(1, "a.example.org", term_years=2), price=by_the_name(100, 0, 0, longer="0.5")) == []


# What holds for every customer

_LABELS = st.sampled_from(["www", "pay", "shop", "a", "b", "c", "d", "*"])
_NAMES = st.builds(lambda label, domain: f"{label}.{domain}", _LABELS, st.sampled_from(["one.org", "two.org"]))
_HOSTS = st.lists(_NAMES | st.sampled_from(["one.org", "two.org"]), min_size=1, max_size=8, unique=True)
_ORDERS = st.lists(
    st.tuples(_HOSTS, st.sampled_from([DV, OV, PRO, EV, None]), st.integers(-500, 500), st.booleans()),
    max_size=6,
).map(
    lambda rows: [
        order(pk, *names, product=product, days=days, is_open=is_open)
        for pk, (names, product, days, is_open) in enumerate(rows, 1)
    ]
)
_PRICERS = st.one_of(
    st.just(no_price),
    st.builds(by_the_name, st.integers(0, 300), st.integers(0, 60), st.integers(0, 300)),
    st.builds(by_the_name, st.integers(1, 300), st.integers(0, 60), st.integers(0, 300), longer=st.just("0.7")),
)


# How long a busy machine takes to draw orders says nothing about them.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(_ORDERS, _PRICERS)
def test_nothing_that_is_covered_is_called_uncovered(orders: list[OrderFacts], price: Pricer) -> None:
    live = [name for one in orders if one.is_live for name in one.names]
    uncovered = {NeedCode.LAPSED, NeedCode.BESIDE, NeedCode.MISSING_WWW, NeedCode.MISSING_APEX}

    for need in found(*orders, price=price):
        if need.code in uncovered:
            assert not any(covers(held, name) for held in live for name in need.names)


@unhurried
@given(_ORDERS, _PRICERS)
def test_each_need_speaks_of_orders_of_the_customer_and_saves_what_it_promises(
    orders: list[OrderFacts], price: Pricer
) -> None:
    known = {one.pk: one for one in orders}

    for need in found(*orders, price=price):
        assert need.orders
        assert set(need.orders) <= set(known)
        if need.code in (NeedCode.WILDCARD, NeedCode.LONGER_PLAN):
            assert need.saving is None or need.saving > 0
            assert all(known[pk].is_live and known[pk].is_open for pk in need.orders)
        if need.code == NeedCode.WILDCARD:
            assert len(need.names) >= FEWEST_NAMES
            assert all(covers(f"*.{need.domain}", name) for name in need.names)
            assert all(known[pk].level != Level.EV for pk in need.orders)


@unhurried
@given(_ORDERS, _PRICERS)
def test_the_same_orders_in_another_order_need_the_same(orders: list[OrderFacts], price: Pricer) -> None:
    def told(given_orders: list[OrderFacts]) -> set[tuple[Any, ...]]:
        return {(one.code, frozenset(one.names), one.domain, one.saving) for one in found(*given_orders, price=price)}

    assert told(orders) == told(orders[::-1])


@unhurried
@given(_ORDERS)
def test_each_uncovered_name_is_told_once_and_the_uncovered_come_first(orders: list[OrderFacts]) -> None:
    needs = found(*orders)

    lapsed = [name for need in needs if need.code in (NeedCode.LAPSED, NeedCode.BESIDE) for name in need.names]
    assert len(lapsed) == len(set(lapsed))
    stages = [max(CODES_BY_URGENCY.index(need.code) // 2, 0) for need in needs]
    assert stages == sorted(stages)
