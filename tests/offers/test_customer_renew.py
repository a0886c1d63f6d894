"""The customer's renew page: known already, priced, pressed once, and reached by nobody else."""

from __future__ import annotations

from datetime import date

import pytest

from certificates.models import Order, Request
from portal.models import Partner
from tests.certificates.services.work import make_renewable
from tests.offers.customers import READER, at_home, home_url, make_person, reader_of, typed
from tests.offers.quoting import make_buyer, make_shop
from tests.offers.reading import words

HOST = "www.granit-phare.example"


@pytest.fixture
def shop(connected: Partner) -> Partner:
    connected.support_email = "help@relais.example"
    connected.save(update_fields=["support_email"])
    return make_shop(connected)


@pytest.fixture
def order(shop: Partner) -> Order:
    return make_renewable(shop, customer=make_buyer(shop), ends_on=date(2026, 12, 23))


def test_page_behind_the_link_knows_everything(order: Order) -> None:
    shown = words(reader_of(order).get())

    assert f"Renew {HOST}" in shown


def test_one_press_behind_the_link_orders(order: Order) -> None:
    reader = reader_of(order)

    response = reader.send()

    asked = Request.objects.get()
    assert response["Location"] == f"/r/{reader.link.handle}/requests/{asked.pk}/"
    assert (asked.order, asked.requested_by, asked.asked_by) == (order, None, READER)
    assert asked.source == f"link:{reader.link.pk}"


def test_the_same_page_at_home(order: Order) -> None:
    member = make_person(order.customer)
    client = at_home(member)

    response = client.post(home_url(order), typed(client, home_url(order)))

    asked = Request.objects.get()
    assert response["Location"] == f"/home/requests/{asked.pk}/"
    assert (asked.requested_by, asked.asked_by, asked.source) == (member.user, "", "home")
