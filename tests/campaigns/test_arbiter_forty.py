"""A customer with forty orders due gets one letter; once they are renewed, nothing more is said on any channel."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.core import mail

from campaigns.models import Calendar, Call, Notice
from campaigns.services.arbiter import Gathered, gather_due
from campaigns.services.console import console_of, shown_notices
from campaigns.services.planning import plan_touchpoints
from campaigns.services.standing import silence
from campaigns.services.upcoming import next_touchpoints
from campaigns.states import Channel, NoticeState, Reason
from certificates.models import Order
from certificates.services.marks import mark_renewed_elsewhere
from portal.mail.delivery import deliver_due
from portal.models import OutgoingMail, Partner
from tests.campaigns.factories import make_calendar, make_step
from tests.certificates.expiring import sign_in, tab_counts
from tests.factories import TODAY, make_connection, make_contact, make_customer, make_member, make_order

FORTY = 40
NOW = datetime.combine(TODAY, time(9), UTC)
SOON = NOW + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def calendar(partner: Partner) -> Calendar:
    """Speaks on every channel 30 days before the end, and once more three days later."""
    found = make_calendar(partner)
    for channel in Channel.values:
        make_step(found, -30, channel)
    make_step(found, -27)
    return found


@pytest.fixture
def orders(partner: Partner, calendar: Calendar) -> list[Order]:
    """Forty orders of one reader, each of which ends in thirty days."""
    make_connection(partner)
    customer = make_customer(partner)
    contact = make_contact(customer, "Ada Morel", time_zone="UTC")
    return [
        make_order(
            partner,
            customer=customer,
            contact=contact,
            common_name=f"w{number:02}.granit.example",
            ends_on=TODAY + timedelta(days=30),
        )
        for number in range(FORTY)
    ]


def renew_all(partner: Partner, orders: list[Order], now: datetime) -> None:
    actor = make_member(partner).user
    for order in orders:
        mark_renewed_elsewhere(order, actor=actor, now=now)


def test_forty_orders_due_are_one_letter_one_message_and_one_call(partner: Partner, orders: list[Order]) -> None:
    plan_touchpoints(now=NOW, partner=partner)

    did = gather_due(now=NOW)
    deliver_due(now=SOON)

    assert did == Gathered(letters=1, notices=FORTY, shown=2 * FORTY, called=FORTY)
    assert len(mail.outbox) == 1
    assert all(order.common_name in mail.outbox[0].body for order in orders)
    assert len(Call.objects.due(TODAY)) == 1
    assert len(console_of(orders[0].customer, make_member(partner).user, now=SOON)) == 1
    assert Notice.objects.filter(state=NoticeState.PLANNED).count() == FORTY


@pytest.mark.parametrize("has_left", [True, False], ids=["after the letter", "while the letter waits"])
def test_after_renewing_all_nothing_more_is_said_at_once(partner: Partner, orders: list[Order], has_left: bool) -> None:
    plan_touchpoints(now=NOW, partner=partner)
    gather_due(now=NOW)
    if has_left:
        deliver_due(now=NOW)
    said = len(mail.outbox)

    renew_all(partner, orders, SOON)

    # nothing has swept yet
    deliver_due(now=SOON)
    assert len(mail.outbox) == said == (1 if has_left else 0)
    assert gather_due(now=NOW + timedelta(days=4)) == Gathered()
    assert not Call.objects.due(TODAY).exists()
    assert console_of(orders[0].customer, make_member(partner).user, now=SOON) == []
    assert not shown_notices(orders[0].customer, now=SOON, channel=Channel.BANNER).exists()
    assert next_touchpoints(partner, [order.pk for order in orders], now=SOON) == {}
    with time_machine.travel(datetime(2026, 11, 23, 9, 1, tzinfo=UTC)):
        counts = tab_counts(sign_in(partner).get("/campaigns/outbox/"))
    assert (counts["To come"], counts["Due"]) == ("0", "0")

    # and the sweep says why
    silence(SOON)
    assert not Notice.objects.open().exists()
    silent = Notice.objects.filter(state=NoticeState.SILENT)
    assert set(silent.values_list("reason", flat=True)) == {Reason.RENEWED}
    plan_touchpoints(now=NOW + timedelta(days=3), partner=partner)
    assert gather_due(now=NOW + timedelta(days=3)) == Gathered()
    assert not OutgoingMail.objects.exclude(state__in=["sent", "withdrawn"]).exists()
