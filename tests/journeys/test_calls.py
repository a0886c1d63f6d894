"""A morning of calls by keyboard alone, and one without any script."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Locator, Page, expect

from campaigns.models import Attempt, Call
from certificates.models import Order
from certificates.states import RenewalMark
from portal import clock
from tests.journeys.people import CLAIRE
from tests.journeys.visits import PHONE, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]


def todays() -> list[Call]:
    """As the list shows them."""
    with scopes_disabled():
        rows: Any = Call.objects.due(clock.today()).with_outlook(clock.today())
        return list(read_in_order(rows))


def read_in_order(rows: Any) -> Any:
    return rows.select_related("customer").order_by("-weight")


def row(page: Page, call: Call) -> Locator:
    return page.locator(f"#call-{call.pk}")


def outcomes(call: Call) -> list[str]:
    with scopes_disabled():
        return list(Attempt.objects.filter(call=call, undone_at=None).order_by("at").values_list("outcome", flat=True))


def test_a_morning_of_calls_by_keyboard_alone(visits: Visits) -> None:
    first, second, third = todays()[:3]
    page = visits.open(CLAIRE)
    page.goto("/campaigns/calls/")

    page.keyboard.press("ArrowDown")
    expect(row(page, first)).to_be_focused()
    page.keyboard.press("v")
    expect(row(page, first).get_by_role("button")).to_have_count(0)
    expect(row(page, first)).to_contain_text("Voicemail")
    expect(row(page, first)).to_be_focused()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("p")
    question = page.get_by_role("dialog", name="Promised by a date")
    expect(question).to_contain_text(second.customer.name)
    promised = clock.today() + timedelta(days=3)
    question.get_by_label("They renew by").fill(promised.isoformat())
    page.keyboard.press("Enter")
    expect(row(page, second)).to_contain_text("Promised by")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=third.customer.name)).to_be_visible()
    expect(page.get_by_text("What to say")).to_be_visible()
    page.keyboard.press("d")
    expect(page.get_by_label("It costs too much")).to_be_focused()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Note the refusal").press("Enter")
    expect(page).to_have_url(re.compile("/campaigns/calls/$"))
    expect(page.get_by_text("declined. The call is done.")).to_be_visible()

    assert [outcomes(call) for call in (first, second, third)] == [["voicemail"], ["promised"], ["declined"]]
    page.get_by_role("button", name="Undo").press("Enter")
    expect(row(page, third)).to_be_visible()
    assert outcomes(third) == []


def test_one_press_notes_an_outcome_and_one_press_takes_it_back(visits: Visits) -> None:
    call = todays()[0]
    page = visits.open(CLAIRE)
    page.goto("/campaigns/calls/")

    row(page, call).get_by_role("button", name="Voicemail").click()
    expect(row(page, call).get_by_role("button")).to_have_count(0)
    assert outcomes(call) == ["voicemail"]
    page.get_by_role("status").get_by_role("button", name="Undo").click()

    expect(page.get_by_text("Taken back: everything is as it was.")).to_be_visible()
    expect(row(page, call).get_by_role("button", name="Voicemail")).to_be_visible()
    assert outcomes(call) == []


def test_a_renewal_elsewhere_takes_the_call_off_the_list_at_once(visits: Visits) -> None:
    call = todays()[0]
    page = visits.open(CLAIRE)
    page.goto("/campaigns/calls/")
    expect(row(page, call)).to_be_visible()

    with scopes_disabled():
        Order.objects.filter(call_items__call=call).update(renewal_mark=RenewalMark.RENEWED)
    page.reload()

    expect(row(page, call)).to_have_count(0)


def test_without_a_script_buttons_note_the_same(visits: Visits) -> None:
    call = todays()[0]
    page = visits.open(CLAIRE, size=PHONE, javascript=False)
    page.goto("/campaigns/calls/")

    row(page, call).get_by_role("link", name="Promised").click()
    expect(page.get_by_label("They renew by")).to_be_visible()
    page.get_by_label("They renew by").fill((clock.today() + timedelta(days=2)).isoformat())
    page.get_by_role("button", name="Note the promise").click()

    expect(page.get_by_text(f"{call.customer.name} promised to renew")).to_be_visible()
    assert outcomes(call)[-1] == "promised"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back: everything is as it was.")).to_be_visible()
