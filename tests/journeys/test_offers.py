"""An offer's whole road in the browser: typed while the numbers follow, published, paused after a question, ended."""

from __future__ import annotations

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from offers.models import Offer
from portal.demo import PARTNER_SLUG
from portal.models import Partner
from tests.journeys.people import NADIA
from tests.journeys.visits import PHONE, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]


def the_offer() -> Offer:
    with scope(partner=Partner.objects.get(slug=PARTNER_SLUG)):
        found: Offer = Offer.objects.get(name="Autumn")
    return found


def draft(page: Page) -> None:
    page.goto("/offers/new/")
    page.locator("#id_name").fill("Autumn")
    page.locator("#id_percent").fill("10")


def test_the_numbers_follow_what_is_typed_and_the_press_makes_it_live(visits: Visits) -> None:
    page = visits.open(NADIA)
    draft(page)
    numbers = page.locator("#preview")
    page.keyboard.press("Tab")
    expect(numbers).to_contain_text("10% off every renewal")
    expect(numbers).to_contain_text("Orders it touches")

    page.get_by_text("With a code").click()
    expect(page.locator("[name=days_from]")).to_be_hidden()
    page.locator("[name=code]").fill("automne")
    page.get_by_text("Upgrade at the present price").click()
    expect(page.locator("[name=percent]")).to_be_hidden()
    expect(numbers).to_contain_text("Counted as if each took the upgrade that costs least.")
    page.get_by_text("Percent off", exact=True).first.click()
    page.get_by_text("By itself", exact=True).click()
    page.get_by_role("button", name="Save and go to publication").click()
    page.get_by_role("button", name="Publish", exact=True).click()

    expect(page.get_by_text("The offer is live.")).to_be_visible()
    offer = the_offer()
    assert (offer.state, offer.code, offer.kind, str(offer.percent)) == ("published", "", "percent", "10.00")
    assert offer.forecast["matches"] > 0

    page.get_by_role("button", name="Pause").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("lose it for good")
    question.get_by_role("button", name="Yes, pause it").click()
    expect(page.get_by_text("The offer is paused: it gives nothing now.")).to_be_visible()
    page.get_by_role("button", name="End it now").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes, end it").click()
    expect(page.get_by_text("The offer has ended.")).to_be_visible()


def test_a_phone_without_scripts_shows_every_field_that_counts(visits: Visits) -> None:
    page = visits.open(NADIA, size=PHONE, javascript=False)
    draft(page)

    page.get_by_role("button", name="Show what it would do").click()

    expect(page.locator("#preview")).to_contain_text("10% off every renewal")
    assert page.locator("#id_name").input_value() == "Autumn"
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
