"""A request that waits for its key gets one from a page of its own, and never a private one."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from certificates.models import Request
from certificates.states import RequestState
from portal.models import Partner
from tests.certificates.certs import ec_key, make_csr, private_pem
from tests.certificates.services.work import make_renewable
from tests.factories import make_request
from tests.offers.reading import words

HOST = "www.granit-phare.example"


@pytest.fixture
def asked(connected: Partner) -> Request:
    order = make_renewable(connected)
    return make_request(order, state=RequestState.WAITING_KEY, csr="", names=[HOST])


def url(asked: Request) -> str:
    return reverse("offers:key", args=[asked.pk])


def give(page: Client, asked: Request, **fields: Any) -> Any:
    return page.post(url(asked), {"key": "paste", "csr": ""} | fields)


def test_the_request_says_what_it_waits_for_and_leads_there(page: Client, asked: Request) -> None:
    shown = page.get(reverse("certificates:request", args=[asked.pk]))

    assert "It waits for its key" in words(shown)
    assert url(asked) in shown.content.decode()


def test_a_pasted_request_sends_it_on_its_way(page: Client, asked: Request) -> None:
    response = give(page, asked, csr=make_csr(HOST))

    asked.refresh_from_db()
    assert response.headers["Location"] == reverse("certificates:request", args=[asked.pk])
    assert asked.state == RequestState.QUEUED
    assert "BEGIN CERTIFICATE REQUEST" in asked.csr


def test_an_uploaded_request_does_too(page: Client, asked: Request) -> None:
    file = SimpleUploadedFile("host.csr", make_csr(HOST).encode())

    give(page, asked, key="upload", csr_file=file)

    asked.refresh_from_db()
    assert asked.state == RequestState.QUEUED


def test_a_private_key_is_refused_and_never_shown_again(page: Client, asked: Request) -> None:
    secret = private_pem(ec_key())

    response = give(page, asked, csr=secret)

    assert response.status_code == 422
    assert "That was a private key." in words(response)
    assert secret.splitlines()[1] not in response.content.decode()


def test_a_request_for_another_host_is_asked_about_once(page: Client, asked: Request) -> None:
    csr = make_csr("intranet.granit-phare.example")

    first, second = give(page, asked, csr=csr), give(page, asked, csr=csr, accept_names="on")

    assert "This request was made for intranet.granit-phare.example" in words(first)
    assert (first.status_code, second.status_code) == (422, 302)


def test_a_request_that_waits_for_nothing_leads_back(page: Client, asked: Request) -> None:
    give(page, asked, csr=make_csr(HOST))
    given = Request.objects.get().csr

    again, late = page.get(url(asked)), give(page, asked, csr=make_csr(HOST, [f"shop.{HOST}"]))

    assert {again.status_code, late.status_code} == {302}
    assert Request.objects.get().csr == given
