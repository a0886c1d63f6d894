"""A reissue is free, says what it leaves to collect, and is asked for once at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from certificates.models import Order, Request
from certificates.states import RequestKind, RequestState
from portal.models import Membership, Partner
from tests import factories
from tests.certificates.certs import make_csr, rsa_key
from tests.certificates.services.work import fresh, make_renewable, press_new, sweep
from tests.offers.reading import words


@pytest.fixture
def order(connected: Partner) -> Order:
    """An order of the embedded authority, 300 days before its end."""
    request = press_new(connected)
    sweep()
    order = fresh(request).result
    assert order is not None
    return order


def url(order: Order) -> str:
    return reverse("offers:reissue", args=[order.pk])


def typed(order: Order, **changes: Any) -> dict[str, Any]:
    return {"names": "\n".join(order.names), "key": "present", "csr": "", **changes}


def test_the_page_says_what_it_gives_and_leaves(page: Client, order: Order) -> None:
    shown = words(page.get(url(order)))

    assert "A new certificate under the same order, free. The order still ends on 22 November 2027." in shown
    assert "The new certificate runs 199 days, to 9 June 2027; 166 days of the order are left" in shown
    assert "To pay Nothing" in shown


def test_a_reissue_with_a_new_key_and_more_names_replaces_the_certificate(
    page: Client, order: Order, claire: Membership
) -> None:
    names = [*order.names, "www.granit-phare.example"]
    csr = make_csr(order.common_name, names, key=rsa_key())

    response = page.post(url(order), typed(order, names="\n".join(names), key="paste", csr=csr))
    sweep()

    request = Request.objects.get(kind=RequestKind.REISSUE)
    order.refresh_from_db()
    assert response.headers["Location"] == reverse("certificates:request", args=[request.pk])
    assert (request.state, request.requested_by, order.names) == (RequestState.ISSUED, claire.user, names)
    assert order.certificates.get(is_current=True).key_type == "RSA 2048"


def test_the_second_press_meets_the_first(page: Client, order: Order) -> None:
    first, second = page.post(url(order), typed(order)), page.post(url(order), typed(order))

    assert (first.status_code, second.status_code) == (302, 409)
    assert "Already in hand since 10:00 by Claire Martin." in words(second)
    assert Request.objects.filter(kind=RequestKind.REISSUE).count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ends_on": factories.TODAY - timedelta(days=1)}, "This order has ended: renew it instead of reissuing it."),
        ({"status": "revoked"}, "This order has not been issued, or no longer stands"),
    ],
)
def test_what_cannot_be_reissued_says_why(
    page: Client, connected: Partner, fields: dict[str, Any], sentence: str
) -> None:
    order = make_renewable(connected, **fields)

    assert sentence in words(page.get(url(order)))
    assert sentence in words(page.post(url(order), typed(order)))


def test_errors_keep_what_was_typed(page: Client, order: Order) -> None:
    response = page.post(url(order), typed(order, names="shop.granit-phare.example\n10.0.0.1"))

    assert response.status_code == 422
    assert "“10.0.0.1” is no host name that a certificate can hold." in words(response)
    assert "10.0.0.1</textarea>" in response.content.decode()
