"""The renew page knows everything already, says what renewing costs in days, and orders once."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from certificates.models import AuthorityConnection, AuthorityRule, Order, Request
from certificates.states import RenewalMark, RequestState
from portal import clock
from portal.models import Membership, Partner
from tests import factories
from tests.certificates.certs import ec_key, make_csr, private_pem
from tests.certificates.services.work import TEN, make_renewable, press, sweep
from tests.offers.reading import words

HOST = "www.granit-phare.example"


@pytest.fixture
def order(connected: Partner) -> Order:
    return make_renewable(connected, ends_on=date(2026, 12, 23))


def url(order: Order) -> str:
    return reverse("offers:renew", args=[order.pk])


def typed(page: Client, order: Order, **changes: Any) -> dict[str, Any]:
    """The form as the page offers it, with some fields changed."""
    chosen: dict[str, str] = {key: str(changes[key]) for key in ("product", "term_years") if key in changes}
    shown = page.get(url(order), chosen)
    told = re.search(r'name="told" value="([^"]*)"', shown.content.decode())
    form = {
        "product": order.product.name_id if order.product else "",
        "term_years": "1",
        "names": "\n".join(order.names),
        "key": "present",
        "csr": "",
        "purchase_order": "",
        "told": told[1] if told else "",
    }
    return form | changes


def send(page: Client, order: Order, **changes: Any) -> HttpResponse:
    return page.post(url(order), typed(page, order, **changes))  # type: ignore[return-value]


def test_the_page_says_when_it_ends_and_that_no_day_is_lost(page: Client, order: Order) -> None:
    shown = words(page.get(url(order)))

    assert f"Renew {HOST}" in shown
    assert "It ends on 23 December 2026, in 31 days." in shown
    assert "Renew on any day until then: the new order ends on 23 December 2027." in shown
    assert "31 days kept from the present order" in shown
    assert "199 days on the new certificate, to 9 June 2027" in shown
    assert "396 days on the order, to 23 December 2027" in shown
    assert "Of 396 days, 199 days are on the new certificate, 197 are collected by free reissues." in shown
    assert "Days lost by renewing today 0" in shown


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(days=4, hours=23), "4 days and 22 hours kept from the present order"),
        (timedelta(days=1), "23 hours kept from the present order"),
    ],
)
def test_hours_are_told_where_the_days_kept_are_fewer_than_the_calendar_counts(
    page: Client, order: Order, left: timedelta, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: TEN)
    order.ends_at = TEN + left - timedelta(minutes=1)
    order.ends_on = order.ends_at.date()
    order.save(update_fields=["ends_at", "ends_on"])

    assert told in words(page.get(url(order)))


def test_one_press_orders_and_leads_to_the_progress(page: Client, order: Order, claire: Membership) -> None:
    response = send(page, order, purchase_order="PO 4711")

    request = Request.objects.get()
    assert response.headers["Location"] == reverse("certificates:request", args=[request.pk])
    assert (request.order, request.requested_by, request.purchase_order) == (order, claire.user, "PO 4711")
    assert (request.csr, request.names) == (order.csr, [HOST])


def test_looking_changes_nothing(page: Client, order: Order) -> None:
    for _ in range(3):
        page.get(url(order), {"product": "ssl_dv_geotrust_flex", "term_years": "3"})
        page.head(url(order))

    order.refresh_from_db()
    assert not Request.objects.exists()
    assert order.renewal_mark == RenewalMark.NONE


def test_the_second_tab_meets_the_request_of_the_first(page: Client, order: Order) -> None:
    form = typed(page, order)

    first, second = page.post(url(order), form), page.post(url(order), form)
    later = page.get(url(order))

    assert (first.status_code, second.status_code, later.status_code) == (302, 409, 200)
    for response in (second, later):
        assert "Already in hand since 10:00 by Claire Martin." in words(response)
        assert first.headers["Location"] in response.content.decode()
    assert Request.objects.count() == 1


def test_what_was_told_is_what_is_ordered_or_the_page_is_shown_again(page: Client, order: Order) -> None:
    stale = typed(page, order) | {"term_years": "2"}

    response = page.post(url(order), stale)

    assert response.status_code == 409
    assert "The dates or the price are not the ones you saw, so nothing was ordered." in words(response)
    assert "the new order ends on 23 December 2028" in words(response)
    assert not Request.objects.exists()
    assert send(page, order, term_years="2").status_code == 302


@pytest.mark.parametrize("told", ["", "2099-12-31 199 0"])
def test_a_forged_promise_orders_nothing(page: Client, order: Order, told: str) -> None:
    assert send(page, order, told=told).status_code == 409
    assert not Request.objects.exists()


def test_a_private_key_is_refused_and_never_shown_again(page: Client, order: Order) -> None:
    secret = private_pem(ec_key())

    for field in ("csr", "names", "purchase_order"):
        response = send(page, order, **{"key": "paste", field: secret})

        assert response.status_code == 422
        assert "That was a private key. It was neither read nor kept." in words(response)
        assert secret.splitlines()[1] not in response.content.decode()
    assert not Request.objects.exists()


def test_an_uploaded_private_key_is_refused(page: Client, order: Order) -> None:
    file = SimpleUploadedFile("server.key", private_pem(ec_key()).encode())

    response = send(page, order, key="upload", csr_file=file)

    assert response.status_code == 422
    assert "That was a private key." in words(response)


def test_errors_keep_what_was_typed(page: Client, order: Order) -> None:
    csr = make_csr("www.granit-phare.example")
    response = send(
        page, order, names="www.granit-phare.example\nnot a host!", key="paste", csr=csr, purchase_order="PO 4711"
    )

    shown = response.content.decode()
    assert response.status_code == 422
    assert "“not” is no host name that a certificate can hold." in words(response)
    assert "not a host!" in shown
    assert csr.splitlines()[1] in shown
    assert 'value="PO 4711"' in shown


def test_a_key_of_another_host_is_asked_about_once(page: Client, order: Order) -> None:
    csr = make_csr("intranet.granit-phare.example")

    asked = send(page, order, key="paste", csr=csr)
    agreed = send(page, order, key="paste", csr=csr, accept_names="on")

    assert asked.status_code == 422
    assert "This request was made for intranet.granit-phare.example" in words(asked)
    assert agreed.status_code == 302


def test_an_uploaded_request_is_read(page: Client, order: Order) -> None:
    csr = make_csr(HOST, [HOST, "shop.granit-phare.example"])
    file = SimpleUploadedFile("request.csr", csr.encode())

    response = send(page, order, key="upload", csr_file=file, names=f"{HOST}\nshop.granit-phare.example")

    assert response.status_code == 302
    assert Request.objects.get().csr == csr


def test_without_a_present_key_only_a_new_one_is_offered(page: Client, connected: Partner) -> None:
    shown = words(page.get(url(make_renewable(connected, csr=""))))

    assert "Keep the present key" not in shown
    assert "Paste a request" in shown


def test_the_present_key_is_kept_with_its_age_said(page: Client, order: Order) -> None:
    assert "ECDSA of 256 bits, in use since 24 December 2025: 11 months." in words(page.get(url(order)))


def test_the_present_product_is_preselected_and_its_upgrades_are_offered(page: Client, connected: Partner) -> None:
    customer = factories.make_customer(connected)
    factories.make_organization(customer)
    order = make_renewable(connected, customer=customer, product=factories.product("ssl_basic"))

    response = page.get(url(order))

    values = re.findall(r'name="product" value="(\w+)"( checked)?', response.content.decode())
    assert values == [("ssl_basic", " checked"), ("ssl_securesite_flex", ""), ("ssl_securesite_pro", "")]
    assert "CT log monitoring" in words(response)


def test_an_ev_order_with_a_wildcard_offers_what_holds_it(page: Client, connected: Partner) -> None:
    customer = factories.make_customer(connected)
    factories.make_organization(customer, ev_validated_until=factories.TODAY)
    order = make_renewable(
        connected,
        customer=customer,
        product=factories.product("ssl_ev_securesite_flex"),
        common_name="*.granit-phare.example",
    )

    response = page.get(url(order))
    refused = send(page, order)
    taken = send(page, order, product="ssl_securesite_flex")

    values = re.findall(r'name="product" value="(\w+)"( checked)?', response.content.decode())
    assert values == [
        ("ssl_securesite_flex", " checked"),
        ("ssl_securesite_pro", ""),
        ("ssl_ev_securesite_flex", ""),
        ("ssl_ev_securesite_pro", ""),
    ]
    assert "An EV certificate cannot hold *.granit-phare.example." in words(response)
    assert refused.status_code == 422
    assert "Secure Site EV cannot hold *.granit-phare.example." in words(refused)
    assert taken.status_code == 302


def test_what_would_hold_it_up_is_said_before_the_press(page: Client, connected: Partner) -> None:
    customer = factories.make_customer(connected)
    factories.make_organization(customer, ov_validated_until=factories.TODAY - timedelta(days=9))
    factories.make_domain(customer, validated_until=date(2027, 1, 14))
    order = make_renewable(connected, customer=customer, product=factories.product("ssl_securesite_flex"))

    shown = words(page.get(url(order)))

    assert "The validation of Granit Phare SA ended on 13 November 2026" in shown
    assert "granit-phare.example is validated until 14 January 2027." in shown
    assert "It will wait for a validation" in shown
    assert shown.index("Checks") < shown.index("You lose no day") < shown.index("Renew now")


def test_an_order_without_organisation_cannot_take_a_product_that_names_one(page: Client, connected: Partner) -> None:
    order = make_renewable(connected, product=factories.product("ssl_securesite_flex"))

    response = send(page, order)

    assert response.status_code == 422
    assert "This product names an organisation in the certificate" in words(response)


@pytest.mark.parametrize(
    ("ends_on", "sentence"),
    [
        (factories.TODAY + timedelta(days=100), "The renewal opens on 2 December 2026."),
        (factories.TODAY - timedelta(days=40), "The renewal closed on 12 November 2026."),
    ],
)
def test_outside_the_window_the_page_says_when_and_has_no_button(
    page: Client, connected: Partner, ends_on: date, sentence: str
) -> None:
    order = make_renewable(connected, ends_on=ends_on)

    looked, pressed = page.get(url(order)), page.post(url(order), {"product": "x"})

    for response in (looked, pressed):
        assert sentence in words(response)
        assert "Renew now" not in words(response)
    assert not Request.objects.exists()


def test_after_the_end_nothing_is_kept_and_the_page_says_so(page: Client, connected: Partner) -> None:
    order = make_renewable(connected, ends_on=factories.TODAY - timedelta(days=3))

    shown = words(page.get(url(order)))

    assert "It ended on 19 November 2026, 3 days ago. A renewal issued today ends on 22 November 2027." in shown
    assert "You lose no day" not in shown


def test_where_days_are_not_added_the_page_promises_nothing(page: Client, order: Order, connected: Partner) -> None:
    AuthorityRule.objects.create(
        partner=connected,
        authority="sandbox",
        effective_from=date(2026, 2, 24),
        certificate_days=199,
        dcv_days=199,
        organization_days=398,
        carry_over=False,
    )

    shown = words(page.get(url(order)))

    assert "The authority does not add the days left: renewing today gives up 31 days." in shown
    assert "You lose no day" not in shown
    assert "Days lost by renewing today 31" in shown


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"renewal_mark": RenewalMark.ELSEWHERE}, "This order is marked as renewed elsewhere."),
        ({"renewal_mark": RenewalMark.RENEWED}, "The authority says that this order has been renewed already."),
        ({"status": "revoked"}, "This order has not been issued, or no longer stands"),
    ],
)
def test_what_cannot_be_renewed_says_why(
    page: Client, connected: Partner, fields: dict[str, Any], sentence: str
) -> None:
    order = make_renewable(connected, **fields)

    looked, pressed = page.get(url(order)), page.post(url(order), typed(page, order))

    assert sentence in words(looked)
    assert sentence in words(pressed)
    assert not Request.objects.exists()


def test_without_a_connection_the_page_says_who_can_help(page: Client, order: Order, connected: Partner) -> None:
    AuthorityConnection.objects.for_partner(connected).delete()

    assert "There is no connection to the authority of this order" in words(page.get(url(order)))


def test_nonsense_in_the_address_falls_back_to_the_present(page: Client, order: Order) -> None:
    for query in ({"product": "x", "term_years": "99"}, {"term_years": "-1"}, {"term_years": "²"}):
        assert page.get(url(order), query).status_code == 200


def test_from_the_press_to_the_file_in_hand(page: Client, order: Order, client: Client) -> None:
    progress = send(page, order).headers["Location"]
    before = words(page.get(progress))
    sweep()
    after = page.get(progress)

    assert "It is recorded and will be placed at the authority in a moment." in before
    assert "The certificate is issued." in words(after)
    links = re.findall(r'href="(/certificates/\d+/download/\w+/)"', after.content.decode())
    assert len(links) == 6
    file = page.get(links[0])
    assert file.headers["Content-Disposition"] == 'attachment; filename="www.granit-phare.example-server.pem"'
    assert file.content.count(b"BEGIN CERTIFICATE") == 2


def test_a_failed_request_gives_the_page_back(page: Client, order: Order) -> None:
    request = press(order)
    Request.objects.filter(pk=request.pk).update(state=RequestState.FAILED)
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.NONE)

    assert "Renew now" in words(page.get(url(order)))
