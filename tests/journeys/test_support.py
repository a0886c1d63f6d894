from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from certificates.states import RenewalMark
from tests.journeys.people import CLAIRE, SAM
from tests.journeys.rows import address, order_of, requests_for
from tests.journeys.visits import Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]

POST = """
(url) => fetch(url, {
  method: "POST", headers: {"X-CSRFToken": document.querySelector("meta[name=csrf-token]").content}
}).then((answer) => answer.status)
"""


def test_support_sees_what_can_be_renewed_and_renews_nothing(visits: Visits) -> None:
    visits.watch.expected = {403}
    order = order_of("900000050")
    page, colleague = visits.open(SAM), visits.open(CLAIRE)
    renew = re.compile(r"^(Renew now|Reissue)( |$)")

    for place in ("/expiring/", address("certificates:order", order), address("certificates:quick_view", order)):
        colleague.goto(place)
        expect(colleague.locator("main").get_by_role("link", name=renew).first).to_be_visible()
        page.goto(place)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("main").get_by_role("link", name=renew)).to_have_count(0)
        expect(page.get_by_role("link", name="Request a certificate")).to_have_count(0)

    acts = ("offers:renew", "offers:reissue", "certificates:mark_renewed", "certificates:order_notices")
    for _ in range(2):
        assert [page.evaluate(POST, address(name, order)) for name in acts] == [403] * len(acts)
    assert requests_for(order) == []
    assert order_of(order.number).renewal_mark == RenewalMark.NONE


def test_support_notes_what_was_said_on_the_telephone(visits: Visits) -> None:
    order = order_of("900000050")
    page = visits.open(SAM)
    page.goto(address("certificates:order", order))

    page.get_by_role("textbox", name="Note").fill("Wants a call on Thursday.")
    page.get_by_label("I reached the customer").check()
    page.get_by_role("button", name="Keep the note").dblclick()

    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline.get_by_text("Wants a call on Thursday.")).to_have_count(1)
    expect(timeline.get_by_text("Sam Okafor").first).to_be_visible()
