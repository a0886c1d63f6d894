"""Organisations: the ends of their OV and EV validation, and which orders wait for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from certificates.models import Customer
from certificates.states import RenewalMark
from portal.models import Partner
from portal.roles import Role
from tests.certificates.expiring import content, sign_in, text
from tests.factories import TODAY, make_customer, make_order, make_organization, make_partner, product
from tests.queries import assert_query_baseline


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def browser(partner: Partner) -> Client:
    return sign_in(partner)


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner)


def day(days: int) -> Any:
    return TODAY + timedelta(days=days)


def test_only_orders_that_name_the_organisation_in_their_certificates_wait(
    browser: Client, partner: Partner, customer: Customer
) -> None:
    organization = make_organization(customer)
    for fields in (
        {},
        {"product": None},
        {"product": product("ssl_dv_geotrust_flex")},
        {"renewal_mark": RenewalMark.RENEWED},
        {"ends_on": day(200)},
    ):
        make_order(partner, customer=customer, organization=organization, **fields)
    make_order(partner, customer=customer)

    page = browser.get("/organizations/")

    assert [row.holds_up for row in page.context["table"].data] == [2]
    assert "2 orders due within 90 days" in text(page)


def test_both_ends_are_said(browser: Client, customer: Customer) -> None:
    make_organization(customer, ov_validated_until=day(-1), ev_validated_until=day(6))

    words = text(browser.get("/organizations/"))

    assert "Lapsed 1 day ago 21 Nov 2026" in words
    assert "in 6 days 28 Nov 2026" in words


@pytest.mark.parametrize(("sort", "first"), [("ov", "A"), ("-ov", "B"), ("ev", "B"), ("name", "A"), ("-name", "C")])
def test_every_sort_keeps_the_unknown_last(browser: Client, customer: Customer, sort: str, first: str) -> None:
    make_organization(customer, "A", ov_validated_until=day(1), ev_validated_until=None)
    make_organization(customer, "B", ov_validated_until=day(2), ev_validated_until=day(9))
    make_organization(customer, "C", ov_validated_until=None, ev_validated_until=None)

    rows = browser.get(f"/organizations/?sort={sort}").context["table"].data

    assert rows[0].name == first
    assert len(rows) == 3


def test_the_badge_counts_what_holds_up_an_order_of_mine(partner: Partner) -> None:
    browser = sign_in(partner)
    for owner, days in ((browser.member, 5), (browser.member, 60), (None, 5)):  # type: ignore[attr-defined]
        mine = make_customer(partner, owner=owner)
        organization = make_organization(mine, ov_validated_until=day(days))
        make_order(partner, customer=mine, organization=organization, ends_on=day(40))
    make_organization(make_customer(partner, owner=browser.member), ov_validated_until=day(5))  # type: ignore[attr-defined]

    def badge(client: Client) -> int:
        groups = client.get("/organizations/").context["navigation"]
        entries: list[Any] = [one for group in groups for one in group.entries]
        return int(next(entry.badge for entry in entries if entry.url == "/organizations/"))

    assert badge(browser) == 1
    assert badge(sign_in(partner, Role.ADMINISTRATOR)) == 2


def test_no_other_partners_organisation_is_shown_or_exported(browser: Client, customer: Customer) -> None:
    make_organization(customer, "Own organisation")
    make_organization(make_customer(make_partner()), "Foreign organisation")

    assert [row.name for row in browser.get("/organizations/").context["table"].data] == ["Own organisation"]
    assert "Foreign" not in content(browser.get("/organizations/?export=csv"))


def test_the_list_costs_the_same_at_any_length(browser: Client, partner: Partner, customer: Customer) -> None:
    def add(number: int) -> None:
        for _ in range(number):
            make_order(partner, customer=customer, organization=make_organization(customer))

    assert_query_baseline(browser, "/organizations/", "organizations", add_rows=add, many=30)
