"""Calls open once per customer, are joined, noted, taken back, and close when nothing is left of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from campaigns.models import Attempt, Call, CallItem, Notice
from campaigns.services import calls
from campaigns.services.attempts import (
    AnotherCallOpen,
    CallIsOver,
    NothingToUndo,
    PromiseOutOfReach,
    Said,
    SomebodyElseCalled,
    record_attempt,
    undo_attempt,
)
from campaigns.services.calls import Opened
from campaigns.services.standing import standing
from campaigns.states import NoticeState
from certificates.models import Customer, Order, Reply, Request
from certificates.remarks import Remark
from certificates.services import replies
from certificates.services.replies import Voice
from certificates.states import EmailState, OrderStatus, RenewalMark, RequestKind, RequestState
from offers.services.valuing import value_orders
from portal.mail.bounces import switch_off
from portal.models import Activity, Membership, OutgoingMail, Partner
from portal.models.mail import MailPurpose
from portal.roles import Role
from tests import factories
from tests.campaigns.calling import make_call, make_called, make_caller, make_due, make_ring, note, read
from tests.campaigns.factories import make_notice
from tests.certificates.services.work import TEN
from tests.factories import TODAY
from tests.offers.factories import make_price

DAY = timedelta(days=1)
Outcome = Attempt.Outcome


@pytest.fixture
def claire(partner: Partner) -> Membership:
    return factories.make_member(partner, user=factories.make_user("claire@relais.example"))


@pytest.fixture
def hugo(partner: Partner) -> Membership:
    return factories.make_member(partner, user=factories.make_user("hugo@relais.example", first_name="Hugo"))


@pytest.fixture
def order(partner: Partner) -> Order:
    return make_due(make_called(partner))


@pytest.fixture
def call(order: Order) -> Call:
    return make_call(order)


def orders_of(call: Call) -> list[Order]:
    return [item.order for item in CallItem.objects.filter(call=call).order_by("pk")]


def shown(partner: Partner, *, days: int = 0) -> list[Call]:
    """Today's calls, or those of so many days later."""
    return list(Call.objects.for_partner(partner).due(TODAY + days * DAY).order_by("pk"))


# Opened


def test_due_notices_of_one_customer_stand_in_one_call_and_count_as_sent(partner: Partner) -> None:
    customer = make_called(partner)
    first, second = make_due(customer), make_due(customer, ends_in=25)
    notices = [make_ring(first), make_ring(second)]
    other = make_ring(make_due(make_called(partner, "Opale Quartz")))

    opened = calls.open_calls([*notices, other], now=TEN)

    assert opened == Opened(opened=2, joined=0, notices=3)
    call = Call.objects.get(customer=customer)
    assert (call.state, call.cause, call.due_on, call.opened_at) == ("open", "step", TODAY, TEN)
    assert str(call.contact) == "Lena Roth"
    assert orders_of(call) == [first, second]
    assert [(one.state, one.call, one.decided_at) for one in Notice.objects.filter(customer=customer)] == [
        (NoticeState.SENT, call, TEN)
    ] * 2


def test_asked_twice_opens_nothing_twice(order: Order, partner: Partner) -> None:
    notice = make_ring(order)
    calls.open_calls([notice], now=TEN)

    assert calls.open_calls([notice], now=TEN) == Opened()
    assert Call.objects.count() == 1


def test_a_notice_that_fell_silent_meanwhile_opens_no_call(order: Order, partner: Partner) -> None:
    notice = make_ring(order)
    Notice.objects.filter(pk=notice.pk).update(state=NoticeState.SILENT, reason="renewed")

    assert calls.open_calls([notice], now=TEN) == Opened()
    assert not Call.objects.exists()


