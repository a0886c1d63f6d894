from __future__ import annotations

import re
from pathlib import Path

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from certificates.models import Order, Request, SandboxOrder
from certificates.states import RenewalMark, RequestState
from portal.crashpoints import KILLED
from tests.journeys.house import House, wait_for
from tests.journeys.openssl import verified_names
from tests.journeys.people import CLAIRE
from tests.journeys.rows import address, order_of, requests_for
from tests.journeys.visits import Visits

pytestmark = pytest.mark.browser

# Both tabs obey the same clock, since a test can only press one button after the other.
PRESS_AT = "(moment) => setTimeout(() => document.getElementById('renew').requestSubmit(), moment - Date.now())"


SCANNER = "Mozilla/5.0 (compatible; MailLinkScanner/1.0)"


def press_at_once(tabs: list[Page]) -> None:
    moment = tabs[0].evaluate("Date.now() + 500")
    for tab in tabs:
        tab.evaluate(PRESS_AT, moment)
    for tab in tabs:
        expect(tab.get_by_role("button", name="Renew now")).to_have_count(0)


def waiting() -> bool:
    with scopes_disabled():
        return Request.objects.filter(state__in=[RequestState.QUEUED, RequestState.PLACING]).exists()


def test_two_tabs_at_once_and_a_worker_killed_in_the_middle_give_one_verified_order(
    demo_house: House, visits: Visits, tmp_path: Path
) -> None:
    visits.watch.expected = {409}
    with demo_house.worker():
        wait_for(lambda: not waiting(), what="the authority's answer to what the demo asked for")
    order = order_of("900000046")
    orders_before = SandboxOrder.objects.count()
    first = visits.open(CLAIRE)
    tabs = [first, first.context.new_page()]
    for tab in tabs:
        tab.goto(address("offers:renew", order))
    press_at_once(tabs)

    [request] = requests_for(order)
    late = next(tab for tab in tabs if "/renew/" in tab.url)
    expect(late.get_by_text("One is enough: pressing again orders nothing.")).to_be_visible()
    late.get_by_role("link", name="See how far it is").click()
    for tab in tabs:
        expect(tab).to_have_url(re.compile(f"/requests/{request.pk}/$"))
        expect(tab.get_by_text("It is recorded and will be placed")).to_be_visible()

    with demo_house.worker(PORTAL_CRASH_AT="request_accepted") as dying:
        wait_for(lambda: dying.poll() is not None, what="the worker's death")
    assert dying.returncode == KILLED
    assert SandboxOrder.objects.count() == orders_before + 1

    with demo_house.worker():
        for tab in tabs:
            expect(tab.get_by_text("The certificate is issued.")).to_be_visible(timeout=30_000)
    [request] = requests_for(order)
    assert request.state == RequestState.ISSUED
    assert SandboxOrder.objects.count() == orders_before + 1
    assert order_of(order.number).renewal_mark == RenewalMark.RENEWED
    with first.expect_download() as download:
        first.get_by_role("link", name="For the server").click()
    names = verified_names(download.value.path().read_text(), origin=demo_house.url, folder=tmp_path)
    assert names == set(order.names)

    for _ in range(2):
        late.goto(address("offers:renew", order))
        expect(late.get_by_text("pressing again orders nothing")).to_be_visible()
    assert len(requests_for(order)) == 1


def test_scanners_that_follow_every_link_order_nothing(demo_house: House, visits: Visits) -> None:
    order = order_of("900000051")
    before = facts_of(order)
    page = visits.open(CLAIRE, user_agent=SCANNER)
    places = [address(name, order) for name in ("offers:renew", "offers:reissue", "certificates:quick_view")]

    for place in places:
        for _ in range(3):
            page.goto(place)
        for _ in range(10):
            assert page.request.get(place).status == page.request.head(place).status == 200
    for act in ("certificates:order_notices", "certificates:mark_renewed", "certificates:auto_renew"):
        assert page.request.get(address(act, order)).status == 405

    assert facts_of(order) == before
    assert requests_for(order) == []


def facts_of(order: Order) -> dict[str, object]:
    with scopes_disabled():
        return dict(Order.objects.filter(pk=order.pk).values().get())
