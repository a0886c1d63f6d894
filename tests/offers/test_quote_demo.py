"""The demo shows a quote at each stage of its life."""

from __future__ import annotations

from datetime import timedelta

from certificates.models import Order
from offers.models import Quote
from offers.models.quotes import QuoteState
from offers.services.quotes.demo import seed
from portal.models import Membership, Partner
from tests.certificates.services.work import TEN, make_renewable
from tests.factories import TODAY
from tests.offers.quoting import make_buyer, make_shop


def make_orders(partner: Partner) -> list[Order]:
    customers = [make_buyer(partner, f"Customer {number}") for number in range(7)]
    return [make_renewable(partner, customer=one, ends_on=TODAY + timedelta(days=40)) for one in customers]


def test_there_is_one_at_each_stage(connected: Partner, claire: Membership) -> None:
    make_orders(make_shop(connected))

    seed(connected, TEN)

    made = Quote.objects.order_by("number")
    assert [one.state for one in made] == [
        QuoteState.DRAFT,
        QuoteState.DECLINED,
        QuoteState.SENT,
        QuoteState.ACCEPTED,
        QuoteState.VIEWED,
        QuoteState.VIEWED,
        QuoteState.SENT,
    ]
    assert (Quote.objects.change_asked().count(), Quote.objects.expiring_soon(TODAY).count()) == (1, 1)


def test_without_prices_there_are_none(connected: Partner, claire: Membership) -> None:
    make_renewable(connected, customer=make_buyer(connected))

    seed(connected, TEN)

    assert not Quote.objects.exists()
