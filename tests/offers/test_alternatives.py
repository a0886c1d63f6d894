"""Where an offer asks for more than an order holds, lists and pages say so and lead to the choice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from certificates.models import Order
from offers.models import Offer, Valuation
from offers.services.valuing import value_orders
from portal.models import Membership, Partner, User
from portal.roles import Role
from tests.certificates.services.work import TEN, make_renewable
from tests.factories import TODAY, make_certificate_elsewhere, make_customer, make_member, make_order, product
from tests.offers.factories import make_offer, make_price
from tests.offers.reading import words

FLEX, PRO = "ssl_securesite_flex", "ssl_securesite_pro"


@pytest.fixture
def shop(connected: Partner) -> Partner:
    """One year of the present product at 200, two at 380, a further name at 20; the better product at 500."""
    make_price(connected, "200.00", product=product(FLEX), name_price=Decimal(20))
    make_price(connected, "380.00", product=product(FLEX), name_price=Decimal(20), term_years=2)
    make_price(connected, "500.00", product=product(PRO), name_price=Decimal(20))
    return connected


def ending(partner: Partner, days: int = 20, **fields: Any) -> Order:
    fields.setdefault("product", product(FLEX))
    return make_order(partner, ends_on=TODAY + timedelta(days=days), names=["a.example"], **fields)


def upgrade(partner: Partner, **fields: Any) -> Offer:
    return make_offer(partner, "20", kind=Offer.Kind.UPGRADE_PERCENT, **fields)


def listed(page: Client, **query: Any) -> Any:
    return page.get(reverse("certificates:expiring"), {"tab": "30", **query})


def test_the_list_shows_the_upgrade_below_the_chip_and_leads_to_it(page: Client, shop: Partner) -> None:
    make_offer(shop, "5", words_en="Early renewal")
    upgrade(shop)
    order = ending(shop)
    value_orders(shop, now=TEN)

    response = listed(page)

    assert "5% off Early renewal Secure Site Pro, 20% off" in words(response)
    link = f'href="{reverse("offers:renew", args=[order.pk])}?product={PRO}"'
    assert link in response.content.decode()
    assert 'title="€416.00 instead of €520.00"' in response.content.decode()


@pytest.mark.parametrize(
    ("fields", "said", "query"),
    [
        ({"kind": "upgrade_same_price", "percent": None}, "Secure Site Pro at the present price", f"?product={PRO}"),
        ({"kind": "longer_plan", "percent": "5", "min_term_years": 2}, "2 years, 5% off", "?term_years=2"),
        ({"kind": "extra_names", "percent": None, "free_names": 2}, "2 more names free", "#id_names"),
    ],
)
def test_each_kind_is_told_in_its_own_words(
    page: Client, shop: Partner, fields: dict[str, Any], said: str, query: str
) -> None:
    make_offer(shop, **fields)
    order = ending(shop)
    value_orders(shop, now=TEN)

    response = listed(page)

    assert said in words(response)
    assert f"{reverse('offers:renew', args=[order.pk])}{query}" in response.content.decode()


def test_free_names_take_nothing_off_an_order_that_keeps_its_own(shop: Partner) -> None:
    make_offer(shop, None, kind=Offer.Kind.EXTRA_NAMES, free_names=2)
    ending(shop)

    value_orders(shop, now=TEN)

    assert (Valuation.objects.get().discount, Valuation.objects.get().offer) == (Decimal(0), None)


def test_support_reads_it_without_a_link(client: Client, shop: Partner) -> None:
    upgrade(shop)
    order = ending(shop)
    value_orders(shop, now=TEN)
    client.force_login(make_member(shop, Role.SUPPORT).user)

    for response in (listed(client), client.get(reverse("certificates:order", args=[order.pk]))):
        assert "Secure Site Pro, 20% off" in words(response)
        assert f"?product={PRO}" not in response.content.decode()


def test_words_kept_for_one_reader_are_not_shown_to_another(page: Client, claire: Membership, shop: Partner) -> None:
    upgrade(shop)
    ending(shop)
    value_orders(shop, now=TEN)
    assert "Secure Site Pro, 20% off" in words(listed(page))

    User.objects.filter(pk=claire.user_id).update(language="fr")

    assert "Secure Site Pro, 20\N{NARROW NO-BREAK SPACE}% de remise" in listed(page).content.decode()


def test_the_list_is_filtered_by_offers_for_more(page: Client, shop: Partner) -> None:
    raised, plain = ending(shop), ending(shop, 21, customer=make_customer(shop, "Other"))
    upgrade(shop, customers=[raised.customer_id])
    value_orders(shop, now=TEN)

    shown = listed(page, offer="more").content.decode()

    assert [one.number in shown for one in (raised, plain)] == [True, False]


def test_order_and_quick_view_list_what_else_is_on_offer(page: Client, shop: Partner) -> None:
    upgrade(shop)
    make_offer(shop, "5", kind=Offer.Kind.LONGER_PLAN, min_term_years=2, stacks=True)
    order = ending(shop)

    for name in ("order", "quick_view"):
        shown = words(page.get(reverse(f"certificates:{name}", args=[order.pk])))
        assert (
            "Also on offer Secure Site Pro, 20% off €416.00 instead of €520.00"
            " 2 years, 5% off €380.00 instead of €400.00" in shown
        )


def test_the_link_opens_renew_with_the_choice_made(page: Client, shop: Partner) -> None:
    order = make_renewable(shop, product=product(FLEX), ends_on=TODAY + timedelta(days=20))

    shown = page.get(reverse("offers:renew", args=[order.pk]), {"product": PRO}).content.decode()

    assert f'value="{PRO}" checked' in shown


def test_what_was_not_reached_for_says_nothing_of_it(page: Client, shop: Partner) -> None:
    """An order that stood with less before, an offer that is over, and an order outside its window."""
    upgrade(shop, ends_at=TEN - timedelta(hours=1))
    order = ending(shop)
    upgrade(shop)
    far = ending(shop, 200)
    value_orders(shop, now=TEN)

    assert Valuation.objects.get(order=far).alternatives == []
    assert len(Valuation.objects.get(order=order).alternatives) == 1


def test_second_time_nothing_is_written(shop: Partner) -> None:
    upgrade(shop, redemption_limit=5)
    ending(shop)
    value_orders(shop, now=TEN)

    report = value_orders(shop, now=TEN + timedelta(hours=1))

    assert (report.written, report.unchanged) == (0, 1)


def test_one_order_and_many_cost_the_same_queries(
    page: Client, shop: Partner, django_assert_max_num_queries: Any
) -> None:
    upgrade(shop)
    for days in range(1, 20):
        ending(shop, days)
    value_orders(shop, now=TEN)
    listed(page)

    with django_assert_max_num_queries(9):
        listed(page)


def test_certificates_of_other_authorities_are_on_offer_where_there_are_some(page: Client, shop: Partner) -> None:
    make_offer(shop, "15", kind=Offer.Kind.CONSOLIDATION, words_en="15% off what moves to us")
    order, alone = ending(shop), ending(shop, customer=make_customer(shop, "Nothing elsewhere"))
    make_certificate_elsewhere(order.customer)

    shown = page.get(reverse("certificates:order", args=[order.pk]))

    assert "15% off what moves to us 1 certificate of another authority to move" in words(shown)
    assert f'href="{reverse("offers:quote_new")}?customer={order.customer_id}"' in shown.content.decode()
    assert "Also on offer" not in words(page.get(reverse("certificates:order", args=[alone.pk])))
