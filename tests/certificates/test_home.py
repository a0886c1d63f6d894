"""A customer's contact sees the own certificates and gets them; nobody else's, and no tool of the house."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from certificates.models import Certificate, Customer, Installation, Order, Reply
from certificates.states import OrderStatus, RequestKind, RequestState
from portal import clock
from portal.models import Partner
from portal.roles import Role
from tests.certificates.authorities.desk import make_sandbox, make_spec
from tests.certificates.expiring import content, sign_in, text, words
from tests.factories import TODAY, make_certificate, make_customer, make_order, make_partner, make_request
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

    for said in ("Karst Atelier SA", "www.karst.example", "in 12 days", "new.karst.example", "Pending"):
        assert said in text(page)
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

    assert len(page_queries(contact, "/home/")) == len(one) <= 13


# The next step of each


def test_every_row_has_one_next_step(partner: Partner, customer: Customer, contact: Client) -> None:
    def order(host: str, days: int, certificate_days: int | None = None, **fields: Any) -> Order:
        ends = {"certificate_ends_on": TODAY + timedelta(days=certificate_days)} if certificate_days else {}
        return make_order(
            partner, customer=customer, common_name=host, ends_on=TODAY + timedelta(days=days), **ends, **fields
        )

    renew, reissue = order("renew.example", 20), order("reissue.example", 200, 12)
    order("later.example", 120)
    unneeded = order("unneeded.example", 30)
    keyless, unproved = order("key.example", 40, renewal_mark="in_hand"), order("prove.example", 210, 13)
    fresh, under_way = order("fresh.example", 250), order("way.example", 45, renewal_mark="in_hand")
    asked = {
        "key": make_request(keyless, state=RequestState.WAITING_KEY, csr=""),
        "prove": make_request(unproved, RequestKind.REISSUE, state=RequestState.PLACED, steps=[{"done": False}]),
        "fresh": make_request(
            fresh, RequestKind.REISSUE, state=RequestState.ISSUED, result=fresh, finished_at=clock.now()
        ),
        "way": make_request(under_way, state=RequestState.QUEUED),
    }
    Reply.objects.create(
        partner=partner, order=unneeded, kind="not_needed", reason="moved", said_by="Zoé", at=clock.now()
    )

    page = rows(contact.get("/home/"))

    assert page == {
        "renew.example": ("Renew", f"/home/orders/{renew.pk}/renew/"),
        "reissue.example": ("Reissue", f"/home/orders/{reissue.pk}/reissue/"),
        "later.example": ("Renewal opens on 22 December 2026", ""),
        "unneeded.example": ("You no longer need it", ""),
        "key.example": ("Give the key", f"/home/requests/{asked['key'].pk}/"),
        "prove.example": ("Prove the domain", f"/home/requests/{asked['prove'].pk}/"),
        "fresh.example": ("Install it", f"/home/requests/{asked['fresh'].pk}/"),
        "way.example": ("On its way", f"/home/requests/{asked['way'].pk}/"),
    }


def rows(page: Any) -> dict[str, tuple[str, str]]:
    """By host: what the next step says, and where it leads."""
    found = {}
    for row in content(page).partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")[:-1]:
        host = re.search(r'class="row-link host"[^>]*>([^<]+)<', row)
        assert host is not None
        cell = row.rpartition("<td")[2]
        link = re.search(r'href="([^"]*)"', cell)
        said = words(re.sub(r'<span class="visually-hidden">.*?</span>', "", f"<td{cell}"))
        found[host[1]] = (said, link[1] if link else "")
    return found


def test_what_cannot_go_on_without_the_customer_stands_above_the_list(
    partner: Partner, customer: Customer, contact: Client
) -> None:
    for days in (10, 20, 30):
        make_order(partner, customer=customer, ends_on=TODAY + timedelta(days=days))
    waiting = make_order(partner, customer=customer, common_name="key.example", renewal_mark="in_hand")
    make_request(waiting, state=RequestState.WAITING_KEY, csr="")
    put_off = make_order(partner, customer=customer, ends_on=TODAY + timedelta(days=5))
    Reply.objects.create(
        partner=partner,
        order=put_off,
        kind="not_now",
        until=TODAY + timedelta(days=3),
        said_by="Zoé",
        at=clock.now(),
    )

    page = contact.get("/home/")

    above = text(page).partition("What needs you now")[2].partition("Next step")[0]
    assert "3 certificates can be renewed The first ends on 2 December 2026." in above
    assert 'href="/home/renew/"' in content(page)
    assert "key.example It is ordered and waits for a key request. Give the key" in above


def test_when_nothing_needs_anybody_the_page_says_so(partner: Partner, customer: Customer, contact: Client) -> None:
    make_order(partner, customer=customer, ends_on=TODAY + timedelta(days=200))

    assert "Nothing. Every certificate is looked after." in text(contact.get("/home/"))


def test_an_installed_certificate_asks_for_nothing(partner: Partner, customer: Customer, contact: Client) -> None:
    order = make_order(partner, customer=customer, common_name="fresh.example", ends_on=TODAY + timedelta(days=250))
    make_request(order, RequestKind.REISSUE, state=RequestState.ISSUED, result=order, finished_at=clock.now())
    installed = {"partner": partner, "certificate": make_certificate(order), "said_at": clock.now()}
    Installation.objects.create(**installed)

    assert rows(contact.get("/home/"))["fresh.example"][0].startswith("Renewal opens on")


def test_what_is_over_stands_under_earlier(partner: Partner, customer: Customer, contact: Client) -> None:
    make_order(partner, customer=customer, common_name="now.example")
    make_order(partner, customer=customer, common_name="replaced.example", renewal_mark="renewed")
    make_order(partner, customer=customer, common_name="long-over.example", ends_on=TODAY - timedelta(days=60))
    make_order(partner, customer=customer, common_name="revoked.example", status=OrderStatus.REVOKED)
    make_order(partner, customer=customer, common_name="coming.example", status=OrderStatus.PENDING)

    assert set(rows(contact.get("/home/"))) == {"now.example", "coming.example"}
    assert set(rows(contact.get("/home/?tab=earlier"))) == {"replaced.example", "long-over.example", "revoked.example"}


def test_forty_certificates_are_searched_and_paged(partner: Partner, customer: Customer, contact: Client) -> None:
    for number in range(40):
        host = f"app{number:02}.example"
        make_order(partner, customer=customer, common_name=host, ends_on=TODAY + timedelta(days=number + 1))

    first = contact.get("/home/")
    onward = re.search(r'id="pager-older" href="([^"]+)"', content(first))
    assert onward is not None
    second = contact.get(f"/home/{unescape(onward[1])}")

    assert list(rows(first)) == [f"app{number:02}.example" for number in range(25)]
    assert list(rows(second)) == [f"app{number:02}.example" for number in range(25, 40)]
    assert list(rows(contact.get("/home/?q=app17"))) == ["app17.example"]
    assert "Nothing matches" in text(contact.get("/home/?q=nowhere"))


def test_a_new_order_of_which_nothing_is_known_yet_is_followed(
    partner: Partner, customer: Customer, contact: Client
) -> None:
    asked = make_request(
        make_order(partner, customer=customer, status=OrderStatus.CANCELED),
        RequestKind.NEW,
        state=RequestState.WAITING_KEY,
        csr="",
        common_name="new.example",
    )

    assert f'href="/home/requests/{asked.pk}/"' in content(contact.get("/home/"))
