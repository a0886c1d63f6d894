"""A quote's whole road in the demo's house: written, sent, read in the mailbox, accepted or declined, and ordered."""

from __future__ import annotations

import re
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from certificates.states import RenewalMark, RequestState
from portal.mail import mailbox
from tests.journeys.house import wait_for
from tests.journeys.people import CLAIRE
from tests.journeys.rows import order_of, requests_for
from tests.journeys.visits import PHONE, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house", "worker")]


def draft(page: Page, customer: str, *orders: str) -> None:
    """Write a quote for these orders of the customer."""
    page.goto("/quotes/")
    page.get_by_role("link", name="Make a quote").click()
    page.get_by_role("searchbox", name="Name, number or domain of the customer").fill(customer)
    page.get_by_role("link", name=customer).click()
    for box in page.locator("[name=orders]:enabled").all():
        box.uncheck()
    for order in orders:
        page.get_by_role("checkbox", name=order).check()
    page.get_by_role("button", name="Make one quote").click()


def send(page: Page) -> str:
    """Send the draft that is open; its number."""
    page.get_by_role("button", name="Send by e-mail").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Q-")
    [number] = re.findall(r"Q-\d+-\d+", heading.inner_text())
    return str(number)


def follow_letter(page: Page, number: str) -> None:
    """Read the letter with the quote in the mailbox, and follow its link."""
    wait_for(lambda: any(number in one.subject for one in mailbox.newest()), what="the letter with the quote")
    page.goto("/mailbox/")
    page.get_by_role("link", name=re.compile(number)).click()
    way = page.frame_locator("iframe").get_by_role("link").first.get_attribute("href")
    page.goto(way or "")


def accept(page: Page, name: str) -> None:
    page.get_by_label("Your name").first.fill(name)
    page.get_by_label("Your role").fill("Buyer")
    page.get_by_label("Purchase order").fill("PO-4711")
    page.get_by_label("I may order for this company").check()
    page.get_by_role("button", name="Accept and order").click()


def is_renewed(number: str) -> bool:
    return order_of(number).renewal_mark == RenewalMark.RENEWED


def test_a_quote_is_written_sent_read_and_accepted_and_orders_once_what_it_says(visits: Visits) -> None:
    seller, buyer, colleague = visits.open(CLAIRE), visits.open(), visits.open(size=PHONE)
    orders = ("900000047", "900000084")
    draft(seller, "Horizon Quartz BV", *orders)
    number = send(seller)

    for page in (buyer, colleague):
        follow_letter(page, number)
        expect(page.get_by_role("heading", level=1)).to_have_text("Quote for 2 certificates")
    accept(buyer, "Awa Diallo")
    accept(colleague, "Ben Okri")

    for page in (buyer, colleague):
        expect(page.get_by_text("Awa Diallo (Buyer) accepted this quote")).to_be_visible()
        expect(page.get_by_text("Purchase order PO-4711.")).to_be_visible()
    for order in orders:
        wait_for(partial(is_renewed, order), what="the renewal")
        [request] = requests_for(order_of(order))
        assert (request.state, request.purchase_order) == (RequestState.ISSUED, "PO-4711")
    seller.reload()
    expect(seller.get_by_role("region", name="What was ordered").get_by_role("listitem")).to_have_count(2)


def test_a_quote_is_read_and_declined_and_orders_nothing(visits: Visits) -> None:
    seller, buyer = visits.open(CLAIRE), visits.open(size=PHONE)
    draft(seller, "Mistral Phare GmbH", "900000042")
    follow_letter(buyer, send(seller))

    buyer.get_by_text("Decline", exact=True).click()
    buyer.get_by_label("Not now").check()
    buyer.get_by_role("button", name="Decline the quote").click()

    expect(buyer.get_by_role("heading", name="Declined")).to_be_visible()
    seller.reload()
    expect(seller.get_by_text(re.compile("Declined on .*: Not now"))).to_be_visible()
    assert requests_for(order_of("900000042")) == []
