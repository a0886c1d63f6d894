"""The price stands on the page before the press, with its arithmetic; another price is never ordered unseen."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from certificates.models import Order, Request
from offers.models import Offer, Price, Sale
from portal.models import Partner
from tests.certificates.certs import ec_key, make_csr, private_pem
from tests.certificates.services.work import make_renewable
from tests.factories import make_customer, product
from tests.offers.factories import make_offer, make_price, make_settings, make_tax_rate
from tests.offers.reading import words

HOST = "www.granit-phare.example"
DV = "ssl_dv_geotrust_flex"


@pytest.fixture
def order(connected: Partner) -> Order:
    """Costs 200.00 and 20.00 for its name."""
    order = make_renewable(connected, ends_on=date(2026, 12, 23))
    assert order.product is not None
    make_price(connected, product=order.product, name_price=Decimal(20))
    return order


def url(order: Order) -> str:
    return reverse("offers:renew", args=[order.pk])


def read_told(response: Any) -> str:
    found = re.search(r'name="told" value="([^"]*)"', response.content.decode())
    return found[1] if found else ""


def typed(shown: Any, order: Order, **changes: Any) -> dict[str, Any]:
    assert order.product is not None
    form = {"product": order.product.name_id, "term_years": "1", "names": "\n".join(order.names), "key": "present"}
    return form | {"csr": "", "purchase_order": "", "code": "", "told": read_told(shown)} | changes


def test_the_arithmetic_is_shown_before_the_press(page: Client, order: Order, connected: Partner) -> None:
    make_settings(connected)
    make_tax_rate(connected)
    make_offer(connected, "10", words_en="Early renewal")

    shown = words(page.get(url(order)))

    name = order.product.name if order.product else ""
    assert f"{name}, 1 year €200.00 Host name 1 × €20.00 €20.00 Early renewal 10% −€22.00 Net €198.00" in shown
    assert "VAT at 20% €39.60 Total €237.60" in shown


def test_the_price_shown_is_the_price_agreed(page: Client, order: Order, connected: Partner) -> None:
    make_offer(connected, "10")

    page.post(url(order), typed(page.get(url(order)), order))

    assert [(sale.net, sale.request.price) for sale in Sale.objects.all()] == [(Decimal(198), Decimal(198))]


def test_another_price_than_the_one_seen_is_shown_again(page: Client, order: Order, connected: Partner) -> None:
    form = typed(page.get(url(order)), order)
    Price.objects.update(base=Decimal(300))

    response = page.post(url(order), form)

    assert response.status_code == 409
    assert "The dates or the price are not the ones you saw, so nothing was ordered." in words(response)
    assert "Total €320.00" in words(response)
    assert not Request.objects.exists()
    assert page.post(url(order), form | {"told": read_told(response)}).status_code == 302


def test_each_choice_bears_its_price(page: Client, order: Order, connected: Partner) -> None:
    assert order.product is not None
    dearer = product("ssl_securesite_flex")
    order.product.upgrades.add(dearer)
    make_price(connected, "300.00", product=dearer)
    make_price(connected, "390.00", product=order.product, term_years=2)

    shown = words(page.get(url(order)))

    assert f"+€80.00 {dearer.name}" in shown
    assert "1 year €220.00 2 years €390.00" in shown


def test_a_look_prices_the_names_typed_and_keeps_everything(page: Client, order: Order) -> None:
    form = typed(page.get(url(order)), order, names=f"{HOST}\nshop.{HOST}", purchase_order="PO 7", look="1")

    response = page.post(url(order), form)

    assert response.status_code == 200
    assert "Host names 2 × €20.00 €40.00" in words(response)
    assert 'value="PO 7"' in response.content.decode()
    assert f"shop.{HOST}" in response.content.decode()
    assert not Request.objects.exists()


def test_a_look_never_repeats_a_private_key(page: Client, order: Order) -> None:
    secret = private_pem(ec_key())

    response = page.post(url(order), typed(page.get(url(order)), order, csr=secret, names=secret, look="1"))

    assert secret.splitlines()[1] not in response.content.decode()


def test_a_code_is_applied_by_a_look_and_ordered_by_the_press(page: Client, order: Order, connected: Partner) -> None:
    make_offer(connected, "50", code="HALF", words_en="Half the price")
    form = typed(page.get(url(order)), order, code="half")

    looked = page.post(url(order), form | {"look": "1"})

    assert "half applies: Half the price." in words(looked)
    assert "Total €110.00" in words(looked)
    assert page.post(url(order), form).status_code == 409
    assert page.post(url(order), form | {"told": read_told(looked)}).status_code == 302
    assert Sale.objects.get().net == 110


def test_a_wrong_code_keeps_everything_typed_and_says_why(page: Client, order: Order, connected: Partner) -> None:
    make_offer(connected, "50", code="OLD", state=Offer.State.ENDED)
    csr = make_csr(HOST)
    form = typed(page.get(url(order)), order, code="OLD", key="paste", csr=csr, purchase_order="PO 7")

    response = page.post(url(order), form)

    assert response.status_code == 422
    assert "The offer with the code OLD is not running at the moment." in words(response)
    for kept in ('value="OLD"', 'value="PO 7"', csr.splitlines()[1]):
        assert kept in response.content.decode()
    assert not Request.objects.exists()


def test_a_code_that_saves_less_than_what_applies_stands_in_nobodys_way(
    page: Client, order: Order, connected: Partner
) -> None:
    make_offer(connected, "20")
    make_offer(connected, "5", code="SMALL")
    looked = page.post(url(order), typed(page.get(url(order)), order, code="SMALL", look="1"))

    assert "The code SMALL takes off less than what applies already" in words(looked)
    assert page.post(url(order), typed(looked, order, code="SMALL")).status_code == 302


def test_without_a_price_the_page_says_so_and_orders(page: Client, order: Order) -> None:
    Price.objects.all().delete()
    shown = page.get(url(order))

    assert "Price on request" in words(shown)
    assert page.post(url(order), typed(shown, order)).status_code == 302
    assert not Sale.objects.exists()


def test_a_new_order_shows_its_price_and_keeps_it(page: Client, connected: Partner) -> None:
    make_price(connected, product=product(DV), name_price=Decimal(20))
    address = f"{reverse('offers:request_certificate')}?customer={make_customer(connected).pk}"
    form = {"product": DV, "term_years": "1", "names": HOST, "key": "paste", "csr": make_csr(HOST), "code": ""}

    looked = page.post(address, form | {"look": "1"})
    unseen = page.post(address, form | {"told": "1.00 EUR 1.00"})
    ordered = page.post(address, form | {"told": read_told(looked)})

    assert "Total €220.00" in words(looked)
    assert (looked.status_code, unseen.status_code, ordered.status_code) == (200, 409, 302)
    assert [sale.net for sale in Sale.objects.all()] == [220]
