from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from certificates.models import Order
from certificates.states import RenewalMark, RequestState
from tests.journeys.files import SAMPLE
from tests.journeys.house import House
from tests.journeys.openssl import verified_names
from tests.journeys.people import CLAIRE
from tests.journeys.rows import order_of, requests_for
from tests.journeys.visits import Visits

pytestmark = pytest.mark.browser

# The tabs as the sample's own description counts them on 2026-11-22
ORDERS = {"Expired or within 7 days": 10, "30 days": 16, "60 days": 35, "90 days": 60, "Later": 109, "Older": 29}
CERTIFICATES = ORDERS | dict(zip(ORDERS, (14, 26, 58, 90, 70, 35), strict=True))
NOTHING = {"Rejected": 0, "Unchanged": 0}
SOON = 30_000


def tabs(page: Page, name: str = "When it expires") -> dict[str, int]:
    words = page.get_by_role("navigation", name=name).get_by_role("link").all_inner_texts()
    counted = [re.fullmatch(r"(.+?)\s*(\d+)", word.strip()) for word in words]
    return {one[1]: int(one[2]) for one in counted if one}


def preview(page: Page) -> dict[str, int]:
    """Upload the sample; how many of its lines are new, changed, unchanged or rejected."""
    page.goto("/imports/")
    page.get_by_label("Choose a file, or drop it here").set_input_files(SAMPLE)
    page.get_by_role("button", name="See what would happen").click()
    until(page, "This is what will happen")
    return tabs(page, "Which lines")


def until(page: Page, words: str) -> None:
    """Wait for these words; without JavaScript, by looking again and again."""
    again = page.get_by_role("link", name=re.compile("Look again|Show how far it is"))
    deadline = time.monotonic() + SOON / 1_000
    while again.is_visible() and time.monotonic() < deadline:
        again.click()
        page.wait_for_timeout(300)
    expect(page.get_by_text(words).first).to_be_visible(timeout=SOON)


def fetch(page: Page, folder: Path, origin: str) -> set[str]:
    """The verified host names of the certificate that the page offers."""
    with page.expect_download() as download:
        page.get_by_role("link", name="For the server").click()
    return verified_names(download.value.path().read_text(), origin=origin, folder=folder)


@pytest.mark.smoke
def test_the_whole_road_from_an_export_to_a_renewed_certificate(office: House, visits: Visits, tmp_path: Path) -> None:
    page = visits.open(CLAIRE)
    page.goto("/expiring/")
    expect(page.get_by_text("No orders yet")).to_be_visible()
    page.get_by_role("link", name="Import orders").click()
    expect(page).to_have_url(re.compile("/imports/$"))

    assert preview(page) == NOTHING | {"New": 240, "Changed": 0, "All": 240}
    with scopes_disabled():
        assert Order.objects.count() == 0
    page.get_by_role("button", name="Import 240 orders").dblclick()
    until(page, "Imported on")
    assert tabs(page, "Which lines") == NOTHING | {"Created": 240, "Updated": 0, "All": 240}
    with scopes_disabled():
        assert Order.objects.count() == 240
    assert preview(page) == NOTHING | {"New": 0, "Changed": 0, "Unchanged": 240, "All": 240}
    expect(page.get_by_text("The file brings nothing new: every order is known as it is.")).to_be_visible()

    page.goto("/expiring/")
    assert tabs(page) == ORDERS
    page.get_by_role("link", name="Certificates · reissue").click()
    expect(page).to_have_url(re.compile("show=certificates"))
    assert tabs(page) == CERTIFICATES

    page.goto("/expiring/")
    page.get_by_role("link", name="Quick view 7101115").click()
    drawer = page.get_by_role("complementary", name="Quick view")
    expect(drawer).to_contain_text("portail.horizon-zephyr6.example")
    drawer.get_by_role("link", name="Renew now").click()
    page.get_by_role("button", name="Renew now").dblclick()
    until(page, "The certificate is issued.")
    order = order_of("7101115")
    [request] = requests_for(order)
    assert request.state == RequestState.ISSUED
    assert fetch(page, tmp_path, office.url) == set(order.names)

    page.go_back()
    page.reload()
    expect(page.get_by_text("pressing again orders nothing")).to_be_visible()
    assert [one.pk for one in requests_for(order)] == [request.pk]

    page.goto("/expiring/")
    # The old order is gone, and the new one has its own end.
    renewed = {"Expired or within 7 days": 9, "30 days": 15, "60 days": 34, "90 days": 59, "Later": 110}
    assert tabs(page) == ORDERS | renewed
    expect(page.get_by_text("portail.horizon-zephyr6.example")).to_have_count(0)
    page.goto(f"/orders/{order.pk}/")
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline).to_contain_text("Renewal requested")
    expect(timeline).to_contain_text("Certificate issued")
    page.get_by_role("region", name="Before and after").get_by_role("link").click()
    assert request.result is not None
    expect(page.get_by_role("main")).to_contain_text(request.result.number)
    assert order_of("7101115").renewal_mark == RenewalMark.RENEWED


def test_the_same_road_without_javascript(office: House, visits: Visits, tmp_path: Path) -> None:
    page = visits.open(CLAIRE, javascript=False)
    assert preview(page)["All"] == 240
    if page.get_by_role("button", name="Import 240 orders").count():
        page.get_by_role("button", name="Import 240 orders").click()
        until(page, "Imported on")

    page.goto("/expiring/?tab=30")
    page.get_by_role("link", name="Quick view 7102091").click()
    page.get_by_role("link", name="Renew now").click()
    page.get_by_role("button", name="Renew now").click()
    until(page, "The certificate is issued.")
    order = order_of("7102091")
    assert fetch(page, tmp_path, office.url) == set(order.names)
    page.goto(f"/orders/{order.pk}/renew/")
    expect(page.get_by_text("pressing again orders nothing")).to_be_visible()
    assert [one.state for one in requests_for(order)] == [RequestState.ISSUED]