def test_what_comes_up_joins_the_open_call_and_brings_it_forward(call: Call, order: Order) -> None:
    Call.objects.filter(pk=call.pk).update(due_on=TODAY + 5 * DAY)
    another = make_due(order.customer, ends_in=10)

    opened = calls.open_calls([make_ring(another)], now=TEN)

    assert opened == Opened(opened=0, joined=1, notices=1)
    call.refresh_from_db()
    assert (call.due_on, orders_of(call)) == (TODAY, [order, another])


def test_whoever_was_tried_today_is_not_brought_forward_to_today(call: Call, order: Order, claire: Membership) -> None:
    note(call, Outcome.VOICEMAIL, claire)

    calls.open_calls([make_ring(make_due(order.customer))], now=TEN)

    call.refresh_from_db()
    assert call.due_on == TODAY + DAY


def test_a_done_call_is_not_joined(call: Call, order: Order, claire: Membership) -> None:
    note(call, Outcome.REACHED, claire)

    assert calls.open_calls([make_ring(order)], now=TEN).opened == 1
    assert Call.objects.filter(customer=order.customer).count() == 2


def test_somebody_with_a_number_is_asked_for(partner: Partner) -> None:
    customer = factories.make_customer(partner)
    silent = factories.make_contact(customer, "Without Number")
    buyer = make_caller(customer, "Buyer", role="buyer")
    make_caller(customer, "Another", role="organization")

    calls.open_calls([make_ring(make_due(customer), contact=silent)], now=TEN)

    assert Call.objects.get().contact == buyer


def test_staff_ask_for_a_call_without_an_order_and_it_stands(partner: Partner, claire: Membership) -> None:
    customer = make_called(partner)

    call = calls.open_by_staff(customer, actor=claire.user, now=TEN, detail="Asks for a second certificate")
    again = calls.open_by_staff(customer, actor=claire.user, now=TEN)

    assert call == again
    assert (call.cause, call.detail) == ("staff", "Asks for a second certificate")
    assert shown(partner) == [call]
    assert Activity.objects.filter(verb="call.opened").count() == 1


# A bounced only-contact


def bounce(partner: Partner, email: str) -> None:
    letter = OutgoingMail.objects.create(
        partner=partner,
        key=f"bounce:{email}",
        message_id=f"<{email}>",
        purpose=MailPurpose.NOTICE,
        to_email=email,
        subject="Your certificate ends soon",
        text="It ends soon.",
        due_at=TEN,
    )
    switch_off(letter, detail="550 5.1.1 no such mailbox", at=TEN)


def test_a_bounced_only_contact_opens_a_call_with_the_money_at_risk(partner: Partner) -> None:
    customer = make_called(partner)
    contact = customer.contacts.get()
    make_price(partner, "299.00")
    due = [make_due(customer), make_due(customer, ends_in=60)]
    make_due(customer, ends_in=200)
    value_orders(partner, now=TEN)

    bounce(partner, contact.email)

    contact.refresh_from_db()
    assert contact.email_state == EmailState.BOUNCED
    call = Call.objects.get()
    assert (call.cause, call.contact) == ("bounce", contact)
    assert call.detail == f"{contact.email}: 550 5.1.1 no such mailbox"
    assert orders_of(call) == due
    outlook = Call.objects.due(TODAY).with_outlook(TODAY)
    assert read(outlook, "worth", "worth_currency") == [(Decimal("598.00"), "EUR")]


def test_a_bounce_opens_no_call_while_somebody_else_is_reached_or_nothing_is_due(partner: Partner) -> None:
    reached, idle = make_called(partner), make_called(partner, "Opale Quartz")
    make_caller(reached, "Somebody Else")
    make_due(reached)
    make_due(idle, ends_in=200)

    for customer in (reached, idle):
        bounce(partner, customer.contacts.get(name="Lena Roth").email)

    assert not Call.objects.exists()


def test_a_bounce_tells_more_than_the_step_it_joins(call: Call, order: Order, partner: Partner) -> None:
    bounce(partner, order.customer.contacts.get().email)

    call.refresh_from_db()
    assert call.cause == "bounce"
    assert "550 5.1.1" in call.detail


