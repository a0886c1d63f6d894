"""The sweep of touchpoints: it plans every few minutes, silences and sends, and may be asked at any time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from campaigns import tasks
from campaigns.models import Calendar, Notice
from campaigns.states import NoticeState, Reason
from certificates.models import Order
from portal import clock, heartbeats
from portal.models import OutgoingMail, Partner
from tests.campaigns.factories import make_calendar, make_step
from tests.factories import TODAY, make_contact, make_customer, make_order

NINE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture
def order(partner: Partner) -> Order:
    """Due today at nine."""
    make_step(make_calendar(partner), -30)
    customer = make_customer(partner)
    contact = make_contact(customer, time_zone="UTC")
    return make_order(partner, customer=customer, contact=contact, ends_on=TODAY + timedelta(days=30))


def test_one_sweep_plans_and_sends_and_the_next_finds_nothing_to_do(order: Order) -> None:
    with time_machine.travel(NINE, tick=False):
        tasks.sweep_touchpoints()
        tasks.sweep_touchpoints()

        assert Notice.objects.get().state == NoticeState.QUEUED
        assert OutgoingMail.objects.count() == 1
        assert heartbeats.last_beat("touchpoints") == heartbeats.last_beat("planning") == clock.now()


def test_it_plans_again_after_some_minutes_and_after_the_clock_was_set_back(order: Order) -> None:
    with time_machine.travel(NINE, tick=False) as when:
        tasks.sweep_touchpoints()
        Notice.objects.all().delete()
        when.shift(timedelta(minutes=1))
        tasks.sweep_touchpoints()
        assert not Notice.objects.exists()

        when.shift(tasks.PLAN_EVERY)
        tasks.sweep_touchpoints()
        assert Notice.objects.count() == 1

        Notice.objects.all().delete()
        when.shift(timedelta(minutes=-30))
        tasks.sweep_touchpoints()
        assert Notice.objects.count() == 1


def test_a_sweep_silences_what_is_renewed(partner: Partner, order: Order) -> None:
    Calendar.objects.update(sends_at=time(17))
    with time_machine.travel(NINE, tick=False) as when:
        tasks.sweep_touchpoints()
        when.shift(tasks.SILENCE_EVERY)
        Order.objects.filter(pk=order.pk).update(renewal_mark="in_hand")
        tasks.sweep_touchpoints()

    assert Notice.objects.values_list("state", "reason").get() == (NoticeState.SILENT, Reason.RENEWED)
