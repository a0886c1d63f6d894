from __future__ import annotations

import re
from pathlib import Path

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import expect

from certificates.models import Certificate, Order
from certificates.states import RenewalMark, RequestState
from tests.certificates.certs import make_csr
from tests.journeys.house import House
from tests.journeys.openssl import verified_names
from tests.journeys.people import CLAIRE, NADIA
from tests.journeys.rows import address, order_of, requests_for
from tests.journeys.visits import Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]

SOON = 30_000


def test_a_reissue_collects_days_and_leaves_the_order_as_it_is(
    demo_house: House, visits: Visits, tmp_path: Path
) -> None:
    order = order_of("900000104")
    page = visits.open(CLAIRE)
    page.goto(address("certificates:order", order))
    page.get_by_role("link", name="Reissue").click()
    expect(page.get_by_text("A new certificate under the same order, free.")).to_be_visible()

    page.get_by_role("button", name="Reissue now").dblclick()
    expect(page.get_by_text("The certificate is issued.")).to_be_visible(timeout=SOON)

    with page.expect_download() as download:
        page.get_by_role("link", name="For the server").click()
    names = verified_names(download.value.path().read_text(), origin=demo_house.url, folder=tmp_path)
    assert names == set(order.names)
    after = order_of(order.number)
    assert (after.ends_at, after.renewal_mark) == (order.ends_at, RenewalMark.NONE)
    assert after.certificate_ends_at == order.ends_at
    assert [one.state for one in requests_for(order)] == [RequestState.ISSUED]
    with scopes_disabled():
        assert Certificate.objects.filter(order=order, is_current=True).count() == 1


def test_an_order_renewed_elsewhere_falls_silent_until_that_is_taken_back(demo_house: House, visits: Visits) -> None:
    order = order_of("900000052")
    page = visits.open(CLAIRE)

    page.goto("/expiring/")
    page.get_by_role("link", name="Quick view 900000052").click()
    page.get_by_role("complementary", name="Quick view").get_by_role("button", name="Renewed elsewhere").click()
    expect(page.get_by_role("button", name="Undo").first).to_be_visible()
    assert order_of(order.number).renewal_mark == RenewalMark.ELSEWHERE
    listed = visits.open(CLAIRE)
    listed.goto("/expiring/")
    expect(listed.get_by_text(order.common_name)).to_have_count(0)

    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert order_of(order.number).renewal_mark == RenewalMark.NONE
    listed.reload()
    expect(listed.get_by_text(order.common_name)).to_have_count(1)


def test_a_certificate_for_a_known_customer_waits_for_approval_where_the_house_wants_it(
    demo_house: House, visits: Visits
) -> None:
    chief, page = visits.open(NADIA), visits.open(CLAIRE)
    chief.goto("/settings/")
    chief.get_by_label("Requests wait for an administrator").check()
    chief.get_by_role("button", name="Save").last.click()
    page.goto("/request/")
    page.get_by_role("searchbox", name="Name, number or domain of the customer").fill("Karst")
    page.get_by_role("link", name="Karst Atelier SA").click()

    page.get_by_role("textbox", name="Names").fill("neu.karst-atelier.example")
    page.get_by_label(re.compile("Certificate request")).fill(make_csr("neu.karst-atelier.example"))
    page.get_by_role("button", name=re.compile("^(Order|Request)")).click()
    expect(page.get_by_text("It waits for an administrator. Nothing has been ordered yet.")).to_be_visible()

    chief.goto(page.url)
    chief.get_by_role("button", name="Approve").click()
    expect(chief.get_by_text("The certificate is issued.")).to_be_visible(timeout=SOON)
    with scopes_disabled():
        assert Order.objects.get(common_name="neu.karst-atelier.example").customer.name == "Karst Atelier SA"
