"""Guessing is slow, counted for all processes together, and locks nobody out of their own account."""

from __future__ import annotations

import pytest
from django.core.cache import cache, caches
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal.models import User
from tests import processes
from tests.factories import make_member, make_partner
from tests.portal.signing import PASSWORD, is_signed_in, try_password

HOME, ATTACKER = "192.0.2.10", "198.51.100.66"


@pytest.fixture(autouse=True)
def _no_counters(settings: Settings, db: None) -> None:
    cache.clear()
    settings.MFA_REQUIRED = False


@pytest.fixture
def user() -> User:
    return make_member(make_partner()).user


def guess(user: User, times: int, *, client: Client | None = None, address: str = ATTACKER) -> None:
    for _ in range(times):
        try_password(client or Client(), user, "wrong", REMOTE_ADDR=address)


def test_after_many_bad_tries_the_right_password_is_refused_too(user: User) -> None:
    guess(user, 12)
    attacker = Client()

    response = try_password(attacker, user, REMOTE_ADDR=ATTACKER)

    assert not is_signed_in(attacker)
    assert "Too many failed login attempts" in response.content.decode()


def test_strangers_do_not_lock_the_person_out(user: User) -> None:
    guess(user, 12)
    browser = Client()

    try_password(browser, user, REMOTE_ADDR=HOME)

    assert is_signed_in(browser)


def test_tries_from_many_addresses_are_counted_together(user: User) -> None:
    for number in range(50):
        guess(user, 1, address=f"198.51.100.{number}")
    attacker = Client()

    try_password(attacker, user, REMOTE_ADDR="203.0.113.7")

    assert not is_signed_in(attacker)


def test_device_of_old_is_let_in_even_then(user: User) -> None:
    browser = Client()
    try_password(browser, user, REMOTE_ADDR=HOME)
    browser.post(reverse("account_logout"))
    for number in range(60):
        guess(user, 1, address=f"198.51.100.{number}")

    try_password(browser, user, REMOTE_ADDR="203.0.113.7")

    assert is_signed_in(browser)


def test_device_of_somebody_else_helps_nobody(user: User) -> None:
    thief = make_member(make_partner()).user
    browser = Client()
    try_password(browser, thief, REMOTE_ADDR=ATTACKER)
    browser.post(reverse("account_logout"))
    guess(user, 12, client=browser)

    try_password(browser, user, REMOTE_ADDR=ATTACKER)

    assert not is_signed_in(browser)


def test_device_cookie_cannot_be_made_up(user: User, settings: Settings) -> None:
    browser = Client()
    browser.cookies[settings.DEVICE_COOKIE_NAME] = "e30:1vR:forged"
    guess(user, 12, client=browser)

    try_password(browser, user, REMOTE_ADDR=ATTACKER)

    assert not is_signed_in(browser)


def test_one_address_cannot_try_many_accounts(user: User) -> None:
    for number in range(25):
        try_password(Client(), f"person{number}@example.com", "wrong", REMOTE_ADDR=ATTACKER)
    attacker = Client()

    try_password(attacker, user, REMOTE_ADDR=ATTACKER)

    assert not is_signed_in(attacker)


def test_signing_in_often_is_no_failure(user: User) -> None:
    for _ in range(8):
        browser = Client()
        try_password(browser, user, REMOTE_ADDR=HOME)
        assert is_signed_in(browser)


def test_letters_with_codes_are_limited_per_address_and_person(user: User) -> None:
    answers = [
        Client().post(reverse("account_request_login_code"), {"email": user.email}).status_code for _ in range(5)
    ]

    assert answers[:3] == [302, 302, 302]
    assert 302 not in answers[3:]


def test_spoofed_forwarding_header_changes_nothing(user: User) -> None:
    for number in range(12):
        try_password(Client(), user, "wrong", REMOTE_ADDR=ATTACKER, headers={"x-forwarded-for": f"10.0.0.{number}"})
    attacker = Client()

    try_password(attacker, user, REMOTE_ADDR=ATTACKER, headers={"x-forwarded-for": "10.0.0.99"})

    assert not is_signed_in(attacker)


def test_counters_cannot_be_pushed_out_of_the_cache() -> None:
    assert getattr(caches["spare"], "_max_entries") >= 100_000  # noqa: B009  Django's own name


GUESS = """
from django.test import Client
for _ in range({times}):
    Client().post("/accounts/login/", {{"login": "{email}", "password": "wrong"}}, REMOTE_ADDR="198.51.100.66")
"""


@pytest.mark.django_db(transaction=True)
def test_two_workers_count_together() -> None:
    user = make_member(make_partner()).user
    for times in (3, 2):
        worker = processes.start(GUESS.format(times=times, email=user.email), ALLOWED_HOSTS="testserver", DEBUG="1")
        processes.finish(worker)
    attacker = Client()

    try_password(attacker, user, PASSWORD, REMOTE_ADDR=ATTACKER)

    assert not is_signed_in(attacker)
