"""A customer's quotes at home: read by a link of one's own, on paper, and none that is a neighbour's or taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from certificates.models import Order, Request
from certificates.services.colleagues import link_source, shut_out
from certificates.states import RequestKind
from offers.models import Quote
from offers.services.quotes import draft_quote, send_quote, withdraw_quote
from offers.tasks import draw_quote
from portal import clock
from portal.models import Link, Membership, Partner
from portal.roles import Role
from tests import factories
from tests.certificates.certs import make_csr
from tests.certificates.expiring import content, sign_in, text
from tests.offers.factories import make_prices, make_settings, make_tax_rate
from tests.queries import page_queries


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest, db: None) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]
    cache.clear()


@pytest.fixture
def house(connected: Partner) -> Partner:
    make_prices(connected)
    make_settings(connected)
    make_tax_rate(connected)
    return connected


@pytest.fixture
def order(house: Partner) -> Order:
    return make_order(house)


@pytest.fixture
def client(order: Order) -> Client:
    return sign_in(order.partner, Role.CUSTOMER, customer=order.customer)


def make_order(partner: Partner, **fields: Any) -> Order:
    """An order whose renewal is open, of a customer with a contact."""
    fields.setdefault("customer", factories.make_customer(partner, country="FR"))
    fields.setdefault("contact", factories.make_contact(fields["customer"]))
    product = factories.product("ssl_dv_geotrust_flex")
    return factories.make_order(partner, product=product, csr=make_csr("www.granit-phare.example"), **fields)


def member_of(client: Client) -> Membership:
    found: Membership = client.member  # type: ignore[attr-defined]
    return found


def quoted(order: Order) -> Quote:
    return send_quote(draft_quote([order], actor=None, now=clock.now()), actor=None, now=clock.now())


def open_url(quote: Quote) -> str:
    return reverse("offers:home_quote", args=[quote.pk])


def pdf_url(quote: Quote) -> str:
    return reverse("offers:home_quote_pdf", args=[quote.pk])


def test_the_list_holds_what_was_sent_to_the_own_customer(order: Order, client: Client) -> None:
    sent = quoted(order)
    draft_quote([make_order(order.partner, customer=order.customer)], actor=None, now=clock.now())
    neighbours = quoted(make_order(order.partner, common_name="leak.example"))

    page = text(client.get("/home/quotes/"))

    assert sent.number in page
    assert "Read and answer" in page
    assert neighbours.number not in page
    assert "leak" not in page
    assert "Draft" not in page


def test_a_quote_is_read_by_a_link_of_ones_own_that_nobody_sees(order: Order, client: Client) -> None:
    quote = quoted(order)
    colleague = sign_in(order.partner, Role.CUSTOMER, customer=order.customer)

    for reader in (client, client, colleague):
        answer = reader.post(open_url(quote))
        assert answer.status_code == 302
        assert quote.number in text(reader.get(answer.headers["Location"]))

    sources = Link.objects.filter(source__startswith="home:").values_list("source", flat=True)
    assert sorted(sources) == sorted(map(link_source, (member_of(client), member_of(colleague))))


def test_looking_at_the_list_makes_no_link(order: Order, client: Client) -> None:
    quote = quoted(order)
    before = Link.objects.count()

    for _ in range(3):
        assert client.get("/home/quotes/").status_code == 200
        assert client.get(open_url(quote)).status_code == 405

    assert Link.objects.count() == before


def test_whoever_is_shut_out_reads_no_further(order: Order, client: Client) -> None:
    quote = quoted(order)
    other = sign_in(order.partner, Role.CUSTOMER, customer=order.customer)
    page = other.post(open_url(quote)).headers["Location"]
    assert other.get(page).status_code == 200

    shut_out(member_of(other), by=member_of(client), now=clock.now())

    assert other.get(page).status_code == 404


def test_a_quote_taken_back_a_draft_and_a_neighbours_are_not_found(order: Order, client: Client) -> None:
    claire = factories.make_member(order.partner).user
    gone = quoted(order)
    withdraw_quote(gone, actor=claire, now=clock.now())
    draft = draft_quote([make_order(order.partner, customer=order.customer)], actor=None, now=clock.now())
    neighbours = quoted(make_order(order.partner))

    for quote in (gone, draft, neighbours):
        assert client.post(open_url(quote)).status_code == 404
        assert client.get(pdf_url(quote)).status_code == 404


def test_the_document_is_handed_out_once_it_is_drawn(order: Order, client: Client) -> None:
    quote = quoted(order)
    assert "being drawn" in text(client.get(pdf_url(quote), follow=True))
    assert pdf_url(quote) not in content(client.get("/home/quotes/"))

    draw_quote(quote.document.pk)
    answer = client.get(pdf_url(quote))

    assert pdf_url(quote) in content(client.get("/home/quotes/"))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert quote.number in answer.headers["Content-Disposition"]


def test_the_list_costs_the_same_however_many(order: Order, client: Client) -> None:
    quoted(order)
    client.get("/home/quotes/")
    one = page_queries(client, "/home/quotes/")
    for _ in range(5):
        quoted(make_order(order.partner, customer=order.customer))

    assert len(page_queries(client, "/home/quotes/")) == len(one) <= 6


def test_home_names_open_quotes_and_the_order_its_price_and_its_quotes(order: Order, client: Client) -> None:
    quote = quoted(order)

    home, page = text(client.get("/home/")), text(client.get(f"/home/orders/{order.pk}/"))

    assert f"Quote {quote.number}" in home.partition("Next step")[0]
    assert "What renewing costs" in page
    assert f"Quote sent {quote.number}" in page


# Reissue


def test_a_reissue_is_asked_for_at_home_once(order: Order, client: Client) -> None:
    url = reverse("offers:home_reissue", args=[order.pk])
    typed = {"names": "\n".join(order.names), "key": "present", "csr": ""}
    assert "A new certificate under the same order, free." in text(client.get(url))

    first, second = client.post(url, typed), client.post(url, typed)

    asked = Request.objects.get(kind=RequestKind.REISSUE)
    assert first.headers["Location"] == reverse("certificates:home_request", args=[asked.pk])
    assert (asked.source, asked.requested_by) == ("home", member_of(client).user)
    assert second.status_code == 409
    assert f"/home/requests/{asked.pk}/" in content(second)


def test_a_neighbours_order_is_reissued_by_nobody_else(order: Order, client: Client) -> None:
    neighbour = make_order(order.partner)

    for method in ("get", "post"):
        assert getattr(client, method)(reverse("offers:home_reissue", args=[neighbour.pk])).status_code == 404
    assert not Request.objects.exists()
