"""What comes back of letters: only a signed return address counts, once, and only a real failure switches off."""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from portal.mail import judging, reports, returns
from portal.mail.bounces import Bounce, on_bounce
from portal.mail.delivery import deliver_due
from portal.models import MailReturn, OutgoingMail, Partner, SuppressedAddress
from tests.factories import make_partner
from tests.portal.mail.letters import NOW, post
from tests.portal.mail.servers import Server

pytestmark = pytest.mark.usefixtures("outbox_table")
LATER = NOW + timedelta(minutes=5)
READER = "buyer@karst.example"


@pytest.fixture(autouse=True)
def _address(settings: Settings) -> None:
    settings.MAIL_RETURN_ADDRESS = "bounces+{token}@portal.example"


@pytest.fixture
def house() -> Partner:
    return make_partner(sender_email="post@relais.example")


@pytest.fixture
def letter(house: Partner, mailoutbox: list[Any]) -> OutgoingMail:
    """A letter that the mail server has taken."""
    sent = post("notice:1", partner=house, to_email=READER)
    deliver_due(now=NOW)
    return OutgoingMail.objects.get(pk=sent.pk)


def status_report(
    letter: OutgoingMail, status: str = "5.1.1", *, action: str = "failed", about: str = READER, to: str = ""
) -> bytes:
    """As a mail server writes it (RFC 3464)."""
    return f"""From: <MAILER-DAEMON@karst.example>
To: <{to or returns.address_for(letter)}>
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

Your message could not be delivered.
--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.karst.example

Final-Recipient: rfc822; {about}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} User unknown

--part--
""".replace("\n", "\r\n").encode()


def plain_report(letter: OutgoingMail, text: str, **headers: str) -> bytes:
    message = EmailMessage()
    message["To"] = returns.address_for(letter)
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def complaint(letter: OutgoingMail) -> bytes:
    """As a provider of mailboxes writes it (RFC 5965), to whom we have told our address."""
    return f"""From: <feedback@mailboxes.example>
To: <abuse@portal.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part"

--part
Content-Type: text/plain

This is an email abuse report.
--part
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <{returns.address_for(letter)}>

--part
Content-Type: message/rfc822

From: <post@relais.example>
Subject: Earn money

Spam
--part--
""".replace("\n", "\r\n").encode()


def take(content: bytes) -> MailReturn | None:
    report = reports.read(content)
    return judging.take(report, now=LATER) if report else None


def off() -> list[tuple[str, str]]:
    return list(SuppressedAddress.objects.values_list("email", "reason"))


def test_letter_goes_out_under_a_return_address_of_its_own_and_the_partners_name(
    house: Partner, server: Server
) -> None:
    post("notice:1", partner=house, to_email=READER)
    deliver_due(now=NOW)

    (arrived,) = server.script.seen
    assert arrived["From"] == "Relais Partner <post@relais.example>"
    assert server.script.senders == [returns.address_for(OutgoingMail.objects.get())]
    assert returns.token_in(server.script.senders[0].upper()).lower() == returns.token_for(OutgoingMail.objects.get())


def test_address_that_does_not_exist_is_switched_off_once(
    letter: OutgoingMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Bounce] = []
    monkeypatch.setattr(on_bounce, "items", [heard.append])

    assert take(status_report(letter)) is not None
    assert take(status_report(letter)) is None

    assert off() == [(READER, "bounced")]
    assert [(one.email, one.kind, one.detail, one.letter) for one in heard] == [
        (READER, "bounced", "5.1.1 smtp; 550 5.1.1 User unknown", letter)
    ]


@pytest.mark.parametrize(
    ("status", "action", "about"),
    [
        ("5.2.2", "failed", READER),  # full
        ("5.7.1", "failed", READER),  # refused by a rule
        ("4.4.7", "delayed", READER),
        ("5.1.1", "delayed", READER),
        ("2.1.5", "delivered", READER),
        ("5.1.1", "failed", "somebody-else@elsewhere.example"),  # where the reader has mail forwarded
    ],
)
def test_what_says_nothing_about_the_address_is_noted_only(
    letter: OutgoingMail, status: str, action: str, about: str
) -> None:
    noted = take(status_report(letter, status, action=action, about=about))

    assert noted is not None
    assert noted.kind == MailReturn.Kind.NOTE
    assert off() == []


@pytest.mark.parametrize(
    ("text", "switched"),
    [
        ("<buyer@karst.example>: host mx said: 550 5.1.1 User unknown (in reply to RCPT TO command)", True),
        ("<buyer@karst.example>: host mx said: 550-5.1.1 The account does not exist", True),
        ("host mx said: 552 5.2.2 Mailbox full", False),
        ("host mx said: 550 5.7.1 Not from you", False),
        ("Please call me back about 5.1.1", False),
    ],
)
def test_bounce_in_plain_words_counts_where_a_server_is_quoted(letter: OutgoingMail, text: str, switched: bool) -> None:
    take(plain_report(letter, text))

    assert off() == ([(READER, "bounced")] if switched else [])


def test_holiday_replies_are_nothing(letter: OutgoingMail) -> None:
    assert take(plain_report(letter, "Away. 550 5.1.1 is my room.", Auto_Submitted="auto-replied")) is None


def test_complaint_switches_off_with_its_own_reason(letter: OutgoingMail) -> None:
    take(complaint(letter))

    assert off() == [(READER, "complained")]


def test_forged_addresses_change_nothing(house: Partner, letter: OutgoingMail) -> None:
    other = post("notice:2", partner=house, to_email="it@karst.example")
    token = returns.token_for(letter)
    signature = token.partition("-")[2]
    for forged in (f"{other.pk}-{signature}", f"{letter.pk}-{'0' * 20}", f"{letter.pk}", f"{token}0", f"-{signature}"):
        assert take(status_report(letter, to=f"bounces+{forged}@portal.example")) is None
    assert take(status_report(letter, to=f"bounces+{token}@elsewhere.example")) is None

    assert (off(), MailReturn.objects.count()) == ([], 0)


def test_letter_that_never_left_and_one_of_long_ago_do_not_come_back(house: Partner, letter: OutgoingMail) -> None:
    waiting = post("notice:2", partner=house, to_email=READER, due_at=NOW + timedelta(days=1))
    assert take(status_report(waiting)) is None

    OutgoingMail.objects.filter(pk=letter.pk).update(sent_at=NOW - timedelta(days=31))
    assert take(status_report(letter)) is None
    assert off() == []


def test_key_that_was_changed_is_still_known_and_one_given_up_is_not(letter: OutgoingMail, settings: Settings) -> None:
    token, old = returns.token_for(letter), settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    assert returns.letter_of(token) is None
    settings.SECRET_KEY_FALLBACKS = [old]
    assert returns.letter_of(token) == letter.pk


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 1000, b"Content-Type: multipart/report\r\n\r\n--", b"To: \xff\xfe\r\n\r\nx"]
)
def test_nothing_that_comes_in_raises(content: bytes) -> None:
    assert reports.read(content) is None


def test_message_too_large_is_not_read(letter: OutgoingMail) -> None:
    assert reports.read(status_report(letter) + b" " * reports.MAX_BYTES) is None


def test_mail_server_hands_a_message_over_by_its_pipe(letter: OutgoingMail, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe:
        buffer = io.BytesIO(status_report(letter))

    monkeypatch.setattr(sys, "stdin", Pipe)
    said = io.StringIO()

    call_command("take_returns", stdout=said)

    assert said.getvalue() == "Noted.\n"
    assert off() == [(READER, "bounced")]
