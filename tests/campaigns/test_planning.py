"""Planning: the right notices, once each, whatever is asked how often and whatever changes meanwhile."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from campaigns.models import Calendar, Notice, Step
from campaigns.services.planning import Planned, hours_of, plan_touchpoints, when_of
from campaigns.services.standing import standing
from campaigns.states import Channel, NoticeState, Reason
from certificates.models import Order
from portal.access import across_partners
from portal.models import Partner
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.factories import TODAY, make_certificate, make_contact, make_customer, make_member, make_order, make_partner

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
