"""For each order the best automatic discount never rises, whatever is published, paused, resumed or ended meanwhile."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from certificates.models import Order
from offers.models import Offer
from offers.models.offers import OfferStatus
from offers.services.offers import end_offer, pause_offer, publish_offer, resume_offer
from offers.services.pricing import OrderPrice, price_order
from offers.services.sweeping import sweep
from offers.services.valuing import value_orders
from portal.models import Partner
from tests import factories
from tests.certificates.services.work import TEN
from tests.factories import TODAY
from tests.offers.factories import make_draft_quote, make_offer, make_prices

DAY = timedelta(days=1)


@pytest.fixture
def priced(partner: Partner) -> Partner:
    make_prices(partner)
    return partner


def make_due(partner: Partner, days_left: int) -> Order:
    return factories.make_order(partner, ends_on=TODAY + timedelta(days=days_left))


def publish(partner: Partner, percent: str, *, now: datetime, **fields: Any) -> Offer:
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


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_done_in_whatever_order_no_page_ever_shows_more(priced: Partner, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  a seed makes the walk the same each time
    orders = [make_due(priced, days) for days in (88, 60, 25, 3)]
    sweep(priced, now=TEN)
    seen = {order.pk: [share(order, now=TEN)] for order in orders}
    now, told = TEN, []
    for _ in range(14):
        told.append(_one_deed(priced, dice, now))
        if dice.random() < 0.5:
            now += timedelta(hours=dice.choice([1, 7, 30, 100]))
            sweep(priced, now=now)
        for order in orders:
            seen[order.pk].append(share(order, now=now))
        now += timedelta(minutes=1)

    for shares in seen.values():
        reached = [share for share in shares if share]
        since = shares.index(reached[0]) if reached else len(shares)
        assert shares[since:] == sorted(shares[since:], reverse=True), told


def _one_deed(partner: Partner, dice: random.Random, now: datetime) -> str:
    """Something an administrator might do at the moment; what it was."""
    by_status: dict[OfferStatus, list[Offer]] = {status: [] for status in OfferStatus}
    for offer in Offer.objects.for_partner(partner):
        by_status[offer.status(now)].append(offer)
    live, paused = by_status[OfferStatus.LIVE], by_status[OfferStatus.PAUSED]
    deed = dice.choice(["publish", "publish", "pause", "resume", "end"])
    if deed == "publish":
        percent, until = str(dice.randint(1, 40)), dice.choice([60, 20, -30])
        ends_at = dice.choice([None, now + timedelta(hours=dice.randint(1, 90))])
        publish(partner, percent, now=now, days_until=until, ends_at=ends_at, stacks=dice.random() < 0.4)
        return f"{percent} % until {until}"
    if deed == "resume" and paused:
        resume_offer(dice.choice(paused), actor=None, now=now)
    elif deed in ("pause", "end") and live:
        {"pause": pause_offer, "end": end_offer}[deed](dice.choice(live), actor=None, now=now)
    return deed
