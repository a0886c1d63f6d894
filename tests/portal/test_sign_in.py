"""Signing in: by password, by code, from an invitation; never fixed beforehand, never to elsewhere, never telling."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal.access import across_partners
from portal.models import OutgoingMail, User
from portal.services import people
from tests.factories import make_customer, make_member, make_partner, make_user
from tests.portal.mail.letters import NOW
from tests.portal.signing import PASSWORD, code_in, is_signed_in, letters, link_in, try_password

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_counters(settings: Settings) -> None:
    cache.clear()
    settings.MFA_REQUIRED = False


@pytest.fixture
def user() -> User:
    return make_member(make_partner()).user


def test_password_opens_the_portal(client: Client, user: User) -> None:
    response = try_password(client, user)

    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert is_signed_in(client)


def test_email_may_be_typed_in_capitals(client: Client, user: User) -> None:
    try_password(client, user.email.upper())

    assert is_signed_in(client)


def test_session_key_changes_at_sign_in(client: Client, user: User) -> None:
    client.get(reverse("account_login"))
    client.session["planted"] = "by an attacker"
    session = client.session
    session.save()
    before = session.session_key

    try_password(client, user)

    assert client.session.session_key != before


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "///evil.example",
        "http:evil.example",
    ],
)
def test_nobody_is_led_elsewhere_after_signing_in(client: Client, user: User, target: str, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    assert try_password(client, user, next=target).url == "/"


def test_the_page_that_was_asked_for_follows(client: Client, user: User) -> None:
    assert try_password(client, user, next="/settings/?tab=2").url == "/settings/?tab=2"


def test_nobody_signs_up_by_themselves(client: Client) -> None:
    response = client.post(
        reverse("account_signup"), {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    )

    assert response.status_code == 302
    assert not User.objects.filter(email="new@example.com").exists()


def test_code_by_letter_signs_a_customer_in(client: Client) -> None:
    partner = make_partner()
    contact = make_member(partner, "customer", customer=make_customer(partner), user=make_user("it@customer.example"))

    client.post(reverse("account_request_login_code"), {"email": contact.user.email})
    (letter,) = letters()
    response = client.post(reverse("account_confirm_login_code"), {"code": code_in(letter)})

    assert response.status_code == 302
    assert is_signed_in(client)
    assert letter.to == ["Claire Martin <it@customer.example>"]


def test_code_works_once_and_three_wrong_ones_end_it(client: Client, user: User) -> None:
    client.post(reverse("account_request_login_code"), {"email": user.email})
    code = code_in(letters()[0])
    for _ in range(3):
        client.post(reverse("account_confirm_login_code"), {"code": "WRONG1"})

    client.post(reverse("account_confirm_login_code"), {"code": code})

    assert not is_signed_in(client)


def test_code_asked_for_in_one_browser_opens_no_other(client: Client, user: User) -> None:
    client.post(reverse("account_request_login_code"), {"email": user.email})
    other = Client()

    other.post(reverse("account_confirm_login_code"), {"code": code_in(letters()[0])})

    assert not is_signed_in(other)


def test_letter_speaks_the_persons_language(client: Client) -> None:
    user = make_user("elise@example.com", language="fr", first_name="Élise")

    client.post(reverse("account_request_login_code"), {"email": user.email})

    with across_partners():
        letter = OutgoingMail.objects.get()
    assert '<html lang="fr">' in letter.html
    assert "Élise" in letter.text


def test_letters_go_through_the_outbox_and_the_page_does_not_wait_for_the_mail_server(
    client: Client, user: User, mailoutbox: list[Any]
) -> None:
    client.post(reverse("account_request_login_code"), {"email": user.email})

    assert mailoutbox == []
    assert len(letters()) == 1


@pytest.mark.parametrize("view", ["account_request_login_code", "account_reset_password"])
def test_pages_that_write_letters_do_not_tell_who_exists(client: Client, user: User, view: str) -> None:
    answers = []
    for email in (user.email, "nobody@example.com"):
        browser = Client()
        first = browser.post(reverse(view), {"email": email})
        second = browser.get(first.headers["Location"])
        body = second.content.decode().replace(email, "")
        answers.append((first.status_code, first.headers["Location"], second.status_code, len(body)))

    assert answers[0] == answers[1]
    assert len(letters()) == 2


def test_sign_in_page_does_not_tell_who_exists(client: Client, user: User) -> None:
    known = try_password(client, user, "wrong").content.decode()
    unknown = try_password(Client(), "nobody@example.com", "wrong").content.decode()

    assert "not correct" in known
    assert len(known.replace(user.email, "")) == len(unknown.replace("nobody@example.com", ""))


@pytest.mark.parametrize("email", ["known", "unknown"])
def test_a_password_is_hashed_once_whoever_it_is_for(
    client: Client, user: User, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def noted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", noted)

    try_password(client, user.email if email == "known" else "nobody@example.com", "wrong")

    assert hashed == ["wrong"]


def test_reset_link_sets_a_password_once_and_points_to_the_portals_own_address(
    client: Client, user: User, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://portal.example"
    client.post(reverse("account_reset_password"), {"email": user.email}, headers={"host": "localhost"})
    (letter,) = letters()
    assert "https://portal.example/accounts/password/reset/key/" in letter.body

    page = client.get(link_in(letter), follow=True)
    form = page.redirect_chain[-1][0]
    client.post(form, {"password1": "another long phrase", "password2": "another long phrase"})

    assert is_signed_in(client)
    assert try_password(Client(), user, "another long phrase").status_code == 302
    again = Client().get(link_in(letter), follow=True)
    assert "password1" not in again.content.decode()


def test_reset_ends_other_sessions_and_tells_the_person(client: Client, user: User) -> None:
    thief = Client()
    try_password(thief, user)
    client.post(reverse("account_reset_password"), {"email": user.email})
    form = client.get(link_in(letters()[0]), follow=True).redirect_chain[-1][0]

    client.post(form, {"password1": "another long phrase", "password2": "another long phrase"})

    assert not thief.get("/preferences/").wsgi_request.user.is_authenticated
    assert letters()[1].subject == "Your account was changed"
    assert "The password of your account was reset." in letters()[1].body


def test_invited_person_chooses_a_password_and_is_in(client: Client) -> None:
    administrator = make_member(make_partner(name="Relais"), "administrator")
    partner = administrator.partner
    with across_partners():
        people.invite(
            people.Invitation("new@relais.example", "support", "Nina", "Neuf"),
            partner=partner,
            actor=administrator.user,
            now=NOW,
        )
    (letter,) = letters()

    form = client.get(link_in(letter), follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "a phrase of her own", "password2": "a phrase of her own"})

    assert letter.subject == "Relais invites you to its renewal portal"
    assert "Claire Martin has invited you" in letter.body
    assert "Support" in letter.body
    assert is_signed_in(client)
    assert "Support" in client.get("/me/").content.decode()


def test_unsafe_requests_without_a_token_are_refused(user: User) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert try_password(strict, user).status_code == 403
    assert strict.post(reverse("account_reset_password"), {"email": user.email}).status_code == 403
    assert strict.post("/preferences/", {"theme": "dark"}).status_code == 403
