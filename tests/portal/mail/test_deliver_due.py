"""The command that delivers by hand, and the troubles of a mail server as a person hears of them."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from portal.mail import alarms
from portal.mail.alarms import Alarm
from portal.mail.delivery import deliver_due
from portal.models import MailAlarm, OutgoingMail
from portal.setup.ports import free_port
from tests.portal.mail.letters import NOW, post, states
from tests.portal.mail.servers import Server

pytestmark = pytest.mark.usefixtures("outbox_table")
THEN = NOW.isoformat()


def run(*options: str) -> str:
    said = io.StringIO()
    call_command("deliver_due", "--now", THEN, *options, stdout=said)
    return said.getvalue()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Alarm]:
    told: list[Alarm] = []
    monkeypatch.setattr(alarms.alarms, "items", [told.append])
    return told


def test_command_sends_and_prints_the_figures(mailoutbox: list[Any]) -> None:
    for number in range(3):
        post(f"letter:{number}")
    post("late", leave_by=NOW)

    assert run("--limit", "2").split("\n") == ["      2 sent", "      1 no longer wanted", ""]
    figures = json.loads(run("--json"))
    assert (figures["sent"], figures["parked"], figures["stopped"]) == (1, 0, "")
    assert len(mailoutbox) == 3


def test_rehearsal_changes_nothing(mailoutbox: list[Any]) -> None:
    post("letter")
    post("late", leave_by=NOW)
    before = states()

    figures = json.loads(run("--dry-run", "--json"))

    assert (figures["sent"], figures["withdrawn"]) == (1, 1)
    assert (states(), mailoutbox) == (before, [])


def test_moment_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="is no moment"):
        call_command("deliver_due", "--now", "tomorrow")


def test_refusal_after_refusal_tells_a_person_once_until_letters_leave_again(
    server: Server, heard: list[Alarm]
) -> None:
    server.script.to_mail = "554 5.7.1 You are on a list"
    for number in range(20):
        post(f"letter:{number:02}")

    for minutes in (0, 16):
        deliver_due(now=NOW + timedelta(minutes=minutes))

    assert [(alarm.kind, alarm.partner, dict(alarm.facts)) for alarm in heard] == [("refused", None, {"code": 554})]
    server.script.to_mail = "250 OK"
    deliver_due(now=NOW + timedelta(minutes=32))
    assert MailAlarm.objects.get().ended_at is not None
    assert list(states().values()).count("sent") == 10


def test_server_that_cannot_be_reached_is_told_of_after_a_while(
    server: Server, settings: Settings, heard: list[Alarm]
) -> None:
    settings.EMAIL_PORT = free_port()
    post("letter")

    for minutes in range(12):
        deliver_due(now=NOW + timedelta(minutes=minutes))

    assert [alarm.kind for alarm in heard] == ["unreachable"]
    assert OutgoingMail.objects.get().attempts == 0


def test_listener_that_breaks_stops_no_run(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_alarm: Alarm) -> None:
        raise RuntimeError("a listener's own mistake")

    monkeypatch.setattr(alarms.alarms, "items", [broken])
    alarms.raise_alarm(MailAlarm.Kind.LISTENER, at=NOW)
    post("letter")

    assert deliver_due(now=NOW).sent == 1
