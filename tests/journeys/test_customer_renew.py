"""From the link of a letter to "placed": one page and one press, whoever else looks on, and however one reads."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from certificates.models import Order, Request
from certificates.services.renewals import request_renewal
from certificates.states import RequestState
from offers.models import Price, Quote
from portal import clock
from portal.access import on_behalf_of
from portal.models import Activity, Link
from tests.journeys.house import House, wait_for
from tests.journeys.looks import barriers, overhang
from tests.journeys.people import CLAIRE, ELISE, STRANGER, speak
from tests.journeys.rows import order_of, requests_for, way_to_renew
from tests.journeys.visits import DESK, PHONE, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]

SCANNER = "Mozilla/5.0 (compatible; MailLinkScanner/1.0)"
LOOKS = 200
ZOOMED = 320  # pixels are what 400 % zoom leaves of a desk
# Both browsers obey the same clock, since a test can only press one button after the other.
PRESS_AT = "(moment) => setTimeout(() => document.getElementById('renew').requestSubmit(), moment - Date.now())"
# What scanners do that run scripts: they move and press, but no browser trusts them.
PRETEND = "for (const sign of ['pointerdown', 'keydown', 'wheel']) dispatchEvent(new Event(sign))"


def open_page(visits: Visits, order: Order, person: str = STRANGER, **options: Any) -> Page:
    """The renew page, as whoever opens a new link to it in a browser of its own."""
    page = visits.open(person, **options)
    page.goto(way_to_renew(order))
    return page


def renew(page: Page) -> None:
    page.locator(".renew-aside").get_by_role("button", name="Renew now").click()


def test_from_the_link_to_placed_takes_one_page_and_one_press(visits: Visits) -> None:
    order = order_of("900000053")
    page = visits.open()
    pages: list[str] = []
    page.on("framenavigated", lambda frame: pages.append(urlsplit(frame.url).path))
    way = way_to_renew(order)

    page.goto(way)
    expect(page.get_by_text("You lose no day")).to_be_visible()
    renew(page)
    expect(page).to_have_url(re.compile(r"/r/\w+/requests/\d+/$"))

    assert len(pages) == 2
    assert re.fullmatch(rf"/r/\w+/orders/{order.pk}/", pages[0])
    assert way.split("/")[2] not in "".join(pages)
    [asked] = requests_for(order)
    assert (asked.asked_by, asked.requested_by, asked.price) != ("", None, None)
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.common_name)
    page.reload()
    assert len(requests_for(order)) == 1


@pytest.mark.usefixtures("worker")
def test_what_was_pressed_is_issued_while_the_page_is_watched(visits: Visits) -> None:
    order = order_of("900000054")
    page = open_page(visits, order)

    renew(page)

    wait_for(lambda: [one.state for one in requests_for(order)] == [RequestState.ISSUED], what="the certificate")
    expect(page.get_by_role("link", name=re.compile("server", re.IGNORECASE)).first).to_be_visible(timeout=30_000)


def test_two_hundred_scanners_some_with_scripts_beside_a_person_who_renews(house: House, visits: Visits) -> None:
    order = order_of("900000055")
    way = way_to_renew(order)
    machines = [visits.open(user_agent=SCANNER) for _machine in range(3)]
    person = visits.open()
    person.goto(way)
    before = state_of(order)

    with ThreadPoolExecutor(4) as pool:
        looks = [pool.submit(look, house.url, way, "HEAD" if number % 2 else "GET") for number in range(LOOKS)]
        for machine in machines:
            machine.goto(way)
            machine.wait_for_timeout(1_200)
            machine.evaluate(PRETEND)
            machine.goto(f"{machine.url}advice/?personal=yes")
        assert state_of(order) == before
        renew(person)
        expect(person).to_have_url(re.compile(r"/requests/\d+/$"))
        answers = [one.result() for one in looks]

    assert answers == [302] * LOOKS
    assert len(requests_for(order)) == 1
    with scopes_disabled():
        assert Link.objects.get(subject=f"order:{order.pk}").opened_count == 1
    machines[0].goto(way)
    expect(machines[0].get_by_text("One is enough: pressing again orders nothing.")).to_be_visible()


def look(origin: str, path: str, method: str) -> int:
    """One look of a program at the link, as it comes and without going on."""
    connection = HTTPConnection(urlsplit(origin).netloc, timeout=60)
    connection.request(method, path, headers={"User-Agent": SCANNER, "Purpose": "prefetch"})
    status = connection.getresponse().status
    connection.close()
    return status


def state_of(order: Order) -> list[Any]:
    """All that a look at the order's link could have changed; what was asked for other orders goes on meanwhile."""
    with scopes_disabled():
        mine = (
            Order.objects.filter(pk=order.pk),
            Request.objects.filter(order=order),
            Quote.objects.all(),
            Link.objects.all(),
            Activity.objects.about(order),
        )
        return [list(rows.order_by("pk").values()) for rows in mine]


