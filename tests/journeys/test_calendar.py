"""The calendar in the browser: steps dragged, moved by keys and typed, foreseen while one does, saved and undone."""

from __future__ import annotations

import pytest
from django_scopes import scope
from playwright.sync_api import Locator, Page, expect

from campaigns.models import Calendar
from campaigns.services.calendars import rung_of, steps_of
from portal.demo import PARTNER_SLUG
from portal.models import Partner
from tests.journeys.people import NADIA, SAM
from tests.journeys.visits import DESK, PHONE, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]

EVERY_ORDER = "All orders"


def the_calendar() -> Calendar:
    found: Calendar = Calendar.objects.get(name=EVERY_ORDER)
    return found


def days_on(channel: str) -> list[int]:
    """The days on which the channel speaks, before and after the end of an order."""
    with scope(partner=Partner.objects.get(slug=PARTNER_SLUG)):
        rungs = map(rung_of, steps_of(the_calendar()))
        return [rung.days for rung in rungs if rung.channel.value == channel and rung.days is not None]


def editor(page: Page) -> None:
    with scope(partner=Partner.objects.get(slug=PARTNER_SLUG)):
        pk = the_calendar().pk
    page.goto(f"/campaigns/calendar/{pk}/edit/")


def step(page: Page, channel: str, day: int) -> Locator:
    return page.locator(f'[data-board="order"] [data-lane="{channel}"] [aria-valuenow="{day}"]')


def drag_onto(page: Page, handle: Locator, target: Locator) -> None:
    """Hold the step and let it go above another place of its lane."""
    start, end = (one.locator(".touch-dot").bounding_box() for one in (handle, target))
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move((start["x"] + end["x"]) / 2, start["y"], steps=4)
    page.mouse.move(end["x"] + 8, start["y"] + 8, steps=4)
    page.mouse.up()


def test_a_step_is_dragged_moved_by_keys_and_typed_while_the_year_follows(visits: Visits) -> None:
    page = visits.open(NADIA)
    editor(page)
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Nothing yet.")

    # a call is dragged to where another letter stands, and one day on with a key
    drag_onto(page, step(page, "telephone", -30), step(page, "email", -60))
    expect(preview).to_contain_text("Telephone: 60 days before the end")
    step(page, "telephone", -60).press("ArrowRight")
    expect(preview).to_contain_text("Telephone: 59 days before the end")
    row = page.locator("[data-row]", has=page.locator('[name$="-amount"][value="30"]')).filter(
        has=page.locator('option[value="telephone"][selected]')
    )
    expect(row.locator('[name$="-amount"]')).to_have_value("59")

    # typed, the handle follows
    row.locator('[name$="-amount"]').fill("45")
    expect(step(page, "telephone", -45)).to_have_attribute("aria-valuetext", "45 days before")

    # one more, and one less
    page.get_by_role("button", name="Add: Banner").click()
    expect(step(page, "banner", -14)).to_be_visible()
    step(page, "email", -3).press("Delete")
    expect(step(page, "email", -3)).to_be_hidden()
    expect(preview).to_contain_text("Banner: 14 days before the end")
    expect(preview).to_contain_text("E-mail: 3 days before the end")

    page.get_by_role("button", name="Save the calendar").click()
    expect(page.get_by_text("The calendar is saved.")).to_be_visible()
    assert (days_on("telephone"), days_on("banner"), days_on("email")) == (
        [-45, -7, 7],
        [-30, -14],
        [-90, -60, -30, -7, 7],
    )

    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The last change is undone")).to_be_visible()
    assert (days_on("telephone"), days_on("banner")) == ([-30, -7, 7], [-30])
    assert days_on("email") == [-90, -60, -30, -7, -3, 7]


def test_escape_lets_a_held_step_go_where_it_was_and_no_step_leaves_its_timeline(visits: Visits) -> None:
    page = visits.open(NADIA)
    editor(page)
    handle = step(page, "banner", -30)
    box = handle.locator(".touch-dot").bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 8, steps=4)
    expect(handle).to_have_count(0)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(handle).to_have_count(1)

    handle.press("Home")
    expect(step(page, "banner", -90)).to_be_visible()
    step(page, "banner", -90).press("ArrowLeft")
    expect(step(page, "banner", -90)).to_be_visible()
    step(page, "banner", -90).press("End")
    expect(step(page, "banner", 60)).to_be_visible()


def test_on_a_phone_without_scripts_it_is_typed_looked_at_and_saved(visits: Visits) -> None:
    page = visits.open(NADIA, size=PHONE, javascript=False)
    editor(page)

    page.locator("#id_step-0-amount").fill("80")
    page.get_by_role("button", name="Save the calendar").click()
    expect(page.get_by_text("Nothing is saved yet. Look at what it would bring in a year")).to_be_visible()
    expect(page.locator("#preview")).to_contain_text("E-mail: 80 days before the end")
    assert days_on("email")[0] == -90

    page.get_by_role("button", name="Save the calendar").click()
    expect(page.get_by_text("The calendar is saved.")).to_be_visible()
    assert days_on("email")[0] == -80
    page.get_by_role("button", name="Undo the last change").click()
    expect(page.get_by_text("The last change is undone")).to_be_visible()
    assert days_on("email")[0] == -90


def test_support_looks_at_it_and_is_offered_no_change(visits: Visits) -> None:
    page = visits.open(SAM)
    page.goto("/campaigns/calendar/")

    expect(page.get_by_role("heading", name="Around the order's end")).to_be_visible()
    expect(page.get_by_role("link", name="Change it")).to_have_count(0)
    expect(page.get_by_role("slider")).to_have_count(0)


@pytest.mark.parametrize(("size", "lines"), [(DESK, 1), (PHONE, 3)])
def test_what_is_wrong_with_a_step_stands_across_its_row(visits: Visits, size: tuple[int, int], lines: int) -> None:
    page = visits.open(NADIA, size=size)
    visits.watch.expected.add(422)
    editor(page)

    amount = page.locator('[name$="-0-amount"]')
    amount.fill("400")
    page.get_by_role("button", name="Save the calendar").click()

    wrong = page.locator(f"#{amount.get_attribute('id')}_error")
    expect(wrong).to_be_visible()
    expect(amount).to_have_accessible_description(wrong.inner_text())
    box = wrong.bounding_box()
    assert box is not None
    assert box["height"] < (lines + 0.5) * 22