# A renewal that is late


def make_late(order: Order) -> Request:
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.IN_HAND)
    return factories.make_request(order, state=RequestState.PLACED, now=TEN - 5 * DAY)


def test_a_renewal_unissued_a_week_before_the_end_opens_a_call_once(partner: Partner, claire: Membership) -> None:
    order = make_due(make_called(partner), ends_in=6)
    make_late(order)
    make_late(make_due(make_called(partner, "Opale Quartz"), ends_in=8))

    assert [calls.open_late(partner, now=TEN) for _twice in range(2)] == [1, 0]

    call = Call.objects.get()
    assert (call.cause, orders_of(call), shown(partner)) == ("late", [order], [call])
    note(call, Outcome.REACHED, claire)
    assert calls.open_late(partner, now=TEN + timedelta(hours=2)) == 0


def test_what_was_done_before_the_renewal_was_late_was_done_about_something_else(
    partner: Partner, claire: Membership
) -> None:
    order = make_due(make_called(partner), ends_in=6)
    make_late(order)
    note(make_call(order), Outcome.REACHED, claire, now=TEN - 2 * DAY)

    assert calls.open_late(partner, now=TEN) == 1


def test_a_call_that_closed_as_the_renewal_was_asked_for_opens_again_when_that_is_late(partner: Partner) -> None:
    order = make_due(make_called(partner), ends_in=6)
    call = make_call(order, opened_at=TEN - 6 * DAY)
    make_late(order)
    Call.objects.filter(pk=call.pk).update(state=Call.State.CLOSED, ended_at=TEN - 5 * DAY)

    assert calls.open_late(partner, now=TEN) == 1


def test_an_issued_renewal_closes_the_call_about_its_being_late(partner: Partner) -> None:
    request = make_late(make_due(make_called(partner), ends_in=6))
    calls.open_late(partner, now=TEN)
    issued = make_due(request.customer, ends_in=400)
    Request.objects.filter(pk=request.pk).update(state=RequestState.ISSUED, result=issued)

    assert shown(partner) == []
    assert calls.close_settled(partner, now=TEN) == 1


# Closed


@pytest.mark.parametrize(
    "change",
    [
        {"renewal_mark": RenewalMark.IN_HAND},
        {"renewal_mark": RenewalMark.ELSEWHERE},
        {"status": OrderStatus.REVOKED},
        {"notices_enabled": False},
        {"ends_on": TODAY - 61 * DAY},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_call_is_gone_at_once_when_nothing_is_left_and_closed_by_the_sweep(
    change: dict[str, object], call: Call, order: Order, partner: Partner
) -> None:
    another = make_call(make_due(make_called(partner, "Opale Quartz")))
    Order.objects.filter(pk=order.pk).update(**change)

    assert shown(partner) == [another]
    assert calls.close_settled(partner, now=TEN) == 1

    call.refresh_from_db()
    assert (call.state, call.ended_at) == ("closed", TEN)
    assert Activity.objects.filter(verb="call.closed", subject_id=call.pk).count() == 1
    assert calls.close_settled(partner, now=TEN) == 0


def test_a_call_stands_while_one_of_its_orders_does(call: Call, order: Order, partner: Partner) -> None:
    CallItem.objects.create(partner=partner, call=call, order=make_due(order.customer))
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.RENEWED)

    assert shown(partner) == [call]
    assert calls.close_settled(partner, now=TEN) == 0
    assert read(Call.objects.filter(pk=call.pk).with_outlook(TODAY), "orders_count") == [(1,)]


def test_staff_ring_although_notices_are_off(order: Order, partner: Partner) -> None:
    Customer.objects.filter(pk=order.customer_id).update(notices_enabled=False)

    call = make_call(order, cause=Call.Cause.STAFF)

    assert shown(partner) == [call]
    assert calls.close_settled(partner, now=TEN) == 0


def test_what_is_put_off_is_not_rung_about_until_its_day(call: Call, order: Order, partner: Partner) -> None:
    replies.put_off(order, until=TODAY + 7 * DAY, voice=Voice(name="Lena Roth"), now=TEN)

    assert shown(partner) == []
    assert calls.close_settled(partner, now=TEN) == 0
    assert shown(partner, days=7) == [call]


def test_what_is_no_longer_needed_closes_its_call(call: Call, order: Order, partner: Partner) -> None:
    replies.decline(order, reason="site_ended", voice=Voice(name="Lena Roth"), now=TEN)

    assert calls.close_settled(partner, now=TEN) == 1


def test_the_sweep_works_partner_by_partner(call: Call, order: Order, partner: Partner) -> None:
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.RENEWED)
    make_late(make_due(make_called(partner, "Opale Quartz"), ends_in=3))

    assert calls.sweep_calls(TEN) == calls.Swept(closed=1, late=1)
    assert calls.sweep_calls(TEN) == calls.Swept()


