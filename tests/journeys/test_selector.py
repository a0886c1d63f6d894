"""The selector in a real browser: answering builds the recommendation, and other sites frame it only where allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django_scopes import scope
from playwright.sync_api import Browser, BrowserContext, FrameLocator, expect

from offers.models import SalesSettings
from portal.demo import PARTNER_SLUG
from portal.models import Partner
from tests.journeys.house import House
from tests.journeys.people import CLAIRE, ELISE
from tests.journeys.visits import PHONE, Visits
from tests.journeys.websites import website

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]
ADDRESS = f"/embed/{PARTNER_SLUG}/choose/?lang=en"
FRAME = f'<iframe title="Selector" src="{{}}{ADDRESS}" width="900" height="900"></iframe>'


def allow(*origins: str) -> None:
    partner = Partner.objects.get(slug=PARTNER_SLUG)
    with scope(partner=partner):
        SalesSettings.objects.update_or_create(partner=partner, defaults={"embed_origins": list(origins)})


@pytest.fixture
def reader(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody who reads other people's websites, and runs no scripts there."""
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    yield context
    context.close()


def answer(page: FrameLocator, *labels: str) -> None:
    for question, label in enumerate(labels):
        page.locator(".question").nth(question).get_by_text(label, exact=True).click()


def test_each_answer_builds_the_recommendation_and_the_address(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto("/products/choose/")

    found, labels = page.locator("#recommendation"), ("Yes", "Not now, but later", "Many below one domain", "Several")
    for question, label in enumerate(labels):
        page.locator(".question").nth(question).get_by_text(label, exact=True).click()
        expect(found).to_contain_text(f"So far, after {question + 1} of 5 answers")
    page.get_by_text("Customers and the public").click()

    expect(found.get_by_text("Recommended", exact=True)).to_be_visible()
    expect(found.get_by_role("heading", name="Secure Site Pro")).to_be_visible()
    expect(found).to_contain_text("Make a duplicate for each server.")
    expect(page).to_have_url(re.compile("payment=later.*trust=public"))
    page.reload()
    expect(found.get_by_role("heading", name="Secure Site Pro")).to_be_visible()
    page.get_by_role("link", name="Request this certificate").click()
    expect(page).to_have_url(re.compile("product=ssl_securesite_pro"))


def test_a_customer_on_a_phone_answers_by_keyboard_and_hears_it_in_french(visits: Visits) -> None:
    page = visits.open(ELISE, size=PHONE)
    page.goto("/products/choose/")
    page.locator("input[name=payment][value=yes]").focus()
    page.keyboard.press("Space")

    expect(page.locator("#recommendation")).to_contain_text("Secure Site Pro")
    expect(page.locator("#recommended-now")).to_have_text("Recommandation : Secure Site Pro.")


def test_without_scripts_the_form_is_pressed(visits: Visits) -> None:
    page = visits.open(CLAIRE, javascript=False)
    page.goto("/products/choose/")
    page.locator("input[name=trust][value=partners]").check(force=True)
    page.get_by_role("button", name="Recommend a certificate").click()

    expect(page.locator("#recommendation")).to_contain_text("Secure Site EV")


def test_a_listed_website_frames_it_and_it_works_without_scripts_and_cookies(
    house: House, reader: BrowserContext
) -> None:
    with website(FRAME.format(house.url)) as site:
        allow(site)
        page = reader.new_page()
        page.goto(site)
        frame = page.frame_locator("iframe")

        answer(frame, "Yes", "Yes", "One", "One", "Customers and the public")
        frame.get_by_role("button", name="Recommend a certificate").click()

        expect(frame.get_by_role("heading", name="Secure Site Pro")).to_be_visible()
        expect(frame.get_by_role("link", name="Ask Relais Partner for it")).to_have_attribute("target", "_top")
        assert reader.cookies() == []


def test_a_website_that_is_not_listed_shows_nothing(house: House, reader: BrowserContext) -> None:
    with website(FRAME.format(house.url)) as site, website(FRAME.format(house.url)) as other:
        allow(site)
        page = reader.new_page()
        page.goto(other)

        blocked = page.frame_locator("iframe")
        expect(blocked.get_by_role("heading", name="Which certificate?")).to_have_count(0)
        assert all(not frame.url.startswith(house.url) for frame in page.frames[1:])
        page.goto(site)
        expect(blocked.get_by_role("heading", name="Which certificate?")).to_be_visible()
