"""Numbers counted by hand-written statements agree with the questions of the querysets, whatever a partner holds."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from certificates import badges
from certificates.figures import ExpiringFigures, expiring_row, quarter_start
from certificates.models import Customer, Order, Organization
from certificates.rules import TAB_DAYS, Tab
from certificates.states import OrderStatus, RenewalMark
from portal.lists.sql import ask
from portal.models import Membership, Partner
from portal.roles import Role
from tests.factories import (
    TODAY,
    make_customer,
    make_member,
    make_order,
    make_organization,
    make_partner,
    make_request,
    product,
)


def make_many(partner: Partner, owner: Membership, seed: int) -> None:
    """Sixty orders of six customers, in every state and at every distance that a number looks at."""
    chance = random.Random(seed)  # noqa: S311 - the same rows in every run
    products = [product("ssl_securesite_flex"), product("ssl_dv_rapidssl"), None]
    for _ in range(6):
        customer = make_customer(partner, notices_enabled=chance.random() < 0.7, owner=chance.choice([owner, None]))
        organization = make_organization(
            customer,
            ov_validated_until=TODAY + timedelta(days=chance.randint(-20, 40)),
            ev_validated_until=chance.choice([None, TODAY + timedelta(days=chance.randint(-20, 40))]),
        )
        for _ in range(10):
            ends_on = TODAY + timedelta(days=chance.randint(-70, 120))
            chosen = chance.choice(products)
            make_order(
                partner,
                customer=customer,
                organization=chance.choice([organization, None]),
                product=chosen,
                product_name="x",
                ends_on=ends_on,
                certificate_ends_on=ends_on - timedelta(days=chance.choice([0, 0, 40, 90])),
                status=chance.choice([*OrderStatus.values, "issued", "issued", "issued", "issued"]),
                renewal_mark=chance.choice([*RenewalMark.values, "none", "none", "none"]),
                notices_enabled=chance.random() < 0.8,
            )


def figures_by_querysets(partner: Partner, today: date) -> ExpiringFigures:
    live = Order.objects.for_partner(partner).issued()
    orders = live.unrenewed()
    month = orders.expiring(today=today, within=TAB_DAYS[Tab.DAYS_30])
    reissues = orders.with_certificate_expiring(today=today, within=TAB_DAYS[Tab.DAYS_30])
    ended = live.filter(ends_on__gte=quarter_start(today), ends_on__lt=today)
    return ExpiringFigures(
        ahead=orders.expiring(today=today, within=(-7, 90)).count(),
        now=orders.expiring(today=today, within=TAB_DAYS[Tab.NOW]).count(),
        month=month.count(),
        customers=Customer.objects.filter(orders__in=month).distinct().count(),
        silent=month.count() - month.filter(notices_enabled=True, customer__notices_enabled=True).count(),
        reissues=sum(1 for order in reissues if (order.certificate_ends_on or today) < (order.ends_on or today)),
        ended=ended.count(),
        renewed=ended.filter(renewal_mark=RenewalMark.RENEWED).count(),
    )


@pytest.mark.parametrize("seed", range(3))
def test_figures_agree_with_the_querysets(partner: Partner, seed: int) -> None:
    make_many(partner, make_member(partner), seed)
    stranger = make_partner()
    make_many(stranger, make_member(stranger), seed + 100)

    [counts] = ask(expiring_row(partner, today=TODAY))

    assert ExpiringFigures(*counts) == figures_by_querysets(partner, TODAY)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("role", [Role.ACCOUNT_MANAGER, Role.ADMINISTRATOR, Role.SUPPORT])
def test_badges_agree_with_the_querysets(partner: Partner, seed: int, role: str) -> None:
    member = make_member(partner, role)
    make_many(partner, member, seed)
    for state in ("failed", "waiting_approval", "canceled"):
        make_request(make_order(partner), state=state)
    orders = Order.objects.for_partner(partner)
    lapsing = Organization.objects.for_partner(partner).lapsing(today=TODAY, within=14)
    if role == Role.ACCOUNT_MANAGER:
        lapsing = lapsing.filter(customer__owner=member)
    expected: list[Any] = [
        orders.issued().unrenewed().expiring(today=TODAY, within=TAB_DAYS[Tab.NOW]).count(),
        2 if role == Role.ADMINISTRATOR else 1,
        lapsing.holding_up(orders.due(today=TODAY)).count(),
    ]

    [counts] = ask(badges.row(member, today=TODAY))

    assert list(counts) == expected


def test_figures_of_a_partner_without_orders_are_zero(partner: Partner) -> None:
    [counts] = ask(expiring_row(partner, today=TODAY))

    assert set(counts) == {0}
