"""The pictures of the README are what these journeys see: PORTAL_PICTURES=1 keeps them."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path
from typing import Literal

import pytest
from django.conf import LazySettings
from PIL import Image, ImageOps
from playwright.sync_api import Page, expect

from offers.services.quotes import draft_quote, send_quote
from offers.services.quotes.papers import pdf_of
from portal import clock
from portal.access import on_behalf_of
from portal.models import User
from tests.journeys.house import House
from tests.journeys.people import CLAIRE, NADIA, STRANGER
from tests.journeys.rows import address, order_of, way_to_renew
from tests.journeys.visits import DESK, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]

FOLDER = Path(__file__).parent / "pictures"
COLOURS = 256
# At 96 dots to the inch
A4 = (794, 1123)


def keep(page: Page, name: str) -> None:
    """Take the picture of what is on the screen, and store it where that was asked for."""
    page.evaluate("document.fonts.ready")
    picture = Image.open(io.BytesIO(page.screenshot()))
    assert picture.size == DESK
    store(picture, name)


def store(picture: Image.Image, name: str) -> None:
    """Small: in few colours."""
    if os.environ.get("PORTAL_PICTURES"):
        FOLDER.mkdir(exist_ok=True)
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(FOLDER / f"{name}.png", optimize=True)


def test_picture_of_what_expires_and_of_quick_view(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto("/expiring/")
    expect(page.get_by_role("link", name="Renew now").first).to_be_visible()
    keep(page, "expiring-light")

    page.get_by_role("link", name="Quick view 900000049").click()
    expect(page.get_by_role("complementary", name="Quick view")).to_contain_text("kept from the present order")
    keep(page, "quick-view-light")


def test_picture_of_an_order(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto(address("certificates:order", order_of("900000104")))
    expect(page.get_by_role("region", name="Timeline")).to_be_visible()
    keep(page, "order-light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_picture_of_the_renew_page(scheme: Literal["light", "dark"], visits: Visits) -> None:
    page = visits.open(CLAIRE, color_scheme=scheme)
    page.goto(address("offers:renew", order_of("900000002")))
    expect(page.get_by_text("You lose no day")).to_be_visible()
    keep(page, f"renew-{scheme}")


def test_picture_of_the_page_on_which_a_customer_renews(visits: Visits) -> None:
    page = visits.open(STRANGER)
    page.goto(way_to_renew(order_of("900000002"), email="it@karst-atelier.example"))
    expect(page.get_by_text("You lose no day")).to_be_visible()
    keep(page, "customer-light")


def test_picture_of_an_offer_that_is_being_written(visits: Visits) -> None:
    page = visits.open(NADIA)
    page.goto("/offers/new/")
    page.locator("#id_name").fill("Winter renewals")
    page.locator("#id_percent").fill("12")
    page.keyboard.press("Tab")
    expect(page.locator("#preview")).to_contain_text("12% off every renewal")
    keep(page, "offer-light")


def test_picture_of_a_quote_on_paper(demo_house: House, settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://renewals.relais.example"
    order, seller = order_of("900000084"), User.objects.get(email=CLAIRE)
    with on_behalf_of(order.partner):
        draft = draft_quote([order], actor=seller, now=clock.now())
        content = pdf_of(send_quote(draft, actor=seller, now=clock.now(), by_mail=False), now=clock.now())
    first = subprocess.run(
        ["pdftoppm", "-png", "-r", "96", "-f", "1", "-l", "1", "-"], input=content, capture_output=True, check=True
    )
    page = Image.open(io.BytesIO(first.stdout)).convert("RGB")
    assert page.size == A4
    # A hair line where the paper ends
    store(ImageOps.expand(page, 1, fill="#c5ccd6"), "quote-light")


def test_picture_of_the_calendar(visits: Visits) -> None:
    page = visits.open(NADIA)
    page.goto("/campaigns/calendar/")
    expect(page.get_by_role("heading", name="What it brings in a year")).to_be_visible()
    keep(page, "calendar-light")


def test_picture_of_a_letter_beside_its_preview_and_the_five_keys(visits: Visits) -> None:
    page = visits.open(NADIA)
    page.goto("/campaigns/letters/days_60/en/")
    expect(page.get_by_role("heading", name="The five keys")).to_be_visible()
    expect(page.frame_locator("iframe").first.get_by_text("60 days until expiration").first).to_be_visible()
    keep(page, "letter-light")
