"""A customer with forty certificates: twelve renewed in one press, one quote for the rest, and all figures agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from playwright.sync_api import Locator, Page, expect

from certificates.models import Contact, Order, Request
from certificates.services.renewal_links import make_contact_link
from offers.models import Quote, Sale
from portal import clock
from portal.access import on_behalf_of
from portal.mail import mailbox
from portal.mail.mailbox import Kept
from portal.models import Partner
from tests import factories
from tests.certificates.certs import make_csr
from tests.factories import TODAY
from tests.journeys.house import House, wait_for
from tests.journeys.looks import barriers, overhang
from tests.journeys.visits import DESK, PHONE, Visits
from tests.offers.factories import make_offer, make_price
from tests.offers.quoting import make_buyer, make_shop

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]

ORDERS, RENEWED = 40, 12
# Ten per cent less are 33.33, at which the tax rounded for each order is not that of their sum.
PRICE = "37.03"


@pytest.fixture(scope="module")
def seller(house: House) -> Iterator[Partner]:
    """A partner with prices and an offer, whose scope is open."""
    relais = factories.make_partner("Relais Partner", support_email="help@relais.example")
    factories.make_connection(relais)
    make_shop(relais)
    make_offer(relais, "10")
    with on_behalf_of(relais):
        yield relais


def make_reader(partner: Partner, count: int, *, language: str = "en") -> Contact:
    """A buyer with so many orders that are due, the key of every third of which is not known."""
    customer = make_buyer(partner, owner=factories.make_member(partner))
    product = factories.product("ssl_dv_geotrust_flex")
    make_price(partner, PRICE, product=product, customer=customer)
    contact = Contact.objects.get(customer=customer)
    Contact.objects.filter(pk=contact.pk).update(language=language)
    for number in range(count):
        host = f"w{number:02}.granit.example"
        factories.make_order(
            partner,
            customer=customer,
            contact=contact,
            common_name=host,
            product=product,
            ends_on=TODAY + timedelta(days=2 * number),
            csr=make_csr(host) if number % 3 else "",
        )
    return contact


def go(page: Page, reader: Contact) -> None:
    """Follow a new link to all that the reader has due."""
    reader.refresh_from_db()
    page.goto("/l/" + make_contact_link(reader, now=clock.now()).partition("/l/")[2])


def total(page: Page) -> Locator:
    return page.locator("#due-sums .is-total dd")


def letter_about(words: str, to: str) -> Kept:
    """The letter that came into the mailbox."""

    def come() -> list[Kept]:
        return [one for one in mailbox.newest() if words in one.subject and to in one.recipients]

    wait_for(come, what=f"the letter {words} to {to}")
    return come()[0]


def hosts(page: Page) -> list[str]:
    return page.locator(".due-table .due-name").all_inner_texts()


def test_twelve_are_renewed_in_one_press_and_one_quote_is_for_the_other_twenty_eight(
    seller: Partner, visits: Visits
) -> None:
    reader = make_reader(seller, ORDERS)
    customer, page = reader.customer, visits.open()
    orders = set(Order.objects.filter(customer=customer).values_list("pk", flat=True))
    go(page, reader)
    expect(page.get_by_role("heading", name="40 of 40 ticked")).to_be_visible()
    page.get_by_role("checkbox", name="Select all").uncheck()
    expect(total(page)).to_have_text("€0.00")
    for number in range(RENEWED):
        page.get_by_role("checkbox", name=f"Renew w{number:02}.granit.example").check()
    expect(page.get_by_role("heading", name="12 of 40 ticked")).to_be_visible()
    page.get_by_label("Purchase order").fill("PO-4711")
    said = total(page).inner_text()
    assert said == "€479.95"

    page.get_by_role("button", name="Renew the 12 ticked").click()

    expect(page.get_by_text("12 renewals are ordered.")).to_be_visible()
    assert hosts(page) == [f"w{number:02}.granit.example" for number in range(RENEWED, ORDERS)]
    expect(page.get_by_role("region", name="Ordered already").get_by_role("listitem")).to_have_count(RENEWED)
    renewed = Request.objects.filter(customer=customer)
    assert set(renewed.values_list("purchase_order", flat=True)) == {"PO-4711"}
    assert Sale.objects.filter(customer=customer).aggregate(gross=Sum("gross")) == {"gross": Decimal("479.95")}
    assert customer.owner
    for letter in (letter_about("12", address) for address in (reader.email, customer.owner.user.email)):
        assert "Total with tax: €479.95." in letter.text
        assert all(request.order.number in letter.text for request in renewed if request.order)
        assert letter.text.count("granit.example") == RENEWED

    expect(page.get_by_role("heading", name="0 of 28 ticked")).to_be_visible()
    expect(page.get_by_role("button", name="Renew")).to_have_count(0)
    page.get_by_role("checkbox", name="Select all").check()
    expect(page.get_by_role("heading", name="28 of 28 ticked")).to_be_visible()
    said = total(page).inner_text()
    page.get_by_role("button", name="Get one quote for the 28 ticked").click()

    quote = Quote.objects.get(customer=customer)
    expect(page.get_by_role("heading", level=1)).to_have_text("Quote for 28 certificates")
    expect(page.get_by_text(f"This is quote {quote.number}. It is on its way to {reader.email}, too.")).to_be_visible()
    expect(page.get_by_text(said).first).to_be_visible()
    assert "/l/" not in page.url
    assert said == "€1,119.89"
    assert quote.gross == Decimal("1119.89")
    assert said in letter_about(quote.number, reader.email).text
    quoted = set(quote.lines.values_list("order", flat=True))
    assert quoted.isdisjoint(renewed.values_list("order", flat=True))
    assert quoted | set(renewed.values_list("order", flat=True)) == orders


def test_without_scripts_on_a_phone_in_french_by_keyboard_alone(seller: Partner, visits: Visits) -> None:
    reader = make_reader(seller, 3, language="fr")
    page = visits.open(size=PHONE, javascript=False, locale="fr-FR")
    go(page, reader)
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    assert page.locator("html").evaluate("(root) => root.scrollWidth <= root.clientWidth")
    expect(total(page)).to_have_text(re.compile(r"119,99"))

    page.locator("input[name=order]").first.focus()
    page.keyboard.press("Space")
    page.locator(".due-count").focus()
    page.keyboard.press("Enter")
    expect(total(page)).to_have_text(re.compile(r"79,99"))
    page.locator("button[name=renew]").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#asked-title + ul > li")).to_have_count(2)
    assert Request.objects.filter(customer=reader.customer).count() == 2


def test_enter_beside_the_number_of_the_order_adds_up_and_orders_nothing(seller: Partner, visits: Visits) -> None:
    reader = make_reader(seller, 2)
    page = visits.open()
    go(page, reader)

    page.get_by_label("Purchase order").fill("PO-1")
    page.keyboard.press("Enter")

    expect(page.get_by_label("Purchase order")).to_have_value("PO-1")
    assert not Request.objects.filter(customer=reader.customer).exists()


def test_nobody_is_kept_from_the_page_and_its_ticks(seller: Partner, visits: Visits) -> None:
    reader = make_reader(seller, 6)
    page = visits.open()
    go(page, reader)

    page.get_by_role("checkbox", name="Renew w03.granit.example").uncheck()
    expect(page.get_by_role("heading", name="5 of 6 ticked")).to_be_visible()

    assert barriers(page) == []
    assert [place for width in (DESK[0], 768, PHONE[0], 320) for place in overhang(page, width)] == []
    page.emulate_media(color_scheme="dark")
    assert barriers(page) == []
