"""Which letters leave and which stay home: wanted, due, of an active partner, to an address in use; urgent first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.mail import EmailMultiAlternatives

from portal.mail import claims, delivery, outbox
from portal.mail.delivery import deliver_due
from portal.mail.letters import Words
from portal.mail.line import Line
from portal.mail.outbox import Draft
from portal.models import OutgoingMail, Partner, SuppressedAddress
from portal.models.mail import MailPurpose, MailState
from tests.factories import make_partner
from tests.portal.mail.letters import NOW, post, states

pytestmark = pytest.mark.usefixtures("outbox_table")


CLAIM = claims.claim


def draft(partner: Partner, number: int) -> Draft:
    return Draft(
        key=f"letter:{number}",
        partner=partner,
        purpose=MailPurpose.SERVICE,
        to_email=f"reader-{number}@reader.example",
        words=Words("A letter", "What the letter says.", ""),
    )


def claimed(*, hours: int = 0, is_handing: bool = False) -> list[OutgoingMail]:
    """What a worker holds; a killed one may have been handing it over."""
    letters, _ = claims.claim(NOW + timedelta(hours=hours), size=10)
    OutgoingMail.objects.filter(pk__in=[letter.pk for letter in letters]).update(is_handing=is_handing)
    return letters


def test_letter_arrives_with_both_bodies_and_its_own_message_id(mailoutbox: list[EmailMultiAlternatives]) -> None:
    letter = post("quote:1", to_name="Elise Roy", html="<p>What the letter says.</p>")

    assert deliver_due(now=NOW).sent == 1

    (message,) = mailoutbox
    assert message.to == ["Elise Roy <quote-1@reader.example>"]
    assert message.body == "What the letter says."
    assert message.alternatives == [("<p>What the letter says.</p>", "text/html")]
    assert message.extra_headers["Message-ID"] == letter.message_id
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"


def test_sweeping_twice_sends_once(mailoutbox: list[EmailMultiAlternatives]) -> None:
    post("quote:1")

    deliver_due(now=NOW)
    deliver_due(now=NOW)

    assert len(mailoutbox) == 1


def test_nothing_of_a_suspended_partner_is_sent_until_it_is_active_again() -> None:
    partner = make_partner(is_active=False)
    post("quote:1", partner=partner)

    assert deliver_due(now=NOW).sent == 0
    assert states() == {"quote:1": "queued"}

    Partner.objects.filter(pk=partner.pk).update(is_active=True)
    assert deliver_due(now=NOW).sent == 1


REASON = SuppressedAddress.Reason


@pytest.mark.parametrize(
    ("reason", "purpose", "state"),
    [
        (REASON.BOUNCED, MailPurpose.SERVICE, "suppressed"),
        (REASON.BOUNCED, MailPurpose.NOTICE, "suppressed"),
        (REASON.COMPLAINED, MailPurpose.NOTICE, "suppressed"),
        (REASON.UNSUBSCRIBED, MailPurpose.OFFER, "suppressed"),
        (REASON.UNSUBSCRIBED, MailPurpose.NOTICE, "sent"),
        (REASON.UNSUBSCRIBED, MailPurpose.QUOTE, "sent"),
    ],
)
def test_switched_off_address_gets_no_letter(reason: str, purpose: MailPurpose, state: str) -> None:
    partner = make_partner()
    SuppressedAddress.objects.create(partner=partner, email="buyer@karst.example", reason=reason, at=NOW)

    post("letter", partner=partner, purpose=purpose, to_email="Buyer@Karst.example")
    deliver_due(now=NOW)

    assert states() == {"letter": state}


def test_another_partners_list_switches_nothing_off() -> None:
    SuppressedAddress.objects.create(partner=make_partner(), email="buyer@karst.example", reason=REASON.BOUNCED, at=NOW)

    post("letter", partner=make_partner(), to_email="buyer@karst.example")
    deliver_due(now=NOW)

    assert states() == {"letter": "sent"}


def test_letter_withdrawn_after_it_was_looked_at_is_not_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    post("notice:1")
    looked_at = list(OutgoingMail.objects.claimable(NOW))
    OutgoingMail.objects.update(is_wanted=False)

    assert looked_at
    assert claims.claim(NOW, size=10) == ([], 0)


def test_sign_in_code_overtakes_a_thousand_notices(mailoutbox: list[EmailMultiAlternatives]) -> None:
    partner = make_partner()
    for number in range(60):
        post(f"notice:{number}", partner=partner, due_at=NOW - timedelta(days=1))
    post("code")

    deliver_due(now=NOW)

    assert mailoutbox[0].subject == "Letter code"
    assert len(mailoutbox) == 61


def test_codes_do_not_stay_in_the_table_once_sent() -> None:
    post("code", text="Your code is 123456.", html="<b>123456</b>")
    post("quote", partner=make_partner(), purpose=MailPurpose.QUOTE, text="/l/0123456789/", html="/l/0123456789/")
    post("notice", partner=make_partner(), text="Your order ends.", html="Your order ends.")

    deliver_due(now=NOW)

    assert set(OutgoingMail.objects.values_list("key", "text", "html")) == {
        ("code", "", ""),
        ("quote", "", ""),
        ("notice", "Your order ends.", "Your order ends."),
    }


def test_links_do_not_stay_in_the_table_once_nobody_will_send_them() -> None:
    partner = make_partner()
    SuppressedAddress.objects.create(partner=partner, email="gone@karst.example", reason=REASON.BOUNCED, at=NOW)
    for purpose in (MailPurpose.QUOTE, MailPurpose.NOTICE, MailPurpose.SERVICE):
        letter = {"partner": partner, "purpose": purpose, "text": "/l/0123456789/"}
        post(f"{purpose}:withdrawn", **letter)
        post(f"{purpose}:suppressed", to_email="gone@karst.example", **letter)
        post(f"{purpose}:later", due_at=NOW + timedelta(days=1), **letter)
    outbox.withdraw("quote:withdrawn", "notice:withdrawn", "service:withdrawn")

    deliver_due(now=NOW)

    assert sorted(OutgoingMail.objects.filter(text="").values_list("key", flat=True)) == [
        "notice:suppressed",
        "notice:withdrawn",
        "quote:suppressed",
        "quote:withdrawn",
    ]


def test_poisoned_letter_is_set_aside_and_the_rest_goes(mailoutbox: list[EmailMultiAlternatives]) -> None:
    for key in ("a", "b", "c"):
        post(key)
    OutgoingMail.objects.filter(key="b").update(headers={"X-Broken": "one\ntwo"})

    did = deliver_due(now=NOW)

    assert (did.sent, did.parked) == (2, 1)
    assert states() == {"a": "sent", "b": "parked", "c": "sent"}
    assert "BadHeaderError" in OutgoingMail.objects.get(key="b").last_error


def test_letter_without_an_address_is_set_aside() -> None:
    post("a", to_email="")
    post("b")

    deliver_due(now=NOW)

    assert states() == {"a": "parked", "b": "sent"}


def test_silent_claim_is_taken_over_once_its_lease_is_over(mailoutbox: list[EmailMultiAlternatives]) -> None:
    letter = post("quote:1")
    claimed()

    assert deliver_due(now=NOW + timedelta(minutes=14)).sent == 0
    assert deliver_due(now=NOW + timedelta(minutes=15)).sent == 1
    assert [message.extra_headers["Message-ID"] for message in mailoutbox] == [letter.message_id]


def test_letter_that_is_never_answered_is_set_aside_after_the_second_time() -> None:
    post("quote:1")
    for hours in (0, 1):
        claimed(hours=hours, is_handing=True)

    did = deliver_due(now=NOW + timedelta(hours=2))

    assert (did.sent, did.parked) == (0, 1)
    assert states() == {"quote:1": "parked"}


def test_worker_that_lost_its_claim_records_nothing() -> None:
    post("quote:1")
    run = delivery._Run(now=NOW, limit=10)
    slow = delivery._Batch(run, claimed(), Line())
    claimed(hours=1)

    slow.sent = slow.waiting
    slow.record_sent()

    assert OutgoingMail.objects.get().state == MailState.CLAIMED
    assert run.did.sent == 0


def test_limit_is_kept() -> None:
    for number in range(5):
        post(f"letter:{number}")

    assert deliver_due(now=NOW, limit=3).sent == 3
    assert deliver_due(now=NOW, limit=3).sent == 2


@pytest.mark.parametrize(("quick", "sizes"), [(60.0, [50, 100, 150]), (0.0, [50, 50, 50])])
def test_more_letters_are_claimed_at_once_while_they_leave_quickly(
    quick: float, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "QUICK_SECONDS", quick)
    monkeypatch.setattr(delivery, "BATCH", 150)
    asked: list[int] = []

    def claim(now: datetime, *, size: int) -> tuple[list[OutgoingMail], int]:
        asked.append(size)
        return CLAIM(now, size=size)

    monkeypatch.setattr(claims, "claim", claim)
    partner = make_partner()
    outbox.enqueue_many([draft(partner, number) for number in range(300)], now=NOW)

    assert deliver_due(now=NOW).sent == 300
    assert asked[:3] == sizes


def test_clock_set_back_an_hour_sends_nothing_again(mailoutbox: list[EmailMultiAlternatives]) -> None:
    post("quote:1")
    deliver_due(now=NOW)

    deliver_due(now=NOW - timedelta(hours=1))
    deliver_due(now=NOW + timedelta(days=3))

    assert len(mailoutbox) == 1
