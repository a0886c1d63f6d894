"""What people say of orders is kept with who said it, and can be taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from certificates.models import Customer, Order
from certificates.services.marks import (
    assign_owner,
    mark_renewed_elsewhere,
    switch_auto_renew,
    switch_notices,
    unmark_renewed,
)
from certificates.services.refusals import AlreadyRenewed, Obstacle, OrderNotRenewable, TooEarlyToMark
from certificates.states import OrderStatus, RenewalMark
from portal.models import Activity, Partner, User
from tests.certificates.services.work import TEN, make_renewable, press
from tests.factories import TODAY, make_customer, make_member, make_order, make_partner


@pytest.fixture
def claire(partner: Partner) -> User:
    return make_member(partner).user


def mark_of(order: Order) -> str:
    order.refresh_from_db()
    return order.renewal_mark


@pytest.mark.parametrize("left", [90, 1, 0, -1, -200])
def test_an_order_within_90_days_of_its_end_or_after_it_is_marked_and_unmarked(
    partner: Partner, claire: User, left: int
) -> None:
    order = make_order(partner, ends_on=TODAY + timedelta(days=left))

    mark_renewed_elsewhere(order, actor=claire, now=TEN)
    marked = mark_of(order)
    assert unmark_renewed(order, actor=claire, now=TEN) is True

    assert (marked, mark_of(order)) == (RenewalMark.ELSEWHERE, RenewalMark.NONE)
    deeds = Activity.objects.about(order).order_by("pk").values_list("verb", "actor", "facts")
    assert list(deeds) == [
        ("order.renewal_marked", claire.pk, {"before": "none", "after": "elsewhere"}),
        ("order.renewal_marked", claire.pk, {"before": "elsewhere", "after": "none"}),
    ]


def test_too_early_an_order_is_not_marked_and_the_first_day_is_said(partner: Partner, claire: User) -> None:
    order = make_order(partner, ends_on=TODAY + timedelta(days=91))

    with pytest.raises(TooEarlyToMark) as early:
        mark_renewed_elsewhere(order, actor=claire, now=TEN)

    assert early.value.opens_on == date(2026, 11, 23)


def test_an_order_in_hand_is_not_marked(connected: Partner, claire: User) -> None:
    order = make_renewable(connected)
    request = press(order)

    with pytest.raises(AlreadyRenewed) as refusal:
        mark_renewed_elsewhere(order, actor=claire, now=TEN)

    assert refusal.value.request == request


@pytest.mark.parametrize(
    ("fields", "obstacle"),
    [
        ({"status": OrderStatus.REVOKED}, Obstacle.NOT_ISSUED),
        ({"renewal_mark": RenewalMark.RENEWED}, Obstacle.RENEWED),
    ],
)
def test_what_needs_no_renewal_is_not_marked(
    partner: Partner, claire: User, fields: dict[str, Any], obstacle: Obstacle
) -> None:
    with pytest.raises(OrderNotRenewable) as refusal:
        mark_renewed_elsewhere(make_order(partner, **fields), actor=claire, now=TEN)

    assert refusal.value.obstacle == obstacle


def test_an_unmarked_order_has_no_mark_to_take_back(partner: Partner, claire: User) -> None:
    order = make_order(partner, renewal_mark=RenewalMark.RENEWED)

    assert unmark_renewed(order, actor=claire, now=TEN) is False
    assert mark_of(order) == RenewalMark.RENEWED


def test_notices_are_switched_where_they_were_the_other_way_round(partner: Partner, claire: User) -> None:
    on, off = make_order(partner), make_order(partner, notices_enabled=False)
    make_order(make_partner())

    changed = switch_notices(Order.objects.for_partner(partner), enabled=False, actor=claire)

    assert changed == 1
    assert list(Order.objects.filter(notices_enabled=False).order_by("pk")) == [on, off]
    assert [(one.subject_id, one.facts) for one in Activity.objects.all()] == [(on.pk, {"on": False})]


def test_customers_are_given_to_an_account_manager_and_back_to_nobody(partner: Partner, claire: User) -> None:
    hugo = make_member(partner)
    owned, free = make_customer(partner, owner=hugo), make_customer(partner)
    customers = Customer.objects.for_partner(partner)

    assert assign_owner(customers, owner=hugo, actor=claire) == 1
    free.refresh_from_db()
    assert free.owner == hugo
    assert assign_owner(customers.filter(pk=owned.pk), owner=None, actor=claire) == 1
    owned.refresh_from_db()
    assert owned.owner is None


def test_automatic_renewal_knows_who_switched_it_on(partner: Partner) -> None:
    order, claire = make_order(partner, remarks=["auto_renew_refused", "ev_wildcard"]), make_member(partner)

    switch_auto_renew(order, on=True, membership=claire, now=TEN)

    order.refresh_from_db()
    assert (order.auto_renew, order.auto_renew_by, order.remarks) == (True, claire, ["ev_wildcard"])
    switch_auto_renew(order, on=False, membership=claire, now=TEN)
    order.refresh_from_db()
    assert (order.auto_renew, order.auto_renew_by) == (False, None)
