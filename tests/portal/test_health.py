"""Whether the portal is ready, and whether its letters are looked after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from portal import clock, heartbeats
from tests.portal.mail.letters import post

pytestmark = pytest.mark.django_db


def test_ready_portal_tells_how_its_letters_do(client: Client) -> None:
    cache.clear()
    now = clock.now()
    post("a", due_at=now - timedelta(minutes=10))
    post("b", due_at=now + timedelta(minutes=10))
    heartbeats.beat("mail", now=now)

    answer = client.get("/readyz")

    assert answer.status_code == 200
    mail = answer.json()["mail"]
    assert mail["last_sweep"] == now.isoformat()
    assert 600 <= mail["oldest_due_seconds"] < 610


def test_worker_that_was_never_seen_turns_nobody_away(client: Client) -> None:
    cache.clear()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["mail"]) == (200, {"last_sweep": None, "oldest_due_seconds": 0})


def test_portal_without_its_database_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.views.health._database_answers", lambda: False)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"database": False})
