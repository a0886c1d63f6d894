"""Many letters at once: as safe as one by one, in a number of queries that grows with batches only."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.mail import outbox
from portal.mail.delivery import deliver_due
from portal.mail.letters import Words
from portal.mail.outbox import Draft
from portal.models import OutgoingMail, Partner
from portal.models.mail import MailPurpose
from tests.factories import make_partner
from tests.portal.mail.letters import NOW, post, states

pytestmark = pytest.mark.usefixtures("outbox_table")


def draft(partner: Partner, key: str, **fields: Any) -> Draft:
    words = Words(f"Letter {key}", "What it says.", code=fields.pop("code", ""))
    address = f"{key.replace(':', '-')}@reader.example"
    return Draft(key=key, partner=partner, purpose=MailPurpose.NOTICE, to_email=address, words=words, **fields)


def test_letters_asked_for_together_are_those_asked_for_one_by_one(mailoutbox: list[object]) -> None:
    partner = make_partner(sender_email="post@relais.example")
    headers = {"X-Order": "1\n2"}
    queued = outbox.enqueue_many([draft(partner, "a", headers=headers), draft(partner, "b")], now=NOW)
    post("c", partner=partner, purpose=MailPurpose.NOTICE, text="What it says.", headers=headers)

    rows = {letter.key: letter for letter in OutgoingMail.objects.all()}
    assert queued == outbox.Queued({"a": rows["a"].pk, "b": rows["b"].pk}, 2)
    assert {(one.from_email, one.due_at, one.state, one.text) for one in rows.values()} == {
        ("Relais Partner <post@relais.example>", NOW, "queued", "What it says.")
    }
    assert rows["a"].headers == rows["c"].headers == {"X-Order": "1 2"}
    assert rows["a"].message_id == outbox.message_id("a")
    assert deliver_due(now=NOW).sent == 3


def test_asked_for_again_the_letters_stay_as_they_were() -> None:
    partner = make_partner()
    first = outbox.enqueue_many([draft(partner, "a"), draft(partner, "a"), draft(partner, "b")], now=NOW)
    again = outbox.enqueue_many([draft(partner, "b"), draft(partner, "c")], now=NOW)

    assert (first.created, again.created) == (2, 1)
    assert first.ids["b"] == again.ids["b"]
    assert states() == {"a": "queued", "b": "queued", "c": "queued"}


def test_a_key_of_another_partner_is_refused() -> None:
    outbox.enqueue_many([draft(make_partner(), "a")], now=NOW)

    with pytest.raises(outbox.KeyTaken):
        outbox.enqueue_many([draft(make_partner(), "a")], now=NOW)


def test_a_code_that_another_letter_bears_is_refused() -> None:
    partner = make_partner()
    outbox.enqueue_many([draft(partner, "a", code="KLM2-3456")], now=NOW)

    with pytest.raises(outbox.CodeTaken):
        outbox.enqueue_many([draft(partner, "b", code="KLM2-3456")], now=NOW)


def test_a_batch_is_looked_up_and_written_as_one() -> None:
    partner = make_partner()

    with CaptureQueriesContext(connection) as captured:
        outbox.enqueue_many([draft(partner, f"a:{number}") for number in range(200)], now=NOW)

    deeds = [one["sql"].split()[0] for one in captured if "SAVEPOINT" not in one["sql"]]
    # SQLite takes some thirty rows in one statement
    assert (deeds.count("SELECT"), deeds.count("INSERT")) == (2, 1 if connection.vendor == "postgresql" else 7)
    assert OutgoingMail.objects.count() == 200


def test_letter_set_aside_leaves_when_a_person_says_so(mailoutbox: list[Any]) -> None:
    post("a", to_email="")
    deliver_due(now=NOW)
    OutgoingMail.objects.update(to_email="it@reader.example")

    assert outbox.try_again(OutgoingMail.objects.all(), now=NOW) == 1
    assert outbox.try_again(OutgoingMail.objects.all(), now=NOW) == 0
    deliver_due(now=NOW)

    assert (states(), mailoutbox[0].extra_headers["Message-ID"]) == ({"a": "sent"}, outbox.message_id("a"))


def test_one_press_stops_letters_over_https_only() -> None:
    assert outbox.one_click("https://portal.example/stop/abc/") == {
        "List-Unsubscribe": "<https://portal.example/stop/abc/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert outbox.one_click("http://localhost:8000/stop/abc/") == {
        "List-Unsubscribe": "<http://localhost:8000/stop/abc/>"
    }
    for wrong in ("javascript:alert(1)", "https://a.example/>,<https://b.example/", "https://été.example/"):
        with pytest.raises(ValueError, match=r"\w"):
            outbox.one_click(wrong)
