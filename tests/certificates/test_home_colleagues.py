"""A customer's own people: added, let in and shut out by each other, and never anybody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django_scopes import scopes_disabled

from certificates.models import Contact, Customer
from certificates.services import colleagues, renewal_links
from certificates.services.calendars import calendar_of, make_calendar
from certificates.views.home.colleagues import INVITATIONS
from portal import clock
from portal.models import Activity, Link, Membership, OutgoingMail, Partner
from portal.roles import Role
from portal.services.people import BelongsElsewhere
from tests.certificates.customers import make_due
from tests.certificates.expiring import content, sign_in, text
from tests.factories import make_contact, make_customer, make_member, make_partner, make_user
from tests.queries import page_queries

ZOE = {"name": "Zoé Lefèvre", "email": "zoe@karst.example", "role": "buyer", "language": "fr"}


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest, db: None) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]
    cache.clear()


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner, "Karst Atelier SA")


@pytest.fixture
def client(partner: Partner, customer: Customer) -> Client:
    return sign_in(partner, Role.CUSTOMER, customer=customer, email="elise@karst.example")


@pytest.fixture
def zoe(customer: Customer) -> Contact:
    return make_contact(customer, "Zoé Lefèvre", email="zoe@karst.example", language="fr")


def member_of(client: Client) -> Membership:
    found: Membership = client.member  # type: ignore[attr-defined]
    return found


def test_everybody_is_listed_with_what_they_do_and_may(
    partner: Partner, customer: Customer, client: Client, zoe: Contact
) -> None:
    make_contact(make_customer(partner, "Neighbour"), "Leak")
    make_member(partner, Role.CUSTOMER, customer=make_customer(partner, "Other"), email="leak@other.example")
    colleagues.let_in(zoe, actor=member_of(client).user, now=clock.now())

    page = text(client.get("/home/colleagues/"))

    for words in ("Zoé Lefèvre zoe@karst.example Technical contact · French Invited", "elise@karst.example You"):
        assert words in page.replace("Français", "French")
    assert "leak" not in page.lower()


def test_a_colleague_is_added_with_a_role_and_let_in_by_letter(customer: Customer, client: Client) -> None:
    answer = client.post("/home/colleagues/new/", {**ZOE, "may_sign_in": "on"})

    contact, member = Contact.objects.get(), Membership.objects.get(user__email="zoe@karst.example")
    assert answer.status_code == 302
    assert (contact.customer, contact.role, contact.language) == (customer, "buyer", "fr")
    assert (member.customer, member.role) == (customer, Role.CUSTOMER)
    assert (member.user.first_name, member.user.last_name, member.user.language) == ("Zoé", "Lefèvre", "fr")
    letter = OutgoingMail.objects.get()
    assert (letter.to_email, letter.purpose) == ("zoe@karst.example", "sign_in")
    assert "Choisi" in letter.text or "mot de passe" in letter.text
    deeds = Activity.objects.order_by("pk").values_list("verb", "actor__email")
    assert list(deeds) == [("contact.added", "elise@karst.example"), ("person.invited", "elise@karst.example")]


def test_without_the_tick_a_colleague_gets_letters_and_no_way_in(client: Client) -> None:
    client.post("/home/colleagues/new/", ZOE)

    assert Contact.objects.get().email == "zoe@karst.example"
    assert not Membership.objects.filter(user__email="zoe@karst.example").exists()
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("missing", ["name", "email", "role", "language"])
def test_what_is_missing_is_asked_for_and_nothing_is_kept(client: Client, missing: str) -> None:
    typed = {name: value for name, value in ZOE.items() if name != missing}

    assert client.post("/home/colleagues/new/", typed).status_code == 422
    assert not Contact.objects.exists()


def test_an_address_that_belongs_elsewhere_is_let_in_nowhere_and_the_page_does_not_say_where(
    partner: Partner, customer: Customer, client: Client
) -> None:
    neighbour = make_member(partner, Role.CUSTOMER, customer=make_customer(partner, "Neighbour"))
    colleague = make_member(partner, Role.SUPPORT)
    gone = make_member(partner, Role.ACCOUNT_MANAGER, is_active=False)

    for taken in (neighbour, colleague, gone):
        answer = client.post("/home/colleagues/new/", {**ZOE, "email": taken.user.email, "may_sign_in": "on"})
        before = taken.customer_id, taken.role, taken.is_active
        taken.refresh_from_db()
        assert answer.status_code == 422
        assert "This address cannot be let in here" in text(answer)
        assert "Neighbour" not in content(answer)
        assert (taken.customer_id, taken.role, taken.is_active) == before
    assert not Contact.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_somebody_of_another_partner_may_sign_in_here_too(client: Client, zoe: Contact) -> None:
    elsewhere = make_member(make_partner(), user=make_user(zoe.email))

    client.post(f"/home/colleagues/{zoe.pk}/invite/")

    with scopes_disabled():
        assert Membership.objects.filter(user=elsewhere.user).count() == 2


def test_a_way_in_is_taken_away_with_all_that_hangs_on_it(partner: Partner, customer: Customer, client: Client) -> None:
    other = sign_in(partner, Role.CUSTOMER, customer=customer, email="zoe@karst.example")
    make_calendar(member_of(other), now=clock.now())
    assert other.get("/home/").status_code == 200

    answer = client.post(f"/home/people/{member_of(other).pk}/end/")

    assert answer.status_code == 302
    assert other.get("/home/").status_code == 302
    assert calendar_of(member_of(other), now=clock.now()) is None
    assert Activity.objects.get(verb="person.deactivated").actor == member_of(client).user


def test_what_a_person_handed_on_ends_with_their_way_in(customer: Customer, client: Client) -> None:
    order = make_due(customer.partner, customer=customer)
    typed = {"name": "Ola", "task": "buy", "language": "en"}
    leaver = sign_in(customer.partner, Role.CUSTOMER, customer=customer, email="leaver@karst.example")
    for person, email in ((leaver, "private@mail.example"), (client, "ola@karst.example")):
        person.post(f"/home/orders/{order.pk}/forward/", {**typed, "email": email})
    handed_on = Link.objects.get(audience="private@mail.example")
    renewal_links.forward_link(handed_on, email="friend@mail.example", language="en", now=clock.now())

    client.post(f"/home/people/{member_of(leaver).pk}/end/")

    assert list(Link.objects.unrevoked().values_list("audience", flat=True)) == ["ola@karst.example"]


def test_whoever_was_shut_out_is_let_in_again(
    partner: Partner, customer: Customer, client: Client, zoe: Contact
) -> None:
    member = make_member(partner, Role.CUSTOMER, customer=customer, user=make_user(zoe.email), is_active=False)

    client.post(f"/home/colleagues/{zoe.pk}/invite/")

    member.refresh_from_db()
    assert member.is_active
    assert OutgoingMail.objects.get().to_email == zoe.email


def test_nobody_takes_away_their_own_way_in(client: Client) -> None:
    answer = client.post(f"/home/people/{member_of(client).pk}/end/", follow=True)

    assert "You cannot take away your own way in" in text(answer)
    assert client.get("/home/").status_code == 200


def test_a_second_invitation_is_refused_and_a_contact_without_address_cannot_be_invited(
    customer: Customer, client: Client, zoe: Contact
) -> None:
    mute = make_contact(customer, "Mute", email="")

    first, second = (client.post(f"/home/colleagues/{zoe.pk}/invite/", follow=True) for _ in range(2))

    assert "An invitation is on its way to zoe@karst.example" in text(first)
    assert "may sign in already" in text(second)
    assert "Without an e-mail address" in text(client.post(f"/home/colleagues/{mute.pk}/invite/", follow=True))
    assert OutgoingMail.objects.count() == 1


def test_a_customer_sends_only_so_many_invitations_a_day(customer: Customer, client: Client, zoe: Contact) -> None:
    for _ in range(INVITATIONS.amount):
        INVITATIONS.count(str(customer.pk))

    answer = client.post(f"/home/colleagues/{zoe.pk}/invite/", follow=True)

    assert "no more are sent" in text(answer)
    assert (
        client.post("/home/colleagues/new/", {**ZOE, "email": "x@karst.example", "may_sign_in": "on"}).status_code
        == 422
    )
    assert not OutgoingMail.objects.exists()


def test_another_customers_people_are_not_found(partner: Partner, client: Client) -> None:
    theirs = make_customer(partner, "Neighbour")
    contact = make_contact(theirs, "Leak", email="leak@neighbour.example")
    member = make_member(partner, Role.CUSTOMER, customer=theirs)
    staff = make_member(partner)

    for url in (f"/home/colleagues/{contact.pk}/", f"/home/colleagues/{contact.pk}/invite/"):
        assert client.post(url, ZOE).status_code == 404
    assert client.get(f"/home/colleagues/{contact.pk}/").status_code == 404
    for one in (member, staff):
        assert client.post(f"/home/people/{one.pk}/end/").status_code == 404
        one.refresh_from_db()
        assert one.is_active
    contact.refresh_from_db()
    assert contact.name == "Leak"


def test_a_role_is_changed_and_an_address_is_not(client: Client, zoe: Contact) -> None:
    typed = {**ZOE, "role": "manager", "email": "somebody@else.example"}

    assert client.post(f"/home/colleagues/{zoe.pk}/", typed).status_code == 302

    zoe.refresh_from_db()
    assert (zoe.role, zoe.email) == ("manager", "zoe@karst.example")


def test_an_address_that_is_moved_by_a_race_is_not_moved(partner: Partner, zoe: Contact, client: Client) -> None:
    make_member(partner, Role.SUPPORT, user=make_user(zoe.email))

    with pytest.raises(BelongsElsewhere):
        colleagues.let_in(zoe, actor=member_of(client).user, now=clock.now())


def test_staff_see_who_may_sign_in(partner: Partner, customer: Customer, client: Client, zoe: Contact) -> None:
    colleagues.let_in(zoe, actor=member_of(client).user, now=clock.now())
    make_contact(customer, "Marc Dubois")

    page: Any = sign_in(partner).get(f"/customers/{customer.pk}/")

    assert text(page).count("May sign in") == 2


def test_the_list_costs_the_same_however_many(customer: Customer, client: Client) -> None:
    client.get("/home/colleagues/")
    one = page_queries(client, "/home/colleagues/")
    for number in range(30):
        make_contact(customer, f"Colleague {number}")

    assert len(page_queries(client, "/home/colleagues/")) == len(one) <= 5