# The certificate's life


def make_reissue(customer: Customer, *, ends_in: int = 20) -> Order:
    """An order that runs on for months without its certificate."""
    ends_on = TODAY + timedelta(days=ends_in)
    return factories.make_order(
        customer.partner, customer=customer, ends_on=ends_on + timedelta(days=160), certificate_ends_on=ends_on
    )


def reissued(order: Order) -> None:
    ends_on = TODAY + timedelta(days=180)
    ends_at = factories.midnight(ends_on) + timedelta(days=1)
    Order.objects.filter(pk=order.pk).update(certificate_ends_on=ends_on, certificate_ends_at=ends_at)


@pytest.mark.parametrize(
    "change",
    [
        reissued,
        lambda order: Order.objects.filter(pk=order.pk).update(status=OrderStatus.REISSUE_PENDING),
        lambda order: factories.make_request(order, kind=RequestKind.REISSUE),
        lambda order: Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.ELSEWHERE),
        lambda order: Order.objects.filter(pk=order.pk).update(ends_on=TODAY + timedelta(days=25)),
    ],
    ids=["reissued", "reissuing", "asked for", "renewed", "it ends with its order"],
)
def test_a_call_for_a_reissue_closes_with_the_reissue(change: Callable[[Order], object], partner: Partner) -> None:
    order, other = (make_reissue(make_called(partner, name)) for name in ("Granit Phare SA", "Opale Quartz"))
    calls.open_calls([make_ring(order, share=15), make_ring(other, share=15)], now=TEN)
    call, another = Call.objects.get(customer=order.customer), Call.objects.get(customer=other.customer)
    assert shown(partner) == [call, another]
    assert calls.close_settled(partner, now=TEN) == 0

    change(order)

    assert shown(partner) == [another]
    assert calls.close_settled(partner, now=TEN) == 1
    call.refresh_from_db()
    assert call.state == Call.State.CLOSED


def test_a_reissue_counts_by_its_own_end_and_is_worth_nothing(partner: Partner) -> None:
    customer = make_called(partner)
    reissue, renewal = make_reissue(customer, ends_in=9), make_due(customer)
    make_price(partner, "300.00")
    value_orders(partner, now=TEN)
    calls.open_calls([make_ring(reissue, share=15), make_ring(renewal)], now=TEN)

    found = read(Call.objects.with_outlook(TODAY), "orders_count", "next_end", "worth")

    assert found == [(2, TODAY + 9 * DAY, Decimal("300.00"))]


def test_a_call_about_the_order_itself_is_not_narrowed_to_its_certificate(partner: Partner) -> None:
    order = make_reissue(make_called(partner))
    make_call(order, cause=Call.Cause.STAFF)

    calls.open_calls([make_ring(order, share=15)], now=TEN)
    reissued(order)

    assert CallItem.objects.get().reissue_by is None
    assert len(shown(partner)) == 1


