"""For each order the best automatic discount never rises, whatever is published, paused, resumed or ended meanwhile."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from certificates.models import Order, Product
from certificates.rules import utc_date
from offers.models import Offer, Price, Valuation
from offers.models.offers import OfferStatus
from offers.rules.arms import Trial
from offers.rules.money import rounded
from offers.rules.timelines import Span
from offers.services import remembering
from offers.services.offer_book import subject_of
from offers.services.offers import end_offer, pause_offer, publish_offer, resume_offer
from offers.services.previewing import preview_offer
from offers.services.prices.changing import PriceKey, set_price, unit_prices
from offers.services.pricing import OrderPrice, price_order
from offers.services.redeeming import OfferUsedUp, redeem, settle
from offers.services.sweeping import sweep
from offers.services.terms import change_sales, change_terms
from offers.services.valuing import value_orders
from offers.wording.sums import steps_of
from portal.models import Membership, Partner
from tests import factories
from tests.certificates.services.work import TEN
from tests.factories import TODAY, make_member
from tests.offers.factories import make_draft_quote, make_level, make_offer, make_prices, make_settings

pytestmark = pytest.mark.ci_embedded

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def priced(partner: Partner) -> Partner:
    make_prices(partner)
    return partner


def make_due(partner: Partner, days_left: int) -> Order:
    return factories.make_order(partner, ends_on=TODAY + timedelta(days=days_left))


def publish(partner: Partner, percent: str | None, *, now: datetime, **fields: Any) -> Offer:
    draft = make_offer(partner, percent, state=Offer.State.DRAFT, **{"starts_at": now, **fields})
    return publish_offer(draft, forecast={}, actor=None, now=now)


def share(order: Order, *, now: datetime) -> float:
    """Percent off, as a page would show it at the moment."""
    return float(priced_order(order, now=now).priced.share * 100)


def priced_order(order: Order, *, now: datetime) -> OrderPrice:
    assert order.product is not None
    found = price_order(order, product=order.product, term_years=1, names=order.names, now=now)
    assert found is not None
    return found


def test_a_better_offer_changes_nothing_for_orders_a_worse_one_has_reached(priced: Partner) -> None:
    reached, due_later = make_due(priced, 60), make_due(priced, 95)
    publish(priced, "10", now=TEN)
    end = publish(priced, "20", now=TEN + DAY)

    assert (share(reached, now=TEN + DAY), share(due_later, now=TEN + DAY)) == (10, 0)
    assert (share(reached, now=TEN + 9 * DAY), share(due_later, now=TEN + 9 * DAY)) == (10, 20)
    assert end.status(TEN + 9 * DAY) is OfferStatus.LIVE


def test_tiers_only_go_down(priced: Partner) -> None:
    order = make_due(priced, 90)
    publish(priced, "30", now=TEN, days_until=60)
    publish(priced, "20", now=TEN, days_until=30)
    publish(priced, "5", now=TEN)

    shown = []
    for day in range(0, 120, 10):
        sweep(priced, now=TEN + day * DAY)
        shown.append(int(share(order, now=TEN + day * DAY)))

    assert shown == [30, 30, 30, 30, 20, 20, 20, 5, 5, 5, 5, 5]


def test_a_pause_is_an_end_for_the_orders_that_saw_it(priced: Partner) -> None:
    reached, due_later = make_due(priced, 60), make_due(priced, 95)
    offer = publish(priced, "10", now=TEN)
    assert share(reached, now=TEN) == 10

    pause_offer(offer, actor=None, now=TEN + DAY)
    assert share(reached, now=TEN + DAY) == 0
    resume_offer(offer, actor=None, now=TEN + 2 * DAY)

    assert (share(reached, now=TEN + 2 * DAY), share(reached, now=TEN + 30 * DAY)) == (0, 0)
    assert share(due_later, now=TEN + 9 * DAY) == 10


def test_an_offer_after_one_that_ended_gives_nothing_to_whom_that_had_reached(priced: Partner) -> None:
    reached, fresh = make_due(priced, 60), make_due(priced, 50)
    end_offer(publish(priced, "10", now=TEN, customers=[reached.customer_id]), actor=None, now=TEN + DAY)

    publish(priced, "20", now=TEN + DAY + timedelta(minutes=5))

    assert (share(reached, now=TEN + 2 * DAY), share(fresh, now=TEN + 2 * DAY)) == (0, 20)


def test_a_code_may_give_more_and_takes_nothing_from_the_rule(priced: Partner) -> None:
    order = make_due(priced, 60)
    publish(priced, "10", now=TEN)
    publish(priced, "25", now=TEN, code="MERCI")

    assert order.product is not None
    wish: dict[str, Any] = {"product": order.product, "term_years": 1, "names": order.names, "now": TEN}
    coded = price_order(order, code="merci", **wish)

    assert coded is not None
    assert (float(coded.priced.share * 100), share(order, now=TEN)) == (25, 10)


def test_a_quoted_price_stays_locked_while_the_quote_holds(priced: Partner) -> None:
    order = make_due(priced, 60)
    offer = publish(priced, "20", now=TEN)
    quote = make_draft_quote(order, state="sent", number="Q-1", sent_at=TEN, valid_until=TODAY + timedelta(days=14))
    quoted = priced_order(order, now=TEN)
    quote.lines.update(arithmetic=quoted.priced.to_json(), net=quoted.priced.net)

    end_offer(offer, actor=None, now=TEN + DAY)
    publish(priced, "5", now=TEN + 2 * DAY)

    assert (share(order, now=TEN + 3 * DAY), share(order, now=TEN + 14 * DAY)) == (20, 20)
    assert share(order, now=TEN + 15 * DAY) == 0


def test_valuing_tells_the_same(priced: Partner) -> None:
    order = make_due(priced, 60)
    offer = publish(priced, "10", now=TEN)
    value_orders(priced, now=TEN + timedelta(minutes=1))
    pause_offer(offer, actor=None, now=TEN + DAY)
    resume_offer(offer, actor=None, now=TEN + 2 * DAY)
    value_orders(priced, now=TEN + 2 * DAY + timedelta(minutes=1))

    order.refresh_from_db()
    assert (order.valuation.discount, order.valuation.offer) == (Decimal(0), None)


# Prices, costs, margins and limits


def test_a_lower_margin_gives_no_more_to_whom_it_had_stopped(priced: Partner) -> None:
    make_settings(priced, floor_margin=Decimal(45))
    reached, due_later = make_due(priced, 60), make_due(priced, 95)
    publish(priced, "40", now=TEN)
    before = share(reached, now=TEN)

    change_margin(priced, 0, now=TEN + DAY)

    assert 0 < before < 40
    assert (share(reached, now=TEN + DAY), share(due_later, now=TEN + 9 * DAY)) == (before, 40)


def test_a_lower_cost_gives_no_more_to_whom_it_had_stopped(priced: Partner) -> None:
    make_settings(priced, floor_margin=Decimal(45))
    order = make_due(priced, 60)
    publish(priced, "40", now=TEN)
    before = share(order, now=TEN)

    change_price(priced, order, now=TEN + DAY, cost="1")

    assert share(order, now=TEN + DAY) == before


def test_of_a_lower_list_price_no_greater_share_comes_off(priced: Partner) -> None:
    order = make_due(priced, 60)
    publish(priced, None, now=TEN, kind="amount", amount=Decimal(20), currency="EUR")
    before = priced_order(order, now=TEN).priced

    change_price(priced, order, now=TEN + DAY, factor="0.5", cost="1")
    after = priced_order(order, now=TEN + DAY).priced

    assert (before.discount, after.subtotal, after.discount) == (
        Decimal(20),
        before.subtotal / 2,
        Decimal(10),
    )
    assert after.lines[-1].by_ceiling
    assert [step.note for step in steps_of(after, {}, base="")][-1] == (
        "Less than the whole offer: this order was offered no more before, and waiting never pays."
    )


def test_a_better_price_level_brings_no_greater_share(priced: Partner) -> None:
    order, level = make_due(priced, 60), make_level(priced)
    publish(priced, "10", now=TEN)
    publish(priced, "30", now=TEN, price_levels=[level.pk])
    assert share(order, now=TEN) == 10

    terms = {"level": level, "currency": "", "tax_treatment": "automatic", "exemption_reason": ""}
    change_terms(order.customer, terms, actor=make_member(priced).user, now=TEN + DAY)

    assert share(order, now=TEN + DAY) == 10


@pytest.mark.parametrize("limits", [{"redemption_limit": 1}, {"spend_cap": Decimal(30)}])
def test_a_use_that_is_given_back_comes_too_late_for_who_went_without(priced: Partner, limits: dict[str, Any]) -> None:
    reached, holder, due_later = make_due(priced, 60), make_due(priced, 60), make_due(priced, 95)
    offer = publish(priced, "10", now=TEN, **limits)
    assert share(reached, now=TEN) == 10
    redeem([(offer, Decimal(25))], subject=subject_of(holder), customer=holder.customer, now=TEN + DAY, held=True)
    assert (share(reached, now=TEN + DAY), share(holder, now=TEN + DAY)) == (0, 10)

    settle(subject_of(holder), now=TEN + 2 * DAY)

    shares = [share(one, now=TEN + 9 * DAY) for one in (reached, holder, due_later)]
    assert shares == [0, 10, 10]


def test_a_use_given_back_to_a_customer_is_too_late_for_the_customers_other_orders(priced: Partner) -> None:
    holder, stranger = make_due(priced, 60), make_due(priced, 60)
    other = factories.make_order(priced, ends_on=TODAY + timedelta(days=60), customer=holder.customer)
    offer = publish(priced, "10", now=TEN, customer_limit=1)
    redeem([(offer, Decimal(25))], subject=subject_of(holder), customer=holder.customer, now=TEN + DAY, held=True)

    settle(subject_of(holder), now=TEN + 2 * DAY)

    assert [share(one, now=TEN + 2 * DAY) for one in (holder, other, stranger)] == [10, 0, 10]


# What is compared with what


def test_an_upgrade_that_came_first_leaves_room_for_no_greater_share(priced: Partner) -> None:
    order = make_due(priced, 60)
    publish(priced, "15", now=TEN, kind="upgrade_percent")
    assert share(order, now=TEN) == 0

    ten = publish(priced, "10", now=TEN + DAY)
    assert share(order, now=TEN + DAY) == 10
    end_offer(ten, actor=None, now=TEN + 2 * DAY)
    publish(priced, "12", now=TEN + 3 * DAY)

    assert share(order, now=TEN + 4 * DAY) == 0


def test_more_than_the_upgrade_gave_is_cut_to_what_it_gave(priced: Partner) -> None:
    order = make_due(priced, 60)
    publish(priced, "15", now=TEN, kind="upgrade_percent")

    publish(priced, "20", now=TEN + DAY)

    assert share(order, now=TEN + DAY) == 15


def test_each_term_is_compared_with_itself(priced: Partner) -> None:
    order = make_due(priced, 60)
    publish(priced, None, now=TEN, kind="amount", amount=Decimal(45), currency="EUR", days_until=40)
    before = [share_of_years(order, years, now=TEN) for years in (1, 2)]

    publish(priced, "15", now=TEN + DAY)

    assert before == [20.45, 10.23]
    assert [share_of_years(order, years, now=TEN + 30 * DAY) for years in (1, 2)] == [15, 10.23]


def share_of_years(order: Order, years: int, *, now: datetime) -> float:
    assert order.product is not None
    found = price_order(order, product=order.product, term_years=years, names=order.names, now=now)
    assert found is not None
    return round(float(found.priced.share * 100), 2)


# Other products and other names


def test_an_order_without_a_product_gets_nothing_again_once_nothing_stood(priced: Partner) -> None:
    order = factories.make_order(priced, ends_on=TODAY + 60 * DAY, product=None)
    ten = publish(priced, "10", now=TEN)
    before = share_of(order, factories.product(), now=TEN)

    end_offer(ten, actor=None, now=TEN + DAY)
    publish(priced, "20", now=TEN + 2 * DAY)

    assert (before, share_of(order, factories.product(), now=TEN + 2 * DAY)) == (10, 0)


def test_what_takes_the_place_of_a_product_that_is_sold_no_more_is_remembered(priced: Partner) -> None:
    order, instead = make_sold_no_more(priced)
    Price.objects.filter(product=order.product).delete()
    ten = publish(priced, "10", now=TEN)
    before = share_of(order, instead, now=TEN)

    end_offer(ten, actor=None, now=TEN + DAY)
    publish(priced, "20", now=TEN + 2 * DAY)

    assert (before, share_of(order, instead, now=TEN + 2 * DAY)) == (10, 0)


def make_sold_no_more(partner: Partner, name_id: str = "ssl_securesite_flex") -> tuple[Order, Product]:
    """An order, and a product of the same level that pages offer instead."""
    present = factories.product(name_id)
    order = factories.make_order(partner, ends_on=TODAY + 60 * DAY, product=present)
    alike = Product.objects.filter(level=present.level).exclude(upgraded_from=present).exclude(pk=present.pk)
    Product.objects.filter(pk=present.pk).update(is_offered=False)
    order = Order.objects.select_related("product", "customer", "partner").get(pk=order.pk)
    return order, alike.earliest("rank")


def test_another_product_is_another_purchase(priced: Partner) -> None:
    order = make_due(priced, 60)
    assert order.product is not None
    beside = Product.objects.exclude(pk=order.product.pk).exclude(upgraded_from=order.product).latest("rank")
    publish(priced, None, now=TEN, **_AMOUNT)
    before = share_of(order, beside, now=TEN)

    publish(priced, "10", now=TEN + DAY)

    assert (before, share_of(order, beside, now=TEN + DAY)) == (0, 0)


def test_ten_percent_after_an_amount_take_no_more_however_many_names_are_added(priced: Partner) -> None:
    order = make_due(priced, 60)
    publish(priced, None, now=TEN, **_AMOUNT)
    before = [off_with_more(order, number, now=TEN) for number in (0, 1, 20)]

    publish(priced, "40", now=TEN + DAY)

    assert before == [30, 30, 30]
    assert [off_with_more(order, number, now=TEN + DAY) for number in (0, 1, 20)] == before


def test_a_percentage_holds_for_added_names_too(priced: Partner) -> None:
    order = make_due(priced, 60)
    publish(priced, "10", now=TEN)

    assert [off_with_more(order, number, now=TEN) for number in (0, 1, 20)] == [22, 24, 62]


@pytest.mark.parametrize("stacks", [False, True])
def test_who_was_offered_free_names_alone_gets_no_percentage_later(priced: Partner, stacks: bool) -> None:
    order = make_due(priced, 60)
    publish(priced, None, now=TEN, kind="extra_names", free_names=5, stacks=stacks)
    before = [off_with_more(order, number, now=TEN) for number in (0, 1, 5, 20)]

    publish(priced, "40", now=TEN + DAY, stacks=stacks)

    assert before == [0, 20, 100, 100]
    assert [off_with_more(order, number, now=TEN + DAY) for number in (0, 1, 5, 20)] == before


def test_free_names_come_too_late_for_who_was_reached_without(priced: Partner) -> None:
    reached, due_later = make_due(priced, 60), make_due(priced, 95)
    publish(priced, "10", now=TEN)

    publish(priced, None, now=TEN + DAY, kind="extra_names", free_names=5)

    assert off_with_more(reached, 5, now=TEN + DAY) == 32
    assert off_with_more(due_later, 5, now=TEN + 9 * DAY) == 100


@pytest.mark.parametrize(("stacks", "off"), [(False, [22, 24, 100]), (True, [22, 44, 132])])
def test_free_names_and_a_percentage_that_come_together_stay_together(
    priced: Partner, stacks: bool, off: list[int]
) -> None:
    order = make_due(priced, 60)
    make_offer(priced, "10", stacks=stacks)
    make_offer(priced, None, kind="extra_names", free_names=5, stacks=stacks)
    value_orders(priced, now=TEN)

    assert [off_with_more(order, number, now=TEN) for number in (0, 1, 5)] == off


def test_with_fewer_names_the_share_stands(priced: Partner) -> None:
    order = factories.make_order(priced, ends_on=TODAY + 60 * DAY, names=[f"{n}.example.com" for n in range(20)])
    publish(priced, None, now=TEN, **_AMOUNT)

    few = share_of(order, factories.product(), now=TEN, names=order.names[:1])

    assert few == share_of(order, factories.product(), now=TEN) == 5


def test_a_quoted_price_is_for_the_customer_of_the_quote_only(priced: Partner) -> None:
    order = make_due(priced, 60)
    quote = make_draft_quote(order, state="sent", number="Q-1", sent_at=TEN, valid_until=TODAY + 14 * DAY)
    offer = publish(priced, "20", now=TEN)
    quoted = priced_order(order, now=TEN)
    quote.lines.update(arithmetic=quoted.priced.to_json(), net=quoted.priced.net)
    end_offer(offer, actor=None, now=TEN + DAY)
    assert share(order, now=TEN + DAY) == 20

    order.customer = factories.make_customer(priced, "Another")
    order.save()

    assert share(order, now=TEN + DAY) == 0


def share_of(order: Order, product: Product, *, now: datetime, names: list[str] | None = None) -> float:
    found = price_order(order, product=product, term_years=1, names=names or order.names, now=now)
    assert found is not None
    return round(float(found.priced.share * 100), 2)


def off_with_more(order: Order, number: int, *, now: datetime) -> Decimal:
    assert order.product is not None
    names = [*order.names, *(f"more-{place}.example.com" for place in range(number))]
    found = price_order(order, product=order.product, term_years=1, names=names, now=now)
    assert found is not None
    return found.priced.discount


# While no worker ran


def test_whatever_turned_while_no_worker_ran_is_made_up_for(priced: Partner) -> None:
    order = make_due(priced, 80)
    for number in range(50):
        starts_at = TEN + number * timedelta(hours=6)
        publish(priced, str(60 - number), now=TEN, starts_at=starts_at, ends_at=starts_at + timedelta(hours=5))
    sweep(priced, now=TEN)

    sweep(priced, now=TEN + 30 * DAY)
    publish(priced, "30", now=TEN + 31 * DAY)

    assert share(order, now=TEN + 31 * DAY) == 0


def test_days_without_a_worker_cost_nothing(priced: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    make_due(priced, 60)
    publish(priced, "10", now=TEN)
    sweep(priced, now=TEN)
    looked: list[datetime] = []
    monkeypatch.setattr(remembering, "record_reaches", lambda _partner, *, now: looked.append(now))

    sweep(priced, now=TEN + 300 * DAY)

    assert looked == []


def test_the_sweep_after_publication_leaves_the_offer_standing(priced: Partner) -> None:
    order = make_due(priced, 60)
    sweep(priced, now=TEN)
    publish(priced, "15", now=TEN + HOUR, starts_at=TEN)

    sweep(priced, now=TEN + 2 * HOUR)

    assert Valuation.objects.get(order=order).discount == 33
    assert share(order, now=TEN + 3 * HOUR) == 15


def test_a_sweep_that_began_before_publication_leaves_the_offer_standing(priced: Partner) -> None:
    order = make_due(priced, 60)
    sweep(priced, now=TEN)
    publish(priced, "15", now=TEN + HOUR)

    sweep(priced, now=TEN + HOUR - timedelta(seconds=2))
    sweep(priced, now=TEN + 2 * HOUR)

    assert share(order, now=TEN + 3 * HOUR) == 15


# Trials


def test_an_order_stays_in_its_arm_for_life(priced: Partner) -> None:
    orders = [make_due(priced, days) for days in (80, 60, 40, 20, 10, 5)]
    offer = publish(priced, "10", now=TEN, trial_percent=50)
    inside = [one for one in orders if share(one, now=TEN)]
    renewed = inside[0]
    later = [factories.make_order(priced, ends_on=TODAY + timedelta(days=50), predecessor=renewed)]
    later.append(factories.make_order(priced, ends_on=TODAY + timedelta(days=60), predecessor=later[0]))

    assert 0 < len(inside) < len(orders)
    assert [one for one in orders if share(one, now=TEN + 5 * DAY)] == inside
    assert [share(one, now=TEN) for one in later] == [10, 10]
    value_orders(priced, now=TEN)
    assert set(Valuation.objects.filter(offer=offer).values_list("order", flat=True)) == {
        one.pk for one in (*inside, *later)
    }


def test_the_preview_counts_the_arm_only(priced: Partner) -> None:
    orders = [make_due(priced, days) for days in range(1, 60)]
    draft = make_offer(priced, "10", state=Offer.State.DRAFT, trial_percent=30)
    preview = preview_offer(draft, now=TEN)

    publish_offer(draft, forecast={}, actor=None, now=TEN)

    assert 0 < preview.touched < len(orders)
    assert preview.touched == sum(share(one, now=TEN) > 0 for one in orders)


def test_a_code_is_for_its_arm_only(priced: Partner) -> None:
    orders = [make_due(priced, days) for days in (80, 60, 40, 20, 10, 5)]
    offer = publish(priced, "10", now=TEN, code="TRY", trial_percent=50)

    refused = [coded_order(one, "TRY", now=TEN).coded for one in orders]

    inside = [Trial(offer.pk, 50).is_on(one.pk) for one in orders]
    assert [coded is not None and coded.refusal is None for coded in refused] == inside


def coded_order(order: Order, code: str, *, now: datetime) -> OrderPrice:
    assert order.product is not None
    found = price_order(order, product=order.product, term_years=1, names=order.names, now=now, code=code)
    assert found is not None
    return found


# Whatever is done


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_in_whatever_order_no_page_ever_shows_more(priced: Partner, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  a seed makes the walk the same each time
    orders = [make_due(priced, days) for days in (93, 60, 3)]
    orders.append(factories.make_order(priced, ends_on=TODAY + 50 * DAY, product=None))
    orders.append(make_sold_no_more(priced, "ssl_dv_rapidssl")[0])
    make_settings(priced, floor_margin=Decimal(dice.choice([0, 15, 45])))
    publish(priced, str(dice.randint(5, 60)), now=TEN)
    walk = Walk(priced, dice, orders)
    seen: dict[tuple[int, str], list[float]] = {}
    now = TEN
    for _ in range(22):
        walk.do_something(now)
        if dice.random() < 0.5:
            now += timedelta(hours=dice.choice([1, 7, 30, 100]))
            if dice.random() < 0.7:
                sweep(priced, now=now)
        for order in orders:
            for choice, percent in shares_of(order, now).items():
                seen.setdefault((order.pk, choice), []).append(percent)
        now += timedelta(minutes=1)

    for shares in seen.values():
        reached = [share for share in shares if share]
        since = shares.index(reached[0]) if reached else len(shares)
        assert all(later <= earlier + _COIN for earlier, later in pairwise(shares[since:])), (shares, walk.told)


# Half a cent of a list price of 20 and more, in percent: shares are compared before they are rounded to coins.
_COIN = 0.025


def shares_of(order: Order, now: datetime) -> dict[str, float]:
    """Percent off, as pages show it: as the order is, for two years, as an upgrade, and as something else."""
    present = order.product
    upgrade = present.upgrades.order_by("rank").first() if present else factories.product()
    others = Product.objects.exclude(pk=present.pk if present else 0).exclude(pk=upgrade.pk if upgrade else 0)
    level = present.level if present else "dv"
    wishes = {
        "as it is": (present, 1),
        "two years": (present, 2),
        "upgrade": (upgrade, 1),
        "another": (others.filter(level=level).first(), 1),
        "another level": (others.exclude(level=level).first(), 1),
    }
    found = {
        choice: price_order(order, product=product, term_years=years, names=order.names, now=now)
        for choice, (product, years) in wishes.items()
        if product
    }
    return {choice: float(price.priced.share * 100) for choice, price in found.items() if price}


class Walk:
    """What an administrator, customers and time might do, one after the other; `told` says it."""

    def __init__(self, partner: Partner, dice: random.Random, orders: list[Order]) -> None:
        self.partner, self.dice, self.orders = partner, dice, orders
        self.told: list[str] = []
        self.bystander = make_due(partner, 70)

    def do_something(self, now: datetime) -> None:
        deed = self.dice.choice(
            [
                *(self.publish, self.publish, self.publish, self.pause, self.resume, self.end),
                *(self.change_margin, self.change_margin, self.change_price, self.change_price),
                *(self.hold, self.hold, self.give_back),
            ]
        )
        self.told.append(f"{now:%d %H:%M} {deed(now) or deed.__name__}")

    def publish(self, now: datetime) -> str:
        dice = self.dice
        percent, until = str(dice.randint(1, 40)), dice.choice([60, 20, -30])
        ends_at = dice.choice([None, now + timedelta(hours=dice.randint(1, 90))])
        starts_at = now + timedelta(hours=dice.choice([0, 0, 20]))
        limits: dict[str, Any] = dice.choice(
            [{}, {"redemption_limit": 1}, {"spend_cap": Decimal(60)}, {"customer_limit": 1}]
        )
        kind: dict[str, Any] = dice.choice([{}, {}, {"kind": "upgrade_percent"}, _AMOUNT])
        if ends_at and ends_at <= starts_at:
            ends_at = None
        publish(
            self.partner,
            None if kind == _AMOUNT else percent,
            now=now,
            **limits,
            **kind,
            starts_at=starts_at,
            days_until=until,
            ends_at=ends_at,
            stacks=dice.random() < 0.4,
        )
        return f"{kind} {percent} % until {until} {limits} {starts_at} to {ends_at}"

    def pause(self, now: datetime) -> None:
        if found := self._of(OfferStatus.LIVE, now):
            pause_offer(self.dice.choice(found), actor=None, now=now)

    def resume(self, now: datetime) -> None:
        if found := self._of(OfferStatus.PAUSED, now):
            resume_offer(self.dice.choice(found), actor=None, now=now)

    def end(self, now: datetime) -> None:
        if found := self._of(OfferStatus.LIVE, now):
            end_offer(self.dice.choice(found), actor=None, now=now)

    def change_margin(self, now: datetime) -> str:
        margin = self.dice.choice([0, 15, 30, 45])
        change_margin(self.partner, margin, now=now)
        return f"margin {margin}"

    def change_price(self, now: datetime) -> str:
        factor, cost = self.dice.choice(["0.5", "0.8", "1.3", "2"]), self.dice.choice(["1", "60", "110"])
        change_price(self.partner, self.orders[0], now=now, factor=factor, cost=cost)
        return f"price times {factor}, cost {cost}"

    def hold(self, now: datetime) -> None:
        price = priced_order(self.bystander, now=now)
        customer, subject = self.bystander.customer, subject_of(self.bystander)
        with suppress(OfferUsedUp):
            redeem(price.uses, subject=subject, customer=customer, order=self.bystander, now=now, held=True)

    def give_back(self, now: datetime) -> None:
        settle(subject_of(self.bystander), now=now)

    def _of(self, status: OfferStatus, now: datetime) -> list[Offer]:
        return [offer for offer in Offer.objects.for_partner(self.partner) if offer.status(now) is status]


_AMOUNT: dict[str, Any] = {"kind": "amount", "amount": Decimal(30), "currency": "EUR"}


def change_margin(partner: Partner, percent: int, *, now: datetime) -> None:
    actor = Membership.objects.for_partner(partner).first() or make_member(partner)
    change_sales(partner, {"floor_margin": Decimal(percent)}, {}, actor=actor.user, now=now)


def change_price(partner: Partner, order: Order, *, now: datetime, factor: str = "1", cost: str = "") -> None:
    """The list price of what the order is, for a year, from the day on."""
    today = utc_date(now)
    rows = Price.objects.for_partner(partner).holding(today).filter(product=order.product, term_years=1)
    row = rows.order_by("valid_from").last()
    assert row is not None
    prices = unit_prices(row)
    prices = replace(
        prices,
        base=rounded(prices.base * Decimal(factor), "EUR"),
        name=rounded(prices.name * Decimal(factor), "EUR"),
        cost_base=Decimal(cost) if cost else prices.cost_base,
    )
    key = PriceKey(row.product_id, 1, row.currency, None, None)
    actor = Membership.objects.for_partner(partner).first() or make_member(partner)
    set_price(partner, key, Span(today, None, prices), actor=actor.user, today=today, now=now)