def test_two_browsers_that_press_at_once_renew_once_and_the_second_sees_it(visits: Visits) -> None:
    visits.watch.expected = {409}
    order = order_of("900000056")
    pages = [open_page(visits, order) for _browser in range(2)]

    moment = pages[0].evaluate("Date.now() + 700")
    for page in pages:
        page.evaluate(PRESS_AT, moment)
    for page in pages:
        expect(page.get_by_role("button", name="Renew now")).to_have_count(0)

    assert len(requests_for(order)) == 1
    [late] = [page for page in pages if "/requests/" not in page.url]
    expect(late.get_by_role("heading", name=re.compile("Already in hand since"))).to_be_visible()
    late.get_by_role("link", name="See how far it is").click()
    expect(late).to_have_url(re.compile(r"/r/\w+/requests/\d+/$"))


def test_keyboard_alone_renews_and_enter_in_a_field_orders_nothing(visits: Visits) -> None:
    order = order_of("900000057")
    page = open_page(visits, order)

    field = page.get_by_role("textbox", name="Purchase order, if you need one")
    reach(page, "purchase-order")
    page.keyboard.type("PO-12")
    page.keyboard.press("Enter")
    expect(field).to_have_value("PO-12")
    assert requests_for(order) == []
    reach(page, "Renew now")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/requests/\d+/$"))
    assert [one.purchase_order for one in requests_for(order)] == ["PO-12"]


def reach(page: Page, name: str) -> None:
    """Press Tab until the focus is on what has this id or these words."""
    for _step in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("[document.activeElement.id, document.activeElement.textContent.trim()]")
        if name in focused:
            return
    raise AssertionError(f"the keyboard never came to {name}")


def test_choosing_tells_the_price_at_once_and_the_press_orders_what_is_seen(visits: Visits) -> None:
    order = order_of("900000058")
    page = open_page(visits, order)
    total = page.locator("#price .is-total dd")
    before = total.inner_text()

    page.get_by_text("3 years").click()
    expect(total).not_to_have_text(before)
    expect(page.locator("#lead")).to_contain_text(str((order.ends_on.year if order.ends_on else 0) + 3))
    renew(page)

    expect(page).to_have_url(re.compile(r"/requests/\d+/$"))
    assert [one.term_years for one in requests_for(order)] == [3]


def test_without_scripts_the_page_shows_other_terms_before_it_orders_them(visits: Visits) -> None:
    visits.watch.expected = {409}
    order = order_of("900000059")
    page = open_page(visits, order, javascript=False)

    page.locator("#term-2").check(force=True)
    renew(page)
    expect(page.get_by_text("The dates or the price are not the ones you saw")).to_be_visible()
    assert requests_for(order) == []
    renew(page)

    expect(page).to_have_url(re.compile(r"/requests/\d+/$"))
    assert [one.term_years for one in requests_for(order)] == [2]


def test_quote_is_got_in_one_press_and_read_at_once(visits: Visits) -> None:
    order = order_of("900000060")
    page = open_page(visits, order)

    page.get_by_role("button", name="Get a quote").click()

    expect(page).to_have_url(re.compile(r"/q/\w+/$"))
    expect(page.get_by_text(re.compile("It is on its way to it@granit-phare.example"))).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Renewal of {order.common_name}")
    assert requests_for(order) == []