def test_what_asks_for_more_than_a_reissue_widens_the_call(partner: Partner, claire: Membership) -> None:
    order = make_reissue(make_called(partner))
    calls.open_calls([make_ring(order, share=15)], now=TEN)
    assert CallItem.objects.get().reissue_by == order.certificate_ends_at

    calls.open_by_staff(order.customer, actor=claire.user, now=TEN, orders=[order])

    assert CallItem.objects.get().reissue_by is None


def test_a_later_step_speaks_of_the_certificate_that_stands_now(partner: Partner) -> None:
    order = make_reissue(make_called(partner), ends_in=20)
    calls.open_calls([make_ring(order, share=15)], now=TEN)
    Order.objects.filter(pk=order.pk).update(
        certificate_ends_on=TODAY + 21 * DAY, certificate_ends_at=factories.midnight(TODAY + 22 * DAY)
    )
    order.refresh_from_db()
    assert shown(partner) == []

    calls.open_calls([make_ring(order, share=5)], now=TEN)

    assert CallItem.objects.get().reissue_by == order.certificate_ends_at
    assert len(shown(partner)) == 1


# Orders that renew themselves


def test_nobody_is_rung_about_an_order_that_was_set_to_renew_itself(
    call: Call, order: Order, partner: Partner, claire: Membership
) -> None:
    Order.objects.filter(pk=order.pk).update(ends_on=TODAY + 40 * DAY)
    assert shown(partner) == [call]

    Order.objects.filter(pk=order.pk).update(auto_renew=True, auto_renew_by=claire)

    assert shown(partner) == []
    assert calls.close_settled(partner, now=TEN) == 1


@pytest.mark.parametrize(
    "hindrance",
    [
        {"remarks": [Remark.AUTO_RENEW_REFUSED]},
        {"auto_renew_by": None},
        {"ends_on": TODAY + 29 * DAY},
        {"auto_renew": False},
    ],
    ids=["refused", "its user has gone", "it should have happened", "off"],
)
def test_somebody_is_rung_about_an_order_that_fails_to_renew_itself(
    hindrance: dict[str, Any], call: Call, order: Order, partner: Partner, claire: Membership
) -> None:
    fields: dict[str, Any] = {"ends_on": TODAY + 40 * DAY, "auto_renew": True, "auto_renew_by": claire}
    Order.objects.filter(pk=order.pk).update(**fields | hindrance)

    assert shown(partner) == [call]
    assert calls.close_settled(partner, now=TEN) == 0


def test_staff_ring_about_an_order_that_renews_itself(order: Order, partner: Partner, claire: Membership) -> None:
    call = make_call(order, cause=Call.Cause.STAFF)
    Order.objects.filter(pk=order.pk).update(ends_on=TODAY + 40 * DAY, auto_renew=True, auto_renew_by=claire)

    assert shown(partner) == [call]


# What came of it


def test_reached_is_done_and_counts_as_the_last_contact(call: Call, order: Order, claire: Membership) -> None:
    attempt = note(call, Outcome.REACHED, claire, note="Will ask the buyer")

    call.refresh_from_db()
    assert (call.state, call.ended_at) == ("done", TEN)
    assert (str(attempt.contact), attempt.phone, attempt.by) == ("Lena Roth", "+33 4 00 27 53 64", claire.user)
    assert Customer.objects.get().last_contacted_at == TEN
    assert Activity.objects.get(verb="call.attempted").facts["outcome"] == "reached"


def test_voicemail_rings_again_on_the_next_working_day(call: Call, claire: Membership) -> None:
    friday = TEN + 5 * DAY
    note(call, Outcome.VOICEMAIL, claire, now=friday)

    call.refresh_from_db()
    assert (call.state, call.due_on) == ("open", (friday + 3 * DAY).date())
    assert Customer.objects.get().last_contacted_at is None


def test_a_promise_brings_the_call_back_on_the_day_after(call: Call, partner: Partner, claire: Membership) -> None:
    attempt = note(call, Outcome.PROMISED, claire, promised_on=TODAY + 3 * DAY)

    assert attempt.promised_on == TODAY + 3 * DAY
    assert [shown(partner, days=days) for days in (0, 3, 4)] == [[], [], [call]]


