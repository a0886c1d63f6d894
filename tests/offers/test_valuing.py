"""Values beside the orders, the offers that reach them, and the promise that waiting is never rewarded."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certificates.models import ImportLine, ImportRun, Order
from certificates.states import OrderStatus, RenewalMark
from offers.models import Offer, Price, Reach, Redemption, Valuation, Watermark
from offers.services import sweeping
from offers.services.pricing import price_order
from offers.services.remembering import missed_moments
from offers.services.sweeping import ask_for_sweep, sweep
from offers.services.valuing import ValueReport, record_reaches, value_orders, value_window
from portal.models import Partner
from tests.factories import TODAY, make_order, make_partner, midnight, product
from tests.offers.factories import make_offer, make_price

NOW = midnight(TODAY)


def ending(partner: Partner, days: int, **fields: Any) -> Order:
    return make_order(partner, ends_on=TODAY + timedelta(days=days), **fields)


def values() -> dict[int, tuple[Decimal, Decimal, int | None]]:
    return {pk: (net, off, offer) for pk, *rest in _rows() for net, off, offer in [rest]}


def _rows() -> list[tuple[Any, ...]]:
    return list(Valuation.objects.order_by("order").values_list("order", "net", "discount", "offer"))


def reaches(order: Order) -> list[list[int]]:
    return list(Reach.objects.filter(order=order).order_by("since").values_list("offers", flat=True))


def net_at(order: Order, now: datetime) -> Decimal:
    found = price_order(order, product=order.product or product(), term_years=1, names=order.names, now=now)
    assert found is not None
    return found.priced.net


def test_every_live_unrenewed_order_has_its_value(partner: Partner) -> None:
    make_price(partner, name_price=Decimal(10), wildcard_price=Decimal(50))
    plain = ending(partner, 10)
    wide = ending(partner, 400, names=["a.example", "b.example", "*.c.example"])
    ending(partner, 20, renewal_mark=RenewalMark.IN_HAND)
    ending(partner, 20, status=OrderStatus.CANCELED)

    report = value_orders(partner, now=NOW)

    assert values() == {plain.pk: (Decimal(210), Decimal(0), None), wide.pk: (Decimal(270), Decimal(0), None)}
    assert report == ValueReport(written=2)


def test_second_time_nothing_is_written(partner: Partner) -> None:
    make_price(partner)
    make_offer(partner)
    ending(partner, 10)
    value_orders(partner, now=NOW)
    before = Valuation.objects.get().valued_at

    report = value_orders(partner, now=NOW + timedelta(hours=1))

    assert report == ValueReport(unchanged=1)
    assert Valuation.objects.get().valued_at == before
    assert Reach.objects.count() == 1


def test_value_names_the_offer_that_takes_most_off(partner: Partner) -> None:
    make_price(partner)
    order = ending(partner, 50)
    large = make_offer(partner, "20", stacks=True)
    make_offer(partner, "5", stacks=True)

    value_orders(partner, now=NOW)

    assert values() == {order.pk: (Decimal(150), Decimal(50), large.pk)}


def test_value_goes_with_its_price_and_with_its_order(partner: Partner) -> None:
    make_price(partner)
    unpriced = make_price(partner, product=product("ssl_dv_geotrust_flex"))
    renewed, left = ending(partner, 10), ending(partner, 10, product=unpriced.product)
    value_orders(partner, now=NOW)
    Order.objects.filter(pk=renewed.pk).update(renewal_mark=RenewalMark.IN_HAND)
    Price.objects.filter(pk=unpriced.pk).delete()

    report = value_orders(partner, now=NOW, orders=[renewed.pk, left.pk])

    assert (values(), report.removed) == ({}, 2)


def test_only_the_orders_asked_for_are_valued(partner: Partner) -> None:
    make_price(partner)
    asked, _other = ending(partner, 10), ending(partner, 10)

    value_orders(partner, now=NOW, orders=[asked.pk])

    assert list(values()) == [asked.pk]


def test_orders_of_a_neighbour_are_left_alone(partner: Partner) -> None:
    make_price(partner)
    neighbour = make_partner("Neighbour")
    make_price(neighbour, "1.00")
    theirs = ending(neighbour, 10)

    value_orders(partner, now=NOW, orders=[theirs.pk])
    value_orders(partner, now=NOW)

    assert values() == {}


def test_offers_reach_orders_in_their_window_only(partner: Partner) -> None:
    make_price(partner)
    offer = make_offer(partner)
    inside, early, late = ending(partner, 90), ending(partner, 91), ending(partner, -31)

    report = value_orders(partner, now=NOW)

    assert [reaches(one) for one in (inside, early, late)] == [[[offer.pk]], [], []]
    assert report.reached == 1


def test_order_that_lost_its_price_for_a_while_is_still_reached(partner: Partner) -> None:
    priced = make_price(partner)
    worse = make_offer(partner, "5")
    order = ending(partner, 60)
    value_orders(partner, now=NOW)
    priced.delete()
    value_orders(partner, now=NOW + timedelta(hours=1))
    Offer.objects.filter(pk=worse.pk).update(state=Offer.State.ENDED)
    make_offer(partner, "30")
    make_price(partner)

    assert net_at(order, NOW + timedelta(days=1)) == 190


def test_end_of_an_offer_is_remembered(partner: Partner) -> None:
    make_price(partner)
    offer = make_offer(partner)
    order = ending(partner, 60)
    value_orders(partner, now=NOW)
    Offer.objects.filter(pk=offer.pk).update(state=Offer.State.PAUSED)
    record_reaches(partner, now=NOW + timedelta(hours=1))
    Offer.objects.filter(pk=offer.pk).update(state=Offer.State.PUBLISHED)

    value_window(partner, now=NOW + timedelta(hours=2))

    assert reaches(order) == [[offer.pk], [], [offer.pk]]
    assert values() == {order.pk: (Decimal(200), Decimal(0), None)}


def test_many_orders_cost_as_many_queries_as_one(partner: Partner, django_assert_max_num_queries: Any) -> None:
    make_price(partner)
    make_offer(partner)
    for days in range(1, 30):
        ending(partner, days)

    with django_assert_max_num_queries(20):
        value_orders(partner, now=NOW)

    assert Valuation.objects.count() == 29


# Sweeps


def test_sweep_values_everything_on_a_new_day_and_then_only_what_is_new(partner: Partner) -> None:
    make_price(partner)
    old = ending(partner, 200)
    sweep(partner, now=NOW)
    Valuation.objects.all().delete()
    new = ending(partner, 10)

    sweep(partner, now=NOW + timedelta(seconds=5))
    assert list(values()) == [new.pk]

    sweep(partner, now=NOW + timedelta(days=1))
    assert list(values()) == [old.pk, new.pk]


def test_sweep_values_the_window_when_an_offer_begins(partner: Partner) -> None:
    make_price(partner)
    order = ending(partner, 60)
    offer = make_offer(partner, starts_at=NOW + timedelta(minutes=5))
    sweep(partner, now=NOW)

    sweep(partner, now=NOW + timedelta(minutes=4))
    assert values() == {order.pk: (Decimal(200), Decimal(0), None)}

    sweep(partner, now=NOW + timedelta(minutes=5))
    assert values() == {order.pk: (Decimal(180), Decimal(20), offer.pk)}


def test_sweep_values_what_an_import_changed(partner: Partner) -> None:
    make_price(partner, name_price=Decimal(10))
    order = ending(partner, 200)
    sweep(partner, now=NOW)
    Order.objects.filter(pk=order.pk).update(names=["a.example", "b.example"])
    run = ImportRun.objects.create(
        partner=partner,
        format=ImportRun.Format.MAPPED,
        authority=order.authority,
        created_at=NOW,
        finished_at=NOW + timedelta(minutes=1),
        updated=1,
    )
    ImportLine.objects.create(run=run, line=1, number=order.number, outcome=ImportLine.Outcome.UPDATED)

    sweep(partner, now=NOW + timedelta(minutes=2))

    assert [net for net, *_rest in values().values()] == [220]


def test_gap_while_no_worker_ran_is_made_up_for(partner: Partner) -> None:
    make_price(partner)
    order = ending(partner, 60)
    hour = timedelta(hours=1)
    first = make_offer(partner, "10", ends_at=NOW + hour)
    second = make_offer(partner, "10", starts_at=NOW + 2 * hour)
    sweep(partner, now=NOW)

    sweep(partner, now=NOW + 3 * hour)

    assert reaches(order) == [[first.pk], [], [second.pk]]
    assert values() == {order.pk: (Decimal(200), Decimal(0), None)}


def test_an_offer_that_changes_during_a_sweep_is_left_to_the_next_one(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_price(partner)
    sweep(partner, now=NOW)

    def changing_meanwhile(_run: ImportRun) -> list[int]:
        ask_for_sweep(partner)
        return []

    monkeypatch.setattr(sweeping, "_changed_by", changing_meanwhile)
    finished = NOW + timedelta(minutes=1)
    fields = {"format": ImportRun.Format.MAPPED, "created_at": NOW, "finished_at": finished, "updated": 1}
    ImportRun.objects.create(partner=partner, **fields)

    sweep(partner, now=NOW + timedelta(minutes=2))

    assert Watermark.objects.get().swept_at == NOW - timedelta(hours=1)


def test_missed_moments_are_the_last_before_offers_and_prices_turn(partner: Partner) -> None:
    make_offer(partner, starts_at=NOW + timedelta(hours=30), ends_at=NOW + timedelta(days=9))
    make_offer(partner, starts_at=NOW + timedelta(hours=31), code="ASKED")
    make_price(partner, valid_from=TODAY + timedelta(days=2), valid_until=TODAY + timedelta(days=4))

    missed = missed_moments(partner, since=NOW, now=NOW + timedelta(days=8))

    assert [moment - NOW for moment in missed] == [
        timedelta(hours=hours, microseconds=-1) for hours in (30, 2 * 24, 5 * 24)
    ]


def test_sweep_stays_away_while_another_worker_is_at_it(partner: Partner) -> None:
    Watermark.objects.create(partner=partner, claimed_until=NOW + timedelta(minutes=1))

    assert sweep(partner, now=NOW) is None
    assert sweep(partner, now=NOW + timedelta(minutes=1)) is not None


# The promise

_DEEDS = st.sampled_from(["begin", "end", "pause", "resume", "use up", "give back"])
_DEED = st.tuples(st.integers(0, 125), _DEEDS, st.integers(1, 40), st.sampled_from([None, 30, 0, -30]))


@pytest.mark.django_db
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(_DEED, max_size=6), pauses=st.lists(st.integers(1, 20), min_size=9, max_size=9))
def test_discount_never_rises_once_an_order_is_reached(
    partner: Partner, story: list[tuple[int, str, int, int | None]], pauses: list[int]
) -> None:
    """Whatever becomes of offers, and however long no worker runs."""
    for model in (Redemption, Reach, Offer, Price, Watermark):
        model.objects.all().delete()
    make_price(partner, name_price=Decimal(20))
    order = ending(partner, 95)
    sweeps = set(accumulate(pauses))
    seen: list[Decimal] = []
    for day in sorted({*sweeps, *(at + more for at, *_rest in story for more in (0, 1))}):
        now = NOW + timedelta(days=day, hours=3)
        for deed in (one for one in story if one[0] == day):
            _do(partner, deed, now)
            value_orders(partner, now=now, orders=[order.pk])
        if day in sweeps:
            sweep(partner, now=now)
        seen.append(220 - net_at(order, now + timedelta(hours=1)))

    reached = [off for at, off in enumerate(seen) if any(seen[: at + 1])]
    assert reached == sorted(reached, reverse=True)


def _do(partner: Partner, deed: tuple[int, str, int, int | None], now: datetime) -> None:
    """Something that happens to the partner's offers, each time to the newest."""
    _day, what, percent, until = deed
    newest = Offer.objects.order_by("-pk").first()
    if what == "begin" or newest is None:
        make_offer(partner, str(percent), starts_at=now, days_until=-30 if until is None else until)
        return
    changes: dict[str, dict[str, Any]] = {
        "end": {"state": Offer.State.ENDED},
        "pause": {"state": Offer.State.PAUSED},
        "resume": {"state": Offer.State.PUBLISHED},
        "use up": {"redemption_limit": 1, "redeemed": 1},
        "give back": {"redemption_limit": 1, "redeemed": 0},
    }
    Offer.objects.filter(pk=newest.pk).update(**changes[what])
