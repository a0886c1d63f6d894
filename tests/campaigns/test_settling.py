"""Letters and their notices: what leaves, comes back or is refused is known to each notice, and untruths stay home."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail

from campaigns.models import Calendar, Notice, Step
from campaigns.services.arbiter import gather_due
from campaigns.services.settling import hear
from campaigns.states import NoticeState, Reason
from certificates.models import Customer, Order, Reply
from certificates.services.preferences import Scope, opt_out
from certificates.states import RenewalMark
from portal.mail.delivery import deliver_due
from portal.mail.settled import Settled
from portal.models import OutgoingMail, Partner, SuppressedAddress
from portal.models.mail import MailPurpose, MailReason, MailState
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.factories import TODAY, make_contact, make_customer, make_order

NOW = datetime.combine(TODAY, time(9), UTC)
SOON = NOW + timedelta(seconds=30)


@pytest.fixture
def calendar(partner: Partner) -> Calendar:
    return make_calendar(partner, planned_until=NOW + timedelta(days=7))


@pytest.fixture
def step(calendar: Calendar) -> Step:
    return make_step(calendar, -30)


def make_queued(partner: Partner, step: Step, count: int = 1) -> list[Notice]:
    """So many orders of one contact, in one letter that waits to leave."""
    customer = make_customer(partner)
    contact = make_contact(customer, "Ada Morel", email="ada@granit.example", time_zone="UTC")
    orders = [make_order(partner, customer=customer, contact=contact) for _ in range(count)]
    notices = [make_notice(order, step, contact, due_at=NOW) for order in orders]
    gather_due(now=NOW)
    return notices


def settle(state: MailState, reason: MailReason, *, detail: str = "", arrived: bool = False) -> None:
    """Tell what became of the only letter."""
    letter = OutgoingMail.objects.get()
    hear([Settled(letter.pk, letter.key, letter.partner_id, state, reason, detail, SOON, arrived)])


def ends() -> list[tuple[str, str]]:
    return list(Notice.objects.order_by("pk").values_list("state", "reason"))


# Sent


def test_a_letter_that_left_has_sent_its_notices_and_spoken_to_the_customer(partner: Partner, step: Step) -> None:
    make_queued(partner, step, 2)

    deliver_due(now=SOON)

    assert len(mail.outbox) == 1
    assert ends() == [("sent", ""), ("sent", "")]
    notice = Notice.objects.select_related("customer").first()
    assert notice
    assert notice.decided_at
    assert notice.customer.last_contacted_at == notice.decided_at


def test_told_once_more_nothing_changes(partner: Partner, step: Step) -> None:
    make_queued(partner, step)
    settle(MailState.SENT, MailReason.SENT)
    before = list(Notice.objects.values())

    settle(MailState.PARKED, MailReason.SERVER, detail="554 no")

    assert list(Notice.objects.values()) == before


def test_a_later_contact_is_not_forgotten(partner: Partner, step: Step) -> None:
    make_queued(partner, step)
    Customer.objects.update(last_contacted_at=NOW + timedelta(days=1))

    settle(MailState.SENT, MailReason.SENT)

    assert Customer.objects.get().last_contacted_at == NOW + timedelta(days=1)


# Untrue


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"renewal_mark": RenewalMark.IN_HAND}, Reason.RENEWED),
        ({"notices_enabled": False}, Reason.NOTICES_OFF),
        ({"status": "canceled"}, Reason.NOT_LIVE),
        ({"ends_at": NOW + timedelta(days=400)}, Reason.END_MOVED),
    ],
)
def test_what_has_become_untrue_between_queue_and_sending_stays_home(
    partner: Partner, step: Step, change: dict[str, Any], reason: Reason
) -> None:
    first, _second = make_queued(partner, step, 2)
    Order.objects.filter(pk=first.order_id).update(**change)

    deliver_due(now=SOON)

    assert mail.outbox == []
    assert ends() == [("silent", reason), ("planned", "")]
    gather_due(now=SOON)
    deliver_due(now=SOON)
    assert len(mail.outbox) == 1
    assert ends() == [("silent", reason), ("sent", "")]


def test_a_promise_made_meanwhile_keeps_the_letter_and_its_notice_waits(partner: Partner, step: Step) -> None:
    (notice,) = make_queued(partner, step)
    Reply.objects.create(
        partner=partner, order=notice.order, kind="not_now", until=TODAY + timedelta(days=3), said_by="Ada", at=NOW
    )

    deliver_due(now=SOON)

    assert mail.outbox == []
    assert ends() == [("planned", "")]


def test_a_reader_who_stops_letters_meanwhile_gets_none(partner: Partner, step: Step) -> None:
    (notice,) = make_queued(partner, step)
    assert notice.contact
    opt_out(notice.contact, Scope.ORDER, order=notice.order, now=NOW)

    deliver_due(now=SOON)

    assert mail.outbox == []
    assert ends() == [("suppressed", Reason.OPTED_OUT)]


# Not sent


def test_a_letter_that_is_set_aside_fails_with_the_servers_words(partner: Partner, step: Step) -> None:
    make_queued(partner, step, 2)

    settle(MailState.PARKED, MailReason.SERVER, detail="554 5.7.1 rejected")

    assert ends() == [("failed", Reason.SERVER)] * 2
    assert set(Notice.objects.values_list("detail", flat=True)) == {"554 5.7.1 rejected"}


def test_an_address_that_does_not_exist_suppresses_its_notices(partner: Partner, step: Step) -> None:
    make_queued(partner, step)

    settle(MailState.SUPPRESSED, MailReason.GONE, detail="550 5.1.1 no such user")

    assert ends() == [("suppressed", Reason.BAD_ADDRESS)]


def test_a_letter_that_an_administrator_has_refused_is_not_written_again(partner: Partner, step: Step) -> None:
    make_queued(partner, step)

    settle(MailState.WITHDRAWN, MailReason.REFUSED)

    assert ends() == [("suppressed", Reason.REFUSED_BY_US)]
    assert gather_due(now=SOON).letters == 0


def test_a_letter_that_was_late_is_written_again_unless_it_may_have_arrived(partner: Partner, step: Step) -> None:
    make_queued(partner, step)
    settle(MailState.WITHDRAWN, MailReason.LATE)
    assert ends() == [("planned", "")]

    Notice.objects.update(state=NoticeState.QUEUED)
    settle(MailState.WITHDRAWN, MailReason.LATE, arrived=True)
    assert ends() == [("sent", "")]


def test_whoever_stops_offers_meanwhile_is_written_to_without(partner: Partner, step: Step) -> None:
    (notice,) = make_queued(partner, step)
    OutgoingMail.objects.update(purpose=MailPurpose.OFFER)
    assert notice.contact
    opt_out(notice.contact, Scope.OFFERS, now=NOW)

    deliver_due(now=SOON)
    assert (mail.outbox, ends()) == ([], [("planned", "")])

    gather_due(now=SOON)
    deliver_due(now=SOON)
    assert len(mail.outbox) == 1
    assert OutgoingMail.objects.get(state=MailState.SENT).purpose == MailPurpose.NOTICE


def test_a_letter_with_offers_to_an_address_that_is_gone_is_not_planned_again(partner: Partner, step: Step) -> None:
    make_queued(partner, step)
    OutgoingMail.objects.update(purpose=MailPurpose.OFFER)
    SuppressedAddress.objects.create(partner=partner, email="ada@granit.example", reason="bounced", at=NOW)

    deliver_due(now=SOON)

    assert ends() == [("suppressed", Reason.BAD_ADDRESS)]


def test_letters_of_others_are_none_of_ours(partner: Partner, step: Step) -> None:
    make_queued(partner, step)

    hear([Settled(0, "quote:1", partner.pk, MailState.SENT, MailReason.SENT, "", SOON, True)])

    assert ends() == [("queued", "")]
