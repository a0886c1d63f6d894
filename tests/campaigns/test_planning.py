"""Planning: the right notices, once each, whatever is asked how often and whatever changes meanwhile."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from campaigns.models import Calendar, Notice, Step
from campaigns.services.planning import Planned, plan_touchpoints
from campaigns.states import Channel, NoticeState, Reason
from certificates.models import Order
from certificates.services.preferences import Scope, opt_out
from portal.access import across_partners
from portal.models import Partner
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.factories import (
    TODAY,
    make_certificate,
    make_contact,
    make_customer,
    make_member,
    make_order,
    make_partner,
    make_user,
)

NOW = datetime.combine(TODAY, time(6), UTC)  # a Sunday


@pytest.fixture
def calendar(partner: Partner) -> Calendar:
    return make_calendar(partner)


def plan(partner: Partner, *, now: datetime = NOW, **wanted: Any) -> Planned:
    return plan_touchpoints(now=now, partner=partner, **wanted)


def order_with_contact(partner: Partner, *, days: int = 30, **fields: Any) -> Order:
    """An order that ends in so many days, with a contact in Paris."""
    customer = fields.pop("customer", None) or make_customer(partner)
    contact = fields.pop("contact", None) or make_contact(customer, time_zone="Europe/Paris")
    return make_order(partner, customer=customer, contact=contact, ends_on=TODAY + timedelta(days=days), **fields)


def of(order: Order) -> list[Notice]:
    return list(Notice.objects.filter(order=order).order_by("due_at", "pk"))


def move(order: Any, days: int, what: str = "") -> None:
    """The order's end, or its certificate's, comes so many days later."""
    for name in (f"{what}ends_at", f"{what}ends_on"):
        setattr(order, name, getattr(order, name) + timedelta(days=days))
    order.save()


def states(order: Order) -> list[tuple[str, str]]:
    return [(notice.state, notice.reason) for notice in of(order)]


# What is planned


def test_a_step_becomes_one_notice_at_nine_by_the_clock_of_its_reader(partner: Partner, calendar: Calendar) -> None:
    step, order = make_step(calendar, -30), order_with_contact(partner, days=32)

    assert plan(partner) == Planned(planned=1)

    (notice,) = of(order)
    assert (notice.step, notice.contact, notice.customer) == (step, order.contact, order.customer)
    assert (notice.channel, notice.state, notice.reason) == (Channel.EMAIL, NoticeState.PLANNED, "")
    assert (notice.ends_at, notice.day) == (order.ends_at, TODAY + timedelta(days=2))
    assert notice.due_at == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert notice.expires_at == datetime(2026, 11, 29, 8, tzinfo=UTC)
    assert notice.planned_at == NOW
    assert notice.certificate is None


def test_planning_again_changes_nothing(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    order = order_with_contact(partner)
    plan(partner)
    before = of(order)

    assert plan(partner) == Planned()
    assert plan(partner, thorough=True) == Planned()
    assert plan(partner, now=NOW + timedelta(hours=1)) == Planned()
    assert plan(partner, now=NOW - timedelta(hours=1)) == Planned()  # the server's clock was set back
    assert of(order) == before


def test_steps_within_a_week_and_within_their_grace_are_planned(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    planned = {days: order_with_contact(partner, days=days) for days in (24, 25, 26, 30, 36, 37, 38)}

    plan(partner)

    # Its grace ends today at nine in Paris; on the other side a week has passed at six, UTC.
    assert {days for days, order in planned.items() if of(order)} == {25, 26, 30, 36}


def test_what_came_to_us_after_a_step_is_not_reminded_of_it(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    plan(partner)
    order = order_with_contact(partner, days=20)

    assert plan(partner) == Planned()
    assert of(order) == []


def test_an_order_without_a_touchpoint_gets_none(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    silent = make_customer(partner, "Silent SA", notices_enabled=False)
    others = [
        order_with_contact(partner, renewal_mark="renewed"),
        order_with_contact(partner, renewal_mark="in_hand"),
        order_with_contact(partner, renewal_mark="elsewhere"),
        order_with_contact(partner, status="revoked"),
        order_with_contact(partner, status="canceled"),
        order_with_contact(partner, notices_enabled=False),
        order_with_contact(partner, customer=silent),
        order_with_contact(partner, starts_at=NOW - timedelta(hours=1)),
    ]

    assert plan(partner) == Planned()
    assert [of(order) for order in others] == [[]] * 8


def test_another_partner_is_left_alone(partner: Partner, calendar: Calendar) -> None:
    other = make_partner("Another")
    make_step(calendar, -30)
    make_step(make_calendar(other), -30)
    order, foreign = order_with_contact(partner), order_with_contact(other)

    assert plan(partner) == Planned(planned=1)
    assert len(of(order)) == 1
    with across_partners():
        assert of(foreign) == []
        assert plan_touchpoints(now=NOW).planned == 1
        assert [notice.partner for notice in of(foreign)] == [other]


def test_a_suspended_partner_is_not_planned_for(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    order = order_with_contact(partner)
    Partner.objects.filter(pk=partner.pk).update(is_active=False)

    assert plan_touchpoints(now=NOW) == Planned()
    partner.refresh_from_db()
    assert plan(partner) == Planned()
    assert of(order) == []


def test_a_dry_run_keeps_nothing(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    order = order_with_contact(partner)

    assert plan(partner, dry_run=True) == Planned(planned=1)
    assert of(order) == []
    calendar.refresh_from_db()
    assert calendar.planned_until is None


def test_a_removed_step_and_a_calendar_switched_off_plan_nothing(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30, removed_at=NOW)
    make_step(make_calendar(partner, "Off", is_active=False), -30)
    order = order_with_contact(partner)

    assert plan(partner) == Planned()
    assert of(order) == []


def test_a_partner_without_a_calendar_gets_the_house_s_own(partner: Partner) -> None:
    order = order_with_contact(partner, days=30)

    plan(partner)

    assert {(notice.channel, notice.step.days) for notice in of(order)} == {
        ("email", -30),
        ("banner", -30),
        ("telephone", -30),
    }


def test_only_letters_have_a_reader(partner: Partner, calendar: Calendar) -> None:
    for channel in (Channel.CONSOLE, Channel.BANNER, Channel.TELEPHONE):
        make_step(calendar, -30, channel)
    order = order_with_contact(partner)

    plan(partner)

    assert [(notice.contact, notice.member) for notice in of(order)] == [(None, None)] * 3
    assert {notice.due_at for notice in of(order)} == {datetime(2026, 11, 22, 8, tzinfo=UTC)}


def test_the_step_since_when_it_plans_leaves_alone_what_was_due_before(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30, since=NOW)
    yesterday, today = order_with_contact(partner, days=29), order_with_contact(partner, days=30)

    plan(partner)

    assert (len(of(yesterday)), len(of(today))) == (0, 1)


# Whom it reaches


@pytest.fixture
def people(partner: Partner) -> dict[str, Any]:
    """A customer with one contact of each role, in the care of an account manager."""
    owner = make_member(partner)
    customer = make_customer(partner, owner=owner)
    roles = ("technical", "buyer", "manager", "organization")
    return {"customer": customer, "owner": owner, **{role: make_contact(customer, role=role) for role in roles}}


def readers(order: Order) -> set[Any]:
    return {notice.contact or notice.member for notice in of(order) if notice.state == NoticeState.PLANNED}


@pytest.mark.parametrize(
    ("recipients", "reached"),
    [
        (["technical"], ["technical"]),
        (["technical", "buyer"], ["technical", "buyer"]),
        (["buyer", "manager"], ["buyer", "manager"]),
        (["technical", "buyer", "owner", "manager"], ["technical", "buyer", "owner", "manager"]),
        (["owner"], ["owner"]),
        ([], ["technical"]),
    ],
)
def test_a_stage_reaches_those_whom_it_names(
    calendar: Calendar, people: dict[str, Any], recipients: list[str], reached: list[str]
) -> None:
    make_step(calendar, -30, recipients=recipients)
    order = make_order(calendar.partner, customer=people["customer"], ends_on=TODAY + timedelta(days=30))

    plan(calendar.partner)

    assert readers(order) == {people[one] for one in reached}


def test_the_order_s_own_contact_stands_for_the_technical_ones(calendar: Calendar, people: dict[str, Any]) -> None:
    make_step(calendar, -30, recipients=["technical"])
    order = order_with_contact(calendar.partner, customer=people["customer"], contact=people["organization"])

    plan(calendar.partner)

    assert readers(order) == {people["organization"]}


def test_where_the_own_contact_cannot_be_reached_the_role_is_asked(calendar: Calendar, people: dict[str, Any]) -> None:
    make_step(calendar, -30, recipients=["technical"])
    gone = make_contact(people["customer"], role="organization", email_state="bounced")
    order = order_with_contact(calendar.partner, customer=people["customer"], contact=gone)

    plan(calendar.partner)

    assert readers(order) == {people["technical"]}


@pytest.mark.parametrize("recipients", [["manager"], ["manager", "owner"]])
def test_where_nobody_of_the_stage_can_be_reached_anybody_is(
    calendar: Calendar, people: dict[str, Any], recipients: list[str]
) -> None:
    make_step(calendar, -30, recipients=recipients)
    customer = make_customer(calendar.partner, "Moulin SA")
    make_contact(customer, email="")
    make_contact(customer, email_state="complained")
    buyer = make_contact(customer, role="buyer")
    order = make_order(calendar.partner, customer=customer, ends_on=TODAY + timedelta(days=30))

    plan(calendar.partner)

    assert readers(order) == {buyer}


def test_where_nobody_can_be_reached_the_outbox_says_so(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    order = make_order(partner, ends_on=TODAY + timedelta(days=30))

    assert plan(partner) == Planned(unreadable=1)
    assert plan(partner) == Planned()
    assert states(order) == [(NoticeState.SUPPRESSED, Reason.NOBODY)]

    contact = make_contact(order.customer)

    assert plan(partner) == Planned(planned=1)
    assert readers(order) == {contact}


def test_whoever_is_switched_off_after_planning_gives_way_to_another(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    order = order_with_contact(partner, days=32)
    other = make_contact(order.customer)
    plan(partner)
    assert order.contact is not None
    order.contact.email_state = "bounced"
    order.contact.save()

    assert plan(partner).planned == 1

    assert readers(order) == {other}


def test_whoever_was_reached_is_the_only_one(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    order = make_order(partner, ends_on=TODAY + timedelta(days=30))
    make_contact(order.customer)
    plan(partner)
    Notice.objects.update(state=NoticeState.SENT)
    make_contact(order.customer)

    assert plan(partner) == Planned()


def replaced(step: Step, **fields: Any) -> Step:
    """The step is removed, and another one stands in its place, as when a change is undone."""
    Step.objects.filter(pk=step.pk).update(removed_at=NOW)
    place = {"days": step.days, "share": step.share, "channel": step.channel, "recipients": step.recipients}
    return make_step(step.calendar, **place | fields)


@pytest.mark.parametrize("state", [NoticeState.SENT, NoticeState.QUEUED])
@pytest.mark.parametrize("place", [{"days": -30}, {"share": 33}, {"days": -30, "channel": Channel.TELEPHONE}])
def test_what_was_said_before_its_time_is_not_said_again_by_a_step_that_stands_in_its_place(
    partner: Partner, calendar: Calendar, place: dict[str, Any], state: NoticeState
) -> None:
    step = make_step(calendar, **place)
    order = reissue_order(partner, life=199, days=68) if "share" in place else order_with_contact(partner, days=32)
    plan(partner)
    Notice.objects.update(state=state, detail="hurried")
    replaced(step)

    assert plan(partner, thorough=True) == Planned()
    assert [notice.step for notice in of(order)] == [step]


def test_a_step_made_anew_for_more_readers_reaches_those_whom_it_has_not_reached(
    calendar: Calendar, people: dict[str, Any]
) -> None:
    step = make_step(calendar, -30, recipients=["technical", "owner"])
    order = make_order(calendar.partner, customer=people["customer"], ends_on=TODAY + timedelta(days=32))
    plan(calendar.partner)
    Notice.objects.update(state=NoticeState.SENT)
    replaced(step, recipients=["technical", "owner", "buyer"])

    assert plan(calendar.partner) == Planned(planned=1)
    assert readers(order) == {people["buyer"]}


def test_another_day_another_end_and_what_only_stood_in_the_console_are_said_anew(
    partner: Partner, calendar: Calendar
) -> None:
    letter, banner = make_step(calendar, -30), make_step(calendar, -30, Channel.BANNER)
    order = order_with_contact(partner, days=32)
    plan(partner)
    Notice.objects.update(state=NoticeState.SENT)
    for step, fields in ((letter, {"days": -29}), (banner, {})):
        replaced(step, **fields)

    assert plan(partner) == Planned(planned=2)

    Notice.objects.update(state=NoticeState.SENT)
    move(order, 3)
    assert plan(partner, thorough=True) == Planned(planned=2)


def test_a_calendar_that_takes_over_does_not_say_again_what_the_other_has_said(
    partner: Partner, calendar: Calendar
) -> None:
    make_step(calendar, -30)
    order = order_with_contact(partner)  # its step stands on a Sunday
    plan(partner)
    Notice.objects.update(state=NoticeState.SENT)
    Calendar.objects.update(position=9)
    make_step(make_calendar(partner, "Weekdays", working_days=[1, 2, 3, 4, 5]), -30)

    assert plan(partner) == Planned()
    assert len(of(order)) == 1


def test_a_new_reader_takes_the_place_of_the_one_planned(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30, recipients=["buyer"])
    order = make_order(partner, ends_on=TODAY + timedelta(days=32))
    technical = make_contact(order.customer)
    plan(partner)
    assert readers(order) == {technical}
    buyer = make_contact(order.customer, role="buyer")

    assert plan(partner, thorough=True) == Planned(planned=1, silenced=1)
    assert readers(order) == {buyer}
    assert plan(partner, thorough=True) == Planned()

    buyer.role = "manager"
    buyer.save()

    assert plan(partner, thorough=True) == Planned(revived=1, silenced=1)
    assert readers(order) == {technical}


@pytest.mark.parametrize("state", [NoticeState.SENT, NoticeState.QUEUED])
def test_who_is_the_reader_again_does_not_hear_what_another_was_told_meanwhile(
    partner: Partner, calendar: Calendar, state: NoticeState
) -> None:
    make_step(calendar, -30, recipients=["buyer"])
    order = make_order(partner, ends_on=TODAY + timedelta(days=32))
    make_contact(order.customer)
    plan(partner)
    buyer = make_contact(order.customer, role="buyer")
    plan(partner, thorough=True)
    Notice.objects.filter(contact=buyer).update(state=state)
    buyer.role = "manager"
    buyer.save()

    assert plan(partner, thorough=True) == Planned()
    assert readers(order) == set()


def test_who_is_the_reader_again_does_not_hear_the_same_from_a_step_in_the_same_place(
    partner: Partner, calendar: Calendar
) -> None:
    make_step(calendar, -30, recipients=["buyer"])
    order = make_order(partner, ends_on=TODAY + timedelta(days=32))
    technical = make_contact(order.customer)
    plan(partner)
    buyer = make_contact(order.customer, role="buyer")
    plan(partner, thorough=True)
    removed = make_step(calendar, -30, recipients=["technical"], removed_at=NOW)
    make_notice(order, removed, technical, state=NoticeState.SENT)
    buyer.role = "manager"
    buyer.save()

    assert plan(partner, thorough=True) == Planned(silenced=1)
    assert readers(order) == set()


@pytest.mark.parametrize("recipients", [["technical"], ["owner"]])
def test_nobody_else_is_asked_while_the_reader_s_own_hour_lies_beyond_the_week(
    partner: Partner, calendar: Calendar, recipients: list[str]
) -> None:
    make_step(calendar, -30, recipients=recipients)
    owner = make_member(partner, user=make_user(time_zone="Europe/London"))
    customer = make_customer(partner, owner=owner)
    make_contact(customer, role="buyer", time_zone="Europe/Paris")
    technical = make_contact(customer, time_zone="Europe/London")
    order = make_order(partner, customer=customer, ends_on=TODAY + timedelta(days=37))
    between = NOW + timedelta(hours=2, minutes=30)  # in a week it is past nine in Paris, and not in London

    assert plan(partner, now=between) == Planned()

    assert plan(partner, now=between + timedelta(hours=1)) == Planned(planned=1)
    assert readers(order) == {owner if recipients == ["owner"] else technical}


def test_nobody_else_is_asked_when_the_time_of_who_wants_no_letters_has_passed(
    partner: Partner, calendar: Calendar
) -> None:
    make_step(calendar, -30)
    order = make_order(partner, ends_on=TODAY + timedelta(days=30))
    make_contact(order.customer, role="buyer", time_zone="Europe/Paris")
    technical = make_contact(order.customer, time_zone="Australia/Sydney")
    opt_out(technical, Scope.ALL, now=NOW)
    plan(partner)
    assert states(order) == [(NoticeState.SUPPRESSED, Reason.OPTED_OUT)]

    assert plan(partner, now=NOW + timedelta(days=5), thorough=True) == Planned()
    assert readers(order) == set()


# Reissues


def reissue_order(partner: Partner, *, life: int, days: int, **fields: Any) -> Order:
    """An order with half a year to go, whose certificate of that life ends in so many days."""
    ends_on = TODAY + timedelta(days=days)
    ends_at = datetime.combine(ends_on + timedelta(days=1), time(0), UTC)
    order = order_with_contact(
        partner,
        days=180,
        certificate_ends_on=ends_on,
        certificate_starts_at=ends_at - timedelta(days=life),
        **fields,
    )
    make_certificate(order)
    return order


@pytest.mark.parametrize(
    ("life", "share", "days"),
    [(199, 33, 66), (199, 15, 30), (199, 5, 10), (99, 33, 33), (99, 5, 5), (46, 33, 16), (46, 15, 7), (46, 5, 3)],
)
def test_a_reissue_is_asked_for_at_a_share_of_the_life(
    partner: Partner, calendar: Calendar, life: int, share: int, days: int
) -> None:
    make_step(calendar, share=share)
    before, order, after = (reissue_order(partner, life=life, days=days + ahead) for ahead in (-6, 2, 9))

    plan(partner)

    (notice,) = of(order)
    assert notice.day == TODAY + timedelta(days=2)
    assert (notice.ends_at, notice.certificate) == (order.certificate_ends_at, order.certificates.get())
    assert (of(before), of(after)) == ([], [])


def test_no_reissue_is_asked_for_outside_a_life_or_where_the_renewal_brings_one(
    partner: Partner, calendar: Calendar
) -> None:
    make_step(calendar, share=33)
    make_step(calendar, share=90)
    too_short = reissue_order(partner, life=3, days=1)
    pending = reissue_order(partner, life=199, days=66, status="reissue_pending")
    ends_with_its_order = order_with_contact(
        partner,
        days=96,
        certificate_ends_on=TODAY + timedelta(days=66),
        certificate_starts_at=NOW - timedelta(days=133),
    )
    a_day_longer = order_with_contact(
        partner,
        days=97,
        certificate_ends_on=TODAY + timedelta(days=66),
        certificate_starts_at=NOW - timedelta(days=133),
    )

    plan(partner)

    assert [len(of(order)) for order in (too_short, pending, ends_with_its_order, a_day_longer)] == [0, 0, 0, 1]


# The world moves on


def test_an_end_that_moves_takes_its_notices_along(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    order = order_with_contact(partner, days=32)
    plan(partner)
    move(order, 3)

    assert plan(partner) == Planned(planned=1, moved=1)
    assert states(order) == [(NoticeState.SILENT, Reason.END_MOVED), (NoticeState.PLANNED, "")]

    move(order, -3)

    assert plan(partner) == Planned(revived=1, moved=1)
    assert states(order) == [(NoticeState.PLANNED, ""), (NoticeState.SILENT, Reason.END_MOVED)]


def test_a_reissued_certificate_ends_the_talk_of_its_predecessor(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, share=15)
    order = reissue_order(partner, life=199, days=30)
    plan(partner)
    move(order, 150, "certificate_")

    assert plan(partner) == Planned(moved=1)
    assert states(order) == [(NoticeState.SILENT, Reason.END_MOVED)]


def test_the_hour_follows_the_calendar_and_the_zone_of_the_reader(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    order = order_with_contact(partner, days=32)
    plan(partner)
    assert order.contact is not None
    order.contact.time_zone = "Asia/Tokyo"
    order.contact.save()

    assert plan(partner, thorough=True) == Planned(retimed=1)
    assert [notice.due_at for notice in of(order)] == [datetime(2026, 11, 24, 0, tzinfo=UTC)]

    Calendar.objects.update(sends_at=time(10, 30), changed_at=NOW)

    assert plan(partner) == Planned(retimed=1)
    assert [notice.due_at for notice in of(order)] == [datetime(2026, 11, 24, 1, 30, tzinfo=UTC)]


def test_the_first_calendar_that_fits_applies(partner: Partner, calendar: Calendar) -> None:
    Calendar.objects.update(position=9)
    swiss = make_calendar(partner, "Switzerland", countries=["CH"])
    general, special = make_step(calendar, -30), make_step(swiss, -30)
    at_home = order_with_contact(partner)
    abroad = order_with_contact(partner, customer=make_customer(partner, country="CH"))

    assert plan(partner) == Planned(planned=2)
    assert [[notice.step for notice in of(order)] for order in (at_home, abroad)] == [[general], [special]]

    Calendar.objects.filter(pk=swiss.pk).update(is_active=False)

    assert plan(partner) == Planned(planned=1, silenced=1)
    assert states(abroad) == [(NoticeState.SILENT, Reason.CALENDAR_CHANGED), (NoticeState.PLANNED, "")]


@pytest.mark.parametrize(
    "segment", [{"families": ["Secure Site"]}, {"levels": ["ov"]}, {"customers": ["id"]}, {"owners": ["owner"]}]
)
def test_a_calendar_holds_its_segment(partner: Partner, calendar: Calendar, segment: dict[str, list[Any]]) -> None:
    owner = make_member(partner)
    customer = make_customer(partner, owner=owner)
    keys = {"id": customer.pk, "owner": owner.pk}
    Calendar.objects.update(position=9)
    special = make_calendar(
        partner, "Special", **{name: [keys.get(one, one) for one in segment[name]] for name in segment}
    )
    general_step, special_step = make_step(calendar, -30), make_step(special, -30)
    inside = order_with_contact(partner, customer=customer)
    outside = order_with_contact(partner, product=None)

    plan(partner)

    assert [[notice.step for notice in of(order)] for order in (inside, outside)] == [[special_step], [general_step]]
    assert plan(partner) == Planned()


# Standstills


def test_after_a_standstill_what_is_past_its_grace_is_missed_and_the_rest_is_planned(
    partner: Partner, calendar: Calendar
) -> None:
    make_step(calendar, -30)
    plan(partner, now=NOW - timedelta(days=20))
    # Due on the day before planning stopped, on the day after it, and yesterday
    known, lost, late = (order_with_contact(partner, days=days) for days in (16, 18, 29))

    assert plan(partner) == Planned(planned=1, missed=1)

    assert [states(order) for order in (known, lost, late)] == [
        [],
        [(NoticeState.MISSED, Reason.GRACE_OVER)],
        [(NoticeState.PLANNED, "")],
    ]
    assert [notice.decided_at for notice in of(lost)] == [NOW]
    assert plan(partner) == Planned()


def test_a_long_closure_stops_no_planning_and_loses_no_step(partner: Partner) -> None:
    closed = [(date(2027, 8, 2) + timedelta(days=ahead)).isoformat() for ahead in range(19)]
    calendar = make_calendar(partner, working_days=[1, 2, 3, 4, 5], days_off=closed, countries=["FR"])
    for days in (-30, -7, 7):
        make_step(calendar, days)
    make_step(make_calendar(partner, "Never closed", position=9), -30)
    wanted = {
        ("FR", date(2027, 9, 8)): date(2027, 8, 23),  # 30 days before, on the 9th of August
        ("FR", date(2027, 8, 19)): date(2027, 8, 12),  # 7 days before; on the 23rd it would come after the end
        ("FR", date(2027, 8, 3)): date(2027, 8, 23),  # 7 days after, on the 10th
        ("CH", date(2027, 9, 12)): date(2027, 8, 13),
    }
    orders = [
        order_with_contact(partner, customer=make_customer(partner, country=country), days=(ends_on - TODAY).days)
        for country, ends_on in wanted
    ]

    done = [plan(partner, now=datetime(2027, 8, day, 6, tzinfo=UTC)) for day in (2, 6, 10, 17)]

    assert done == [Planned(), Planned(planned=1), Planned(planned=1), Planned(planned=2)]
    assert [[one.due_at.date() for one in of(order)] for order in orders] == [[due] for due in wanted.values()]


def test_a_notice_that_nobody_sent_in_time_is_missed(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    order = order_with_contact(partner)
    plan(partner)

    assert plan(partner, now=NOW + timedelta(days=5, hours=1)) == Planned(planned=0) + Planned()

    assert plan(partner, now=NOW + timedelta(days=5, hours=2)) == Planned(late=1)
    assert states(order) == [(NoticeState.MISSED, Reason.GRACE_OVER)]


def test_a_partner_whose_plan_fails_does_not_keep_the_others_waiting(partner: Partner, calendar: Calendar) -> None:
    make_step(calendar, -30)
    order = order_with_contact(partner)
    poisoned = make_calendar(make_partner("Another"), days_off=["no day"])
    make_step(poisoned, -30)

    with across_partners():
        assert plan_touchpoints(now=NOW) == Planned(planned=1, failed=1)

    assert len(of(order)) == 1
