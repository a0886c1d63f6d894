"""A partner's own house in real browsers: its name, logo and colours, its letters' links, and its door."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import override_settings
from django_scopes import scopes_disabled
from playwright.sync_api import Browser, Page, expect

from offers.models import Quote
from portal import clock
from portal.colours import ENOUGH, RGB, contrast
from portal.demo import PARTNER_SLUG, PASS_PHRASE
from portal.models import Link, OutgoingMail, Partner, User
from portal.services import house as houses
from tests.journeys.house import House
from tests.journeys.looks import barriers, overhang
from tests.journeys.people import CLAIRE, ELISE, NADIA, STRANGER
from tests.journeys.rows import order_of, way_in, way_to_renew
from tests.journeys.visits import DESK, PHONE, Visits, Watch
from tests.portal.test_settings import picture

pytestmark = pytest.mark.browser

# Browsers lead every name under "localhost" to this machine.
OWN, NEIGHBOUR = "certs.localhost", "nordwind.localhost"
YELLOW = "#ffff00"
PLACES = {
    "sign-in": "/accounts/login/",
    "code": "/accounts/login/code/",
    "reset": "/accounts/password/reset/",
    "verify": "/verify/?code=0000-0000-00",
    "legal": "/legal/",
    "privacy": "/privacy/",
    "nowhere": "/nothing/here/",
    "closed link": "/l/AAAAAAAAAAAAAAAAAAAAAA/",
}
COLOURS = """
(element) => { const style = getComputedStyle(element); return [style.color, style.backgroundColor]; }
"""


@pytest.fixture(scope="module", autouse=True)
def own_names(demo_house: House) -> Iterator[None]:
    """The demo's partner wears yellow, at its own address; its neighbour has one as well."""
    partner = Partner.objects.get(slug=PARTNER_SLUG)
    look = {"host": OWN, "brand_colour": YELLOW, "accent_colour": YELLOW}
    with override_settings(ALLOWED_HOSTS=["localhost", "testserver", OWN, NEIGHBOUR]), scopes_disabled():
        nadia = User.objects.get(email=NADIA)
        houses.change_settings(partner, look, actor=nadia, now=clock.now())
        Partner.objects.exclude(pk=partner.pk).update(host=NEIGHBOUR)
        logo = picture(size=(200, 60)).read()
        houses.change_logo(partner, logo, actor=nadia, now=clock.now())
        yield


@pytest.fixture
def at_home(browser: Browser, house: House) -> Iterator[Visits]:
    """Browsers that come to the partner's own address; pages that say no are among what they look at."""
    yield from visiting(browser, house, OWN)


@pytest.fixture
def next_door(browser: Browser, house: House) -> Iterator[Visits]:
    yield from visiting(browser, house, NEIGHBOUR)


def visiting(browser: Browser, house: House, host: str) -> Iterator[Visits]:
    origin = house.url.replace("localhost", host)
    opened = Visits(browser, origin, Watch(origin, expected={403, 404}))
    yield opened
    opened.close()
    assert opened.watch.faults == []


def in_both_lights(page: Page, address: str) -> list[str]:
    """What keeps anybody from reading the page, light and wide, then dark and narrow."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    page.goto(address)
    found = barriers(page) + overhang(page, DESK[0])
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.reload()
    return found + barriers(page) + overhang(page, PHONE[0])


def written_on(page: Page, name: str) -> float:
    """The contrast of the words on a button, as the browser draws them."""
    pairs = page.get_by_role("button", name=name, exact=True).evaluate(COLOURS)
    words, ground = (RGB(*map(int, re.findall(r"\d+", one)[:3])) for one in pairs)
    return contrast(words, ground)


@pytest.mark.parametrize("address", PLACES.values(), ids=PLACES)
def test_page_for_everybody_wears_name_logo_and_colours_that_can_be_read(address: str, at_home: Visits) -> None:
    page = at_home.open()

    assert in_both_lights(page, address) == []
    expect(page.locator(".quiet-head")).to_contain_text("Relais Partner")
    logo = page.locator(".quiet-head img")
    expect(logo).to_have_js_property("complete", value=True)
    assert logo.evaluate("picture => picture.naturalWidth") == 200
    expect(page.get_by_role("contentinfo").get_by_role("link", name="Privacy")).to_be_visible()


def test_buttons_in_yellow_are_drawn_so_that_they_can_be_read(at_home: Visits) -> None:
    page = at_home.open()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto("/accounts/login/")

        assert written_on(page, "Sign in") >= ENOUGH


def test_customers_pages_in_yellow_can_be_read_in_both_lights(at_home: Visits) -> None:
    with scopes_disabled():
        quote = Quote.objects.select_related("partner", "contact").filter(state="sent").latest("pk")
    stranger, elise = at_home.open(STRANGER), at_home.open(ELISE)

    found = in_both_lights(stranger, way_to_renew(order_of("900000050")))
    found += in_both_lights(stranger, way_in(quote))
    for address in ("/home/", "/home/renew/"):
        found += in_both_lights(elise, address)

    assert found == []


def test_customer_signs_in_with_one_press_in_another_browser_than_the_one_that_asked(at_home: Visits) -> None:
    User.objects.filter(email=ELISE).update(language="en")
    asking = at_home.open(javascript=False)
    asking.goto("/accounts/login/code/")
    asking.get_by_label("Email").fill(ELISE)
    asking.get_by_role("button", name="Request code").click()
    link = newest_link()
    assert link.startswith(f"{at_home.origin}/l/")
    # what scans letters opens everything, scripts and all, and is never let in
    for _ in range(3):
        scanner = at_home.open()
        scanner.goto(link)
        scanner.goto("/home/")
        expect(scanner).to_have_url(re.compile(r"/accounts/login/\?next=/home/$"))

    reader = at_home.open(size=PHONE)
    reader.goto(link)
    expect(reader.get_by_text(ELISE)).to_be_visible()
    assert "/l/" not in reader.url
    reader.get_by_role("button", name="Sign in", exact=True).click()

    expect(reader).to_have_url(re.compile("/home/$"))
    late = at_home.open()
    late.goto(link)
    expect(late.get_by_role("heading", level=1)).to_have_text("This link opens nothing any more")


def test_somebody_of_another_house_is_told_so_and_finds_the_way_out(next_door: Visits) -> None:
    page = next_door.open(locale="en-GB")
    page.goto("/expiring/")
    page.get_by_label("Email").fill(CLAIRE)
    page.get_by_label("Password").fill(PASS_PHRASE)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("You are not known at this address")
    assert barriers(page) + overhang(page, PHONE[0]) == []
    page.get_by_role("main").get_by_role("button", name="Sign out").click()

    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_links_in_letters_lead_to_the_own_address(at_home: Visits) -> None:
    with scopes_disabled():
        open_links = Link.objects.filter(purpose="renew").count()
    page = at_home.open()

    page.goto(way_to_renew(order_of("900000050")))

    with scopes_disabled():
        assert Link.objects.filter(purpose="renew").count() == open_links + 1
    assert page.url.startswith(f"{at_home.origin}/r/")
    expect(page.locator(".quiet-head")).to_contain_text("Relais Partner")


def newest_link() -> str:
    """The link of the letter that was asked for last, before anybody sends it."""
    with scopes_disabled():
        letter = OutgoingMail.objects.filter(to_email=ELISE).latest("pk")
    [found] = re.findall(r"https?://\S+/l/\S+", letter.text)
    return str(found)
