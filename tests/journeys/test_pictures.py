"""The pictures of the README are what these journeys see: PORTAL_PICTURES=1 keeps them."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.people import CLAIRE
from tests.journeys.rows import address, order_of
from tests.journeys.visits import DESK, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]

FOLDER = Path(__file__).parent / "pictures"
COLOURS = 256


def keep(page: Page, name: str) -> None:
    """Take the picture; store it, small, where that was asked for."""
    page.evaluate("document.fonts.ready")
    picture = Image.open(io.BytesIO(page.screenshot()))
    assert picture.size == DESK
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
    expect(page.get_by_role("complementary", name="Quick view")).to_contain_text("collected later")
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
