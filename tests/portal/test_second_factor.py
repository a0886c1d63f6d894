"""The second factor: asked for before anything, set up by all staff, used once, of no use in a copy of the database."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from portal.models import Membership, User
from tests.factories import make_customer, make_member, make_partner
from tests.portal.signing import (
    PASSWORD,
    app_code,
    code_in,
    give_app,
    has_app,
    is_signed_in,
    letters,
    link_in,
    try_password,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_counters(settings: Settings) -> None:
    cache.clear()
    settings.MFA_REQUIRED = True


@pytest.fixture
def member() -> Membership:
    return make_member(make_partner())


def answer(client: Client, code: str) -> None:
    client.post(reverse("mfa_authenticate"), {"code": code})


def test_password_alone_lets_nobody_in(client: Client, member: Membership) -> None:
    give_app(member.user)

    response = try_password(client, member.user)

    assert response.headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert client.get("/me/").status_code == 302


def test_password_and_code_let_in_under_a_new_session_key(client: Client, member: Membership) -> None:
    secret = give_app(member.user)
    try_password(client, member.user)
    before = client.session.session_key

    answer(client, app_code(secret))

    assert is_signed_in(client)
    assert client.session.session_key != before


def test_sign_in_code_by_letter_does_not_replace_the_second_factor(client: Client, member: Membership) -> None:
    give_app(member.user)
    client.post(reverse("account_request_login_code"), {"email": member.user.email})

    response = client.post(reverse("account_confirm_login_code"), {"code": code_in(letters()[0])})

    assert response.headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)


def test_new_password_does_not_replace_the_second_factor(client: Client, member: Membership) -> None:
    give_app(member.user)
    client.post(reverse("account_reset_password"), {"email": member.user.email})
    form = client.get(link_in(letters()[0]), follow=True).redirect_chain[-1][0]

    client.post(form, {"password1": "another long phrase", "password2": "another long phrase"})

    assert not is_signed_in(client)


def test_code_is_used_once(client: Client, member: Membership) -> None:
    secret = give_app(member.user)
    code = app_code(secret)
    try_password(client, member.user)
    answer(client, code)
    other = Client()
    try_password(other, member.user)

    answer(other, code)

    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_code_of_another_moment_is_refused(client: Client, member: Membership) -> None:
    secret = give_app(member.user)
    try_password(client, member.user)

    answer(client, app_code(secret, periods=-4))

    assert not is_signed_in(client)


def test_guessing_codes_is_limited(client: Client, member: Membership) -> None:
    secret = give_app(member.user)
    try_password(client, member.user)
    for _ in range(10):
        answer(client, "000000")

    answer(client, app_code(secret))

    assert not is_signed_in(client)


def test_secret_is_stored_encrypted(member: Membership) -> None:
    secret = give_app(member.user)

    stored = Authenticator.objects.get(user=member.user).data["secret"]

    assert secret not in stored
    assert stored.startswith("gAAAA")


def test_staff_set_up_a_second_factor_before_anything_else(client: Client, member: Membership) -> None:
    try_password(client, member.user)

    for path in ("/settings/", "/settings/people/", "/me/"):
        assert client.get(path).headers["Location"] == reverse("mfa_index")
    assert client.get(reverse("mfa_index")).status_code == 200


def test_customers_need_none(client: Client) -> None:
    partner = make_partner()
    contact = make_member(partner, "customer", customer=make_customer(partner))
    try_password(client, contact.user)

    assert client.get("/me/").status_code == 200


def test_operators_need_one_too(client: Client) -> None:
    operator = User.objects.create_superuser("operator@portal.example", PASSWORD)
    try_password(client, operator)

    assert client.get("/backoffice/").headers["Location"] == reverse("mfa_index")


def test_enrolment_from_the_password_asked_again_to_the_letter_that_tells(
    client: Client, member: Membership, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    try_password(client, member.user)
    asked = client.get(reverse("mfa_activate_totp"))
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    page = client.post(asked.headers["Location"], {"password": PASSWORD}, follow=True)
    secret = page.context["form"].secret

    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_activate_totp"), {"code": app_code(secret)})

    assert has_app(member.user)
    assert client.get("/me/").status_code == 200
    assert {letter.subject for letter in letters()} == {"Your account was changed"}


def test_recovery_code_lets_in_once(client: Client, member: Membership) -> None:
    give_app(member.user)
    code = RecoveryCodes.activate(member.user).get_unused_codes()[0]
    try_password(client, member.user)
    answer(client, code)
    other = Client()
    try_password(other, member.user)

    answer(other, code)

    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_taking_the_second_factor_away_leads_back_to_setting_one_up(client: Client, member: Membership) -> None:
    secret = give_app(member.user)
    try_password(client, member.user)
    answer(client, app_code(secret))
    Authenticator.objects.filter(user=member.user).delete()

    assert client.get("/me/").headers["Location"] == reverse("mfa_index")


def test_back_office_has_no_door_of_its_own(client: Client) -> None:
    User.objects.create_superuser("operator@portal.example", PASSWORD)

    response = client.post("/backoffice/login/", {"username": "operator@portal.example", "password": PASSWORD})

    assert response.headers["Location"].startswith(reverse("account_login"))
    assert not is_signed_in(client)