def test_questions_lead_back_with_the_product_chosen(visits: Visits) -> None:
    order = order_of("900000061")
    page = open_page(visits, order)

    page.get_by_role("link", name="Not sure? Five questions").click()
    page.locator("#questions").get_by_text("Yes", exact=True).first.click()
    page.get_by_role("link", name="Renew with this").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Renew")
    expect(page.locator("#products :checked")).to_have_count(1)


def test_phone_has_the_press_in_sight_from_the_start(visits: Visits) -> None:
    order = order_of("900000062")
    page = open_page(visits, order, size=PHONE)

    bar = page.locator(".renew-bar").get_by_role("button", name="Renew now")
    expect(bar).to_be_in_viewport()
    bar.click()

    expect(page).to_have_url(re.compile(r"/requests/\d+/$"))


def test_people_of_the_house_see_the_page_and_press_nothing(visits: Visits) -> None:
    order = order_of("900000063")
    page = open_page(visits, order, CLAIRE)

    expect(page.get_by_text("This is your customer's page.")).to_be_visible()
    for button in page.get_by_role("button", name=re.compile("Renew now|Get a quote")).all():
        expect(button).to_be_disabled()
    page.get_by_text("2 years").click()
    assert requests_for(order) == []


STAGES = ("open", "ended", "too early", "refused", "in hand", "without a price", "advice", "watched")


@pytest.mark.parametrize("stage", STAGES)
def test_page_is_for_everybody_at_every_stage(stage: str, visits: Visits) -> None:
    visits.watch.expected = {422}
    person = CLAIRE if stage == "watched" else STRANGER
    page = at_stage(stage, person, visits)
    found = barriers(page) + overhang(page, DESK[0]) + overhang(page, 768)

    speak("fr", person, page, visits.origin)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.reload() if stage != "refused" else refuse(page)
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    found += barriers(page)

    assert found + [place for width in (PHONE[0], ZOOMED) for place in overhang(page, width)] == []


def at_stage(stage: str, person: str, visits: Visits) -> Page:
    """The page as it is for an order at this stage of its life."""
    numbers = {"ended": "900000043", "too early": "900000012", "in hand": "900000065"}
    order = order_of(numbers.get(stage, "900000064"))
    if stage == "in hand" and not requests_for(order):
        hand_in(order)
    if stage == "without a price":
        order = order_of("900000066")
        with scopes_disabled():
            Price.objects.filter(product=order.product).delete()
    page = visits.open(person)
    speak("en", person, page, visits.origin)
    page.goto(way_to_renew(order))
    if stage == "advice":
        page.get_by_role("link", name="Not sure? Five questions").click()
        page.locator("#questions").get_by_text("Yes", exact=True).first.click()
        expect(page.get_by_role("heading", name="Why")).to_be_visible()
    if stage == "refused":
        refuse(page)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    return page


def refuse(page: Page) -> None:
    """Send the page with a name that no certificate can hold."""
    page.goto(urlsplit(page.url).path)
    page.evaluate("document.querySelector('.renew-names').open = true")
    page.locator("#id_names").evaluate("(field) => { field.value = 'no host name' }")
    renew_button = page.locator(".renew-aside .btn-lg").first
    renew_button.click()
    expect(page.locator(".invalid-feedback").first).to_be_visible()


def hand_in(order: Order) -> None:
    """Somebody has pressed already."""
    assert order.product
    with on_behalf_of(order.partner):
        request_renewal(
            order, product=order.product, term_years=1, names=order.names, csr=order.csr, actor=None, now=clock.now()
        )


def test_signed_in_contact_renews_at_home(visits: Visits) -> None:
    order = order_of("900000004")
    page = visits.open(ELISE)
    page.goto(f"/home/orders/{order.pk}/renew/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")

    page.locator(".renew-aside .btn-lg").first.click()

    expect(page).to_have_url(re.compile(r"/home/requests/\d+/$"))
    assert [str(one.requested_by_id is not None) for one in requests_for(order)] == ["True"]
