"""With no broker at all: the page writes a row, and the worker's own sweep finds it within moments."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from portal import heartbeats, tasks
from portal.celery import app
from portal.mail import delivery, mailbox
from portal.setup.ports import free_port
from tests import processes
from tests.factories import make_user
from tests.portal.mail.letters import NOW, post, states


@pytest.fixture
def worker(settings: Settings, tmp_path: Path, transactional_db: None) -> Iterator[None]:
    """`manage.py work` with its local mail server, and without Redis."""
    environment = {
        "DATABASE_URL": processes.database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{free_port()}",
        "PORTAL_DATA_DIR": str(tmp_path),
        "PORTAL_MAIL_SINK": "1",
        "PORTAL_SWEEP_SECONDS": "0.3",
        "PORTAL_TODAY": str(configured.PORTAL_TODAY),
        "PORTAL_VAULT_KEYS": ",".join(configured.VAULT_KEYS),
        "REDIS_URL": "",
        "SECRET_KEY": configured.SECRET_KEY,
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "work", "--threads=2"],
        cwd=processes.ROOT,
        env=os.environ | environment,
        stderr=subprocess.DEVNULL,
    )
    settings.DATA_DIR = tmp_path
    yield
    process.terminate()
    process.wait(30)


@pytest.mark.django_db(transaction=True)
def test_code_asked_for_on_the_page_arrives_without_any_broker(worker: None, settings: Settings) -> None:
    cache.clear()
    settings.REDIS_URL = ""
    user = make_user("it@karst.example")

    Client().post(reverse("account_request_login_code"), {"email": user.email})

    deadline = time.monotonic() + 30
    while not mailbox.newest() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [(kept.subject, kept.recipients) for kept in mailbox.newest()] == [("Your sign-in code", "it@karst.example")]


def test_broker_that_cannot_be_reached_harms_nobody(
    settings: Settings,
    outbox_table: None,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def unreachable(*_args: object, **_options: object) -> None:
        raise OperationalError("connection refused")

    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr("celery.app.task.Task.apply_async", unreachable)

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        post("a")

    assert len(callbacks) == 1
    assert states() == {"a": "queued"}


def test_sweep_is_scheduled_as_often_as_the_settings_say() -> None:
    entry = app.conf.beat_schedule["mail"]

    assert (entry["task"], entry["schedule"]) == (tasks.sweep_mail.name, configured.SWEEP_SECONDS)


def test_sweep_tells_when_it_last_went_well(db: None, outbox_table: None, mailoutbox: list[object]) -> None:
    post("a", due_at=NOW.replace(hour=0))
    assert heartbeats.last_beat("mail") is None

    tasks.sweep_mail()

    beat = heartbeats.last_beat("mail")
    assert beat is not None
    assert beat.date() == NOW.date()
    assert states() == {"a": "sent"}


def test_sweep_that_fails_does_not_tell_it_went_well(
    db: None, outbox_table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(tasks, "deliver_due", broken)

    with pytest.raises(RuntimeError):
        tasks.sweep_mail()
    assert heartbeats.last_beat("mail") is None
    monkeypatch.setattr(tasks, "deliver_due", delivery.deliver_due)
    tasks.sweep_mail()
    assert heartbeats.last_beat("mail") is not None


def test_no_more_than_two_sweeps_hold_threads_of_a_worker(outbox_table: None, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[object] = []
    monkeypatch.setattr(tasks, "deliver_due", lambda *, now: swept.append(now))

    with tasks._senders, tasks._senders:
        tasks.sweep_mail()
    tasks.sweep_mail()

    assert len(swept) == 1
