"""A buyer's road through a quote: from the link to the order, by keyboard, on a phone, and beside a colleague."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from certificates.models import Contact, Customer, Order, Request
from offers.models import Quote
from offers.services.quotes import decline_quote, draft_quote, send_quote
from portal import clock
from portal.access import on_behalf_of
from portal.models import Link, Partner
from portal.roles import Role
from tests import factories
from tests.certificates.certs import make_csr
from tests.journeys.house import House, wait_for
from tests.journeys.looks import barriers, overhang
from tests.journeys.rows import way_in
from tests.journeys.visits import DESK, PHONE, Visits
from tests.offers.factories import make_offer, make_prices, make_settings, make_tax_rate
from tests.offers.quotes_on_paper import CUSTOMER, PARTNER, line
from tests.offers.quotes_on_paper import quote as kept

pytestmark = pytest.mark.browser

# Two buyers obey the same clock, since a test can only press one button after the other.
PRESS_AT = """(moment) => setTimeout(
  () => document.querySelector("form[action$='/accept/']").requestSubmit(), moment - Date.now())"""
MADE_UP = 'for (const sign of ["pointerdown", "keydown", "wheel"]) dispatchEvent(new Event(sign)); scrollTo(0, 400)'


@pytest.fixture(scope="module")
def seller(house: House) -> Iterator[Partner]:
    """A partner with prices, an offer and terms, whose scope is open."""
    relais = factories.make_partner(support_email="help@relais.example")
    factories.make_connection(relais)
    make_prices(relais)
    make_settings(relais, terms_en="Payable within 30 days.", terms_fr="Payable à 30 jours.")
    make_tax_rate(relais)
    make_offer(relais)
    with on_behalf_of(relais):
        yield relais


def make_sent(partner: Partner, count: int = 1) -> Quote:
    """A quote for so many orders of one customer."""
    customer = factories.make_customer(partner, country="FR")
    contact = factories.make_contact(customer)
    orders = [make_order(customer, contact=contact, host=f"w{number}.granit.example") for number in range(count)]
    draft = draft_quote(orders, contact=contact, actor=None, now=clock.now())
    return send_quote(draft, actor=None, now=clock.now(), by_mail=False)


def make_order(customer: Customer, *, contact: Contact, host: str) -> Order:
    product = factories.product("ssl_dv_geotrust_flex")
    return factories.make_order(
        customer.partner, customer=customer, contact=contact, product=product, common_name=host, csr=make_csr(host)
    )


def fill(page: Page, *, name: str) -> None:
    page.get_by_label("Your name").first.fill(name)
    page.get_by_label("Your role").fill("Buyer")
    page.get_by_label("I may order for this company").check()


def requests_of(quote: Quote) -> int:
    return Request.objects.filter(order__in=quote.lines.values("order")).count()


def test_two_browsers_at_once_order_one_set_and_both_see_whose(seller: Partner, visits: Visits) -> None:
    quote = make_sent(seller, 3)
    pages = [visits.open(), visits.open()]
    for page, name in zip(pages, ("Awa Diallo", "Ben Okri"), strict=True):
        page.goto(way_in(quote))
        fill(page, name=name)

    moment = pages[0].evaluate("Date.now() + 700")
    for page in pages:
        page.evaluate(PRESS_AT, moment)

    for page in pages:
        expect(page.get_by_role("heading", name="Accepted")).to_be_visible()
    quote = Quote.objects.get(pk=quote.pk)
    for page in pages:
        expect(page.get_by_text(f"{quote.answered_name} (Buyer) accepted this quote")).to_be_visible()
    assert requests_of(quote) == 3


def test_complaints_of_a_draft_go_once_it_is_right(seller: Partner, visits: Visits) -> None:
    visits.watch.expected = {422}
    staff = factories.make_member(seller, Role.ACCOUNT_MANAGER, email="owner@relais.example").user
    customer = factories.make_customer(seller, country="FR")
    order = make_order(customer, contact=factories.make_contact(customer), host="www.granit.example")
    page = visits.open(staff.email)
    page.goto(f"/quotes/{draft_quote([order], actor=staff, now=clock.now()).pk}/")

    page.get_by_label("Product www.granit.example").select_option("RapidSSL Wildcard DV")
    beside = page.locator(".quote-line .invalid-feedback")
    expect(beside).to_contain_text("is for wildcards")
    page.get_by_role("textbox", name="Valid until").fill("")
    expect(page.locator("#sheet .alert").get_by_text("Valid until: ")).to_be_visible()
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("Nothing was stored.")).to_be_visible()

    page.get_by_role("textbox", name="Valid until").fill(clock.today().isoformat())
    expect(page.locator("#sheet .alert").get_by_text("Valid until: ")).to_have_count(0)
    page.get_by_label("Product www.granit.example").select_option("GeoTrust DV")

    expect(page.get_by_text("Nothing was stored.")).to_have_count(0)
    expect(page.locator(".invalid-feedback, .is-invalid")).to_have_count(0)


def test_buyer_without_scripts_accepts_by_keyboard_alone(seller: Partner, visits: Visits) -> None:
    visits.watch.expected = {422}
    quote = make_sent(seller)
    page = visits.open(javascript=False)
    page.goto(way_in(quote))

    page.get_by_label("Your name").first.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("Awa Diallo")
    page.keyboard.press("Tab")
    page.keyboard.type("Buyer")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tick this to order")).to_be_visible()
    expect(page.get_by_label("Your role")).to_have_value("Buyer")
    page.get_by_label("I may order for this company").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Awa Diallo (Buyer) accepted this quote")).to_be_visible()
    assert requests_of(quote) == 1


def test_buyer_without_scripts_asks_for_a_change_and_then_declines(seller: Partner, visits: Visits) -> None:
    quote = make_sent(seller)
    page = visits.open(javascript=False)
    page.goto(way_in(quote))

    page.get_by_text("Ask for a change").click()
    page.get_by_label("What should be different?").fill("Two years, please")
    page.get_by_label("Your name").last.fill("Awa Diallo")
    page.get_by_role("button", name="Send the question").click()
    expect(page.get_by_text("You asked for a change on")).to_be_visible()
    page.get_by_text("Decline", exact=True).click()
    page.get_by_label("Too dear").check()
    page.get_by_role("button", name="Decline the quote").click()

    expect(page.get_by_text("Too dear")).to_be_visible()
    page.get_by_role("button", name="Ask for a new quote").click()
    expect(page.get_by_text("A new one was asked for on")).to_be_visible()


def test_t9_scanner_that_runs_scripts_is_not_counted_and_a_person_is(seller: Partner, visits: Visits) -> None:
    quote = make_sent(seller)
    path = way_in(quote)
    scanner, person = visits.open(user_agent="Mozilla/5.0 (compatible; MailLinkScanner/1.0)"), visits.open()
    for _ in range(3):
        scanner.goto(path)
        scanner.wait_for_timeout(1200)
        scanner.evaluate(MADE_UP)
        scanner.wait_for_timeout(300)
    assert (Quote.objects.get(pk=quote.pk).state, openings(quote)) == ("sent", 0)

    person.goto(path)
    person.wait_for_timeout(1200)
    person.keyboard.press("PageDown")

    wait_for(lambda: openings(quote) == 1, what="the reader to be counted")
    assert Quote.objects.get(pk=quote.pk).state == "viewed"


def openings(quote: Quote) -> int:
    return sum(link.opened_count for link in Link.objects.about(f"quote:{quote.pk}", purpose="quote"))


@pytest.mark.parametrize("count", [1, 12])
def test_quote_is_for_everybody_light_and_dark_wide_and_narrow_in_both_languages(
    count: int, seller: Partner, visits: Visits
) -> None:
    quote = make_sent(seller, count)
    page = visits.open()
    page.goto(way_in(quote))
    expect(page.get_by_role("heading", level=1)).to_have_count(1)

    found = barriers(page) + overhang(page, DESK[0]) + overhang(page, 768)
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.reload()
    found += barriers(page)
    # 320 pixels are what 400 % zoom leaves of a desk.
    found += [place for width in (PHONE[0], 320) for place in overhang(page, width)]

    assert found == []


@pytest.mark.parametrize("count", [1, 3])
def test_endless_words_never_widen_the_page(count: int, seller: Partner, visits: Visits) -> None:
    endless = "W" * 200
    lines = [line(n, host=endless, product=endless, upgrade_from=endless, order_number="7" * 40) for n in range(count)]
    customer = replace(CUSTOMER, name=endless, address=endless, vat_number=endless)
    partner = replace(PARTNER, name=endless, support_email=endless, legal_footer=endless)
    shown = kept(tuple(lines), customer=customer, partner=partner, note=endless, terms=endless, purchase_order=endless)
    quote = make_sent(seller, count)
    Quote.objects.filter(pk=quote.pk).update(snapshot=shown.to_json())
    page = visits.open()

    page.goto(way_in(quote))

    assert [place for width in (DESK[0], 768, 320) for place in overhang(page, width)] == []


def test_answered_quote_and_closed_link_are_for_everybody_too(seller: Partner, visits: Visits) -> None:
    visits.watch.expected = {404}
    quote = make_sent(seller)
    decline_quote(quote, reason="later", now=clock.now())
    page = visits.open(size=PHONE)

    found = []
    for place in (way_in(quote), "/l/AAAAAAAAAAAAAAAAAAAAAA/", f"/verify/?code={quote.verification_code}"):
        page.goto(place)
        found += barriers(page) + overhang(page, 320)

    assert found == []
    expect(page.get_by_text("Yes: Relais Partner sent this quote.")).to_be_visible()


def test_printed_quote_is_the_sheet_without_its_buttons(seller: Partner, visits: Visits) -> None:
    page = visits.open()
    page.goto(way_in(make_sent(seller)))

    page.emulate_media(media="print")

    expect(page.get_by_text("Payable within 30 days.")).to_be_visible()
    for button in ("Accept and order", "Decline the quote"):
        expect(page.get_by_role("button", name=button)).to_be_hidden()


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_one_box_ticks_every_order_that_can_be_quoted_and_unticks_it(
    seller: Partner, visits: Visits, size: tuple[int, int]
) -> None:
    nadia = factories.make_member(seller, "administrator").user
    customer = factories.make_customer(seller, country="FR")
    contact = factories.make_contact(customer)
    for number in range(3):
        make_order(customer, contact=contact, host=f"pick{number}.granit.example")
    factories.make_order(seller, customer=customer, product=None, common_name="unknown.granit.example")
    page = visits.open(nadia.email, size=size)
    page.goto(f"/quotes/new/?customer={customer.pk}")
    every = page.get_by_label("Select all")
    boxes = page.locator("input[name=orders]:enabled")
    expect(page.locator("input[name=orders]:disabled")).to_have_count(1)

    expect(every).to_be_checked()
    every.uncheck()
    assert [box.is_checked() for box in boxes.all()] == [False] * 3
    boxes.first.check()
    assert every.evaluate("(box) => box.indeterminate")
    every.check()
    assert [box.is_checked() for box in boxes.all()] == [True] * 3
    expect(page.locator("input[name=orders]:disabled")).not_to_be_checked()
