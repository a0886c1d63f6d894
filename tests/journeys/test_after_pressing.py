"""After the press, in the demo's house: proofs, a new look, the file for the server, and the customer's word."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.urls import reverse
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from certificates.models import Installation, Order, Request
from certificates.services.renewal_links import OF_REQUEST, make_order_link
from certificates.services.renewals import request_renewal
from certificates.states import RequestState
from portal import clock
from portal.access import on_behalf_of
from tests.journeys.house import House, wait_for
from tests.journeys.openssl import openssl, verified_names
from tests.journeys.people import ELISE, speak
from tests.journeys.rows import order_of, requests_for
from tests.journeys.test_pages import hindrances
from tests.journeys.visits import PHONE, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("patient_worker")]
OWN = ("900000001", "900000002", "900000003")


@pytest.fixture(scope="module")
def patient_worker(demo_house: House) -> Iterator[subprocess.Popen[bytes]]:
    """A worker whose authority waits for somebody who says that the proofs are in place."""
    with demo_house.worker(SANDBOX_ISSUE_SECONDS="6000") as process:
        yield process


def ordered(number: str) -> Request:
    """The renewal of the order, once the authority has it and waits."""
    order = order_of(number)
    with on_behalf_of(order.partner):
        assert order.product is not None
        wish = {"product": order.product, "term_years": 1, "names": order.names, "csr": order.csr}
        request_renewal(order, **wish, actor=None, asked_by="Elise Roy", source="home", now=clock.now())
    wait_for(partial(is_in, order, RequestState.PLACED), what="the authority")
    [request] = requests_for(order)
    return request


def is_in(order: Order, state: RequestState) -> bool:
    return [one.state for one in requests_for(order)] == [state]


def way_to(request: Request) -> str:
    """The path of a new link to follow it."""
    order = request.result or request.order
    assert order is not None
    with on_behalf_of(request.partner):
        source = f"{OF_REQUEST}{request.pk}"
        link = make_order_link(order, email=ELISE, language="en", now=clock.now(), source=source)
    return "/l/" + link.partition("/l/")[2]


def check_again(page: Page) -> None:
    page.get_by_role("button", name="Check again now").click()
    expect(page.get_by_text("Everything is proved, and the certificate is issued.")).to_be_visible()
    expect(page.get_by_role("heading", name="Put it on your server")).to_be_visible()


def is_said(order: Order) -> bool:
    with scopes_disabled():
        said = Installation.objects.filter(certificate__order__predecessor=order, said_at__isnull=False)
        return said.exists()


def test_from_the_proof_to_the_certificate_on_its_server(visits: Visits, tmp_path: Path) -> None:
    request, page = ordered(OWN[0]), visits.open()
    order = order_of(OWN[0])
    page.goto(way_to(request))
    expect(page.get_by_text(f"_dnsauth.{order.common_name}", exact=True)).to_be_visible()

    check_again(page)
    assert is_in(order, RequestState.ISSUED)

    page.get_by_role("navigation", name="Which server is it for?").get_by_role("link", name="Apache").click()
    expect(page.get_by_text("SSLCertificateFile")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=f"{order.common_name}-server.pem").click()
    pem = download.value.path().read_text()
    assert verified_names(pem, origin=visits.origin, folder=tmp_path) >= {order.common_name}
    serial = openssl("x509", "-noout", "-serial", given=pem.encode()).strip().removeprefix("serial=")
    expect(page.get_by_text(serial.lstrip("0"))).to_be_visible()

    page.get_by_role("button", name="It is installed").click()
    expect(page.get_by_text("Installed on your server")).to_be_visible()
    assert is_said(order)
    page.get_by_role("button", name="Not yet after all").click()
    expect(page.get_by_role("button", name="It is installed")).to_be_visible()
    assert not is_said(order)


def test_it_comes_by_itself_while_the_page_is_open(visits: Visits) -> None:
    request, watching, acting = ordered(OWN[1]), visits.open(), visits.open(size=PHONE)
    watching.goto(way_to(request))
    acting.goto(way_to(request))

    check_again(acting)

    expect(watching.get_by_role("heading", name="Put it on your server")).to_be_visible()


def test_without_scripts_at_home_it_is_followed_and_said_too(visits: Visits) -> None:
    request = ordered(OWN[2])
    page = visits.open(ELISE, javascript=False, size=PHONE)
    speak("en", ELISE, page, visits.origin)
    page.goto(reverse("certificates:home_request", args=[request.pk]))
    page.get_by_role("link", name="Look again").click()

    check_again(page)
    page.get_by_role("button", name="It is installed").click()

    expect(page.get_by_text("Installed on your server")).to_be_visible()
    assert is_said(order_of(OWN[2]))


def test_every_stage_is_for_everybody(visits: Visits) -> None:
    """What was ordered waits for proofs, is issued, waits for its key, or has failed; and the guide of a server."""
    placed = ordered("900000004")
    with scopes_disabled():
        issued = Request.objects.filter(state=RequestState.ISSUED, order__number__in=OWN).latest("pk")
        others = {state: _moved(number, state) for number, state in _OTHERS.items()}
    pages = [reverse("certificates:home_request", args=[one.pk]) for one in (placed, issued, *others.values())]
    pages.append(reverse("offers:home_key", args=[others[RequestState.WAITING_KEY].pk]))
    pages.append(reverse("certificates:home_guide", args=["tomcat"]))

    assert {page: found for page in pages if (found := hindrances(visits, ELISE, page))} == {}


_OTHERS = {"900000005": RequestState.WAITING_KEY, "900000006": RequestState.FAILED}


def _moved(number: str, state: RequestState) -> Request:
    """A renewal in a state that somebody has to deal with."""
    request = ordered(number)
    Request.objects.filter(pk=request.pk).update(
        state=state, csr="" if state == RequestState.WAITING_KEY else request.csr, steps=[], authority_number=""
    )
    return request
