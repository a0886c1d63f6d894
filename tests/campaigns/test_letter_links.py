"""Where the links and pictures of a letter lead, for whoever opens them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from certificates.models import Contact
from certificates.wording.guides import GUIDES
from portal.access import on_behalf_of
from portal.models import Partner
from tests import factories
from tests.campaigns.letters_at_hand import make_due_orders, make_seller, reader_of, written

HOME = "http://testserver"


@pytest.fixture
def contact(db: None, settings: Any) -> Iterator[Contact]:
    settings.PUBLIC_URL = HOME
    partner: Partner = make_seller()
    factories.make_connection(partner)
    with on_behalf_of(partner):
        yield factories.make_contact(factories.make_customer(partner))


def _link(html: str, words: str) -> str:
    found = re.search(rf'href="{HOME}([^"]+)"[^>]*>{words}<', html)
    assert found, words
    return found[1]


def test_button_of_a_reissue_leads_to_the_page_that_reissues(contact: Contact, client: Client) -> None:
    order = factories.make_order(
        contact.partner,
        customer=contact.customer,
        contact=contact,
        ends_on=factories.TODAY + timedelta(days=200),
        certificate_ends_on=factories.TODAY + timedelta(days=20),
    )
    certificate = factories.make_certificate(order)
    (letter,) = written(reader_of(contact, [order], "reissue_due", certificates=[certificate]))
    assert letter.words is not None

    page = client.get(_link(letter.words.html, "Reissue now, free"), follow=True)

    assert page.status_code == 200
    assert page.redirect_chain[-1][0].endswith(f"/orders/{order.pk}/reissue/")
    assert 'id="reissue"' in page.content.decode()


def test_reader_comes_from_the_foot_of_a_letter_to_their_wishes(contact: Contact, client: Client) -> None:
    (letter,) = written(reader_of(contact, make_due_orders(contact, 1)))
    assert letter.words is not None

    page = client.get(_link(letter.words.html, "Which letters I get"), follow=True)

    assert page.status_code == 200
    assert page.redirect_chain[-1][0].endswith("/preferences/")


def test_button_of_a_letter_about_several_orders_leads_to_all_of_them(contact: Contact, client: Client) -> None:
    orders = make_due_orders(contact, 3)
    (letter,) = written(reader_of(contact, orders, "digest"))
    assert letter.words is not None

    page = client.get(_link(letter.words.html, "Renew all 3 now"), follow=True).content.decode()

    assert all(order.number in page for order in orders)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.server)
def test_picture_of_a_guide_is_the_same_for_everybody(client: Client, db: None, guide: Any) -> None:
    english, french = (client.get(f"/w/guides/{guide.server}/{language}.png") for language in ("en", "fr"))

    assert english["Content-Type"] == "image/png"
    assert english.content.startswith(b"\x89PNG")
    assert english.content != french.content
    assert len(english.content) < 90_000
    assert "public" in english["Cache-Control"]
    assert not english.cookies


@pytest.mark.parametrize("address", ["/w/guides/nobodys/en.png", "/w/guides/nginx/de.png"])
def test_picture_that_there_is_not_is_not_found(client: Client, db: None, address: str) -> None:
    assert client.get(address).status_code == 404
