"""What apps above know is asked again at the claim, and what becomes of letters is told to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.test.utils import CaptureQueriesContext

from portal.mail import claims, outbox, settling
from portal.mail.delivery import deliver_due
from portal.mail.settled import Settled, on_settled
from portal.mail.wanted import untrue
from portal.models import MailAlarm, OutgoingMail, Partner, SuppressedAddress
from portal.models.mail import MailPurpose
from tests.factories import make_partner
from tests.portal.mail.letters import NOW, post, states
from tests.portal.mail.servers import DROP, Server

pytestmark = pytest.mark.usefixtures("outbox_table")


def no_longer_so(_now: datetime) -> Q:
    """As an app above would say it: its own row, here the partner's name, has changed meanwhile."""
    return Q(Exists(Partner.objects.filter(pk=OuterRef("partner"), name="Renewed")))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrue, "items", [no_longer_so])


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Settled]:
    told: list[Settled] = []
    monkeypatch.setattr(on_settled, "items", [told.extend])
    return told


def ends(heard: list[Settled]) -> dict[str, tuple[str, str, bool]]:
    return {one.key: (one.state.value, one.reason.value, one.may_have_arrived) for one in heard}


def test_letter_that_has_become_untrue_stays_home_and_its_app_hears_so(
    asked: None, heard: list[Settled], mailoutbox: list[object]
) -> None:
    renewed, waiting = make_partner(name="Renewed"), make_partner(name="Waiting")
    post("notice:1", partner=renewed, purpose=MailPurpose.NOTICE, text="/l/secret/")
    post("notice:2", partner=waiting, purpose=MailPurpose.NOTICE)

    did = deliver_due(now=NOW)

    assert (did.sent, did.withdrawn, len(mailoutbox)) == (1, 1, 1)
    assert states() == {"notice:1": "withdrawn", "notice:2": "sent"}
    assert ends(heard) == {"notice:1": ("withdrawn", "untrue", False), "notice:2": ("sent", "sent", True)}
    assert OutgoingMail.objects.get(key="notice:1").text == ""


def test_change_between_settling_and_the_claim_is_seen_by_the_claim(asked: None) -> None:
    partner = make_partner(name="Waiting")
    post("notice:1", partner=partner)
    settling.settle(NOW)

    Partner.objects.filter(pk=partner.pk).update(name="Renewed")

    assert claims.claim(NOW, size=10) == ([], 0)


def test_letter_that_was_not_answered_says_that_it_may_have_arrived(
    asked: None, heard: list[Settled], server: Server
) -> None:
    partner = make_partner(name="Waiting")
    server.script.to_data["notice-1@reader.example"] = DROP
    post("notice:1", partner=partner)
    deliver_due(now=NOW)
    Partner.objects.filter(pk=partner.pk).update(name="Renewed")

    deliver_due(now=NOW + timedelta(minutes=16))

    assert ends(heard) == {"notice:1": ("withdrawn", "untrue", True)}


def test_every_end_is_told_with_its_reason(heard: list[Settled], server: Server) -> None:
    partner = make_partner()
    SuppressedAddress.objects.create(
        partner=partner, email="off@reader.example", reason=SuppressedAddress.Reason.COMPLAINED, at=NOW
    )
    server.script.to_rcpt |= {"gone@reader.example": "550 5.1.1 Nobody", "full@reader.example": "552 5.2.2 Full"}
    post("off", partner=partner)
    post("gone", partner=partner)
    post("full", partner=partner)
    post("late", partner=partner, leave_by=NOW)
    post("back", partner=partner)
    post("broken", partner=partner)
    OutgoingMail.objects.filter(key="broken").update(headers={"X-Broken": "one\ntwo"})
    outbox.withdraw("back")

    deliver_due(now=NOW)

    assert ends(heard) == {
        "off": ("suppressed", "switched_off", False),
        "gone": ("suppressed", "gone", False),
        "full": ("parked", "server", False),
        "late": ("withdrawn", "late", False),
        "back": ("withdrawn", "withdrawn", False),
        "broken": ("parked", "unwritable", False),
    }
    assert dict(OutgoingMail.objects.values_list("key", "reason")) == {
        key: reason for key, (_, reason, _) in ends(heard).items()
    }


def test_letter_in_time_leaves_and_one_that_may_have_left_goes_once_more_even_late(server: Server) -> None:
    server.script.to_data["b@reader.example"] = DROP
    for key in ("a", "b"):
        post(key, leave_by=NOW + timedelta(minutes=5))
    deliver_due(now=NOW)
    server.script.to_data.clear()

    deliver_due(now=NOW + timedelta(minutes=16))

    assert states() == {"a": "sent", "b": "sent"}


def test_listener_that_breaks_sends_nothing_twice_and_is_told_again(
    monkeypatch: pytest.MonkeyPatch, mailoutbox: list[object]
) -> None:
    told: list[str] = []
    broken = [True]

    def hear(settled: Sequence[Settled]) -> None:
        # its own rows, which must not stay changed when it breaks
        Partner.objects.filter(pk=settled[0].partner or 0).update(name="Heard")
        if broken[0]:
            raise RuntimeError("a listener's own mistake")
        told.extend(one.key for one in settled)

    monkeypatch.setattr(on_settled, "items", [hear])
    partner = make_partner(name="Waiting")
    for key in ("a", "b"):
        post(key, partner=partner)

    deliver_due(now=NOW)

    partner.refresh_from_db()
    assert (states(), partner.name, told) == ({"a": "sent", "b": "sent"}, "Waiting", [])
    assert MailAlarm.objects.get().kind == MailAlarm.Kind.LISTENER

    broken[0] = False
    deliver_due(now=NOW)
    deliver_due(now=NOW)

    assert (sorted(told), len(mailoutbox)) == (["a", "b"], 2)
    assert MailAlarm.objects.get().ended_at == NOW


@pytest.mark.parametrize("prepare", [lambda: None, outbox.withdraw_all])
def test_run_asks_no_more_questions_for_more_letters(
    prepare: Callable[..., Any], asked: None, heard: list[Settled]
) -> None:
    def questions(count: int) -> int:
        partner = make_partner()
        for number in range(count):
            post(f"letter:{count}:{number}", partner=partner, purpose=MailPurpose.NOTICE)
        if prepare is outbox.withdraw_all:
            outbox.withdraw_all("letter:")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            deliver_due(now=NOW)
        return len(captured)

    questions(1)
    assert questions(8) == questions(3)
