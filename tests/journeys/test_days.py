from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.conf import LazySettings
from django_scopes import scope
from playwright.sync_api import Page, expect

from certificates.models import Order
from portal.demo import PARTNER_SLUG
from portal.models import Partner
from tests.factories import TODAY, make_order
from tests.journeys.people import CLAIRE
from tests.journeys.rows import address
from tests.journeys.visits import Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]


def order_ending(day: date) -> Order:
    """One more order of the demo's first customer, with the organisation and domain that are validated."""
    partner = Partner.objects.get(slug=PARTNER_SLUG)
    with scope(partner=partner):
        like = Order.objects.select_related("customer", "organization").get(number="900000001")
        return make_order(
            partner,
            ends_on=day,
            customer=like.customer,
            organization=like.organization,
            common_name="www.karst-atelier.example",
        )


def summary(page: Page, word: str) -> str:
    """What the summary beside the form says under this word."""
    line = page.locator("#summary > div").filter(has_text=re.compile(f"^\\s*{word}"))
    return line.locator("dd").inner_text().strip()


def test_an_order_with_31_days_left_gives_396_days_of_which_197_are_collected_later(visits: Visits) -> None:
    order = order_ending(TODAY + timedelta(days=31))
    page = visits.open(CLAIRE)

    page.goto(address("offers:renew", order))

    sentence = "Of 396 days, 199 days are on the new certificate, 197 are collected by free reissues."
    expect(page.get_by_text(sentence, exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="You lose no day")).to_be_visible()
    legend = page.locator("#plan .days-legend li").all_inner_texts()
    assert [re.findall(r"\d+ days?", words)[0] for words in legend] == ["31 days", "199 days", "396 days"]
    page.get_by_text("Reissue calendar").click()
    # From 2027-03-15 on a certificate lasts 99 days.
    expect(page.locator("#plan tbody tr td:nth-child(2)")).to_have_text(["99 days", "98 days"])


def test_the_new_order_ends_on_the_same_day_whenever_one_renews(visits: Visits, settings: LazySettings) -> None:
    order = order_ending(TODAY + timedelta(days=60))
    page = visits.open(CLAIRE)

    promised = {}
    for left in (90, 60, 31, 1, 0):
        settings.PORTAL_TODAY = (TODAY + timedelta(days=60 - left)).isoformat()
        page.goto(address("offers:renew", order))
        promised[left] = (summary(page, "The order ends"), summary(page, "Days of the order"))

    assert promised == {
        90: ("21 January 2028", "455"),
        60: ("21 January 2028", "425"),
        31: ("21 January 2028", "396"),
        1: ("21 January 2028", "366"),
        0: ("21 January 2028", "365"),
    }


def test_the_example_of_2021_holds_under_the_limits_of_its_time(visits: Visits, settings: LazySettings) -> None:
    order = order_ending(date(2021, 1, 1))
    page = visits.open(CLAIRE)

    for day, days in (("2020-12-01", 396), ("2021-01-01", 365)):
        settings.PORTAL_TODAY = day
        page.goto(address("offers:renew", order))
        expect(page.get_by_text(f"All {days} days of the order are on the new certificate.")).to_be_visible()
        assert summary(page, "The order ends") == "1 January 2022"