def test_a_promise_pauses_the_letters_until_its_day_has_passed_or_it_is_taken_back(
    call: Call, order: Order, claire: Membership
) -> None:
    letter = make_notice(order, expires_at=TEN + 9 * DAY)

    def may_go(days: int = 0) -> bool:
        return standing(Notice.objects.filter(pk=letter.pk), TEN + days * DAY).exists()

    assert may_go()
    note(call, Outcome.PROMISED, claire, promised_on=TODAY + 3 * DAY)
    assert [may_go(days) for days in (0, 3, 4)] == [False, False, True]
    undo_attempt(call, actor=claire.user, now=TEN)
    assert may_go()


@pytest.mark.parametrize("days", [-1, 91])
def test_a_promise_out_of_reach_is_refused(days: int, call: Call, claire: Membership) -> None:
    with pytest.raises(PromiseOutOfReach):
        note(call, Outcome.PROMISED, claire, promised_on=TODAY + days * DAY)

    assert not Attempt.objects.exists()


def test_a_no_is_done_and_kept_as_the_customers_answer_where_asked(
    call: Call, order: Order, partner: Partner, claire: Membership
) -> None:
    late = make_due(order.customer, ends_in=3)
    CallItem.objects.create(partner=partner, call=call, order=late)
    make_late(late)

    note(call, Outcome.DECLINED, claire, decline="elsewhere", note="Went to another shop", not_needed=True)

    call.refresh_from_db()
    assert call.state == "done"
    reply = Reply.objects.get()
    assert (reply.order, reply.kind, reply.reason, reply.words) == (
        order,
        "not_needed",
        "elsewhere",
        "Went to another shop",
    )
    assert reply.said_by == "Lena Roth"


def test_a_no_alone_leaves_the_letters_on(call: Call, claire: Membership) -> None:
    note(call, Outcome.DECLINED, claire, decline="price")

    assert not Reply.objects.exists()


def test_a_wrong_number_proposes_the_next_contact_until_it_is_corrected(
    call: Call, order: Order, claire: Membership
) -> None:
    wrong, buyer = order.customer.contacts.get(), make_caller(order.customer, "Elise Roy", role="buyer")

    note(call, Outcome.WRONG_NUMBER, claire)

    call.refresh_from_db()
    assert (call.state, call.due_on, call.contact) == ("open", TODAY, buyer)
    people = calls.with_wrong_numbers_left_out(order.customer.contacts.all())
    assert list(people) == [buyer]
    wrong.phone = "+33 4 00 27 99 99"
    wrong.save()
    assert list(people.order_by("pk")) == [wrong, buyer]


# Taken back


def test_the_last_attempt_is_taken_back_whole(call: Call, order: Order, claire: Membership) -> None:
    before = TEN - 40 * DAY
    Customer.objects.filter(pk=order.customer_id).update(last_contacted_at=before)
    note(call, Outcome.DECLINED, claire, decline="price", not_needed=True)

    undo_attempt(call, actor=claire.user, now=TEN + timedelta(minutes=1))

    call.refresh_from_db()
    assert (call.state, call.ended_at, call.due_on) == ("open", None, TODAY)
    assert Customer.objects.get().last_contacted_at == before
    assert not Reply.objects.standing().exists()
    assert Attempt.objects.get().undone_at
    with pytest.raises(NothingToUndo):
        undo_attempt(call, actor=claire.user, now=TEN)


def test_attempts_are_taken_back_one_after_the_other(call: Call, order: Order, claire: Membership) -> None:
    first_asked = call.contact
    make_caller(order.customer, "Elise Roy")
    note(call, Outcome.VOICEMAIL, claire)
    note(call, Outcome.WRONG_NUMBER, claire, now=TEN + DAY)

    for days, due_on in ((1, TODAY + DAY), (0, TODAY)):
        undo_attempt(call, actor=claire.user, now=TEN + 2 * DAY)
        call.refresh_from_db()
        assert (call.due_on, call.contact) == (due_on, first_asked), days


