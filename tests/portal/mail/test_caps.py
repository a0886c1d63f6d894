"""Caps of a day in the partner's zone, for an address and for a house: what is over them leaves tomorrow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from portal.mail import caps
from portal.mail.days import same_time_tomorrow
from portal.mail.delivery import deliver_due
from portal.models import OutgoingMail, SendingCount
from portal.models.mail import MailPurpose, Waiting
from tests.factories import make_partner
from tests.portal.mail.letters import NOW, post, states
from tests.portal.mail.servers import Server

pytestmark = pytest.mark.usefixtures("outbox_table")
# what a run takes time to come to is due as much later
TOMORROW = NOW + timedelta(days=1, minutes=1)
TO = "buyer@karst.example"


def sent() -> int:
    return list(states().values()).count("sent")


def test_reader_gets_no_more_letters_in_a_day_than_the_cap_says(settings: Settings) -> None:
    settings.MAIL_PER_ADDRESS_A_DAY = 3
    partner, other = make_partner(), make_partner()
    for number in range(5):
        post(f"notice:{number}", partner=partner, purpose=MailPurpose.NOTICE, to_email="Buyer@Karst.example")
    post("other address", partner=partner, to_email="it@karst.example")
    post("other house", partner=other, to_email=TO)

    did = deliver_due(now=NOW)

    assert (did.sent, did.postponed) == (5, 2)
    waiting = OutgoingMail.objects.filter(state="queued")
    assert {(one.waits, one.attempts) for one in waiting} == {("address_cap", 0)}
    assert deliver_due(now=NOW + timedelta(hours=23)).sent == 0
    assert deliver_due(now=TOMORROW).sent == 2
    assert not OutgoingMail.objects.exclude(waits="").exists()


def test_codes_and_quotes_are_counted_and_never_kept(settings: Settings) -> None:
    settings.MAIL_PER_ADDRESS_A_DAY = 1
    settings.MAIL_PER_PARTNER_A_DAY = 1
    partner = make_partner()
    for purpose in (MailPurpose.SIGN_IN, MailPurpose.QUOTE, MailPurpose.SIGN_IN):
        post(f"{purpose}:{OutgoingMail.objects.count()}", partner=partner, purpose=purpose, to_email=TO)
    post("notice", partner=partner, purpose=MailPurpose.NOTICE, to_email=TO, due_at=NOW)

    deliver_due(now=NOW)

    assert sent() == 3
    assert states()["notice"] == "queued"
    assert dict(SendingCount.objects.values_list("address", "letters")) == {"": 3, TO: 3}


def test_house_sends_no_more_in_a_day_than_the_cap_says_and_all_the_rest_waits_at_once(settings: Settings) -> None:
    settings.MAIL_PER_PARTNER_A_DAY = 60
    partner = make_partner()
    for number in range(120):
        post(f"notice:{number}", partner=partner, purpose=MailPurpose.NOTICE)
    post("other house", partner=make_partner())

    did = deliver_due(now=NOW)

    assert did.sent == 61
    assert OutgoingMail.objects.filter(waits=Waiting.PARTNER_CAP).count() == 60
    assert deliver_due(now=NOW + timedelta(hours=23)).sent == 0
    assert deliver_due(now=TOMORROW).sent == 60


def test_day_is_the_partners_own(settings: Settings) -> None:
    settings.MAIL_PER_ADDRESS_A_DAY = 1
    partner = make_partner(time_zone="Pacific/Auckland")
    evening = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)  # half past eleven in Auckland
    post("today", partner=partner, to_email=TO, now=evening)
    deliver_due(now=evening)
    post("tomorrow", partner=partner, to_email=TO, now=evening)

    assert deliver_due(now=evening + timedelta(minutes=31)).sent == 1


def test_letter_tried_twice_in_a_day_is_counted_once(server: Server) -> None:
    partner = make_partner()
    server.script.to_rcpt[TO] = "451 4.7.1 Greylisted"
    post("notice", partner=partner, to_email=TO)
    deliver_due(now=NOW)
    server.script.to_rcpt.clear()

    deliver_due(now=NOW + timedelta(minutes=1))

    assert dict(SendingCount.objects.values_list("address", "letters")) == {"": 1, TO: 1}


def test_every_reader_is_counted_by_the_letters_that_were_taken_for_it() -> None:
    partner = make_partner()
    for key, to_email in (("a", "it@karst.example"), ("b", TO), ("c", TO), ("d", "desk@karst.example")):
        post(key, partner=partner, to_email=to_email, purpose=MailPurpose.NOTICE if key == "b" else MailPurpose.SERVICE)

    deliver_due(now=NOW)

    assert set(SendingCount.objects.values_list("address", "letters", "mass")) == {
        ("", 4, 1),
        ("it@karst.example", 1, 0),
        (TO, 2, 1),
        ("desk@karst.example", 1, 0),
    }


@pytest.mark.parametrize(
    ("zone", "now", "tomorrow"),
    [
        ("UTC", "2026-11-22T09:00Z", "2026-11-23T09:00Z"),
        ("Europe/Paris", "2026-10-24T07:00Z", "2026-10-25T08:00Z"),  # 09:00 on both days, summer time ends
        ("Europe/Paris", "2026-03-28T01:30Z", "2026-03-29T01:30Z"),  # 02:30 does not exist; 03:30 does
        ("Europe/Paris", "2028-02-28T08:00Z", "2028-02-29T08:00Z"),
    ],
)
def test_tomorrow_begins_at_the_same_time_of_the_partners_clock(zone: str, now: str, tomorrow: str) -> None:
    moment = same_time_tomorrow(make_partner(time_zone=zone), datetime.fromisoformat(now))

    assert moment == datetime.fromisoformat(tomorrow)


def test_readers_of_days_gone_by_are_forgotten() -> None:
    post("notice", partner=make_partner())
    deliver_due(now=NOW)

    assert caps.clear(NOW + timedelta(days=2)) == 0
    assert caps.clear(NOW + timedelta(days=3)) == 1
    assert list(SendingCount.objects.values_list("address", flat=True)) == [""]
