"""The planner itself under a moving clock, on the database: whatever happens, each step speaks at most once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import Notice, Step
from campaigns.rules import timing
from campaigns.rules.reaching import comes_today, next_moment
from campaigns.services.planning import Planned, hours_of, plan_touchpoints, when_of
from campaigns.services.standing import standing
from campaigns.states import NoticeState, Reason
from certificates.models import Order
from portal.models import Partner
from tests.campaigns.factories import EVERY_DAY, make_calendar, make_step
from tests.factories import make_certificate, make_contact, make_customer, make_order

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
few = settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
zones = st.sampled_from(["Europe/Paris", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe", "UTC"])
# Around the changes of the clock, and a leap day
last_days = st.sampled_from(["2026-03-31", "2026-10-27", "2026-11-03", "2028-03-01", "2026-04-07", "2027-01-02"])
working = st.sampled_from([EVERY_DAY, [1, 2, 3, 4, 5], [3]])
strides = st.sampled_from([HOUR, 6 * HOUR, DAY, DAY, 3 * DAY, 8 * DAY, -HOUR])


@contextmanager
def undone() -> Iterator[None]:
    """What an example writes is gone before the next one."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "zone": draw(zones),
        "ends_on": datetime.fromisoformat(draw(last_days)).date(),
        "days": draw(st.lists(st.integers(-12, 8), min_size=1, max_size=4, unique=True)),
        "shares": draw(st.lists(st.integers(2, 8), max_size=2, unique=True)),
        "hours": {
            "sends_at": draw(st.sampled_from([time(9), time(2, 30), time(22)])),
            "working_days": draw(working),
            "grace_days": draw(st.integers(1, 6)),
        },
        "strides": draw(st.lists(strides, min_size=3, max_size=7)),
    }


def make_world(partner: Partner, world: dict[str, Any]) -> Order:
    """An order with the certificate under it, which ends two months before, and a calendar for both."""
    calendar = make_calendar(partner, **world["hours"])
    for days in world["days"]:
        make_step(calendar, days)
    for share in world["shares"]:
        make_step(calendar, share=share)
    customer = make_customer(partner)
    contact = make_contact(customer, time_zone=world["zone"])
    order = make_order(partner, customer=customer, contact=contact, ends_on=world["ends_on"])
    make_certificate(order)
    Order.objects.filter(pk=order.pk).update(
        certificate_ends_on=world["ends_on"] - 60 * DAY,
        certificate_ends_at=order.ends_at - 60 * DAY if order.ends_at else None,
        certificate_starts_at=order.ends_at - 259 * DAY if order.ends_at else None,
    )
    order.refresh_from_db()
    order.certificates.update(ends_at=order.certificate_ends_at)
    return order


def send(now: datetime) -> list[Notice]:
    """Who sends, in short: what stands and may be said now; of each basis the latest speaks."""
    due = Notice.objects.due(now).filter(expires_at__gt=now).select_related("step__calendar", "contact")
    ready = [notice for notice in standing(due, now) if may_leave(notice, now)]
    planned = standing(Notice.objects.planned().filter(due_at__gt=now).select_related("step__calendar", "contact"), now)
    coming = [one for one in planned if comes_today(zone_of(one), now=now, due_at=one.due_at, ends_at=one.ends_at)]
    speaking, overtaken = timing.choose([as_due(one) for one in ready], [as_due(one) for one in coming])
    Notice.objects.filter(pk__in=speaking).update(state=NoticeState.SENT)
    Notice.objects.filter(pk__in=list(overtaken)).update(state=NoticeState.MISSED, reason=Reason.OVERTAKEN)
    return [one for one in ready if one.pk in speaking]


def as_due(notice: Notice) -> timing.Due:
    return timing.Due(notice.pk, notice.step.basis, notice.day, when_of(notice.step).rank)


def zone_of(notice: Notice) -> ZoneInfo:
    assert notice.contact is not None
    return ZoneInfo(notice.contact.time_zone)


def may_leave(notice: Notice, now: datetime) -> bool:
    zone = zone_of(notice)
    hours = hours_of(notice.step.calendar)
    found = next_moment(
        hours, zone, now=now, due_at=notice.due_at, expires_at=notice.expires_at, ends_at=notice.ends_at
    )
    return found <= now


def foreseen(order: Order, notice: Notice) -> timing.Moment | None:
    """The moment of a notice as the rules alone say it."""
    is_reissue = notice.step.share is not None
    starts_at = order.certificate_starts_at if is_reissue else order.starts_at
    ends_at = order.certificate_ends_at if is_reissue else order.ends_at
    assert ends_at is not None
    assert notice.contact is not None
    steps = notice.step.calendar.steps.filter(basis=notice.step.basis, channel=notice.step.channel)
    return timing.moment(
        when_of(notice.step),
        timing.Period(starts_at, ends_at),
        hours=hours_of(notice.step.calendar),
        zone=ZoneInfo(notice.contact.time_zone),
        siblings=[when_of(one) for one in steps],
    )


@few
@given(world=worlds())
def test_the_planner_keeps_the_rules_whatever_the_clock_does(partner: Partner, world: dict[str, Any]) -> None:
    with undone():
        order = make_world(partner, world)
        started = datetime.combine(world["ends_on"] - 85 * DAY, time(7), UTC)
        now, sent = started, Counter[int]()
        # It runs through the reissue's days, and again from where the renewal's begin.
        for stride in [*world["strides"], (world["ends_on"] - 22 * DAY - started.date()), *world["strides"]]:
            plan_touchpoints(now=now, partner=partner)
            assert plan_touchpoints(now=now, partner=partner, thorough=True) == Planned()
            letters = send(now)
            assert len(letters) == len({one.step.basis for one in letters})
            for one in letters:
                assert one.due_at <= now < one.expires_at
                assert send(now) == []
            sent.update(one.step_id for one in letters)
            now += stride

        assert all(times == 1 for times in sent.values())
        notices = list(Notice.objects.select_related("step__calendar", "contact"))
        assert len(notices) == len({one.step_id for one in notices})
        for one in notices:
            expected = foreseen(order, one)
            assert expected == timing.Moment(one.day, one.due_at, one.expires_at)


@few
@given(world=worlds())
def test_the_planner_loses_no_step(partner: Partner, world: dict[str, Any]) -> None:
    with undone():
        make_world(partner, world)
        started = datetime.combine(world["ends_on"] - 90 * DAY, time(7), UTC)
        for week in (0, 1, 2, 3, 10, 11, 12, 13, 14):
            plan_touchpoints(now=started + week * 7 * DAY, partner=partner)

        planned = set(Notice.objects.values_list("step", flat=True))
        assert planned == set(Step.objects.values_list("pk", flat=True))
