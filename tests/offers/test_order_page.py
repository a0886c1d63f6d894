"""A new order: first for whom, then what; customer, organisation and request come into being together or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.test import Client
from django.urls import reverse

from certificates.models import AuthorityConnection, Customer, Organization, Request
from certificates.states import RequestKind
from portal.models import Membership, Partner
from tests import factories
from tests.certificates.certs import make_csr
from tests.certificates.services.work import fresh, make_renewable, sweep
from tests.offers.reading import words

URL = reverse("offers:request_certificate")
HOST = "shop.granit-phare.example"


def typed(**changes: Any) -> dict[str, Any]:
    form = {
        "product": "ssl_dv_geotrust_flex",
        "term_years": "1",
        "names": HOST,
        "key": "paste",
        "csr": make_csr(HOST),
        "purchase_order": "PO 4711",
    }
    return form | changes


def test_first_one_says_for_whom(page: Client, connected: Partner) -> None:
    factories.make_customer(connected, "Granit Phare SA")
    factories.make_customer(connected, "Opale Quartz SARL")
    factories.make_customer(factories.make_partner(), "Granit Foreign SA")

    everybody, found = words(page.get(URL)), words(page.get(URL, {"q": "granit"}))

    assert "Granit Phare SA" in everybody
    assert "Opale Quartz SARL" in everybody
    assert "Granit Phare SA" in found
    assert "Opale Quartz SARL" not in found
    assert "Granit Foreign SA" not in everybody + found


def test_a_new_order_for_a_customer_leads_to_its_progress(page: Client, connected: Partner, claire: Membership) -> None:
    customer = factories.make_customer(connected)

    shown = page.get(URL, {"customer": customer.pk})
    response = page.post(f"{URL}?customer={customer.pk}", typed())
    sweep()

    request = Request.objects.get()
    assert "For Granit Phare SA." in words(shown)
    assert response.headers["Location"] == reverse("certificates:request", args=[request.pk])
    assert (request.kind, request.customer, request.requested_by) == (RequestKind.NEW, customer, claire.user)
    result = fresh(request).result
    assert result is not None
    assert (result.customer_reference, result.status) == ("PO 4711", "issued")


@pytest.mark.parametrize("customer_name", ["", "Opale Quartz SARL"])
def test_a_form_sent_twice_makes_one_order(page: Client, connected: Partner, customer_name: str) -> None:
    customer = factories.make_customer(connected)
    address = f"{URL}?new=1" if customer_name else f"{URL}?customer={customer.pk}"
    form = typed(customer_name=customer_name)

    first, again = page.post(address, form), page.post(address, form)
    page.post(address, form | {"names": "another.granit-phare.example", "accept_names": "on"})

    assert first.headers["Location"] == again.headers["Location"]
    assert Request.objects.count() == 2


def test_a_private_key_without_its_armour_is_not_shown_again(page: Client, connected: Partner) -> None:
    customer = factories.make_customer(connected)
    armoured = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    bare = "".join(armoured.decode().splitlines()[1:-1])

    response = page.post(f"{URL}?customer={customer.pk}", typed(csr=bare))

    assert response.status_code == 422
    assert bare[:40] not in response.content.decode()


def test_a_new_customer_and_its_organisation_are_made_with_the_order(page: Client, connected: Partner) -> None:
    form = typed(
        product="ssl_securesite_flex",
        customer_name="Opale Quartz SARL",
        organization_name="Opale Quartz SARL",
        organization_city="Nantes",
        organization_country="fr",
    )

    response = page.post(f"{URL}?new=1", form)

    customer, organization = Customer.objects.get(), Organization.objects.get()
    assert response.status_code == 302
    assert (customer.name, organization.customer, organization.country) == ("Opale Quartz SARL", customer, "FR")
    assert Request.objects.get().organization == organization


def test_the_embedded_authority_waits_for_a_new_organisation_until_somebody_validates_it(
    page: Client, connected: Partner
) -> None:
    customer = factories.make_customer(connected)
    organization = factories.make_organization(customer, ov_validated_until=None)
    form = typed(product="ssl_securesite_flex", organization=organization.pk)
    page.post(f"{URL}?customer={customer.pk}", form)
    sweep()
    request = Request.objects.get()
    progress = reverse("certificates:request", args=[request.pk])
    waiting = words(page.get(progress))

    page.post(reverse("certificates:request_validate", args=[request.pk]))
    sweep()

    organization.refresh_from_db()
    assert "1 thing to prove" in waiting
    assert "The authority validates the organisation and may telephone it." in waiting
    assert fresh(request).state == "issued"
    assert str(organization.ov_validated_until) == "2027-12-24"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"customer_name": ""}, "This field is required."),
        ({"product": "ssl_securesite_flex"}, "This product names the organisation in the certificate."),
        ({"names": "nonsense"}, "“nonsense” is no host name that a certificate can hold."),
        ({"csr": ""}, "No certificate request was found."),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_made(
    page: Client, connected: Partner, changes: dict[str, Any], sentence: str
) -> None:
    response = page.post(f"{URL}?new=1", typed(customer_name="Opale Quartz SARL") | changes)

    assert response.status_code == 422
    assert sentence in words(response)
    assert not Customer.objects.exists()
    assert not Request.objects.exists()


def test_the_names_of_an_order_that_can_no_longer_be_renewed_are_taken_over(page: Client, connected: Partner) -> None:
    order = make_renewable(connected)

    shown = page.get(URL, {"customer": order.customer_id, "after": order.pk})

    assert "www.granit-phare.example</textarea>" in shown.content.decode()
    assert 'value="ssl_dv_geotrust_flex" selected' in shown.content.decode()


@pytest.mark.parametrize("customer", ["0", "x", "9" * 30, "-1"])
def test_nobody_is_found_under_nonsense(page: Client, customer: str) -> None:
    assert page.get(URL, {"customer": customer}).status_code == 404


def test_a_foreign_customer_or_organisation_is_not_found(page: Client, connected: Partner) -> None:
    foreign = factories.make_customer(factories.make_partner())
    organization = factories.make_organization(foreign)
    own = factories.make_customer(connected)

    assert page.get(URL, {"customer": foreign.pk}).status_code == 404
    form = typed(product="ssl_securesite_flex", organization=organization.pk)
    assert page.post(f"{URL}?customer={own.pk}", form).status_code == 422
    assert not Request.objects.exists()


def test_without_a_connection_nothing_can_be_ordered(page: Client, connected: Partner) -> None:
    AuthorityConnection.objects.for_partner(connected).delete()

    assert "Nothing can be ordered yet." in words(page.get(URL, {"new": "1"}))
