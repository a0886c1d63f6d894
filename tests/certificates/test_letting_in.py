"""A contact asks on the telephone to be let in: a letter goes out, and an account comes to be where there was none."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from certificates.models import Contact, Customer
from portal.access import across_partners
from portal.models import Activity, Membership, OutgoingMail, User
from portal.roles import Role
from tests.factories import make_contact, make_customer, make_member, make_partner, make_user
from tests.portal.signing import is_signed_in, letters, link_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_ease(settings: Settings) -> None:
    cache.clear()
    settings.MFA_REQUIRED = False


@pytest.fixture
def customer() -> Customer:
    return make_customer(make_partner("Relais"), "Karst Atelier")


@pytest.fixture
def support(customer: Customer) -> Client:
    client = Client()
    client.force_login(make_member(customer.partner, Role.SUPPORT).user)
    return client


def send(client: Client, contact: Contact) -> Any:
    return client.post(reverse("certificates:contact_sign_in", args=[contact.pk]), follow=True)


def members() -> list[Membership]:
    with across_partners():
        return list(Membership.objects.filter(role=Role.CUSTOMER).select_related("user"))


def test_support_lets_a_contact_in_who_never_signed_in(customer: Customer, support: Client) -> None:
    contact = make_contact(customer, "Élise Roy", email="Elise@karst.example", language="fr")

    page = send(support, contact)
    person = Client()
    person.post(person.get(link_in(letters()[-1]))["Location"])

    (member,) = members()
    assert "A sign-in link is on its way to Elise@karst.example." in page.content.decode()
    assert (member.user.email, member.user.get_full_name(), member.user.language, member.customer) == (
        "elise@karst.example",
        "Élise Roy",
        "fr",
        customer,
    )
    assert not member.user.has_usable_password()
    assert is_signed_in(person)
    assert person.get("/home/").status_code == 200


def test_sending_again_makes_nobody_twice_and_writes_each_deed_down(customer: Customer, support: Client) -> None:
    contact = make_contact(customer, email="it@karst.example")

    send(support, contact)
    send(support, contact)

    assert len(members()) == 1
    assert len(letters()) == 2
    with across_partners():
        deeds = Activity.objects.filter(verb="contact.sign_in_link_sent").order_by("pk")
        assert [deed.facts for deed in deeds] == [
            {"to": contact.email, "new": True},
            {"to": contact.email, "new": False},
        ]


@pytest.mark.parametrize("whose", ["the house's own", "another customer's"])
def test_address_with_another_place_here_is_not_moved(whose: str, customer: Customer, support: Client) -> None:
    other = make_customer(customer.partner, "Granit Phare")
    place = {"role": Role.CUSTOMER, "customer": other} if whose == "another customer's" else {"role": Role.SUPPORT}
    member = make_member(customer.partner, user=make_user("both@karst.example"), **place)
    contact = make_contact(customer, email="both@karst.example")

    page = send(support, contact)

    assert "signs in for somebody else here, so nothing was sent" in page.content.decode()
    assert letters() == []
    with across_partners():
        assert Membership.objects.get(pk=member.pk).customer_id == member.customer_id


def test_who_was_shut_out_does_not_come_back_by_a_letter(customer: Customer, support: Client) -> None:
    contact = make_contact(customer, email="gone@karst.example")
    make_member(customer.partner, Role.CUSTOMER, customer=customer, user=make_user(contact.email), is_active=False)

    page = send(support, contact)

    assert "was shut out, so nothing was sent" in page.content.decode()
    assert letters() == []


def test_contact_without_an_address_gets_no_button_and_no_letter(customer: Customer, support: Client) -> None:
    contact = make_contact(customer, "Nobody Written", email="")

    shown = support.get(reverse("certificates:customer", args=[customer.pk])).content.decode()
    page = send(support, contact)

    assert reverse("certificates:contact_sign_in", args=[contact.pk]) not in shown
    assert "has no e-mail address, so nothing was sent" in page.content.decode()
    assert not User.objects.filter(email="").exists()


def test_account_from_elsewhere_is_used_and_its_password_kept(customer: Customer, support: Client) -> None:
    known = make_user("it@karst.example", first_name="Karl")
    make_member(make_partner("Another house"), user=known)

    send(support, make_contact(customer, "Somebody Else", email="it@karst.example"))

    (member,) = members()
    known.refresh_from_db()
    assert (member.user, known.first_name, known.has_usable_password()) == (known, "Karl", True)
    with across_partners():
        assert OutgoingMail.objects.get().partner == customer.partner
