"""Sessions end when what they stand on has changed: role, membership, account, password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal.access import across_partners
from portal.middleware import SESSION_MEMBERSHIP
from portal.models import Activity, Membership, User
from portal.services import people
from tests.factories import make_member, make_partner
from tests.portal.mail.letters import NOW
from tests.portal.signing import PASSWORD, try_password

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(settings: Settings) -> Membership:
    settings.MFA_REQUIRED = False
    return make_member(make_partner(), "administrator")


@pytest.fixture
def member(administrator: Membership) -> Membership:
    return make_member(administrator.partner, "account_manager")


def signed_in(user: User) -> Client:
    client = Client()
    try_password(client, user)
    assert is_let_in(client)
    return client


def is_let_in(client: Client) -> bool:
    return bool(client.get(reverse("portal:preferences")).wsgi_request.user.is_authenticated)


def change_role(member: Membership, actor: User) -> None:
    people.change_role(member, "support", actor=actor, now=NOW)


def deactivate(member: Membership, actor: User) -> None:
    people.deactivate(member, actor=actor, now=NOW)


def switch_off_account(member: Membership, _actor: User) -> None:
    User.objects.filter(pk=member.user_id).update(is_active=False)


@pytest.mark.parametrize("change", [change_role, deactivate, switch_off_account])
def test_all_sessions_end(
    administrator: Membership, member: Membership, change: Callable[[Membership, User], None]
) -> None:
    browsers = [signed_in(member.user), signed_in(member.user)]
    bystander = signed_in(administrator.user)

    with across_partners():
        change(member, administrator.user)

    assert [is_let_in(browser) for browser in browsers] == [False, False]
    assert is_let_in(bystander)


def test_ended_access_leaves_the_work_for_another_partner_alone(administrator: Membership) -> None:
    elsewhere = make_member(make_partner(), "account_manager")
    member = make_member(administrator.partner, "support", user=elsewhere.user)
    browser = signed_in(member.user)

    with across_partners():
        deactivate(member, administrator.user)

    assert is_let_in(browser)
    request: Any = browser.get(reverse("portal:preferences")).wsgi_request
    assert request.membership == elsewhere


def test_sessions_of_old_do_not_come_back_with_the_person(administrator: Membership, member: Membership) -> None:
    browser = signed_in(member.user)

    with across_partners():
        people.deactivate(member, actor=administrator.user, now=NOW)
        people.reactivate(member, actor=administrator.user, now=NOW)

    assert not is_let_in(browser)


def test_sessions_survive_a_new_secret_key(member: Membership, settings: Settings) -> None:
    browser = signed_in(member.user)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new secret key", [settings.SECRET_KEY]

    assert is_let_in(browser)


def test_changing_the_password_ends_the_other_sessions(member: Membership) -> None:
    mine, thief = signed_in(member.user), signed_in(member.user)

    mine.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "another long phrase", "password2": "another long phrase"},
    )

    assert not is_let_in(thief)


def test_person_without_a_membership_left_is_let_into_nothing(administrator: Membership, member: Membership) -> None:
    with across_partners():
        people.deactivate(member, actor=administrator.user, now=NOW)
    browser = signed_in(member.user)

    assert browser.get("/settings/").status_code == 403


def test_nothing_of_the_kind_is_kept_quiet(administrator: Membership, member: Membership) -> None:
    with across_partners():
        people.change_role(member, "support", actor=administrator.user, now=NOW)
        people.deactivate(member, actor=administrator.user, now=NOW)

        deeds = Activity.objects.order_by("pk").values_list("verb", "actor", "subject_id", "facts")

        assert list(deeds) == [
            (
                "person.role_changed",
                administrator.user_id,
                member.pk,
                {"before": {"role": "account_manager"}, "after": {"role": "support"}},
            ),
            ("person.deactivated", administrator.user_id, member.pk, {}),
        ]


@pytest.mark.parametrize("choice", ["", "x", "²", "٣", "9" * 5000])
def test_nonsense_chooses_no_partner(member: Membership, choice: str) -> None:
    browser = signed_in(member.user)

    assert browser.post(reverse("portal:switch_partner"), {"membership": choice}).status_code == 302
    assert SESSION_MEMBERSHIP not in browser.session
