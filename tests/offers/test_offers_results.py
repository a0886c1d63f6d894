"""What an offer gives, said in one sentence; where its bar stands in the calendar; and what it has earned."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from certificates.models import Order
from certificates.states import RequestKind, RequestState
from offers.models import Offer, Sale, Valuation
from offers.services.offer_results import Week, results_of
from offers.services.redeeming import redeem, settle
from offers.views.offers.calendar import calendar_of
from offers.wording.offers import gives, period, product_names, terms_of
from portal.models import Partner
from tests import factories
from tests.certificates.services.work import TEN
from tests.factories import TODAY
from tests.offers.factories import make_level, make_offer

# In words


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"percent": "15"}, "15% off every renewal"),
        ({"percent": "12.5", "families": ["Secure Site"]}, "12.5% off Secure Site renewals"),
        ({"percent": "5", "families": ["A", "B", "C"]}, "5% off A, B or C renewals"),
        ({"percent": "5", "families": list("ABCDEF")}, "5% off A, B, C or 3 others renewals"),
        (
            {"percent": None, "kind": "amount", "amount": Decimal(20), "currency": "EUR", "products": ["ssl_basic"]},
            "€20.00 off Basic OV renewals",
        ),
        (
            {"percent": "15", "kind": "longer_plan", "min_term_years": 1, "families": ["Secure Site"]},
            "15% off Secure Site renewals of 1 year and more",
        ),
        ({"percent": "15", "kind": "longer_plan", "min_term_years": 2}, "15% off renewals of 2 years and more"),
        ({"percent": None, "kind": "extra_names", "free_names": 1}, "1 further name free with every renewal"),
        (
            {"percent": None, "kind": "extra_names", "free_names": 3, "families": ["Thawte"]},
            "3 further names free with Thawte renewals",
        ),
        ({"percent": None, "kind": "upgrade_same_price"}, "An upgrade at the price of the present product"),
        (
            {"percent": None, "kind": "upgrade_same_price", "upgrade_targets": ["ssl_securesite_pro"]},
            "Secure Site Pro at the price of the present product",
        ),
        (
            {
                "percent": "20",
                "kind": "upgrade_percent",
                "upgrade_targets": ["ssl_securesite_pro"],
                "families": ["Secure Site"],
            },
            "20% off the upgrade from Secure Site to Secure Site Pro",
        ),
        ({"percent": "30", "kind": "consolidation"}, "30% off a certificate moved to us"),
    ],
)
def test_what_an_offer_gives_is_one_sentence(partner: Partner, fields: dict[str, Any], sentence: str) -> None:
    assert gives(make_offer(partner, **fields), product_names()) == sentence


def test_every_condition_and_limit_is_named(partner: Partner) -> None:
    customer, level = factories.make_customer(partner, "Verger Sonore"), make_level(partner)
    offer = make_offer(
        partner,
        levels=["ov"],
        price_levels=[level.pk],
        customers=[customer.pk],
        countries=["FR", "BE"],
        min_orders=2,
        first_renewal=True,
        days_until=30,
        stacks=True,
        floor_margin=Decimal(20),
        redemption_limit=10,
        customer_limit=1,
        spend_cap=Decimal(500),
    )

    assert [words for _, words in terms_of(offer, "EUR")] == [
        "Organisation validated",
        "Gold",
        "Verger Sonore",
        "FR, BE",
        "at least 2 orders",
        "the first one only",
        "by itself, from 90 to 30 days before the end",
        "adds to those that add up",
        "never below 20%",
        "at most 10",
        "at most 1",
        "at most €500.00",
    ]
    assert period(offer) == "from 12 November 2026, without an end"


# In the calendar


def test_a_bar_stands_where_its_days_are(partner: Partner) -> None:
    day = factories.midnight
    whole = make_offer(partner, name="whole", starts_at=day(date(2025, 1, 1)))
    one_month = make_offer(partner, name="one", starts_at=day(date(2026, 9, 1)), ends_at=day(date(2026, 10, 1)))
    past: list[dict[str, Any]] = [{"ends_at": day(date(2026, 9, 1))}, {"state": "draft"}, {"state": "ended"}]
    for gone in past:
        make_offer(partner, **{"starts_at": day(date(2026, 1, 1)), **gone})
    make_offer(partner, starts_at=day(date(2027, 9, 1)))

    calendar = calendar_of(Offer.objects.all(), now=TEN)

    assert [month.first for month in calendar.months][::11] == [date(2026, 9, 1), date(2027, 8, 1)]
    assert [(bar.offer, bar.x, bar.width) for bar in calendar.bars] == [
        (whole, "0%", "100%"),
        (one_month, "0%", "8.22%"),
    ]
    assert calendar.bars[1].last == date(2026, 9, 30)


# In figures


def make_sale(order: Order, *, net: str, cost: str | None, **fields: Any) -> Sale:
    request = factories.make_request(order, **fields)
    return Sale.objects.create(
        partner_id=order.partner_id,
        request=request,
        customer_id=order.customer_id,
        currency="EUR",
        arithmetic={},
        subtotal=Decimal(net),
        net=Decimal(net),
        cost=Decimal(cost) if cost else None,
        gross=Decimal(net),
        at=TEN,
    )


def use(offer: Offer, order: Order, **fields: Any) -> None:
    redeem(
        [(offer, Decimal(10))],
        subject=f"order:{order.pk}",
        customer=order.customer,
        order=order,
        **{"now": TEN, **fields},
    )


def test_results_count_what_was_sold_with_the_offer_and_nothing_else(partner: Partner) -> None:
    offer, orders = make_offer(partner), [factories.make_order(partner) for _ in range(6)]
    sold, dear, failed, held, given_back, other = orders
    for order in (sold, dear, failed, given_back):
        use(offer, order)
    use(offer, held, held=True)
    settle(f"order:{given_back.pk}", now=TEN)
    make_sale(sold, net="180.00", cost="120.00")
    make_sale(dear, net="90.00", cost=None)
    make_sale(failed, net="70.00", cost="50.00", state=RequestState.FAILED)
    make_sale(other, net="60.00", cost="50.00")
    Valuation.objects.create(
        partner=partner, order=other, currency="EUR", subtotal=100, net=90, offer=offer, valued_at=TEN
    )

    results = results_of(offer, today=TODAY)

    assert (results.used, results.held, results.released, results.customers, results.on_offer) == (3, 1, 1, 4, 1)
    main = results.main
    assert main is not None
    assert (main.uses, main.given, main.net) == (4, Decimal(40), Decimal(270))
    assert (main.profit, main.margin) == (Decimal(60), 1 - Decimal(120) / 180)


def test_a_new_order_that_used_the_offer_counts_too(partner: Partner) -> None:
    offer, order = make_offer(partner, kind="consolidation"), factories.make_order(partner)
    sale = make_sale(order, net="150.00", cost="100.00", kind=RequestKind.NEW)
    redeem([(offer, Decimal(50))], subject=f"request:{sale.request_id}", customer=order.customer, now=TEN)

    main = results_of(offer, today=TODAY).main

    assert main is not None
    assert main.net == Decimal(150)


def test_quiet_weeks_stand_among_the_others(partner: Partner) -> None:
    offer = make_offer(partner, starts_at=TEN - timedelta(days=20))
    for days in (20, 0, 1):
        use(offer, factories.make_order(partner), now=TEN - timedelta(days=days))

    assert results_of(offer, today=TODAY).weeks == [
        Week(date(2026, 11, 2), 1),
        Week(date(2026, 11, 9), 0),
        Week(date(2026, 11, 16), 2),
    ]
