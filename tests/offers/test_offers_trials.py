"""A trial: typed in the editor, fixed by the database, and told by the renewals of both arms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from certificates.models import Order
from certificates.states import RenewalMark
from offers.rules.arms import Trial
from offers.services.offers import copy_offer
from offers.services.trials import Arm, arms_of
from portal.models import Partner
from tests import factories
from tests.certificates.services.work import TEN
from tests.factories import TODAY
from tests.offers.factories import make_offer, make_prices


def make_orders(partner: Partner, *days: int, **fields: Any) -> list[Order]:
    return [factories.make_order(partner, ends_on=TODAY + timedelta(days=left), **fields) for left in days]


@pytest.mark.parametrize("percent", [0, 101])
def test_a_share_lies_between_one_and_a_hundred(partner: Partner, percent: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_offer(partner, trial_percent=percent)


def test_a_copy_is_tried_on_as_many(partner: Partner) -> None:
    assert copy_offer(make_offer(partner, trial_percent=20), name="Again", actor=None, now=TEN).trial_percent == 20


def test_both_arms_are_told_by_their_renewals(partner: Partner) -> None:
    offer = make_offer(partner, trial_percent=50, levels=["ov"])
    orders = make_orders(partner, *range(1, 41))
    inside = [one for one in orders if Trial(offer.pk, 50).is_on(one.pk)]
    outside = [one for one in orders if one not in inside]
    renewed = [one.pk for one in (*inside[:6], *outside[:2])]
    Order.objects.filter(pk__in=renewed).update(renewal_mark=RenewalMark.RENEWED)
    Order.objects.filter(pk=outside[3].pk).update(renewal_mark=RenewalMark.ELSEWHERE)
    make_orders(partner, 20, product=factories.product("ssl_dv_geotrust_flex"))
    make_orders(partner, 95, -45)
    old = make_orders(partner, 20, renewal_mark=RenewalMark.RENEWED)[0]
    factories.make_order(partner, predecessor=old, placed_at=offer.starts_at - timedelta(days=1))
    Order.objects.filter(predecessor=old).update(ends_on=TODAY + timedelta(days=400))

    assert arms_of(offer, today=TODAY) == (Arm(len(inside), 6), Arm(len(outside), 2))


def test_an_offer_for_all_of_its_orders_has_no_arms(partner: Partner) -> None:
    make_orders(partner, 20)

    assert arms_of(make_offer(partner), today=TODAY) is None


def test_the_page_of_a_trial_shows_both_arms(page: Client, partner: Partner) -> None:
    make_prices(partner)
    offer = make_offer(partner, trial_percent=50)
    make_orders(partner, *range(1, 41))

    shown = " ".join(page.get(reverse("offers:offer", args=[offer.pk])).content.decode().split())

    assert "What the trial shows" in shown
    assert "50% of the orders" in shown
    assert all(words in shown for words in ("With the offer", "Held back"))