def test_a_done_call_stays_done_once_another_is_open(call: Call, order: Order, claire: Membership) -> None:
    note(call, Outcome.REACHED, claire)
    calls.open_calls([make_ring(order)], now=TEN)

    with pytest.raises(AnotherCallOpen):
        undo_attempt(call, actor=claire.user, now=TEN)

    assert Attempt.objects.get().undone_at is None


# Two people


def test_nobody_notes_over_what_somebody_else_has_noted(call: Call, claire: Membership, hugo: Membership) -> None:
    said = Said(outcome=Outcome.VOICEMAIL)
    theirs = record_attempt(call, said, seen=0, actor=claire.user, now=TEN)

    with pytest.raises(SomebodyElseCalled) as refused:
        record_attempt(call, said, seen=0, actor=hugo.user, now=TEN)

    assert refused.value.attempt == theirs
    assert Attempt.objects.count() == 1


def test_pressed_twice_is_noted_once(call: Call, claire: Membership) -> None:
    said = Said(outcome=Outcome.REACHED)

    first, second = (record_attempt(call, said, seen=0, actor=claire.user, now=TEN) for _twice in range(2))

    assert first == second


def test_a_call_that_settled_by_itself_takes_no_outcome(call: Call, claire: Membership) -> None:
    Call.objects.filter(pk=call.pk).update(state=Call.State.CLOSED, ended_at=TEN)

    with pytest.raises(CallIsOver):
        note(call, Outcome.REACHED, claire)


# Counted and sorted


def test_the_badge_counts_ones_own_calls_and_follows_what_is_noted(
    call: Call, order: Order, partner: Partner, claire: Membership
) -> None:
    Customer.objects.filter(pk=order.customer_id).update(owner=claire)
    make_call(make_due(make_called(partner, "Opale Quartz")))
    head = factories.make_member(partner, Role.ADMINISTRATOR)

    assert [calls.due_today(member, today=TODAY) for member in (claire, head)] == [1, 2]

    note(call, Outcome.REACHED, claire)
    assert [calls.due_today(member, today=TODAY) for member in (claire, head)] == [0, 1]


def test_what_presses_comes_before_what_is_dear(partner: Partner) -> None:
    make_price(partner, "299.00")
    names = {"dear": 60, "soon": 20, "pressing": 3, "ended": -2}
    made = {name: make_call(make_due(make_called(partner, name), ends_in=days)) for name, days in names.items()}
    more = make_due(made["ended"].customer, ends_in=4)
    CallItem.objects.create(partner=partner, call=made["ended"], order=more)
    for _many in range(3):
        CallItem.objects.create(partner=partner, call=made["dear"], order=make_due(made["dear"].customer, ends_in=61))
    value_orders(partner, now=TEN)

    rows: Any = Call.objects.for_partner(partner).due(TODAY).with_outlook(TODAY)

    assert read(rows.order_by("-weight"), "customer__name", "orders_count", "worth") == [
        ("ended", 2, Decimal("598.00")),
        ("pressing", 1, Decimal("299.00")),
        ("soon", 1, Decimal("299.00")),
        ("dear", 4, Decimal("1196.00")),
    ]


def test_outlook_costs_one_query_however_many_calls(
    partner: Partner, claire: Membership, django_assert_num_queries: object
) -> None:
    for number in range(3):
        note(make_call(make_due(make_called(partner, f"Customer {number}"))), Outcome.VOICEMAIL, claire)

    with django_assert_num_queries(1):  # type: ignore[operator]
        later = Call.objects.for_partner(partner).later(TODAY).with_outlook(TODAY).with_last_attempt()
        rows = read(later, "last_outcome", "last_at")

    assert rows == [("voicemail", TEN)] * 3
