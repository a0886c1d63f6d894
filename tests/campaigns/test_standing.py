"""What was planned still stands, or falls silent at once: each reason on its own, and back again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from campaigns.models import Attempt, Calendar, Call, CallItem, Notice, Step
from campaigns.services.standing import mark_missed, revive, silence, silence_by_reason, standing
from campaigns.states import Channel, NoticeState, Reason
from certificates.models import Contact, Customer, OptOut, Order, Reply
from certificates.remarks import Remark
from certificates.services.preferences import Scope, opt_in, opt_out
from portal.models import Membership, Partner
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.factories import TODAY, make_certificate, make_contact, make_customer, make_member, make_order, make_request

NOW = datetime.combine(TODAY, time(10), UTC)
Change = Callable[[Notice], object]


@pytest.fixture
def calendar(partner: Partner) -> Calendar:
    return make_calendar(partner)


@pytest.fixture
def notice(calendar: Calendar) -> Notice:
    """A letter that is due, and a neighbour that must stay as it is."""
    order = make_order(calendar.partner, ends_on=TODAY + timedelta(days=30))
    step = make_step(calendar, -30)
    make_notice(make_order(calendar.partner, ends_on=TODAY + timedelta(days=30)), step)
    return make_notice(order, step)


@pytest.fixture
def reissue(calendar: Calendar) -> Notice:
    order = make_order(
        calendar.partner, ends_on=TODAY + timedelta(days=180), certificate_ends_on=TODAY + timedelta(days=30)
    )
    return make_notice(order, make_step(calendar, share=15), certificate=make_certificate(order))


def order_with(**fields: Any) -> Change:
    return lambda notice: Order.objects.filter(pk=notice.order_id).update(**fields)


def contact_with(**fields: Any) -> Change:
    return lambda notice: Contact.objects.filter(notices=notice).update(**fields)


def stopped(scope: Scope) -> Change:
    def stop(notice: Notice) -> object:
        assert notice.contact is not None
        return opt_out(notice.contact, scope, now=NOW, order=notice.order if scope == Scope.ORDER else None)

    return stop


def answered(kind: str, **fields: Any) -> Change:
    return lambda notice: Reply.objects.create(
        partner=notice.partner, order=notice.order, kind=kind, said_by="Søren O'Neil", at=NOW, **fields
    )


def after(notice: Notice) -> tuple[str, str]:
    notice.refresh_from_db()
    return notice.state, notice.reason


SILENCED: list[tuple[Reason, Change]] = [
    (Reason.RENEWED, order_with(renewal_mark="in_hand")),
    (Reason.RENEWED, order_with(renewal_mark="elsewhere")),
    (Reason.NOT_LIVE, order_with(status="revoked")),
    (Reason.NOT_LIVE, order_with(status="canceled")),
    (Reason.NOTICES_OFF, order_with(notices_enabled=False)),
    (Reason.CUSTOMER_OFF, lambda notice: Customer.objects.filter(pk=notice.customer_id).update(notices_enabled=False)),
    (Reason.STEP_REMOVED, lambda notice: Step.objects.filter(pk=notice.step_id).update(removed_at=NOW)),
    (Reason.CALENDAR_CHANGED, lambda notice: Calendar.objects.update(is_active=False)),
    (Reason.END_MOVED, order_with(ends_at=NOW + timedelta(days=40))),
    (Reason.NOT_NEEDED, answered("not_needed", reason="site_ended")),
    (Reason.READER_CHANGED, lambda notice: order_with(customer=make_customer(notice.partner))(notice)),
    (Reason.READER_CHANGED, lambda notice: contact_with(customer=make_customer(notice.partner))(notice)),
    (Reason.BAD_ADDRESS, contact_with(email_state="bounced")),
    (Reason.BAD_ADDRESS, contact_with(email_state="complained")),
    (Reason.BAD_ADDRESS, contact_with(email="")),
    (Reason.OPTED_OUT, stopped(Scope.ALL)),
    (Reason.OPTED_OUT, stopped(Scope.ORDER)),
]


@pytest.mark.parametrize(("reason", "change"), SILENCED)
def test_a_notice_falls_silent_when_the_world_moves_on(
    partner: Partner, notice: Notice, reason: Reason, change: Change
) -> None:
    neighbour = Notice.objects.exclude(pk=notice.pk).get()

    change(notice)

    assert notice not in standing(Notice.objects.due(NOW), NOW)
    everybody = reason in (Reason.STEP_REMOVED, Reason.CALENDAR_CHANGED)
    assert (neighbour in standing(Notice.objects.due(NOW), NOW)) is not everybody
    assert silence_by_reason(NOW, partner=partner) == {reason: 2 if everybody else 1}
    silent = NoticeState.SUPPRESSED if reason in (Reason.OPTED_OUT, Reason.BAD_ADDRESS) else NoticeState.SILENT
    assert after(notice) == (silent, reason)
    assert notice.decided_at == NOW
    assert silence(NOW) == 0


@pytest.mark.parametrize("state", [NoticeState.QUEUED, NoticeState.SENT, NoticeState.MISSED])
def test_what_is_in_a_letter_or_over_is_not_rewritten(notice: Notice, state: NoticeState) -> None:
    Notice.objects.filter(pk=notice.pk).update(state=state, reason="grace_over" if state == NoticeState.MISSED else "")
    order_with(renewal_mark="renewed")(notice)

    assert silence(NOW) == 0
    assert after(notice)[0] == state


def test_a_held_notice_falls_silent_too(notice: Notice) -> None:
    Notice.objects.filter(pk=notice.pk).update(state=NoticeState.HELD)
    order_with(renewal_mark="renewed")(notice)

    assert silence(NOW) == 1


@pytest.mark.parametrize("scope", [Scope.OFFERS])
def test_who_stops_offers_still_gets_reminders(notice: Notice, scope: Scope) -> None:
    stopped(scope)(notice)

    assert silence(NOW) == 0


def test_reasons_of_letters_do_not_touch_other_channels(calendar: Calendar) -> None:
    order = make_order(calendar.partner)
    contact = make_contact(order.customer, email_state="bounced")
    make_notice(order, make_step(calendar, -20, Channel.CONSOLE), contact=contact)

    assert silence(NOW) == 0


# Reissues


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        (Reason.END_MOVED, order_with(certificate_ends_at=NOW + timedelta(days=190))),
        (Reason.END_MOVED, lambda notice: notice.order.certificates.update(is_current=False)),
        (Reason.END_MOVED, order_with(ends_on=TODAY + timedelta(days=60))),
        (Reason.REISSUING, order_with(status="reissue_pending")),
        (Reason.REISSUING, lambda notice: make_request(notice.order, kind="reissue")),
        (
            Reason.OPTED_OUT,
            lambda notice: OptOut.objects.create(
                partner=notice.partner,
                contact=notice.contact,
                scope=Scope.CERTIFICATE,
                certificate=notice.certificate,
                at=NOW,
            ),
        ),
    ],
)
def test_a_reissue_falls_silent_on_its_own_grounds(reissue: Notice, reason: Reason, change: Change) -> None:
    assert silence(NOW) == 0

    change(reissue)

    assert silence_by_reason(NOW) == {reason: 1}


def test_a_renewal_is_not_silenced_by_a_reissue(notice: Notice) -> None:
    order_with(status="reissue_pending", certificate_ends_at=NOW)(notice)

    assert silence(NOW) == 0


# An order that renews itself


def test_nobody_rings_for_an_order_that_renews_itself(calendar: Calendar) -> None:
    member = make_member(calendar.partner)
    order = make_order(calendar.partner, auto_renew=True, auto_renew_by=member)
    early, late = (make_step(calendar, days, Channel.TELEPHONE) for days in (-30, -7))
    called, last_call = make_notice(order, early), make_notice(order, late)
    letter = make_notice(order, make_step(calendar, -30))

    assert silence_by_reason(NOW) == {Reason.RENEWS_ITSELF: 1}
    assert [after(one)[0] for one in (called, last_call, letter)] == ["silent", "planned", "planned"]


@pytest.mark.parametrize("hindrance", ["gone", "refused"])
def test_somebody_rings_for_an_order_that_fails_to_renew_itself(calendar: Calendar, hindrance: str) -> None:
    member = make_member(calendar.partner, is_active=hindrance != "gone")
    remarks = [Remark.AUTO_RENEW_REFUSED] if hindrance == "refused" else []
    order = make_order(calendar.partner, auto_renew=True, auto_renew_by=member, remarks=remarks)
    make_notice(order, make_step(calendar, -30, Channel.TELEPHONE))

    assert silence(NOW) == 0


# Account managers


@pytest.mark.parametrize("change", ["left", "another", "locked out"])
def test_who_is_no_longer_in_charge_is_not_written_to(calendar: Calendar, change: str) -> None:
    member = make_member(calendar.partner)
    customer = make_customer(calendar.partner, owner=member)
    make_notice(make_order(calendar.partner, customer=customer), make_step(calendar, -20), member=member)
    assert silence(NOW) == 0

    if change == "left":
        Membership.objects.filter(pk=member.pk).update(is_active=False)
    elif change == "another":
        Customer.objects.update(owner=make_member(calendar.partner))
    else:
        member.user.is_active = False
        member.user.save()

    assert silence_by_reason(NOW) == {Reason.READER_CHANGED: 1}


# Waiting


def promised(notice: Notice, **fields: Any) -> Attempt:
    call = Call.objects.create(
        partner=notice.partner, customer=notice.customer, due_on=TODAY, opened_at=NOW, ended_at=None
    )
    CallItem.objects.create(partner=notice.partner, call=call, order=notice.order)
    caller = make_member(notice.partner).user
    return Attempt.objects.create(
        partner=notice.partner,
        call=call,
        outcome="promised",
        at=NOW,
        by=caller,
        due_before=TODAY,
        **({"promised_on": TODAY} | fields),
    )


@pytest.mark.parametrize(
    ("reason", "change"),
    [(Reason.PUT_OFF, answered("not_now", until=TODAY + timedelta(days=1))), (Reason.PROMISED, promised)],
)
def test_a_notice_waits_while_the_customer_has_asked_for_time(notice: Notice, reason: Reason, change: Change) -> None:
    change(notice)

    assert notice not in standing(Notice.objects.due(NOW), NOW)
    assert silence(NOW) == 0
    assert after(notice) == (NoticeState.PLANNED, "")
    assert notice in standing(Notice.objects.due(NOW), NOW + timedelta(days=1))


@pytest.mark.parametrize("fields", [{"promised_on": TODAY - timedelta(days=1)}, {"undone_at": NOW}])
def test_a_promise_of_yesterday_or_one_taken_back_counts_no_more(notice: Notice, fields: dict[str, Any]) -> None:
    promised(notice, **fields)

    assert notice in standing(Notice.objects.due(NOW), NOW)


def test_what_waited_too_long_says_what_for(notice: Notice) -> None:
    neighbour = Notice.objects.exclude(pk=notice.pk).get()
    held = make_notice(make_order(notice.partner), notice.step, state=NoticeState.HELD)
    sent = make_notice(make_order(notice.partner), notice.step, state=NoticeState.SENT)
    answered("not_now", until=TODAY + timedelta(days=9))(notice)

    assert mark_missed(notice.expires_at - timedelta(seconds=1)) == 0
    assert mark_missed(notice.expires_at) == 3

    assert [after(one) for one in (notice, neighbour, held, sent)] == [
        (NoticeState.MISSED, Reason.PUT_OFF),
        (NoticeState.MISSED, Reason.GRACE_OVER),
        (NoticeState.MISSED, Reason.REFUSED_BY_US),
        (NoticeState.SENT, ""),
    ]


# Back again


@pytest.mark.parametrize(
    ("change", "undo"),
    [
        (order_with(renewal_mark="in_hand"), order_with(renewal_mark="none")),
        (order_with(notices_enabled=False), order_with(notices_enabled=True)),
        (contact_with(email_state="bounced"), contact_with(email_state="ok")),
        (stopped(Scope.ALL), lambda notice: opt_in(notice.contact, Scope.ALL, now=NOW)),
    ],
)
def test_a_notice_comes_back_while_its_time_lasts(notice: Notice, change: Change, undo: Change) -> None:
    change(notice)
    silence(NOW)
    assert revive(NOW) == 0

    undo(notice)

    assert revive(notice.expires_at) == 0
    assert revive(NOW) == 1
    assert after(notice) == (NoticeState.PLANNED, "")
    assert notice.decided_at is None
    assert revive(NOW) == 0


@pytest.mark.parametrize("state", [NoticeState.SENT, NoticeState.QUEUED])
@pytest.mark.parametrize("place", [{"days": -30}, {"share": 15}, {"days": -30, "channel": Channel.TELEPHONE}])
def test_what_another_calendar_has_said_meanwhile_does_not_come_back(
    partner: Partner, calendar: Calendar, place: dict[str, Any], state: NoticeState
) -> None:
    ends = {"ends_on": TODAY + timedelta(days=180), "certificate_ends_on": TODAY + timedelta(days=30)}
    order = make_order(partner, **ends if "share" in place else {"ends_on": TODAY + timedelta(days=30)})
    contact = None if "channel" in place else make_contact(order.customer)
    certificate = make_certificate(order) if "share" in place else None
    first = make_notice(order, make_step(calendar, **place), contact, certificate=certificate)
    Calendar.objects.update(is_active=False)
    silence(NOW, partner=partner)
    other = make_calendar(partner, "Meanwhile")
    said = make_notice(order, make_step(other, **place), contact, certificate=certificate, state=state)
    Calendar.objects.filter(pk=other.pk).update(position=9)
    Calendar.objects.filter(pk=calendar.pk).update(is_active=True)

    assert revive(NOW, partner=partner) == 0
    assert revive(NOW) == 0

    Notice.objects.filter(pk=said.pk).update(state=NoticeState.MISSED, reason=Reason.GRACE_OVER)
    assert revive(NOW, partner=partner) == 1
    assert after(first) == (NoticeState.PLANNED, "")


@pytest.mark.parametrize("difference", ["reader", "day", "channel", "end", "order"])
def test_what_another_calendar_has_said_to_others_or_of_something_else_keeps_nothing_back(
    partner: Partner, calendar: Calendar, difference: str
) -> None:
    order = make_order(partner, ends_on=TODAY + timedelta(days=30))
    contact, other = make_contact(order.customer), make_calendar(partner, "Meanwhile", position=9)
    notice = make_notice(order, make_step(calendar, -30), contact, state="silent", reason=Reason.CALENDAR_CHANGED)
    others: dict[str, dict[str, Any]] = {"day": {"days": -29}, "channel": {"days": -30, "channel": Channel.CONSOLE}}
    fields: dict[str, Any] = {"contact": contact, "state": "sent"}
    if difference == "end":
        fields["ends_at"] = NOW
    if difference in ("channel", "reader"):
        fields["contact"] = make_contact(order.customer) if difference == "reader" else None
    about = make_order(partner, customer=order.customer) if difference == "order" else order
    make_notice(about, make_step(other, **others.get(difference, {"days": -30})), **fields)

    assert revive(NOW, partner=partner) == 1
    assert after(notice) == (NoticeState.PLANNED, "")


def test_what_is_only_shown_comes_back_with_its_calendar(partner: Partner, calendar: Calendar) -> None:
    order, other = make_order(partner, ends_on=TODAY + timedelta(days=30)), make_calendar(partner, "Other", position=9)
    banner = make_step(calendar, -30, Channel.BANNER)
    notice = make_notice(order, banner, state="silent", reason=Reason.CALENDAR_CHANGED)
    make_notice(order, make_step(other, -30, Channel.BANNER), state="sent")

    assert revive(NOW, partner=partner) == 1
    assert after(notice) == (NoticeState.PLANNED, "")


def test_what_an_administrator_stopped_does_not_come_back(notice: Notice) -> None:
    Notice.objects.filter(pk=notice.pk).update(state=NoticeState.SUPPRESSED, reason=Reason.REFUSED_BY_US)

    assert revive(NOW) == 0


def test_many_are_silenced_in_pieces(notice: Notice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.services.standing.BATCH", 1)
    Order.objects.update(renewal_mark="renewed")

    assert silence_by_reason(NOW) == {Reason.RENEWED: 2}
    Order.objects.update(renewal_mark="none")
    assert revive(NOW) == 2
