"""The arbiter: one word to one reader, once, within their hours, on the right channel, whatever is due at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Calendar, Call, LetterCopy, Notice, Step
from campaigns.services import arbiter, writing
from campaigns.services.arbiter import Gathered, gather_due
from campaigns.services.copies import copy_of
from campaigns.services.outbox import HURRIED
from campaigns.services.settling import hear
from campaigns.services.writing import Reader, Written
from campaigns.states import Channel, NoticeState, Reason, Tone
from certificates.models import Contact, Order, Reply
from certificates.services.preferences import Scope, opt_out
from certificates.states import RenewalMark
from portal import crashpoints
from portal.access import on_behalf_of
from portal.mail.settled import Settled
from portal.models import OutgoingMail, Partner
from portal.models.mail import MailPurpose, MailReason, MailState
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.factories import TODAY, make_contact, make_customer, make_member, make_order, make_partner

NOW = datetime.combine(TODAY, time(9), UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def calendar(partner: Partner) -> Calendar:
    return make_calendar(partner, planned_until=NOW + WEEK)


@pytest.fixture
def step(calendar: Calendar) -> Step:
    return make_step(calendar, -30)


def make_due(partner: Partner, step: Step, count: int = 1, **fields: Any) -> list[Notice]:
    """So many orders of one contact, with a notice each that is due now."""
    customer = make_customer(partner)
    contact = make_contact(customer, "Ada Morel", time_zone="UTC")
    orders = [
        make_order(partner, customer=customer, contact=contact, common_name=f"w{number:02}.granit.example")
        for number in range(count)
    ]
    return [make_notice(order, step, contact, **{"due_at": NOW, **fields}) for order in orders]


def states() -> dict[str, int]:
    """How many notices stand in which state and reason."""
    found: dict[str, int] = {}
    for state, reason in Notice.objects.values_list("state", "reason"):
        found[f"{state} {reason}".strip()] = found.get(f"{state} {reason}".strip(), 0) + 1
    return found


# One reader, one letter


def test_forty_orders_of_one_reader_become_one_letter_and_are_its_notices(partner: Partner, step: Step) -> None:
    notices = make_due(partner, step, 40)

    did = gather_due(now=NOW)

    assert (did.letters, did.notices) == (1, 40)
    (letter,) = OutgoingMail.objects.all()
    assert (letter.to_email, letter.to_name) == (notices[0].contact.email, "Ada Morel")  # type: ignore[union-attr]
    assert letter.state == MailState.QUEUED
    assert set(Notice.objects.values_list("state", "mail")) == {("queued", letter.pk)}
    assert all(f"w{number:02}.granit.example" in letter.text for number in range(40))


def test_asked_twice_nobody_gets_a_second_letter(partner: Partner, step: Step) -> None:
    make_due(partner, step, 3)
    gather_due(now=NOW)

    assert gather_due(now=NOW) == Gathered()
    assert gather_due(now=NOW + timedelta(hours=1)) == Gathered()
    assert OutgoingMail.objects.count() == 1


def test_every_reader_gets_a_letter_of_their_own(partner: Partner, step: Step) -> None:
    make_due(partner, step, 2)
    make_due(partner, step, 1)

    assert gather_due(now=NOW).letters == 2
    assert OutgoingMail.objects.values("to_email").distinct().count() == 2


def test_a_single_order_gets_the_letter_of_its_step(
    partner: Partner, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = spy_on_writing(monkeypatch)
    make_due(partner, step)

    gather_due(now=NOW)

    assert [(reader.key, len(reader.subjects)) for reader in asked] == [("days_30", 1)]


def test_several_orders_get_the_digest_in_the_tone_of_the_most_urgent_the_first_end_first(
    partner: Partner, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = spy_on_writing(monkeypatch)
    calm, urgent = make_step(calendar, -60, tone=Tone.FRIENDLY), make_step(calendar, -7, tone=Tone.URGENT)
    customer = make_customer(partner)
    contact = make_contact(customer)
    later = make_order(partner, customer=customer, ends_on=TODAY + timedelta(days=60))
    sooner = make_order(partner, customer=customer, ends_on=TODAY + timedelta(days=7))
    make_notice(later, calm, contact, due_at=NOW)
    make_notice(sooner, urgent, contact, due_at=NOW)

    gather_due(now=NOW)

    (reader,) = asked
    assert (reader.key, reader.tone) == ("digest", Tone.URGENT)
    assert [subject.order for subject in reader.subjects] == [sooner.pk, later.pk]


def test_the_account_manager_reads_one_letter_about_all_customers(partner: Partner, step: Step) -> None:
    member = make_member(partner)
    for _ in range(2):
        order = make_order(partner, customer=make_customer(partner, owner=member))
        make_notice(order, step, member=member, due_at=NOW)

    assert gather_due(now=NOW).letters == 1
    assert OutgoingMail.objects.get().to_email == member.user.email


def test_of_several_steps_due_about_one_order_the_latest_speaks_and_the_others_were_overtaken(
    partner: Partner, calendar: Calendar
) -> None:
    steps = [make_step(calendar, days, letter=f"days_{-days}") for days in (-60, -30, -7)]
    customer = make_customer(partner)
    order, contact = make_order(partner, customer=customer), make_contact(customer)
    for one in steps:
        make_notice(order, one, contact, due_at=NOW, day=TODAY + timedelta(days=one.days or 0))

    did = gather_due(now=NOW)

    assert (did.letters, did.notices, did.overtaken) == (1, 1, 2)
    assert states() == {"missed overtaken": 2, "queued": 1}
    assert Notice.objects.get(state=NoticeState.QUEUED).step == steps[2]


# What is not sent


def test_a_renewed_order_stays_out_of_the_letter_and_off_every_channel(partner: Partner, calendar: Calendar) -> None:
    order = make_order(partner, renewal_mark=RenewalMark.IN_HAND)
    for channel in Channel.values:
        make_notice(order, make_step(calendar, -30, channel), due_at=NOW)

    assert gather_due(now=NOW) == Gathered()
    assert states() == {"planned": 4}


def test_what_is_put_off_waits_and_goes_once_its_day_has_come(partner: Partner, step: Step) -> None:
    (notice,) = make_due(partner, step)
    Reply.objects.create(
        partner=partner, order=notice.order, kind="not_now", until=TODAY + timedelta(days=2), said_by="Ada", at=NOW
    )

    assert gather_due(now=NOW) == Gathered()
    assert gather_due(now=NOW + timedelta(days=2)).letters == 1


@pytest.mark.parametrize("fields", [{"state": NoticeState.HELD}, {"due_at": NOW + timedelta(minutes=1)}])
def test_what_is_held_or_not_yet_due_stays(partner: Partner, step: Step, fields: dict[str, Any]) -> None:
    make_due(partner, step, **fields)

    assert gather_due(now=NOW) == Gathered()


def test_what_has_come_too_late_is_not_sent(partner: Partner, step: Step) -> None:
    make_due(partner, step, due_at=NOW - timedelta(days=6), expires_at=NOW)

    assert gather_due(now=NOW) == Gathered()


def test_after_a_standstill_nothing_is_sent_before_all_that_is_due_is_planned(partner: Partner, step: Step) -> None:
    make_due(partner, step)
    Calendar.objects.update(planned_until=NOW)

    assert gather_due(now=NOW) == Gathered()

    Calendar.objects.update(planned_until=NOW + WEEK)
    assert gather_due(now=NOW).letters == 1


def test_a_suspended_partner_sends_nothing(partner: Partner, step: Step) -> None:
    make_due(partner, step)
    Partner.objects.filter(pk=partner.pk).update(is_active=False)

    assert gather_due(now=NOW) == Gathered()


# The reader's hours


@pytest.mark.parametrize(
    ("zone", "now", "goes_at"),
    [
        ("UTC", datetime(2026, 11, 22, 20, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("Europe/Paris", datetime(2026, 11, 22, 18, tzinfo=UTC), datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 11, 22, 9, 30, tzinfo=UTC), datetime(2026, 11, 23, 0, tzinfo=UTC)),
    ],
)
def test_a_letter_that_was_late_waits_for_the_readers_next_day(
    partner: Partner, step: Step, zone: str, now: datetime, goes_at: datetime
) -> None:
    (notice,) = make_due(partner, step, due_at=goes_at - timedelta(days=1))
    Contact.objects.update(time_zone=zone)

    assert gather_due(now=now) == Gathered(later=1)

    notice.refresh_from_db()
    assert (notice.state, notice.due_at) == (NoticeState.PLANNED, goes_at)
    assert gather_due(now=goes_at).letters == 1


def test_a_letter_waits_over_the_weekend_of_a_calendar_that_works_from_monday_to_friday(partner: Partner) -> None:
    weekdays = make_calendar(partner, working_days=[1, 2, 3, 4, 5], planned_until=NOW + WEEK)
    (notice,) = make_due(partner, make_step(weekdays, -30), due_at=NOW - timedelta(days=2))

    assert gather_due(now=NOW).later == 1  # a Sunday

    notice.refresh_from_db()
    assert notice.due_at == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_the_last_word_before_the_end_goes_out_in_quiet_hours_where_it_cannot_wait(
    partner: Partner, calendar: Calendar
) -> None:
    order = make_order(partner, ends_on=TODAY)
    evening = NOW.replace(hour=20)
    make_notice(order, make_step(calendar, -3), due_at=NOW, expires_at=order.ends_at)

    assert gather_due(now=evening).letters == 1


def test_what_is_late_waits_for_the_usual_hour_and_leaves_with_what_is_due_then(partner: Partner, step: Step) -> None:
    (late,) = make_due(partner, step, due_at=NOW - timedelta(days=2), expires_at=NOW + timedelta(days=3))
    make_notice(make_order(partner, customer=late.customer), step, late.contact, due_at=NOW)

    assert gather_due(now=NOW - timedelta(hours=1)) == Gathered(later=1)

    did = gather_due(now=NOW)
    assert (did.letters, did.notices) == (1, 2)


def test_a_late_step_gives_way_to_one_of_the_same_order_that_comes_an_hour_later(
    partner: Partner, calendar: Calendar
) -> None:
    order = make_order(partner)
    seven, three = make_step(calendar, -7), make_step(calendar, -3)
    late = make_notice(order, seven, due_at=NOW - timedelta(days=4), expires_at=NOW)
    make_notice(order, three, late.contact, due_at=NOW)

    assert gather_due(now=NOW - timedelta(hours=1)) == Gathered(overtaken=1)
    assert gather_due(now=NOW).letters == 1
    assert states() == {"missed overtaken": 1, "queued": 1}


def test_a_late_step_speaks_where_the_one_of_today_is_held_or_another_reader_s(
    partner: Partner, calendar: Calendar
) -> None:
    order, another = make_order(partner), make_order(partner)
    seven, three = make_step(calendar, -7), make_step(calendar, -3)
    for one, fields in ((order, {"state": NoticeState.HELD}), (another, {})):
        late = make_notice(one, seven, due_at=NOW - timedelta(days=4), expires_at=NOW)
        reader = late.contact if fields else make_contact(one.customer)
        make_notice(one, three, reader, due_at=NOW, **fields)

    assert gather_due(now=NOW - timedelta(hours=1)).letters == 2


def test_what_somebody_hurries_waits_for_no_usual_hour_and_gives_way_to_nothing(
    partner: Partner, calendar: Calendar
) -> None:
    order, early = make_order(partner), NOW - timedelta(hours=1)
    hurried = make_notice(order, make_step(calendar, -7), due_at=early, detail=HURRIED)
    make_notice(order, make_step(calendar, -3), hurried.contact, due_at=NOW)

    assert gather_due(now=early).letters == 1


def test_the_last_warning_leaves_before_the_end_though_today_s_word_about_it_comes_after(
    partner: Partner, calendar: Calendar
) -> None:
    order = make_order(partner)
    end = NOW - timedelta(minutes=30)
    Order.objects.filter(pk=order.pk).update(ends_at=end)
    order.refresh_from_db()
    late = make_notice(order, make_step(calendar, -3), due_at=NOW - timedelta(days=3), expires_at=end)
    make_notice(order, make_step(calendar, 1), late.contact, due_at=NOW)

    assert gather_due(now=NOW - timedelta(hours=1)).letters == 1


def test_a_letter_must_leave_before_its_readers_quiet_hours_begin(partner: Partner, step: Step) -> None:
    make_due(partner, step)

    gather_due(now=NOW)

    assert OutgoingMail.objects.get().leave_by == NOW.replace(hour=18)


# Offers


def test_whoever_wants_no_offers_is_written_to_without(
    partner: Partner, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = spy_on_writing(monkeypatch)
    (one,), (other,) = make_due(partner, step), make_due(partner, step)
    assert one.contact
    opt_out(one.contact, Scope.OFFERS, now=NOW)

    gather_due(now=NOW)

    found = {reader.contact.pk: reader.with_offers for reader in asked if reader.contact}
    assert found == {one.contact_id: False, other.contact_id: True}


def test_letters_with_offers_are_marketing_and_those_without_are_not(
    partner: Partner, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy_on_writing(monkeypatch, with_offers=True)
    make_due(partner, step)
    gather_due(now=NOW)
    assert OutgoingMail.objects.get().purpose == MailPurpose.OFFER

    spy_on_writing(monkeypatch, with_offers=False)
    make_due(partner, step)
    gather_due(now=NOW)
    assert set(OutgoingMail.objects.values_list("purpose", flat=True)) == {MailPurpose.OFFER, MailPurpose.NOTICE}


# Other channels


def test_console_messages_and_banners_are_shown_from_their_hour_on(partner: Partner, calendar: Calendar) -> None:
    order = make_order(partner)
    for channel in (Channel.CONSOLE, Channel.BANNER):
        make_notice(order, make_step(calendar, -30, channel), due_at=NOW)

    assert gather_due(now=NOW) == Gathered(shown=2)
    assert states() == {"sent": 2}
    assert not OutgoingMail.objects.exists()


def test_telephone_notices_come_onto_the_call_list_forty_orders_in_one_call(
    partner: Partner, calendar: Calendar
) -> None:
    customer, step = make_customer(partner), make_step(calendar, -30, Channel.TELEPHONE)
    for _ in range(3):
        make_notice(make_order(partner, customer=customer), step, due_at=NOW)

    assert gather_due(now=NOW) == Gathered(called=3)
    assert Call.objects.get().items.count() == 3
    assert states() == {"sent": 3}


# Failures


def test_a_letter_that_cannot_be_written_fails_with_its_error_and_the_others_go(
    partner: Partner, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    (poisoned,), (fine,) = make_due(partner, step), make_due(partner, step)
    assert poisoned.contact
    poison(monkeypatch, poisoned.contact)

    did = gather_due(now=NOW)

    assert (did.letters, did.failed) == (1, 1)
    poisoned.refresh_from_db()
    fine.refresh_from_db()
    assert (poisoned.state, poisoned.reason) == (NoticeState.FAILED, Reason.TEMPLATE)
    assert poisoned.detail == "ZeroDivisionError: no days left"
    assert fine.state == NoticeState.QUEUED
    assert gather_due(now=NOW) == Gathered()


class Killed(BaseException):
    """The process ends here."""


def test_a_worker_killed_before_the_commit_loses_nothing_and_sends_nothing(
    partner: Partner, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_due(partner, step, 3)

    def die(_point: str) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(crashpoints, "reach", die)
        with pytest.raises(Killed):
            gather_due(now=NOW)

    assert (states(), OutgoingMail.objects.count(), LetterCopy.objects.count()) == ({"planned": 3}, 0, 0)
    assert gather_due(now=NOW).letters == 1


def test_a_letter_that_was_taken_back_is_written_anew_under_another_message_id(partner: Partner, step: Step) -> None:
    make_due(partner, step, 2)
    gather_due(now=NOW)
    first = OutgoingMail.objects.get()
    hear([Settled(first.pk, first.key, partner.pk, MailState.WITHDRAWN, MailReason.LATE, "", NOW, False)])
    assert states() == {"planned": 2}

    assert gather_due(now=NOW).letters == 1

    second = OutgoingMail.objects.exclude(pk=first.pk).get()
    assert second.message_id != first.message_id
    assert set(Notice.objects.values_list("mail", flat=True)) == {second.pk}


# Many


def test_a_batch_asks_as_many_questions_for_one_reader_as_for_many(partner: Partner, step: Step) -> None:
    def asked(readers: int) -> int:
        for _ in range(readers):
            make_due(partner, step, 2)
        with CaptureQueriesContext(connection) as captured:
            assert gather_due(now=NOW).letters == readers
        return len(captured)

    asked(1)  # what is remembered for a minute is remembered now
    assert asked(1) == asked(12)


def test_more_readers_than_one_batch_holds_are_all_written_to(
    partner: Partner, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arbiter, "BATCH", 2)
    monkeypatch.setattr(arbiter, "_LOOK", 3)
    for _ in range(5):
        make_due(partner, step, 2)

    assert gather_due(now=NOW).letters == 5
    assert states() == {"queued": 10}


def test_a_limit_leaves_the_rest_to_the_next_run(partner: Partner, step: Step) -> None:
    for _ in range(3):
        make_due(partner, step)

    assert gather_due(now=NOW, limit=2).letters == 2
    assert gather_due(now=NOW).letters == 1


def test_partners_share_a_batch_and_nothing_else(partner: Partner, step: Step) -> None:
    other = make_partner("Autre Partner")
    make_due(partner, step)
    make_due(other, make_step(make_calendar(other, planned_until=NOW + WEEK)))

    assert gather_due(now=NOW).letters == 2
    for one in (partner, other):
        with on_behalf_of(one):
            (notice,) = Notice.objects.select_related("mail")
            assert notice.mail
            assert notice.mail.partner_id == one.pk
            assert LetterCopy.objects.get().mail_id == notice.mail_id


def test_the_copy_of_a_letter_holds_no_link_and_no_code(partner: Partner, step: Step) -> None:
    make_due(partner, step)

    gather_due(now=NOW)

    letter = OutgoingMail.objects.get()
    copy = copy_of(letter)
    assert copy
    assert "/l/" in letter.text
    assert letter.code in letter.text
    for said in (copy.text, copy.html):
        assert "/l/" not in said
        assert letter.code not in said
    # its pictures are asked for at whatever address the portal has by then
    assert 'src="http' in letter.html
    assert 'src="http' not in copy.html
    assert 'src="/w/' in copy.html


# Helpers


def spy_on_writing(monkeypatch: pytest.MonkeyPatch, *, with_offers: bool | None = None) -> list[Reader]:
    """What the arbiter asks to be written; the letters are real, and hold offers as said."""
    asked: list[Reader] = []
    write = writing.write_letters

    def spy(readers: Sequence[Reader], *, now: datetime) -> list[Written]:
        asked.extend(readers)
        written = write(readers, now=now)
        if with_offers is None:
            return written
        return [
            Written(reader=one.reader, words=one.words, headers=one.headers, with_offers=with_offers, failed=one.failed)
            for one in written
        ]

    monkeypatch.setattr(writing, "write_letters", spy)
    return asked


def poison(monkeypatch: pytest.MonkeyPatch, contact: Contact) -> None:
    """Whatever is written for this contact breaks, in a way that nobody foresaw."""
    write = writing.write_letters

    def break_on(readers: Sequence[Reader], *, now: datetime) -> list[Written]:
        if contact in [reader.contact for reader in readers]:
            raise ZeroDivisionError("no days left")
        return write(readers, now=now)

    monkeypatch.setattr(writing, "write_letters", break_on)
