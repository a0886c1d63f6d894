"""A customer's contact sees the own certificates and gets them; nobody else's, and no tool of the house."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from certificates.models import Certificate, Customer
from certificates.states import OrderStatus
from portal.models import Partner
from portal.roles import Role
from tests.certificates.authorities.desk import make_sandbox, make_spec
from tests.certificates.expiring import content, sign_in, text
from tests.factories import TODAY, make_certificate, make_customer, make_order, make_partner
from tests.queries import page_queries


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner, "Karst Atelier SA")


@pytest.fixture
def contact(partner: Partner, customer: Customer) -> Client:
    return sign_in(partner, Role.CUSTOMER, customer=customer)


def issued(partner: Partner, customer: Customer, **fields: Any) -> Certificate:
    desk = make_sandbox()
    state = desk.status(desk.place(make_spec()).order_number)
    assert state.certificate is not None
    order = make_order(partner, customer=customer, **fields)
    return make_certificate(order, pem=state.certificate.pem, chain="".join(state.certificate.chain))


def test_contacts_see_the_own_certificates_and_their_ends(
    partner: Partner, customer: Customer, contact: Client
) -> None:
    issued(partner, customer, common_name="www.karst.example", ends_on=TODAY + timedelta(days=12))
    make_order(partner, customer=customer, common_name="new.karst.example", status=OrderStatus.PENDING)
    make_order(partner, customer=make_customer(partner, "Leak SA"), common_name="leak.example")
    make_order(make_partner(), common_name="leak-foreign.example")

    page = contact.get("/home/")

    for words in ("Karst Atelier SA", "www.karst.example", "in 12 days", "new.karst.example", "Pending"):
        assert words in text(page)
    assert "leak" not in content(page).lower()


def test_the_page_is_quiet(partner: Partner, contact: Client) -> None:
    partner.support_phone = "+33 1 00 00 00 00"
    partner.save()

    page = content(contact.get("/home/"))

    assert 'class="sidebar"' not in page
    assert "tel:+33100000000" in page
    assert "No certificate is known here yet" in text(contact.get("/home/"))


def test_the_own_certificate_is_downloaded(partner: Partner, customer: Customer, contact: Client) -> None:
    certificate = issued(partner, customer, common_name="www.karst.example")
    url = f"/home/certificates/{certificate.pk}/download/pem_noroot/"

    assert url in content(contact.get(f"/home/orders/{certificate.order_id}/"))
    answer = contact.get(url)

    assert answer.headers["Content-Disposition"] == 'attachment; filename="www.karst.example-server.pem"'
    assert answer.content.startswith(b"-----BEGIN CERTIFICATE-----")


def test_nobody_elses_certificate_is_found(partner: Partner, contact: Client) -> None:
    neighbour = issued(partner, make_customer(partner, "Neighbour"))
    stranger_partner = make_partner()
    stranger = issued(stranger_partner, make_customer(stranger_partner))

    for certificate in (neighbour, stranger):
        assert contact.get(f"/home/certificates/{certificate.pk}/download/pem/").status_code == 404


@pytest.mark.parametrize(
    "url", ["/orders/", "/customers/", "/domains/", "/organizations/", "/authority/", "/search/?q=karst"]
)
def test_the_tools_of_the_house_are_not_open(contact: Client, url: str) -> None:
    assert contact.get(url).status_code == 403


def test_an_order_page_is_not_open_even_for_the_own_order(
    partner: Partner, customer: Customer, contact: Client
) -> None:
    certificate = issued(partner, customer)

    assert contact.get(f"/orders/{certificate.order_id}/").status_code == 403
    assert contact.get(f"/certificates/{certificate.pk}/download/pem/").status_code == 403


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ACCOUNT_MANAGER, Role.ADMINISTRATOR])
def test_staff_have_no_home_of_this_kind(partner: Partner, role: str) -> None:
    assert sign_in(partner, role).get("/home/").status_code == 403


def test_the_page_costs_the_same_with_one_certificate_and_with_thirty(
    partner: Partner, customer: Customer, contact: Client
) -> None:
    def add(number: int) -> None:
        for _ in range(number):
            make_certificate(make_order(partner, customer=customer))

    add(1)
    contact.get("/home/")
    one = page_queries(contact, "/home/")
    add(29)

    assert len(page_queries(contact, "/home/")) == len(one) <= 12
