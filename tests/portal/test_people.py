"""Who works for a partner: invited once, changed with care, never without an administrator, all of it written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal.access import across_partners
from portal.models import Activity, Membership, OutgoingMail, User
from portal.services import people
from portal.services.people import AlreadyMember, Invitation, LastAdministrator
from tests.factories import make_customer, make_member, make_partner, make_user
from tests.portal.mail.letters import NOW
from tests.queries import assert_query_baseline

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(settings: Settings) -> Membership:
    settings.MFA_REQUIRED = False
    return make_member(make_partner(name="Relais"), "administrator", email="nadia@relais.example")


@pytest.fixture
def client(administrator: Membership) -> Client:
    client = Client()
    client.force_login(administrator.user)
    return client


def invite(administrator: Membership, email: str, role: str = "support") -> Membership:
    with across_partners():
        return people.invite(Invitation(email, role), partner=administrator.partner, actor=administrator.user, now=NOW)


def test_invitation_from_the_page_makes_a_person_and_a_letter(client: Client, administrator: Membership) -> None:
    post = {"email": "New@Relais.example", "first_name": "Nina", "last_name": "Neuf", "role": "account_manager"}

    response = client.post(reverse("portal:invite"), post, follow=True)

    assert "An invitation is on its way to new@relais.example." in response.content.decode()
    with across_partners():
        member = Membership.objects.select_related("user").get(user__email="new@relais.example")
        letter = OutgoingMail.objects.get()
        deed = Activity.objects.get()
    assert (member.partner_id, member.role, member.user.first_name) == (
        administrator.partner_id,
        "account_manager",
        "Nina",
    )
    assert not member.user.has_usable_password()
    assert (letter.to_email, letter.partner_id) == ("new@relais.example", administrator.partner_id)
    assert (deed.verb, deed.subject_id, deed.actor_id) == ("person.invited", member.pk, administrator.user_id)


def test_a_former_contact_of_a_customer_can_be_invited_to_the_staff(administrator: Membership) -> None:
    customer = make_customer(administrator.partner)
    contact = make_member(administrator.partner, "customer", customer=customer, is_active=False)

    member = invite(administrator, contact.user.email)

    member.refresh_from_db()
    assert (member.pk, member.role, member.customer, member.is_active) == (contact.pk, "support", None, True)


def test_nobody_is_invited_twice(client: Client, administrator: Membership) -> None:
    invite(administrator, "sam@relais.example")

    with pytest.raises(AlreadyMember):
        invite(administrator, "SAM@relais.example")
    response = client.post(reverse("portal:invite"), {"email": "sam@relais.example", "role": "support"})
    assert "works here already" in response.content.decode()


def test_person_of_another_partner_keeps_name_and_password(administrator: Membership) -> None:
    elsewhere = make_member(make_partner(), email="both@example.com")

    member = invite(administrator, "both@example.com")

    assert member.user == elsewhere.user
    assert User.objects.get(pk=member.user_id).check_password("a long pass phrase")
    with across_partners():
        assert "/accounts/login/" in OutgoingMail.objects.get().text


def test_name_of_a_person_of_another_partner_stays_with_that_partner(client: Client, administrator: Membership) -> None:
    known_since = datetime.now(UTC) - timedelta(days=30)
    user = make_user("both@example.com", first_name="Secret", last_name="Surname", date_joined=known_since)
    make_member(make_partner(), user=user)
    invite(administrator, "both@example.com")
    with across_partners():
        member = Membership.objects.get(user=user, partner=administrator.partner)

    def pages() -> str:
        places = (reverse("portal:people"), reverse("portal:person", args=[member.pk]), reverse("portal:activity"))
        again = client.post(reverse("portal:invite"), {"email": "both@example.com", "role": "support"})
        return "".join(answer.content.decode() for answer in (*map(client.get, places), again))

    assert "Surname" not in pages()
    User.objects.filter(pk=user.pk).update(last_login=datetime.now(UTC))
    assert "Secret Surname" in pages()


def test_address_invited_by_two_at_once_is_invited_once(
    client: Client, administrator: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(administrator, "new@relais.example")
    # what the second of two sees who looked before the first had finished
    monkeypatch.setattr(people, "_known", lambda _email: None)

    answer = client.post(reverse("portal:invite"), {"email": "New@relais.example", "role": "support"})

    assert answer.status_code == 422
    assert "works here already" in answer.content.decode()
    with across_partners():
        assert OutgoingMail.objects.count() == 1


def test_inviting_whoever_was_sent_away_brings_them_back(administrator: Membership) -> None:
    member = invite(administrator, "sam@relais.example")
    with across_partners():
        people.deactivate(member, actor=administrator.user, now=NOW)

    back = invite(administrator, "sam@relais.example", role="account_manager")

    assert (back.pk, back.is_active, back.role) == (member.pk, True, "account_manager")


@pytest.mark.parametrize("role", ["customer", "owner", ""])
def test_only_roles_of_the_staff_can_be_given(client: Client, administrator: Membership, role: str) -> None:
    member = make_member(administrator.partner, "support")

    refused = client.post(reverse("portal:person", args=[member.pk]), {"role": role})
    client.post(reverse("portal:invite"), {"email": "new@relais.example", "role": role})

    assert refused.status_code == 422
    with across_partners():
        assert Membership.objects.get(pk=member.pk).role == "support"
    assert not User.objects.filter(email="new@relais.example").exists()


@pytest.mark.parametrize("deed", ["demote", "deactivate"])
def test_last_administrator_cannot_go(client: Client, administrator: Membership, deed: str) -> None:
    make_member(administrator.partner, "administrator", user=make_user("gone@relais.example", is_active=False))
    make_member(make_partner(), "administrator")
    if deed == "demote":
        url, post = reverse("portal:person", args=[administrator.pk]), {"role": "support"}
    else:
        url, post = reverse("portal:person_deactivate", args=[administrator.pk]), {}

    response = client.post(url, post, follow=True)

    assert "The last administrator cannot go" in response.content.decode()
    with across_partners():
        now = Membership.objects.get(pk=administrator.pk)
    assert (now.role, now.is_active) == ("administrator", True)


def test_one_of_two_administrators_may_go(administrator: Membership) -> None:
    other = make_member(administrator.partner, "administrator")

    with across_partners():
        people.change_role(other, "support", actor=administrator.user, now=NOW)
        with pytest.raises(LastAdministrator):
            people.deactivate(administrator, actor=administrator.user, now=NOW)


def test_access_ends_and_comes_back_from_the_page(client: Client, administrator: Membership) -> None:
    member = make_member(administrator.partner, "support")

    client.post(reverse("portal:person_deactivate", args=[member.pk]))
    ended = client.get(reverse("portal:person", args=[member.pk])).content.decode()
    client.post(reverse("portal:person_reactivate", args=[member.pk]))

    assert "Give the access back" in ended
    with across_partners():
        assert Membership.objects.get(pk=member.pk).is_active
        assert list(Activity.objects.order_by("pk").values_list("verb", flat=True)) == [
            "person.deactivated",
            "person.reactivated",
        ]


def test_customers_contact_has_no_role_to_change(client: Client, administrator: Membership) -> None:
    contact = make_member(administrator.partner, "customer", customer=make_customer(administrator.partner))

    client.post(reverse("portal:person", args=[contact.pk]), {"role": "administrator"})

    with across_partners():
        assert Membership.objects.get(pk=contact.pk).role == "customer"


def test_list_shows_who_works_here_and_nobody_else(client: Client, administrator: Membership) -> None:
    make_member(administrator.partner, "support", email="sam@relais.example")
    make_member(make_partner(), "support", email="stranger@elsewhere.example")

    body = client.get(reverse("portal:people")).content.decode()

    assert "nadia@relais.example" in body
    assert "sam@relais.example" in body
    assert "stranger@elsewhere.example" not in body


def test_record_tells_deeds_in_words(client: Client, administrator: Membership) -> None:
    member = make_member(administrator.partner, "support")
    with across_partners():
        people.change_role(member, "account_manager", actor=administrator.user, now=NOW)
        people.change_role(make_member(make_partner(), "support"), "administrator", actor=make_user(), now=NOW)

    body = client.get(reverse("portal:activity")).content.decode()

    assert body.count("Role changed") == 1
    assert "Support → Account manager" in body


@pytest.mark.parametrize("page", ["people", "activity"])
def test_lists_ask_the_database_the_same_however_long_they_are(
    client: Client, administrator: Membership, page: str
) -> None:
    def add(count: int) -> None:
        for _ in range(count):
            invite(administrator, make_user().email)

    assert_query_baseline(client, reverse(f"portal:{page}"), page, add_rows=add, many=30)
