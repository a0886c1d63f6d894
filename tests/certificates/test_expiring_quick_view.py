"""Quick View: the essentials of an order in a drawer, or on a page of its own where no script opens one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from certificates.models import Order
from portal.models import Activity, Partner
from portal.roles import Role
from tests.certificates.expiring import content, sign_in, text
from tests.factories import (
    TODAY,
    make_contact,
    make_customer,
    make_domain,
    make_order,
    make_organization,
    make_partner,
)

HTMX = {"HX-Request": "true", "HX-Target": "drawer-body"}


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def browser(partner: Partner) -> Client:
    return sign_in(partner)


def test_drawer_gets_the_essentials_and_a_browser_without_scripts_a_page(browser: Client, partner: Partner) -> None:
    customer = make_customer(partner, "Boréal Saule SARL")
    organization = make_organization(customer, ov_validated_until=TODAY + timedelta(days=100))
    make_domain(customer, "boreal.example", validated_until=TODAY - timedelta(days=1))
    contact = make_contact(customer, email="it@boreal.example", email_state="bounced")
    order = make_order(
        partner, customer=customer, organization=organization, contact=contact, number="7101523",
        common_name="www.boreal.example", ends_on=TODAY + timedelta(days=31),
    )  # fmt: skip

    drawer = browser.get(f"/orders/{order.pk}/quick/", headers=HTMX)
    page = browser.get(f"/orders/{order.pk}/quick/")

    words = text(drawer)
    assert "Order 7101523 · Secure Site OV · Boréal Saule SARL" in words
    assert "open until 22 January 2027" in words
    assert "Organisation valid to 2 March 2027" in words
    assert "boreal.example lapsed on 21 November 2026" in words
    assert "it@boreal.example Bounced" in words
    assert "<main" not in content(drawer)
    assert "<main" in content(page)
    assert "Order 7101523" in text(page)


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (31, "Renewed today, the new order runs to 23 December 2027. 31 days are carried over."),
        (-3, "Renewed today, the new order runs to 22 November 2027. Nothing is left to carry over."),
        (120, "Renewed on any day from 22 December 2026 on, the new order runs to 22 March 2028."),
    ],
)
def test_days_are_said_in_one_sentence_beside_their_picture(
    browser: Client, partner: Partner, days: int, sentence: str
) -> None:
    order = make_order(partner, ends_on=TODAY + timedelta(days=days))

    assert sentence in text(browser.get(f"/orders/{order.pk}/quick/", headers=HTMX))


def test_picture_holds_what_is_kept_the_certificate_and_the_rest(browser: Client, partner: Partner) -> None:
    order = make_order(partner, ends_on=TODAY + timedelta(days=30))

    words = text(browser.get(f"/orders/{order.pk}/quick/", headers=HTMX))

    legend = "30 days kept from the present order 199 days on the new certificate, to 9 June 2027"
    assert f"{legend} 395 days on the order, to 22 December 2027" in words


def test_closed_window_promises_nothing(browser: Client, partner: Partner) -> None:
    order = make_order(partner, ends_on=TODAY - timedelta(days=60))

    words = text(browser.get(f"/orders/{order.pk}/quick/", headers=HTMX))

    assert "closed on 23 October 2026" in words
    assert "the new order runs to" not in words


def test_support_sees_everything_and_no_deed_it_may_not_do(partner: Partner) -> None:
    order = make_order(partner)

    page = content(sign_in(partner, Role.SUPPORT).get(f"/orders/{order.pk}/quick/", headers=HTMX))

    assert "Renew now" not in page
    assert "Renewed elsewhere" not in page
    assert 'role="switch"' not in page


def test_look_up_by_support_is_written_down(partner: Partner) -> None:
    order = make_order(partner)

    sign_in(partner, Role.SUPPORT).get(f"/orders/{order.pk}/quick/", headers=HTMX)

    assert Activity.objects.about(order.customer).filter(verb="customer.viewed").count() == 1


def test_foreign_order_is_not_found(browser: Client, partner: Partner) -> None:
    foreign = make_order(make_partner())

    assert browser.get(f"/orders/{foreign.pk}/quick/").status_code == 404
    assert sign_in(partner, Role.CUSTOMER).get(f"/orders/{foreign.pk}/quick/").status_code == 403


def test_order_that_was_never_issued_opens_too(browser: Client, partner: Partner) -> None:
    order = make_order(partner)
    ends = ("starts_at", "ends_at", "ends_on", "certificate_starts_at", "certificate_ends_at", "certificate_ends_on")
    Order.objects.filter(pk=order.pk).update(status="pending", **dict.fromkeys(ends))

    response = browser.get(f"/orders/{order.pk}/quick/", headers=HTMX)

    assert "The authority has not issued it yet." in text(response)
