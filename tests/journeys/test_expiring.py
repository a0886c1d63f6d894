from __future__ import annotations

import csv
import io
import re

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Locator, Page, expect

from certificates.models import Customer, Order, SavedView
from tests.journeys.looks import overhang
from tests.journeys.people import CLAIRE, NADIA
from tests.journeys.rows import order_of
from tests.journeys.visits import PHONE, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]


def row(page: Page, number: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=number, exact=True))


def numbers(page: Page) -> list[str]:
    return page.locator("tbody .order-number").all_inner_texts()


def enabled(*numbers: str) -> list[bool]:
    return [order_of(number).notices_enabled for number in numbers]


def test_notices_are_switched_in_the_list_and_saved_at_once(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto("/expiring/")
    switch = row(page, "900000044").get_by_role("switch")

    for shown, stored in (("false", False), ("true", True), ("false", False)):
        with page.expect_response(re.compile("/notices/")):
            switch.click()
        expect(switch).to_have_attribute("aria-checked", shown)
        assert enabled("900000044") == [stored]

    expect(page.get_by_role("button", name="Undo")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "900000044").get_by_role("switch")).to_have_attribute("aria-checked", "true")
    assert enabled("900000044") == [True]


def test_longest_name_of_a_customer_widens_no_page(visits: Visits) -> None:
    order = order_of("900000044")
    with scopes_disabled():
        Customer.objects.filter(pk=order.customer_id).update(name="Compagnie" + "x" * 190)
    page = visits.open(CLAIRE)

    for url in ("/expiring/", f"/orders/{order.pk}/", f"/customers/{order.customer_id}/"):
        page.goto(url)
        assert [place for width in (1440, 390) for place in overhang(page, width)] == []


def test_notices_of_selected_orders_are_switched_together_and_taken_back(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto("/expiring/")
    chosen = ["900000047", "900000048"]
    for number in chosen:
        row(page, number).get_by_role("checkbox").check()
    expect(page.get_by_text("Selected 2")).to_be_visible()

    page.get_by_role("button", name="Switch notices off").click()
    expect(page.get_by_text("Renewal notices are off for 2 orders.")).to_be_visible()
    assert enabled(*chosen) == [False, False]

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back: everything is as it was.")).to_be_visible()
    assert enabled(*chosen) == [True, True]


def test_all_of_a_list_is_asked_once_more_before_it_changes(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto("/expiring/?tab=90")
    with scopes_disabled():
        before = set(Order.objects.filter(notices_enabled=False).values_list("pk", flat=True))
    page.get_by_label("Select every row").check()
    page.get_by_role("checkbox", name=re.compile("all 6\\d of this list")).check()

    page.get_by_role("button", name="Switch notices off").click()
    expect(page.get_by_text(re.compile("6\\d rows of the list are meant"))).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page).to_have_url(re.compile("tab=90"))

    with scopes_disabled():
        assert set(Order.objects.filter(notices_enabled=False).values_list("pk", flat=True)) == before


def test_a_view_is_saved_found_again_and_deleted(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto("/expiring/?tab=30&level=ev")
    seen = numbers(page)
    page.get_by_text("Saved views").click()
    page.get_by_label("Save what you see as").fill("EV this month")
    page.get_by_label("For all colleagues").check()
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_text("The view “EV this month” is saved.")).to_be_visible()

    colleague = visits.open(NADIA)
    colleague.goto("/expiring/")
    colleague.get_by_text("Saved views").click()
    colleague.get_by_role("link", name=re.compile("EV this month")).click()
    expect(colleague).to_have_url(re.compile("level=ev"))
    assert numbers(colleague) == seen

    page.get_by_text("Saved views").click()
    page.get_by_role("button", name="Delete the view EV this month").click()
    expect(page.get_by_text("The view “EV this month” is deleted.")).to_be_visible()
    with scopes_disabled():
        assert not SavedView.objects.exists()


def test_the_file_holds_exactly_what_is_filtered(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto("/expiring/?tab=90&size=100")
    page.locator("summary").filter(has_text="More").click()
    page.get_by_label("Extended validation").check()
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("level=ev"))
    seen = numbers(page)
    assert seen

    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()

    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert [line["Order #"] for line in lines] == seen
    assert {line["Level"] for line in lines} == {"Extended validation"}


def test_one_search_box_finds_everything_by_keyboard_alone(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto("/expiring/")
    expect(page.get_by_role("heading", name="Expiring certificates")).to_be_visible()

    page.keyboard.press("/")
    page.keyboard.type("karst")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Karst Atelier SA")

    page.keyboard.press("/")
    page.keyboard.type("900000046")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(order_of("900000046").common_name)


def test_rows_are_walked_looked_into_and_left_by_keyboard(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto("/expiring/")
    drawer = page.get_by_role("complementary", name="Quick view")
    first, second, *_ = numbers(page)

    page.keyboard.press("j")
    expect(row(page, first)).to_be_focused()
    page.keyboard.press("Enter")
    expect(drawer).to_contain_text(first)
    page.keyboard.press("ArrowDown")
    expect(drawer).to_contain_text(second)
    assert "quick=" in page.url
    page.reload()
    expect(drawer).to_contain_text(second)
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert "quick=" not in page.url

    row(page, second).focus()
    page.keyboard.press("x")
    expect(page.get_by_text("Selected 1")).to_be_visible()


def test_the_page_speaks_french_when_asked_and_remembers_it(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto("/expiring/")

    page.get_by_role("button", name="Français").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_role("heading", level=1)).to_have_text("Certificats à échéance")
    page.goto("/orders/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")

    page.get_by_role("button", name="English").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_dark_theme_is_shown_at_once_and_remembered(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    page.goto("/expiring/")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")

    with page.expect_response(re.compile("/preferences/")):
        page.get_by_role("button", name="Dark").first.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.goto("/orders/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_a_phone_shows_the_menu_on_demand_and_the_list_without_scrolling_sideways(visits: Visits) -> None:
    page = visits.open(CLAIRE, size=PHONE)
    page.goto("/expiring/")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]

    page.get_by_role("button", name="Open the menu").click()
    page.get_by_role("link", name="Orders", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_the_list_is_of_use_without_javascript(visits: Visits) -> None:
    page = visits.open(CLAIRE, javascript=False)
    page.goto("/expiring/")
    page.get_by_role("link", name=re.compile("^30 days")).click()
    expect(page).to_have_url(re.compile("tab=30"))
    page.get_by_role("link", name=re.compile("Certificates · reissue")).click()
    expect(page).to_have_url(re.compile("show=certificates"))

    page.goto("/expiring/")
    number = numbers(page)[0]
    row(page, number).get_by_role("link", name="Quick view").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("Renewal window")).to_be_visible()

    page.goto("/expiring/")
    before = enabled(number)[0]
    row(page, number).get_by_role("switch").click()
    expect(row(page, number).get_by_role("switch")).to_have_attribute("aria-checked", str(not before).lower())
    assert enabled(number) == [not before]
