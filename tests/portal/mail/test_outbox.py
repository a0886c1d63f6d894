"""Asking for letters and taking them back: once per key, one line per header, never into a closed transaction."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.mail import outbox
from portal.mail.delivery import deliver_due
from portal.models import OutgoingMail
from portal.models.mail import MailPurpose
from tests.factories import make_partner
from tests.portal.mail.letters import NOW, post, states

pytestmark = pytest.mark.usefixtures("outbox_table")


def test_asking_twice_makes_one_letter() -> None:
    first = post("quote:17:1", text="The first wording.")
    second = post("quote:17:1", text="Another wording.")

    assert first == second
    assert OutgoingMail.objects.get().text == "The first wording."


def test_the_same_key_gives_the_same_message_id() -> None:
    assert outbox.message_id("quote:17:1") == outbox.message_id("quote:17:1")
    assert outbox.message_id("quote:17:1") != outbox.message_id("quote:17:2")


def test_a_key_of_another_partner_is_refused_and_tells_nothing() -> None:
    post("quote:17:1", partner=make_partner())

    with pytest.raises(outbox.KeyTaken):
        post("quote:17:1", partner=make_partner())


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r", "\n\n\t", "\u2028"])
def test_line_breaks_in_headers_become_spaces(breaks: str, mailoutbox: list[object]) -> None:
    letter = post(
        "notice:1",
        subject=f"Your certificate{breaks}Bcc: everybody@example.com",
        to_name=f"Karst{breaks}Atelier",
        headers={"X-Order": f"1{breaks}2"},
    )

    deliver_due(now=NOW)

    assert letter.subject == "Your certificate Bcc: everybody@example.com"
    assert (letter.to_name, letter.headers) == ("Karst Atelier", {"X-Order": "1 2"})
    assert len(mailoutbox) == 1
    assert states() == {"notice:1": "sent"}


def test_sender_is_the_partners_own() -> None:
    partner = make_partner(
        name="Relais",
        sender_name="Relais, renewals",
        sender_email="post@relais.example",
        support_email="help@relais.example",
    )

    letter = post("quote:1", partner=partner)

    assert (letter.from_email, letter.reply_to) == ('"Relais, renewals" <post@relais.example>', "help@relais.example")


def test_partner_without_a_sender_writes_from_the_portals_address_under_its_own_name() -> None:
    letter = post("quote:1", partner=make_partner(name="Café Réseau"))

    assert letter.from_email == "Café Réseau <portal@localhost>"


def test_withdrawn_letter_stays_home(mailoutbox: list[object]) -> None:
    post("notice:order:17:30")
    post("notice:order:17:7")
    post("notice:order:170:7")

    assert outbox.withdraw("notice:order:17:30", "notice:order:404:7") == 1
    assert deliver_due(now=NOW).withdrawn == 1
    assert states() == {"notice:order:17:30": "withdrawn", "notice:order:17:7": "sent", "notice:order:170:7": "sent"}


def test_a_prefix_withdraws_all_letters_about_a_thing() -> None:
    for key in ("notice:order:17:30", "notice:order:17:7", "notice:order:170:7"):
        post(key)

    assert outbox.withdraw_all("notice:order:17:") == 2
    deliver_due(now=NOW)
    assert states() == {
        "notice:order:17:30": "withdrawn",
        "notice:order:17:7": "withdrawn",
        "notice:order:170:7": "sent",
    }


def test_withdrawing_what_was_sent_changes_nothing() -> None:
    post("notice:1")
    deliver_due(now=NOW)

    assert outbox.withdraw("notice:1") == 0


def test_letter_for_later_waits(mailoutbox: list[object]) -> None:
    post("notice:1", due_at=NOW + timedelta(hours=1))

    assert deliver_due(now=NOW).sent == 0
    assert deliver_due(now=NOW + timedelta(hours=1)).sent == 1


def test_only_sign_in_letters_may_be_without_a_partner() -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        post("offer:1", partner=None, purpose=MailPurpose.OFFER)
