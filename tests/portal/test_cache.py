"""While Redis is out of reach, pages are served and limits are counted in the database."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal.access import across_partners
from portal.cache import SteadyCache
from portal.models import OutgoingMail
from portal.setup.ports import free_port
from tests.factories import make_member, make_partner, make_user
from tests.portal.signing import is_signed_in, try_password

pytestmark = pytest.mark.django_db


@pytest.fixture
def _redis_is_down(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MFA_REQUIRED = False
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {
        **settings.CACHES,
        "default": {"BACKEND": "portal.cache.SteadyCache", "LOCATION": settings.REDIS_URL},
    }
    monkeypatch.setattr(SteadyCache, "resting_until", 0.0)


@pytest.mark.usefixtures("_redis_is_down")
def test_people_sign_in_and_limits_are_counted() -> None:
    user = make_member(make_partner()).user
    browser, attacker = Client(), Client()

    try_password(browser, user, REMOTE_ADDR="192.0.2.10")
    for _ in range(6):
        try_password(attacker, user, "wrong", REMOTE_ADDR="198.51.100.66")
    try_password(attacker, user, REMOTE_ADDR="198.51.100.66")

    assert is_signed_in(browser)
    assert not is_signed_in(attacker)


@pytest.mark.usefixtures("_redis_is_down")
def test_letter_is_queued_although_no_worker_can_be_told() -> None:
    user = make_user()

    started = time.monotonic()
    response = Client().post(reverse("account_request_login_code"), {"email": user.email})

    assert response.status_code == 302
    assert time.monotonic() - started < 5
    with across_partners():
        assert OutgoingMail.objects.count() == 1


@pytest.mark.usefixtures("_redis_is_down")
def test_every_verb_has_its_stand_in() -> None:
    assert cache.add("a", 1)
    assert not cache.add("a", 2)
    assert (cache.get("a"), cache.incr("a"), cache.touch("a")) == (1, 2, True)
    assert cache.get_many(["a", "b"]) == {"a": 2}
    assert "a" in cache
    assert cache.delete("a")
    assert cache.get("a", "nothing") == "nothing"
    cache.set("a", 3)
    cache.clear()
    assert cache.get("a") is None


@pytest.mark.usefixtures("_redis_is_down")
def test_redis_is_left_alone_for_a_while_after_it_did_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.get("a")
    asked: list[str] = []
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", lambda *_a, **_k: asked.append("a"))

    cache.get("a")
    assert asked == []

    monkeypatch.setattr(SteadyCache, "resting_until", 0.0)
    cache.get("a")
    assert asked == ["a"]
