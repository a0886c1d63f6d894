"""An address that is corrected may have been a stranger's: what was sent there opens nothing any more."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from certificates.models import Contact, Order
from certificates.services import renewal_links
from certificates.services.customers import correct_contact
from portal import clock
from portal.models import Link, Partner, User
from tests.certificates.customers import EMAIL, make_due, newest_link, open_contact_link, open_order_link
from tests.factories import make_contact, make_member, make_user


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def order(partner: Partner) -> Order:
    return make_due(partner)


@pytest.fixture
def lena(order: Order) -> Contact:
    assert order.contact is not None
    return order.contact


@pytest.fixture
def sam(partner: Partner) -> User:
    user: User = make_member(partner, user=make_user("sam@relais.example")).user
    return user


def correct(contact: Contact, sam: User, now: datetime, **values: str) -> None:
    correct_contact(contact, values=values, actor=sam, now=now)


def test_browsers_that_opened_a_link_sent_to_the_old_address_are_out(
    client: Client, order: Order, lena: Contact, sam: User, now: datetime
) -> None:
    pages = [
        reverse("offers:link_renew", args=[open_order_link(client, order), order.pk]),
        reverse("offers:link_renew", args=[open_contact_link(client, lena), order.pk]),
    ]
    assert [client.get(page).status_code for page in pages] == [200, 200]

    correct(lena, sam, now, email="lena.roth@granit-phare.example")

    assert [client.get(page).status_code for page in pages] == [404, 404]


def test_what_the_stranger_handed_on_ends_too(
    client: Client, order: Order, lena: Contact, sam: User, now: datetime
) -> None:
    open_contact_link(client, lena)
    renewal_links.forward_link(newest_link(), email="friend@evil.example", language="en", now=now)

    correct(lena, sam, now, email="lena.roth@granit-phare.example")

    assert not Link.objects.unrevoked().exists()


def test_links_of_colleagues_and_of_other_customers_stay_and_so_do_ones_own_under_a_new_name(
    client: Client, partner: Partner, order: Order, lena: Contact, sam: User, now: datetime
) -> None:
    elsewhere = make_due(partner)
    open_order_link(client, elsewhere)
    open_order_link(client, order, email="bao@granit-phare.example")
    open_order_link(client, order)

    correct(lena, sam, now, name="Lena Roth-Maier", email=EMAIL.upper())

    assert Link.objects.unrevoked().count() == 3

    correct(lena, sam, now, email="lena.roth@granit-phare.example")

    assert [one.subject for one in Link.objects.unrevoked().order_by("pk")] == [
        f"order:{elsewhere.pk}",
        f"order:{order.pk}",
    ]


def test_a_contact_without_an_address_closes_nobodys_links(
    client: Client, order: Order, sam: User, now: datetime
) -> None:
    nobody = make_contact(order.customer, "Front desk", email="")
    open_order_link(client, order)

    correct(nobody, sam, now, email="desk@granit-phare.example")

    assert Link.objects.unrevoked().count() == 1
