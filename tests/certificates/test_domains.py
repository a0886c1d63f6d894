"""Domains: the ends of their validation, and which orders wait for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from certificates.models import Customer
from certificates.states import OrderStatus, RenewalMark
from portal.models import Partner
from portal.roles import Role
from tests.certificates.expiring import content, sign_in, text
from tests.factories import TODAY, make_customer, make_domain, make_order, make_partner
from tests.queries import assert_query_baseline


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def browser(partner: Partner) -> Client:
    return sign_in(partner)


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner, "Granit Phare SA", search_text=" granit phare sa")


def day(days: int) -> Any:
    return TODAY + timedelta(days=days)


def held_up(browser: Client) -> dict[str, int]:
    return {row.name: row.holds_up for row in browser.get("/domains/").context["table"].data}


def test_what_lapses_first_stands_first_and_the_unknown_last(browser: Client, customer: Customer) -> None:
    make_domain(customer, "unknown.example", validated_until=None)
    for name, days in (("later.example", 90), ("lapsed.example", -4), ("today.example", 0)):
        make_domain(customer, name, validated_until=day(days))

    page = browser.get("/domains/")

    shown = [row.name for row in page.context["table"].data]
    assert shown == ["lapsed.example", "today.example", "later.example", "unknown.example"]
    for words in ("Lapsed 4 days ago", "Lapses today", "in 90 days", "Not known"):
        assert words in text(page)


@pytest.mark.parametrize(
    ("names", "waits"),
    [
        (["granit.example"], 1),
        (["www.granit.example"], 1),
        (["*.granit.example"], 1),
        (["other.example", "shop.eu.granit.example"], 1),
        (["notgranit.example"], 0),
        (["granit.example.org"], 0),
    ],
)
def test_an_order_waits_for_the_domain_its_names_lie_in(
    browser: Client, partner: Partner, customer: Customer, names: list[str], waits: int
) -> None:
    make_domain(customer, "granit.example")
    make_order(partner, customer=customer, common_name=names[0], names=names)

    assert held_up(browser) == {"granit.example": waits}


def test_only_unrenewed_orders_due_soon_are_held_up(browser: Client, partner: Partner, customer: Customer) -> None:
    make_domain(customer, "granit.example")
    for fields in (
        {"ends_on": day(90)},
        {"ends_on": day(300), "certificate_ends_on": day(40)},
        {"ends_on": day(91)},
        {"ends_on": day(-31)},
        {"ends_on": day(5), "renewal_mark": RenewalMark.IN_HAND},
        {"ends_on": day(5), "status": OrderStatus.REVOKED},
    ):
        make_order(partner, customer=customer, common_name="www.granit.example", **fields)
    make_order(partner, customer=make_customer(partner, "Another"), common_name="www.granit.example")

    assert held_up(browser) == {"granit.example": 2}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ends=lapsed", {"lapsed.example"}),
        ("ends=30", {"lapsed.example", "soon.example"}),
        ("ends=unknown", {"unknown.example"}),
        ("held=yes", {"soon.example"}),
        ("q=LAPS", {"lapsed.example"}),
        ("customer=granit", {"lapsed.example", "soon.example", "unknown.example"}),
        ("customer=opale", set()),
    ],
)
def test_the_list_is_filtered(
    browser: Client, partner: Partner, customer: Customer, query: str, found: set[str]
) -> None:
    make_domain(customer, "lapsed.example", validated_until=day(-1))
    make_domain(customer, "soon.example", validated_until=day(30))
    make_domain(customer, "unknown.example", validated_until=None)
    make_order(partner, customer=customer, common_name="www.soon.example")

    page = browser.get(f"/domains/?{query}")

    assert {row.name for row in page.context["table"].data} == found


def test_no_other_partners_domain_is_shown_or_exported(browser: Client, customer: Customer) -> None:
    make_domain(customer, "own.example")
    make_domain(make_customer(make_partner()), "foreign.example")

    assert list(held_up(browser)) == ["own.example"]
    assert "foreign" not in content(browser.get("/domains/?export=csv"))


def test_the_export_counts_what_waits(browser: Client, partner: Partner, customer: Customer) -> None:
    make_domain(customer, "granit.example", validated_until=day(7))
    make_order(partner, customer=customer, common_name="www.granit.example")

    _header, line = content(browser.get("/domains/?export=csv")).splitlines()

    assert "granit.example" in line
    assert line.rstrip('"').endswith("1")


def test_support_sees_the_list_and_customers_do_not(partner: Partner, customer: Customer) -> None:
    assert sign_in(partner, Role.SUPPORT).get("/domains/").status_code == 200
    assert sign_in(partner, Role.CUSTOMER).get("/domains/").status_code == 403


def test_the_list_costs_the_same_at_any_length(browser: Client, partner: Partner, customer: Customer) -> None:
    def add(number: int) -> None:
        for _ in range(number):
            order = make_order(partner, customer=customer)
            make_domain(customer, f"d{order.pk}.example")

    assert_query_baseline(browser, "/domains/", "domains", add_rows=add, many=30)
