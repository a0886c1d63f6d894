"""A customer at home: reissues in two presses, reads quotes, chooses letters, lets colleagues in, keeps dates."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_scopes import scopes_disabled
from icalendar import Calendar
from playwright.sync_api import Page, expect

from certificates.models import BenefitUse, OptOut, Order
from certificates.services.renewal_links import make_order_link
from certificates.states import RequestKind
from offers.services.quotes import draft_quote, send_quote
from portal import clock
from portal.access import on_behalf_of
from portal.models import Membership, User
from tests.factories import TODAY, midnight
from tests.journeys.looks import barriers, overhang
from tests.journeys.people import CLAIRE, ELISE
from tests.journeys.rows import address, order_of, requests_for
from tests.journeys.visits import DESK, PHONE, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]

# Orders of the demo's customer who signs in
ENDING, REISSUED, QUOTED, SILENCED = "900000001", "900000002", "900000003", "900000005"


@pytest.fixture(autouse=True)
def english(demo_house: object) -> None:
    User.objects.filter(email=ELISE).update(language="en")


def hindrances(page: Page) -> list[str]:
    """What keeps anybody from reading the page, wide and narrow; looking for it needs scripts."""
    return barriers(page) + [place for width in (DESK[0], 768, PHONE[0], 320) for place in overhang(page, width)]


def presses(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).or_(page.get_by_role("button", name=name, exact=True)).click()


def test_a_certificate_is_reissued_in_two_presses(visits: Visits) -> None:
    order, page = order_of(REISSUED), visits.open(ELISE)
    with scopes_disabled():
        last = TODAY + timedelta(days=12)
        ends = {"certificate_ends_on": last, "certificate_ends_at": midnight(last + timedelta(days=1))}
        late = TODAY + timedelta(days=150)
        Order.objects.filter(pk=order.pk).update(ends_on=late, ends_at=midnight(late + timedelta(days=1)), **ends)

    page.goto("/home/")
    presses(page, f"Reissue {order.common_name}")
    presses(page, "Reissue now")

    expect(page).to_have_url(re.compile("/home/requests/"))
    (asked,) = requests_for(order)
    assert (asked.kind, asked.source, str(asked.requested_by)) == (RequestKind.REISSUE, "home", "Elise Roy")
    page.goto(f"/home/orders/{order.pk}/reissue/")
    expect(page.get_by_text("Already in hand")).to_be_visible()
    page.goto("/home/")
    expect(page.get_by_role("row", name=order.common_name).get_by_role("link", name="On its way")).to_be_visible()


def test_forty_certificates_are_found_by_a_few_letters_without_a_script(visits: Visits) -> None:
    page = visits.open(ELISE, javascript=False)
    page.goto("/home/")

    expect(page.get_by_text("1–25 of")).to_be_visible()
    presses(page, "Next")
    expect(page.get_by_text("26–")).to_be_visible()
    page.get_by_role("searchbox").fill("www3")
    presses(page, "Search")

    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_quote_is_read_and_answered_from_home(visits: Visits) -> None:
    order, page = order_of(QUOTED), visits.open(ELISE, javascript=False)
    with on_behalf_of(order.partner):
        claire = User.objects.get(email=CLAIRE)
        quote = send_quote(draft_quote([order], actor=claire, now=clock.now()), actor=claire, now=clock.now())

    page.goto("/home/")
    presses(page, f"Read and answer {quote.number}")

    expect(page).to_have_url(re.compile("/q/"))
    expect(page.locator("#answer").get_by_role("button").first).to_be_visible()
    look = visits.open(ELISE)
    look.goto("/home/quotes/")
    assert hindrances(look) == []


def test_letters_are_stopped_and_sent_again_by_keyboard_alone(visits: Visits) -> None:
    order, page = order_of(SILENCED), visits.open(ELISE)
    page.goto(address("certificates:home_order", order))

    for button, stopped in (
        ("Stop them Reminders about this order", 1),
        ("Send them again Reminders about this order", 0),
    ):
        reach(page, button)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").or_(page.locator(".messages")).first).to_be_visible()
        with scopes_disabled():
            assert OptOut.objects.filter(order=order).count() == stopped


def reach(page: Page, name: str) -> None:
    """Go on with the tab key until the button has the focus."""
    wanted = page.get_by_role("button", name=name, exact=True)
    expect(wanted).to_be_visible()
    for _ in range(80):
        if wanted.evaluate("button => button === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(name)


def test_what_is_used_is_told_and_taken_back_without_a_script(visits: Visits) -> None:
    order, page = order_of(ENDING), visits.open(ELISE, javascript=False, size=PHONE)
    page.goto(address("certificates:home_order", order))

    page.get_by_text("How to switch it on").first.click()
    expect(page.get_by_text("Paste it into the page")).to_be_visible()
    presses(page, "We use it Site seal")
    with scopes_disabled():
        assert BenefitUse.objects.get(order=order).is_used
    presses(page, "Undo Site seal")

    expect(page.get_by_role("button", name="We use it Site seal")).to_be_visible()
    with scopes_disabled():
        assert not BenefitUse.objects.filter(order=order).exists()


def test_a_colleague_is_added_let_in_and_shut_out_without_a_script(visits: Visits) -> None:
    page = visits.open(ELISE, javascript=False)
    page.goto("/home/")
    presses(page, "Colleagues")
    presses(page, "Add a colleague")

    page.get_by_label("Name").fill("Marc Dubois")
    page.get_by_label("E-mail").fill("marc.dubois@karst-atelier.example")
    page.get_by_label("Role").select_option("buyer")
    page.get_by_label("Let them sign in").check()
    presses(page, "Save")
    expect(page.get_by_text("an invitation is on its way")).to_be_visible()
    presses(page, "Take sign-in away Marc Dubois")

    expect(page.get_by_role("button", name="Let them sign in Marc Dubois")).to_be_visible()
    with scopes_disabled():
        member = Membership.objects.get(user__email="marc.dubois@karst-atelier.example")
    assert not member.is_active


def test_dates_are_fetched_by_a_calendar_that_nobody_is_signed_in_to(visits: Visits) -> None:
    page, program = visits.open(ELISE, javascript=False), visits.open()
    page.goto("/home/preferences/")
    presses(page, "Put the dates into my calendar")
    presses(page, "Make an address")
    address_shown = page.locator(".calendar-address code").inner_text()
    path = "/calendar/" + address_shown.partition("/calendar/")[2]

    answer = program.request.get(path)

    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    names = [str(event.uid) for event in Calendar.from_ical(answer.body()).events]
    assert any(name.startswith(f"ends-{order_of(ENDING).pk}@") for name in names)
    page.goto("/home/preferences/calendar/")
    presses(page, "End the address")
    assert program.request.get(path).status == 404


def test_the_reader_of_a_link_chooses_letters_of_that_order(visits: Visits) -> None:
    order = order_of(SILENCED)
    with on_behalf_of(order.partner):
        link = make_order_link(order, email=ELISE, language="en", now=timezone.now())
    page = visits.open()
    page.goto("/l/" + link.partition("/l/")[2])
    handle = page.url.partition("/r/")[2].partition("/")[0]
    page.goto(reverse("certificates:link_preferences", args=[handle]))

    presses(page, f"Stop them Reminders about {order.common_name}, order {order.number}")

    expect(page.get_by_text("This order: stopped")).to_be_visible()
    assert hindrances(page) == []
    presses(page, f"Send them again {order.common_name}")
    with scopes_disabled():
        assert not OptOut.objects.filter(order=order).exists()
