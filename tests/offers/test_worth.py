"""Values and offers on the pages of orders, customers, requests and on the dashboard."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from certificates.models import Order
from offers.contributions.revenue import _Day, revenue_of
from offers.models import Offer, Reach
from offers.services.renewing import renew_at_price
from offers.services.valuing import value_orders
from portal.models import Partner
from tests.certificates.services.work import TEN, make_renewable
from tests.factories import TODAY, make_customer, make_order
from tests.offers.factories import make_offer, make_price, make_terms
from tests.offers.reading import words


@pytest.fixture
def priced(connected: Partner) -> Partner:
    make_price(connected, "200.00")
    make_price(connected, "230.00", currency="CHF")
    return connected


def ending(partner: Partner, days: int, **fields: Any) -> Order:
    return make_order(partner, ends_on=TODAY + timedelta(days=days), **fields)


def listed(page: Client, **query: Any) -> Any:
    return page.get(reverse("certificates:expiring"), {"tab": "30", **query})


def test_the_list_shows_value_and_offer(page: Client, priced: Partner) -> None:
    make_offer(priced, "10", words_en="Early renewal")
    ending(priced, 20)
    value_orders(priced, now=TEN)

    response = listed(page)

    assert "€180.00" in words(response)
    assert "10% off Early renewal" in words(response)
    assert 'title="Early renewal: −€20.00"' in response.content.decode()


def test_the_list_is_sorted_by_value(page: Client, priced: Partner) -> None:
    cheap = ending(priced, 20, names=["a.example"])
    swiss = make_customer(priced, "Swiss")
    make_terms(swiss, currency="CHF")
    dear = ending(priced, 21, customer=swiss)
    value_orders(priced, now=TEN)

    shown = listed(page, sort="-value").content.decode()

    assert shown.index(dear.number) < shown.index(cheap.number)


@pytest.mark.parametrize(("wanted", "seen"), [("with", [True, False]), ("without", [False, True])])
def test_the_list_is_filtered_by_offer(page: Client, priced: Partner, wanted: str, seen: list[bool]) -> None:
    with_offer, without = ending(priced, 20), ending(priced, 21, customer=make_customer(priced, "Other"))
    make_offer(priced, customers=[with_offer.customer_id])
    value_orders(priced, now=TEN)

    shown = listed(page, offer=wanted).content.decode()

    assert [one.number in shown for one in (with_offer, without)] == seen


def test_the_list_is_filtered_by_value(page: Client, priced: Partner) -> None:
    order = ending(priced, 20)
    value_orders(priced, now=TEN)

    assert order.number in listed(page, worth="200").content.decode()
    assert order.number not in listed(page, worth="201").content.decode()


def test_files_hold_value_currency_and_offer(page: Client, priced: Partner) -> None:
    make_offer(priced, "10", name="Early bird")
    ending(priced, 20)
    value_orders(priced, now=TEN)

    exported = b"".join(listed(page, export="csv")).decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(exported))

    told = dict(zip(header, row, strict=True))
    assert (told["Value"], told["Currency"], told["Offer"], told["Discount"]) == (
        "180.00",
        "EUR",
        "Early bird",
        "20.00",
    )


def test_the_figure_above_the_list_adds_up_each_currency(page: Client, priced: Partner) -> None:
    for days in (5, 25, 45):
        ending(priced, days)
    swiss = make_customer(priced, "Swiss")
    make_terms(swiss, currency="CHF")
    ending(priced, 10, customer=swiss)
    value_orders(priced, now=TEN)

    assert "Worth renewing, 30 days €400.00 and CHF" in words(listed(page))


def test_the_figure_is_added_up_once_a_minute(page: Client, priced: Partner) -> None:
    ending(priced, 5)
    value_orders(priced, now=TEN)
    listed(page)
    ending(priced, 6)
    value_orders(priced, now=TEN)

    assert "Worth renewing, 30 days €200.00" in words(listed(page))
    caches["minute"].clear()
    assert "Worth renewing, 30 days €400.00" in words(listed(page))


def test_one_order_and_many_cost_the_same_queries(
    page: Client, priced: Partner, django_assert_max_num_queries: Any
) -> None:
    make_offer(priced)
    for days in range(1, 20):
        ending(priced, days)
    value_orders(priced, now=TEN)
    listed(page)

    with django_assert_max_num_queries(9):
        listed(page)


def test_the_order_shows_its_arithmetic_and_its_offers(page: Client, priced: Partner) -> None:
    make_offer(priced, "10", words_en="Early renewal")
    order = ending(priced, 20)

    shown = words(page.get(reverse("certificates:order", args=[order.pk])))

    assert "Value Renew at this price 10% off Early renewal" in shown
    assert "Net €180.00" in shown


def test_the_order_says_why_a_better_offer_does_not_apply(page: Client, priced: Partner) -> None:
    earlier = make_offer(priced, "10", state=Offer.State.ENDED)
    make_offer(priced, "25")
    order = ending(priced, 20)
    reached = {"since": TEN - timedelta(days=9), "offers": [earlier.pk], "ceilings": {"ssl_securesite_flex/1": "0.1"}}
    Reach.objects.create(partner=priced, order=order, **reached)
    lower = {"since": TEN - timedelta(days=8), "ceilings": {"ssl_securesite_flex/2": "0.05"}}
    Reach.objects.create(partner=priced, order=order, **(reached | lower))

    shown = words(page.get(reverse("certificates:order", args=[order.pk])))

    assert "An earlier offer of 10% off had reached this order, so no more comes off now." in shown
    assert shown.count("Reached by an offer") == 1


def test_the_customer_shows_what_is_to_be_renewed(page: Client, priced: Partner) -> None:
    order = ending(priced, 20)
    ending(priced, 80, customer=order.customer)
    ending(priced, 200, customer=order.customer)
    value_orders(priced, now=TEN)

    shown = words(page.get(reverse("certificates:customer", args=[order.customer_id])))

    assert "2 orders to renew €400.00" in shown


def test_the_request_shows_what_was_agreed(page: Client, connected: Partner) -> None:
    order = make_renewable(connected)
    assert order.product is not None
    make_price(connected, product=order.product)
    offer = make_offer(connected, "10", words_en="Early renewal")
    wish = {"product": order.product, "term_years": 1, "names": order.names, "csr": order.csr}
    made = renew_at_price(order, actor=None, now=TEN, **wish)
    Offer.objects.filter(pk=offer.pk).update(state=Offer.State.ENDED)

    shown = words(page.get(reverse("certificates:request", args=[made.request.pk])))

    assert "What was agreed" in shown
    assert "Early renewal 10% −€20.00 Net €180.00" in shown


def test_the_dashboard_tells_what_is_at_risk(page: Client, priced: Partner) -> None:
    ending(priced, 3)
    ending(priced, 30)
    value_orders(priced, now=TEN)

    shown = words(page.get(reverse("certificates:dashboard")))

    assert "Orders worth €400.00 end within 13 weeks and are not renewed yet; the most, €200.00" in shown


def test_every_day_falls_into_its_week() -> None:
    sunday = date(2026, 11, 22)
    days = [_Day("EUR", sunday, Decimal(10), 1), _Day("EUR", sunday + timedelta(days=1), Decimal(30), 2)]

    weeks = revenue_of(days, "EUR", today=sunday).weeks

    assert [(week.monday, week.orders, week.amount, week.height) for week in weeks[:2]] == [
        (date(2026, 11, 16), 1, "€10.00", "33.33%"),
        (date(2026, 11, 23), 2, "€30.00", "100%"),
    ]
    assert len(weeks) == 14
