"""Every page about signing in stands in our frame, keeps the strict policy, and speaks both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal import account_urls
from portal.models import User
from tests.factories import make_member, make_partner
from tests.portal.signing import PASSWORD, give_app, letters, link_in, try_password

pytestmark = pytest.mark.django_db

STRANGERS = [
    "account_login",
    "account_request_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_inactive",
]
# Reached in the middle of something; each has a test of its own below.
MIDWAY = ["account_confirm_login_code", "mfa_authenticate", "account_reset_password_from_key"]
SIGNED_IN = [
    "account_logout",
    "account_reauthenticate",
    "account_change_password",
    "mfa_index",
    "mfa_deactivate_totp",
    "mfa_reauthenticate",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
]
WITH_KEY = ["mfa_remove_webauthn", "mfa_edit_webauthn"]
# Words of the English pages that the French ones must not show.
ENGLISH = re.compile(
    r"\b(?:Sign [Ii]n|[Pp]assword|Confirm|Cancel|Send|Please|[Yy]our|Authenticator|Recovery|Security|code has)\b"
)
TITLE_CASE = re.compile(r"<(?:title|h1|h2|button[^>]*)>\s*[A-Z][a-z]+[ -][A-Z][a-z][^<]*<")


@pytest.fixture(autouse=True)
def _no_counters(settings: Settings) -> None:
    cache.clear()
    settings.MFA_REQUIRED = False


@pytest.fixture(params=["en", "fr"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def user(language: str) -> User:
    user = make_member(make_partner(name="Relais"), "administrator").user
    User.objects.filter(pk=user.pk).update(language=language)
    return user


@pytest.fixture
def stranger(language: str) -> Client:
    client = Client()
    client.cookies["django_language"] = language
    return client


@pytest.fixture
def person(user: User) -> Client:
    """Signed in with an app, and asked for the password a moment ago."""
    client = Client()
    try_password(client, user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    give_app(user)
    RecoveryCodes.activate(user)
    return client


def check(response: object, language: str) -> str:
    assert response.status_code == 200  # type: ignore[attr-defined]
    body: str = response.content.decode()  # type: ignore[attr-defined]
    policy = response.headers["Content-Security-Policy"]  # type: ignore[attr-defined]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert f'<html lang="{language}"' in body
    assert "skip-link" in body
    assert list(offences(body)) == []
    if language == "en":
        assert TITLE_CASE.findall(body) == []
    if language == "fr":
        assert ENGLISH.findall(words(body)) == []
    return body


def offences(body: str) -> Iterator[str]:
    """Whatever the strict policy would not let run or apply."""
    yield from re.findall(r"<[^>]+\sstyle=[^>]*>", body)
    yield from re.findall(r"<[^>]+\son[a-z]+=[^>]*>", body)
    yield from re.findall(r"<style\b.*?</style>", body, re.DOTALL)
    for attributes, content in re.findall(r"<script\b([^>]*)>(.*?)</script>", body, re.DOTALL):
        if content.strip() and "application/json" not in attributes:
            yield content


def words(body: str) -> str:
    """What people read, without addresses, keys and the language switch."""
    main = re.sub(r"<(script|svg|noscript)\b.*?</\1>", " ", body, flags=re.DOTALL)
    main = main[main.index("<main") : main.index("</main>")]
    return re.sub(r"<[^>]+>", " ", main)


def test_every_address_has_been_looked_at() -> None:
    elsewhere = {"account_signup", "mfa_login_webauthn", "mfa_download_recovery_codes", "account_set_password"}
    elsewhere |= {"mfa_activate_totp", "mfa_reauthenticate_webauthn"}

    looked_at = {*STRANGERS, *MIDWAY, *SIGNED_IN, *WITH_KEY, *elsewhere}

    assert {pattern.name for pattern in account_urls.urlpatterns} == looked_at


@pytest.mark.parametrize("name", STRANGERS)
def test_pages_for_strangers(name: str, stranger: Client, language: str) -> None:
    check(stranger.get(reverse(name)), language)


@pytest.mark.parametrize("name", SIGNED_IN)
def test_pages_for_people(name: str, person: Client, language: str) -> None:
    check(person.get(reverse(name)), language)


@pytest.mark.parametrize("name", WITH_KEY)
def test_pages_about_one_key(name: str, person: Client, user: User, language: str) -> None:
    key = Authenticator.objects.create(user=user, type="webauthn", data={"name": "Clef", "credential": {}})

    check(person.get(reverse(name, args=[key.pk])), language)


def test_page_to_set_up_an_app_shows_its_picture(user: User, language: str) -> None:
    client = Client()
    try_password(client, user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    body = check(client.get(reverse("mfa_activate_totp")), language)

    assert 'src="data:image/svg+xml' in body


def test_page_to_set_a_first_password(user: User, language: str) -> None:
    client = Client()
    user.set_unusable_password()
    user.save(update_fields=["password"])
    client.force_login(User.objects.get(pk=user.pk))

    check(client.get(reverse("account_set_password")), language)


def test_page_to_enter_a_code_from_a_letter(stranger: Client, user: User, language: str) -> None:
    response = stranger.post(reverse("account_request_login_code"), {"email": user.email}, follow=True)

    check(response, language)


def test_page_to_enter_the_second_factor(stranger: Client, user: User, language: str) -> None:
    give_app(user)

    check(try_password_and_follow(stranger, user), language)


def try_password_and_follow(client: Client, user: User) -> object:
    return client.get(try_password(client, user).url)


def test_page_to_choose_a_password(stranger: Client, user: User, language: str) -> None:
    stranger.post(reverse("account_reset_password"), {"email": user.email})

    check(stranger.get(link_in(letters()[0]), follow=True), language)


def test_page_of_a_used_up_link(stranger: Client, user: User, language: str) -> None:
    check(stranger.get(reverse("account_reset_password_from_key", args=["1", "used-up"])), language)


def test_page_for_who_is_too_fast(stranger: Client, language: str, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    try_password(stranger, "nobody@example.com")

    response = try_password(stranger, "nobody@example.com")

    assert response.status_code == 429
    assert f'<html lang="{language}"' in response.content.decode()
