"""Instead of renewing: put it off and think again, ask a colleague, and have the house send or take back a link."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from certificates.models import Order, Reply
from portal.models import OutgoingMail
from tests.certificates.customers import link_in
from tests.journeys.looks import barriers, overhang
from tests.journeys.people import CLAIRE, ELISE, SAM, STRANGER, speak
from tests.journeys.rows import address, order_of, way_to_renew
from tests.journeys.visits import DESK, PHONE, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]

ZOOMED = 320  # pixels are what 400 % zoom leaves of a desk


def open_renewal(visits: Visits, order: Order, person: str = STRANGER, *, javascript: bool = True) -> Page:
    page = visits.open(person, javascript=javascript)
    page.goto(way_to_renew(order))
    return page


def letter_to(email: str) -> OutgoingMail:
    with scopes_disabled():
        letter: OutgoingMail = OutgoingMail.objects.filter(to_email=email).latest("pk")
    return letter


def path_in(letter: OutgoingMail) -> str:
    return urlsplit(link_in(letter.text)).path


def standing(order: Order) -> list[str]:
    with scopes_disabled():
        return list(Reply.objects.filter(order_id=order.pk).standing().values_list("kind", flat=True))


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no scripts"])
def test_customer_puts_off_thinks_again_and_gives_up(visits: Visits, javascript: bool) -> None:
    order = order_of("900000070" if javascript else "900000071")
    page = open_renewal(visits, order, javascript=javascript)

    page.get_by_role("link", name="Not now").click()
    page.get_by_role("button", name="Remind me later").click()
    expect(page.get_by_text("We remind you again on")).to_be_visible()
    assert standing(order) == ["not_now"]
    page.get_by_role("button", name="Undo").click()
    assert standing(order) == []

    page.get_by_label("We buy elsewhere").check()
    page.get_by_role("button", name="We no longer need it").click()
    expect(page.get_by_text("We send no more reminders about it.")).to_be_visible()
    page.get_by_role("link", name="Renew after all").click()
    expect(page.get_by_text("You told us that this is no longer needed.")).to_be_visible()
    assert standing(order) == ["not_needed"]


def test_colleague_gets_a_link_of_their_own_and_sees_who_asked(visits: Visits) -> None:
    order = order_of("900000072")
    page = open_renewal(visits, order)

    page.get_by_role("link", name="Ask a colleague").click()
    page.get_by_label("Your colleague's name").fill("Bao Tran")
    page.get_by_label("E-mail").fill("bao@granit-phare.example")
    page.get_by_label("Order it, or get a quote").check()
    page.get_by_label("Your message").fill("Before Friday, please.")
    page.get_by_label("Language of the letter").select_option("en")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("We have written to bao@granit-phare.example")).to_be_visible()

    colleague = visits.open()
    colleague.goto(path_in(letter_to("bao@granit-phare.example")))
    expect(colleague.get_by_text("it@granit-phare.example asks for your help with this renewal.")).to_be_visible()
    expect(colleague.locator(".renew-aside").get_by_role("button", name="Renew now")).to_be_visible()


def test_support_sends_a_link_and_takes_it_back_while_it_is_read(visits: Visits) -> None:
    order = order_of("900000073")
    staff = visits.open(SAM)
    staff.goto(address("certificates:order", order))

    staff.get_by_role("button", name="Send the renewal link").click()
    expect(staff.get_by_text("The link is on its way to")).to_be_visible()
    with scopes_disabled():
        letter = OutgoingMail.objects.filter(key__startswith=f"renewal-link:order:{order.pk}:").latest("pk")
    reader = visits.open()
    reader.goto(path_in(letter))
    expect(reader.get_by_role("heading", level=1)).to_contain_text(order.common_name)

    staff.get_by_role("button", name=re.compile("^Take back")).first.click()
    expect(staff.get_by_text("opens nothing any more")).to_be_visible()

    visits.watch.expected = {404}
    reader.reload()
    expect(reader.get_by_text(order.common_name)).to_have_count(0)


def test_support_takes_an_answer_down_and_the_list_tells(visits: Visits) -> None:
    order = order_of("900000074")
    staff = visits.open(SAM)
    staff.goto(address("certificates:order", order))

    staff.get_by_role("link", name="Not now, or no longer").click()
    staff.get_by_role("button", name="Put off").click()
    expect(staff.get_by_text("The customer's answer is kept.")).to_be_visible()
    staff.goto(f"/orders/{order.pk}/quick/")
    expect(staff.get_by_text("Put off until")).to_be_visible()
    assert standing(order) == ["not_now"]


PLACES = (
    "reply",
    "answered",
    "forward",
    "asked wrongly",
    "home reply",
    "home forward",
    "copied",
    "staff answer",
    "watched",
)


@pytest.mark.parametrize("place", PLACES)
def test_page_is_for_everybody(place: str, visits: Visits) -> None:
    visits.watch.expected = {422}
    person = {"home reply": ELISE, "home forward": ELISE, "copied": SAM, "staff answer": SAM, "watched": CLAIRE}.get(
        place, STRANGER
    )
    page = visits.open(person)
    speak("en", person, page, visits.origin)
    come_to(place, page)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    found = barriers(page) + overhang(page, DESK[0]) + overhang(page, 768)

    speak("fr", person, page, visits.origin)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    if place == "asked wrongly":
        page.locator(".form-actions .btn").first.click()
    elif place != "copied":  # the answer to a press, which would be asked for again
        page.reload()
    if place != "copied":
        expect(page.locator("html")).to_have_attribute("lang", "fr")
    found += barriers(page)

    assert found + [place for width in (PHONE[0], ZOOMED) for place in overhang(page, width)] == []


def come_to(place: str, page: Page) -> None:
    """The page as it is there."""
    order = order_of("900000007" if place.startswith("home") else "900000075")
    if place.startswith("home"):
        page.goto(reverse(f"certificates:home_{place.removeprefix('home ')}", args=[order.pk]))
    elif place == "staff answer":
        page.goto(address("certificates:order_answer", order))
    elif place == "copied":
        page.goto(address("certificates:order", order))
        page.get_by_role("button", name="Copy a link").click()
    else:
        page.goto(way_to_renew(order))
        asking = "forward" in place or "asked" in place
        page.goto(f"{urlsplit(page.url).path}{'forward' if asking else 'answer'}/")
    if place == "answered":
        page.get_by_role("button", name="Remind me later").click()
    if place == "asked wrongly":
        page.get_by_label("E-mail").fill("nobody")
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(page.locator(".invalid-feedback").first).to_be_visible()
