"""Every way in which a mail server fails, against a real one: later, never, switched off, or nobody knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from portal.mail import bounces
from portal.mail.bounces import Bounce, on_bounce
from portal.mail.delivery import deliver_due
from portal.models import OutgoingMail, SuppressedAddress
from portal.models.mail import MailPurpose, MailState
from portal.setup.ports import free_port
from tests.factories import make_partner
from tests.portal.mail.letters import NOW, post, states
from tests.portal.mail.servers import DROP, HANG, Server

pytestmark = pytest.mark.usefixtures("outbox_table")
LATER = NOW + timedelta(seconds=40)


def test_whole_batch_goes_over_one_connection(server: Server) -> None:
    for number in range(60):
        post(f"letter:{number}")

    assert deliver_due(now=NOW).sent == 60
    assert len(server.script.seen) == 60
    assert server.script.sessions == 1


@pytest.mark.parametrize("answer", ["421 4.3.2 Closing", "451 4.7.1 Greylisted", "452 4.2.2 Mailbox full for now"])
def test_refusal_for_now_is_tried_again_later(server: Server, answer: str) -> None:
    server.script.to_rcpt["b@reader.example"] = answer
    for key in ("a", "b", "c"):
        post(key)

    did = deliver_due(now=NOW)

    assert (did.sent, did.later) == (2, 1)
    assert states() == {"a": "sent", "b": "queued", "c": "sent"}
    letter = OutgoingMail.objects.get(key="b")
    assert answer in letter.last_error
    assert NOW < letter.due_at < LATER

    server.script.to_rcpt.clear()
    assert deliver_due(now=LATER).sent == 1
    assert sorted(server.subjects()) == ["Letter a", "Letter b", "Letter c"]


def test_letter_refused_for_now_too_often_is_set_aside(server: Server) -> None:
    server.script.to_data["a@reader.example"] = "451 4.3.0 Try again"
    post("a")

    for day in range(7):
        deliver_due(now=NOW + timedelta(days=day))

    assert states() == {"a": "parked"}
    assert OutgoingMail.objects.get().attempts == 7


@pytest.mark.parametrize("answer", ["550 5.1.1 No such user", "551 5.1.6 Has moved", "553 5.1.3 Bad address"])
def test_address_that_does_not_exist_is_switched_off_and_reported(
    server: Server, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Bounce] = []
    monkeypatch.setattr(on_bounce, "items", [heard.append])
    partner = make_partner()
    server.script.to_rcpt["b@reader.example"] = answer
    for key in ("a", "b", "c"):
        post(key, partner=partner, purpose=MailPurpose.QUOTE if key == "b" else MailPurpose.NOTICE)

    did = deliver_due(now=NOW)

    assert (did.sent, did.bounced) == (2, 1)
    assert states() == {"a": "sent", "b": "suppressed", "c": "sent"}
    assert [(bounce.partner, bounce.email, bounce.detail) for bounce in heard] == [
        (partner, "b@reader.example", answer)
    ]
    # its link is of no use to anybody who reads the table later
    assert OutgoingMail.objects.get(key="b").text == ""
    off = SuppressedAddress.objects.get()
    assert (off.partner, off.email, off.reason) == (partner, "b@reader.example", "bounced")


def test_address_is_switched_off_once_however_often_it_bounces(server: Server) -> None:
    partner = make_partner()
    letter = post("a", partner=partner)

    for _ in range(2):
        bounces.switch_off(letter, detail="550 5.1.1 No such user", at=NOW)

    assert SuppressedAddress.objects.count() == 1


@pytest.mark.parametrize(
    "answer",
    [
        "550 5.7.1 Not from you",
        "550 No reason given",
        "552 5.2.2 Mailbox full",
        "553 5.1.8 Sender address does not exist",
        "554 5.7.1 Blocked",
    ],
)
def test_other_refusals_set_the_letter_aside_and_leave_the_address_alone(server: Server, answer: str) -> None:
    server.script.to_rcpt["b@reader.example"] = answer
    for key in ("a", "b", "c"):
        post(key, partner=make_partner())

    did = deliver_due(now=NOW)

    assert (did.sent, did.parked) == (2, 1)
    assert states() == {"a": "sent", "b": "parked", "c": "sent"}
    assert OutgoingMail.objects.get(key="b").last_error == answer
    assert not SuppressedAddress.objects.exists()


@pytest.mark.parametrize("answer", ["552 5.3.4 Too big", "554 5.6.0 Looks like spam"])
def test_refusal_of_the_text_sets_the_letter_aside(server: Server, answer: str) -> None:
    server.script.to_data["b@reader.example"] = answer
    for key in ("a", "b", "c"):
        post(key)

    deliver_due(now=NOW)

    assert states() == {"a": "sent", "b": "parked", "c": "sent"}


def test_refusal_after_refusal_stops_the_run_and_the_next_ones(server: Server) -> None:
    server.script.to_mail = "554 5.7.1 You are on a list"
    for number in range(12):
        post(f"letter:{number:02}")

    did = deliver_due(now=NOW)

    assert did.stopped
    assert list(states().values()).count("parked") == 5
    assert list(states().values()).count("queued") == 7
    assert deliver_due(now=NOW).stopped

    server.script.to_mail = "250 OK"
    assert deliver_due(now=NOW + timedelta(minutes=14)).stopped
    assert deliver_due(now=NOW + timedelta(minutes=16)).sent == 7
    assert {letter.attempts for letter in OutgoingMail.objects.filter(state=MailState.SENT)} == {1}


def test_dropped_after_the_text_is_unknown_and_goes_once_more_under_the_same_message_id(server: Server) -> None:
    server.script.to_data["b@reader.example"] = DROP
    for key in ("a", "b", "c"):
        post(key)

    did = deliver_due(now=NOW)

    assert (did.sent, did.unanswered) == (2, 1)
    assert states() == {"a": "sent", "b": "claimed", "c": "sent"}
    assert deliver_due(now=NOW + timedelta(minutes=14)).sent == 0

    server.script.to_data.clear()
    assert deliver_due(now=NOW + timedelta(minutes=16)).sent == 1
    ids = server.message_ids()
    assert len(ids) == 4
    assert len(set(ids)) == 3


def test_dropped_twice_is_set_aside(server: Server) -> None:
    server.script.to_data["b@reader.example"] = DROP
    post("b")

    for minutes in (0, 20, 40):
        deliver_due(now=NOW + timedelta(minutes=minutes))

    assert states() == {"b": "parked"}
    assert len(server.script.seen) == 2


def test_dropped_before_the_text_is_tried_again_soon(server: Server) -> None:
    server.script.to_rcpt["b@reader.example"] = DROP
    for key in ("a", "b", "c"):
        post(key)

    did = deliver_due(now=NOW)

    assert (did.sent, did.later, did.unanswered) == (2, 1, 0)


def test_server_that_says_nothing_does_not_hold_the_worker(server: Server, settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    server.script.to_data["a@reader.example"] = HANG
    post("a")

    assert deliver_due(now=NOW).unanswered == 1


def test_server_that_keeps_going_away_stops_the_run_and_the_rest_is_given_back(server: Server) -> None:
    for number in range(10):
        server.script.to_rcpt[f"letter-{number}@reader.example"] = "421 4.3.2 Shutting down"
        post(f"letter:{number}")

    did = deliver_due(now=NOW)

    assert did.stopped
    assert did.later == 3
    assert OutgoingMail.objects.filter(attempts=0, state=MailState.QUEUED).count() == 7


def test_unreachable_server_costs_the_letters_nothing(settings: Settings, server: Server) -> None:
    settings.EMAIL_PORT = free_port()
    post("a")

    did = deliver_due(now=NOW)

    assert "cannot be reached" in did.stopped
    assert (states(), OutgoingMail.objects.get().attempts) == ({"a": "queued"}, 0)
    settings.EMAIL_PORT = server.address[1]
    assert deliver_due(now=NOW).sent == 1


def test_server_without_the_encryption_asked_for_gets_nothing(server: Server, settings: Settings) -> None:
    settings.EMAIL_USE_TLS = True
    post("a")

    assert deliver_due(now=NOW).stopped
    assert server.script.seen == []
    assert states() == {"a": "queued"}


def test_listener_that_breaks_leaves_the_letter_to_the_lease(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_bounce: Bounce) -> None:
        raise RuntimeError("a listener's own mistake")

    monkeypatch.setattr(on_bounce, "items", [broken])
    server.script.to_rcpt["a@reader.example"] = "550 5.1.1 No such user"
    partner = make_partner()
    post("a", partner=partner)
    post("b", partner=partner)

    deliver_due(now=NOW)

    assert states() == {"a": "claimed", "b": "sent"}
    assert not SuppressedAddress.objects.exists()
