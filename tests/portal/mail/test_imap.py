"""The mailbox of returns, over a real socket: each message is judged once, whatever breaks, and keeps none back."""

from __future__ import annotations

import imaplib
import io
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from portal import tasks
from portal.mail import imap, judging, reports
from portal.mail.bounces import Bounce, on_bounce
from portal.mail.delivery import deliver_due
from portal.models import MailReturn, OutgoingMail, SuppressedAddress
from tests.certificates.certs import as_pem, ec_key, make_certificate, private_pem
from tests.factories import make_partner
from tests.portal.mail.letters import NOW, post
from tests.portal.mail.post_box import DROP, HANG, REFUSE, PostBox
from tests.portal.mail.test_returns import status_report

pytestmark = pytest.mark.usefixtures("outbox_table")
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def box(settings: Settings, mailoutbox: list[Any]) -> Iterator[PostBox]:
    """Three letters have left, and all of them came back."""
    settings.MAIL_RETURN_ADDRESS = "bounces+{token}@portal.example"
    partner = make_partner()
    for key in ("a", "b", "c"):
        post(key, partner=partner)
    deliver_due(now=NOW)
    with PostBox([came_back(key) for key in ("a", "b", "c")]) as box:
        settings.MAIL_RETURN_IMAP = box.url()
        yield box


def came_back(key: str) -> bytes:
    letter = OutgoingMail.objects.get(key=key)
    return status_report(letter, about=letter.to_email)


def take() -> tuple[int, int]:
    taken = imap.take_returns(now=LATER)
    return taken.read, taken.noted


def off() -> list[str]:
    """Whose addresses have been switched off, by the keys of their letters."""
    return sorted(email.partition("@")[0] for email in SuppressedAddress.objects.values_list("email", flat=True))


def test_what_came_back_is_judged_and_seen_once(box: PostBox) -> None:
    assert take() == (3, 3)
    assert take() == (0, 0)

    assert off() == ["a", "b", "c"]
    assert box.seen() == [1, 2, 3]
    assert (box.times("UID FETCH"), box.times("UID STORE"), box.times("LOGOUT")) == (3, 3, 2)


def test_a_mailbox_that_is_longer_than_one_reading_is_read_on(box: PostBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "AT_ONCE", 2)

    assert [take(), take(), take()] == [(2, 2), (1, 1), (0, 0)]


def test_other_letters_are_seen_and_mean_nothing(box: PostBox) -> None:
    box.messages.insert(0, b"Subject: Win a prize\r\n\r\n550 5.1.1 User unknown\r\n")

    assert take() == (4, 3)
    assert box.seen() == [1, 2, 3, 4]


@pytest.mark.parametrize("changes", [{"password": "guessed"}, {"mailbox": "Elsewhere"}])
def test_a_mailbox_that_does_not_open_is_an_error_and_changes_nothing(
    box: PostBox, settings: Settings, changes: dict[str, str]
) -> None:
    settings.MAIL_RETURN_IMAP = box.url(**changes)

    with pytest.raises(imaplib.IMAP4.error):
        take()

    assert (off(), box.seen()) == ([], [])


def test_a_server_that_says_nothing_does_not_hold_the_worker(box: PostBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "TIMEOUT_SECONDS", 0.2)
    box.faults["UID SEARCH"] = HANG

    with pytest.raises((OSError, imaplib.IMAP4.error)):
        take()


@pytest.mark.parametrize("where", ["UID FETCH 2", "UID STORE 2"])
def test_a_line_that_breaks_in_the_middle_is_taken_up_where_it_broke(box: PostBox, where: str) -> None:
    box.faults[where] = DROP
    with pytest.raises(imaplib.IMAP4.abort):
        take()
    assert box.seen() == [1]

    box.faults.clear()

    assert take()[0] == 2
    assert (off(), MailReturn.objects.count()) == (["a", "b", "c"], 3)
    assert (box.times("UID STORE 1"), box.times("UID FETCH 1")) == (1, 1)


def test_a_line_that_breaks_at_the_farewell_takes_nothing_back(box: PostBox) -> None:
    box.faults["LOGOUT"] = DROP

    assert take() == (3, 3)


def test_a_message_that_the_server_cannot_give_waits_and_holds_nothing_up(box: PostBox) -> None:
    box.faults["UID FETCH 2"] = REFUSE

    assert take() == (2, 2)
    assert box.seen() == [1, 3]
    box.faults.clear()
    assert take() == (1, 1)


def test_a_mailbox_in_which_nothing_can_be_marked_is_an_error(box: PostBox) -> None:
    box.faults["UID STORE"] = REFUSE

    with pytest.raises(imaplib.IMAP4.error):
        take()


def test_a_huge_message_is_cut_and_holds_nothing_up(box: PostBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MAX_BYTES", 10_000)
    box.messages[1] += b" " * 1_000_000

    assert take() == (3, 2)
    assert off() == ["a", "c"]
    assert "UID FETCH 2 (BODY.PEEK[]<0.10001>)" in box.heard
    assert box.seen() == [1, 2, 3]


def test_a_poisoned_message_is_flagged_for_a_person_and_holds_nothing_up(
    box: PostBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(bounce: Bounce) -> None:
        if bounce.email.startswith("b@"):
            raise RuntimeError("a listener's own mistake")

    monkeypatch.setattr(on_bounce, "items", [broken])

    assert take() == (3, 2)
    assert off() == ["a", "c"]
    assert box.flags == {1: {r"\Seen"}, 2: {r"\Seen", r"\Flagged"}, 3: {r"\Seen"}}
    assert take() == (0, 0)


def test_a_report_that_no_database_would_take_is_taken(box: PostBox) -> None:
    box.messages[1] = box.messages[1].replace(b"User unknown", b"User \x00 unknown \xff\xfe")

    assert take() == (3, 3)


def test_while_the_database_is_away_nothing_counts_as_seen(box: PostBox, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setattr(judging, "take", lambda *_, **__: (_ for _ in ()).throw(OperationalError("gone")))
        with pytest.raises(OperationalError):
            take()

    assert box.seen() == []
    assert take() == (3, 3)


def test_a_server_that_does_not_prove_its_name_never_hears_the_password(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_text(private_pem(ec_key()) + as_pem(make_certificate("127.0.0.1")).decode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with PostBox(context=context) as box:
        settings.MAIL_RETURN_IMAP = box.url()

        with pytest.raises(ssl.SSLCertVerificationError):
            take()

    assert box.heard == []


def test_the_command_says_how_many(box: PostBox) -> None:
    said = io.StringIO()

    call_command("take_returns", "--imap", stdout=said)

    assert said.getvalue() == "3 messages read, 3 noted.\n"


def test_whoever_watches_the_portal_sees_when_the_mailbox_was_last_read(box: PostBox, client: Client) -> None:
    cache.clear()
    assert client.get("/readyz").json()["mail"]["last_returns"] is None

    tasks.sweep_returns()

    assert client.get("/readyz").json()["mail"]["last_returns"]
