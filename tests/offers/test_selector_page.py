"""The selector: five questions in an address, a recommendation with reasons, and a way to order it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from portal.models import Partner
from portal.roles import Role
from tests.factories import make_customer, make_member, make_order, make_partner, product
from tests.offers.factories import make_prices
from tests.offers.reading import words

SHOP = {"personal": "yes", "payment": "yes", "names": "one", "servers": "one", "trust": "public"}


def ask(client: Client, **answers: Any) -> Any:
    return client.get(reverse("offers:choose"), answers)


def as_customer(partner: Partner) -> tuple[Client, Any]:
    customer = make_customer(partner, "Karst Atelier")
    client = Client()
    client.force_login(make_member(partner, Role.CUSTOMER, customer=customer).user)
    return client, customer


def test_without_answers_it_asks_and_recommends_nothing(page: Client) -> None:
    shown = words(ask(page))

    assert "Do people give you personal data there?" in shown
    assert "It builds up here as you answer" in shown
    assert "Request this certificate" not in shown


def test_answers_end_in_a_product_with_a_reason_each(page: Client) -> None:
    shown = words(ask(page, **SHOP))

    assert "Recommended Secure Site Pro" in shown
    assert "the site is searched for vulnerabilities every week" in shown
    for answer in ("Personal data: Yes", "Payment data: Yes", "Names: One", "Trust: Customers and the public"):
        assert answer in shown
    assert "Price on request" in shown


def test_each_answer_stays_chosen(page: Client) -> None:
    html = ask(page, **SHOP).content.decode()

    assert html.count(" checked>") == len(SHOP)


def test_a_few_answers_recommend_so_far(page: Client) -> None:
    assert "So far, after 2 of 5 answers" in words(ask(page, personal="no", trust="us"))


@pytest.mark.parametrize("nonsense", ["", "maybe", "<script>", "YES"])
def test_what_is_no_answer_counts_as_none(page: Client, nonsense: str) -> None:
    assert "It builds up here as you answer" in words(ask(page, personal=nonsense))


def test_prices_stand_beside_the_recommendation_and_the_alternatives(page: Client, connected: Partner) -> None:
    make_prices(connected)

    shown = words(ask(page, **SHOP))

    assert "€320.00 for one year with 1 name, tax excluded" in shown
    assert "Secure Site Pro EV More" in shown


def test_ev_with_many_names_is_told_that_ev_holds_no_wildcard(page: Client) -> None:
    shown = words(ask(page, **SHOP | {"names": "many", "trust": "partners"}))

    assert "Recommended Secure Site Pro EV" in shown
    assert "No EV certificate holds a wildcard, at any authority." in shown
    assert "Secure Site Pro Less Holds a wildcard." in shown


def test_an_order_is_renewed_with_its_recommendation(page: Client, connected: Partner) -> None:
    order = make_order(connected, product=product("ssl_basic"))

    shown = ask(page, **SHOP, order=order.pk)

    assert f"For www.granit-phare.example, order {order.number}, now Basic OV." in words(shown)
    assert "A published upgrade: it is chosen when the order is renewed." in words(shown)
    assert f'href="{reverse("offers:renew", args=[order.pk])}?product=ssl_securesite_pro"' in shown.content.decode()
    assert f'name="order" value="{order.pk}"' in shown.content.decode()
    assert f'href="{reverse("offers:quote_new")}?order={order.pk}"' in shown.content.decode()


def test_the_renew_page_opens_with_the_recommended_product(page: Client, connected: Partner) -> None:
    order = make_order(connected, product=product("ssl_basic"))

    shown = page.get(reverse("offers:renew", args=[order.pk]), {"product": "ssl_securesite_pro"})

    assert 'value="ssl_securesite_pro" checked' in shown.content.decode()


def test_a_product_that_no_upgrade_leads_to_is_requested_anew(page: Client, connected: Partner) -> None:
    order = make_order(connected, product=product("ssl_dv_rapidssl"))

    shown = ask(page, **SHOP, order=order.pk)

    query = urlencode({"customer": order.customer_id, "product": "ssl_securesite_pro"}).replace("&", "&amp;")
    assert "No published upgrade leads there from this order" in words(shown)
    assert f'href="{reverse("offers:request_certificate")}?{query}"' in shown.content.decode()


def test_support_reads_the_advice_and_orders_nothing(connected: Partner) -> None:
    client = Client()
    client.force_login(make_member(connected, Role.SUPPORT).user)

    shown = words(ask(client, **SHOP))

    assert "Recommended Secure Site Pro" in shown
    assert "Request this certificate" not in shown


def test_a_customer_is_advised_in_the_quiet_frame_and_asks_the_partner(connected: Partner) -> None:
    connected.support_email = "help@relais.example"
    connected.save()
    client, customer = as_customer(connected)
    order = make_order(connected, customer=customer, product=product("ssl_basic"))

    shown = ask(client, **SHOP, order=order.pk)

    html = shown.content.decode()
    assert '<body class="quiet">' in html
    assert 'href="mailto:help@relais.example?subject=Secure%20Site%20Pro"' in html


def test_a_customer_finds_no_order_and_no_customer_but_their_own(connected: Partner) -> None:
    client, _own = as_customer(connected)
    other = make_order(connected, customer=make_customer(connected, "Somebody else"))

    assert ask(client, order=other.pk).status_code == 404
    shown = ask(client, **SHOP, customer=other.customer_id)
    assert "Somebody else" not in words(shown)
    assert client.get(reverse("offers:choose"), {"order": "x"}).status_code == 404


def test_another_partners_order_and_customer_are_not_found(page: Client) -> None:
    foreign = make_order(make_partner("Another partner"))

    assert ask(page, order=foreign.pk).status_code == 404
    assert ask(page, customer=foreign.customer_id).status_code == 404


def test_the_renew_page_leads_to_the_questions_about_its_order(page: Client, connected: Partner) -> None:
    order = make_order(connected)

    html = page.get(reverse("offers:renew", args=[order.pk])).content.decode()

    assert f'href="{reverse("offers:choose")}?order={order.pk}"' in html


def test_the_recommended_product_is_kept_while_a_customer_is_looked_for(page: Client, connected: Partner) -> None:
    customer = make_customer(connected)
    advised = ask(page, **SHOP).content.decode()
    request_url = f"{reverse('offers:request_certificate')}?product=ssl_securesite_pro"
    assert f'href="{request_url}"' in advised

    html = page.get(request_url).content.decode()

    assert f'href="?customer={customer.pk}&amp;product=ssl_securesite_pro"' in html
    assert 'name="product" value="ssl_securesite_pro"' in html
    chosen = page.get(f"{request_url}&customer={customer.pk}")
    assert chosen.context["product"].name_id == "ssl_securesite_pro"
