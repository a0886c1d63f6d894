"""Prices as services find them: the most particular price, the offers that hold, codes, taxes and locked quotes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from certificates.models import Customer, Order
from offers.models import Offer, Quote, QuoteLine, Reach
from offers.models.quotes import QuoteState
from offers.rules.ceilings import Standing
from offers.rules.taxes import TaxCode
from offers.services.offer_book import offer_book
from offers.services.price_book import price_book
from offers.services.pricing import CodeRefusal, OrderPrice, price_for, price_new, price_order
from offers.services.redeeming import redeem
from portal.models import Partner
from tests.factories import TODAY, make_customer, make_order, make_partner, midnight, product
from tests.offers.factories import (
    make_draft_quote,
    make_level,
    make_offer,
    make_price,
    make_settings,
    make_tax_rate,
    make_terms,
)

NOW = midnight(TODAY)
AS_IT_IS = "ssl_securesite_flex/1"
TENTH = {AS_IT_IS: "0.1"}


@pytest.fixture
def order(partner: Partner) -> Order:
    """Ends in 60 days, and costs 200.00 by the list."""
    make_price(partner)
    return make_order(partner, ends_on=TODAY + timedelta(days=60))


def asked(order: Order, **facts: object) -> OrderPrice:
    wish = {"product": order.product, "term_years": 1, "names": order.names, "now": NOW} | facts
    found = price_order(order, **wish)
    assert found is not None
    return found


def net(order: Order, **facts: object) -> Decimal:
    return asked(order, **facts).priced.net


def base(customer: Customer | None, partner: Partner, on: date = TODAY) -> Decimal | None:
    found = price_for(partner, product(), term_years=1, names=["a.example"], customer=customer, on=on)
    return found.net if found else None


def make_quoted(order: Order, amount: str, **fields: object) -> QuoteLine:
    """A sent quote that locks the order's price at a list price of so much."""
    quote = make_draft_quote(order)
    sent = {"state": QuoteState.SENT, "number": "Q-2026-00001", "sent_at": NOW}
    Quote.objects.filter(pk=quote.pk).update(**(sent | fields))
    line = quote.lines.get()
    line.net = Decimal(amount)
    step = {"kind": "base", "quantity": 1, "unit": amount, "amount": amount, "offer": None, "percent": None}
    line.arithmetic = {"currency": "EUR", "lines": [step | {"is_limited": False}], "cost": None}
    line.save()
    return line


# The most particular price


def test_customers_own_price_wins_over_its_levels_and_that_over_the_list(partner: Partner) -> None:
    gold = make_level(partner)
    mine, golden, anybody = (make_customer(partner, name) for name in ("A", "B", "C"))
    make_terms(mine, level=gold)
    make_terms(golden, level=gold)
    make_price(partner, "200.00")
    make_price(partner, "180.00", level=gold)
    make_price(partner, "150.00", customer=mine)

    assert [base(one, partner) for one in (mine, golden, anybody, None)] == [150, 180, 200, 200]


def test_price_that_began_last_counts_on_each_day(partner: Partner) -> None:
    make_price(partner, "200.00", valid_until=TODAY + timedelta(days=5))
    make_price(partner, "220.00", valid_from=TODAY)
    make_price(partner, "999.00", valid_from=TODAY + timedelta(days=1))

    days = [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]
    assert [base(None, partner, day) for day in days] == [200, 220, 999]


def test_customer_is_priced_in_its_own_currency(partner: Partner) -> None:
    swiss = make_customer(partner)
    make_terms(swiss, currency="CHF")
    make_price(partner, "200.00")
    make_price(partner, "230.00", currency="CHF")

    found = price_for(partner, product(), term_years=1, names=["a.example"], customer=swiss, on=TODAY)
    assert found is not None
    assert (found.net, found.currency) == (Decimal("230.00"), "CHF")


def test_without_a_price_in_its_currency_there_is_none(partner: Partner, order: Order) -> None:
    make_terms(order.customer, currency="CHF")

    assert price_order(order, product=product(), term_years=1, names=order.names, now=NOW) is None


def test_no_price_for_the_term_is_none_and_no_multiple_of_one_year(order: Order) -> None:
    assert price_order(order, product=product(), term_years=2, names=order.names, now=NOW) is None


def test_prices_of_a_neighbour_are_never_used(partner: Partner) -> None:
    make_price(make_partner("Neighbour"), "1.00")

    assert base(None, partner) is None


def test_book_for_many_asks_nothing_more(partner: Partner, django_assert_num_queries: object) -> None:
    orders = [make_order(partner, ends_on=TODAY + timedelta(days=days)) for days in (10, 20, 30)]
    make_price(partner)
    make_offer(partner)
    flex = product()
    with django_assert_num_queries(5):  # type: ignore[operator]
        book, offers = price_book(partner, on=TODAY), offer_book(partner, now=NOW)
        for one in orders:
            price_order(
                one,
                product=flex,
                term_years=1,
                names=one.names,
                now=NOW,
                book=book,
                offers=offers,
                recorded={},
                locked=(),
            )


# Offers that apply by themselves


def test_live_offer_takes_its_share_off_and_a_scheduled_one_nothing(partner: Partner, order: Order) -> None:
    early = make_offer(partner, "10")
    make_offer(partner, "50", starts_at=NOW + timedelta(days=1))

    found = asked(order)

    assert found.priced.net == Decimal("180.00")
    assert found.offers == {early.pk: early}
    assert found.uses == [(early, Decimal("20.00"))]
    assert found.standing == Standing((early.pk,), {AS_IT_IS: Decimal("0.1")})


@pytest.mark.parametrize("state", [Offer.State.DRAFT, Offer.State.PAUSED, Offer.State.ENDED])
def test_offer_that_is_not_published_takes_nothing_off(partner: Partner, order: Order, state: str) -> None:
    make_offer(partner, "10", state=state)

    assert net(order) == 200


def test_better_offer_gives_no_more_than_the_worse_one_that_came_first(partner: Partner, order: Order) -> None:
    worse = make_offer(partner, "10", state=Offer.State.ENDED)
    better = make_offer(partner, "20")
    Reach.objects.create(partner=partner, order=order, since=NOW - timedelta(days=5), offers=[worse.pk], ceilings=TENTH)

    found = asked(order)

    assert found.priced.net == 180
    # Told in the offer that can be used, and said to be less than it promises
    assert [(line.offer, line.is_limited) for line in found.priced.lines if line.offer] == [(better.pk, True)]


def test_gap_between_two_offers_stays_a_gap(partner: Partner, order: Order) -> None:
    make_offer(partner, "20")
    Reach.objects.create(partner=partner, order=order, since=NOW - timedelta(days=5), ceilings={AS_IT_IS: "0"})

    assert net(order) == 200


def test_offer_used_up_by_others_counts_no_more(partner: Partner, order: Order) -> None:
    offer = make_offer(partner, "10", redemption_limit=1)
    redeem([(offer, Decimal(5))], subject="order:999", customer=order.customer, now=NOW)

    assert net(order) == 200


def test_offer_held_for_this_very_order_still_counts(partner: Partner, order: Order) -> None:
    offer = make_offer(partner, "10", redemption_limit=1)
    redeem([(offer, Decimal(20))], subject=f"order:{order.pk}", customer=order.customer, order=order, now=NOW)

    assert net(order) == 180


def test_offer_whose_cap_has_too_little_left_leaves_room_for_a_smaller_one(partner: Partner, order: Order) -> None:
    make_offer(partner, "30", spend_cap=Decimal("50.00"))
    small = make_offer(partner, "10")

    found = asked(order)

    assert found.priced.net == 180
    assert found.standing == Standing((small.pk,), {AS_IT_IS: Decimal("0.1")})


def test_customer_who_has_used_its_share_pays_the_list_price(partner: Partner, order: Order) -> None:
    offer = make_offer(partner, "10", customer_limit=1)
    redeem([(offer, Decimal(20))], subject="order:999", customer=order.customer, now=NOW)

    other = make_order(partner, ends_on=order.ends_on)
    assert [net(order), net(other)] == [200, 180]


def test_floor_of_the_house_holds(partner: Partner) -> None:
    make_price(partner, "200.00", cost_base=Decimal("160.00"), cost_name=Decimal(0))
    make_settings(partner, floor_margin=Decimal(10))
    make_offer(partner, "50")

    assert net(make_order(partner)) == Decimal("177.78")


def test_upgrade_offer_asks_for_a_published_upgrade(partner: Partner, order: Order) -> None:
    dearer = order.product.upgrades.first()  # type: ignore[union-attr]
    assert dearer is not None
    make_price(partner, "300.00", product=dearer)
    make_offer(partner, None, kind=Offer.Kind.UPGRADE_SAME_PRICE)

    assert net(order, product=dearer) == 200


def test_offer_for_large_customers_counts_their_running_orders(partner: Partner, order: Order) -> None:
    make_offer(partner, "10", min_orders=2)
    assert net(order) == 200

    make_order(partner, customer=order.customer)
    assert net(order) == 180


# Codes


def test_code_counts_however_it_is_written(partner: Partner, order: Order) -> None:
    offer = make_offer(partner, "25", code="WINTER25")

    found = asked(order, code=" winter25 ")

    assert found.priced.net == 150
    assert found.coded is not None
    assert (found.coded.offer, found.coded.refusal) == (offer, None)


def test_code_is_not_bound_to_the_days_before_the_end(partner: Partner) -> None:
    make_price(partner)
    make_offer(partner, "25", code="WINTER25", days_from=10, days_until=0)

    assert net(make_order(partner, ends_on=TODAY + timedelta(days=80)), code="WINTER25") == 150


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"code": "OTHER"}, CodeRefusal.UNKNOWN),
        ({"code": "W", "state": Offer.State.PAUSED}, CodeRefusal.NOT_LIVE),
        ({"code": "W", "starts_at": NOW + timedelta(days=2)}, CodeRefusal.NOT_LIVE),
        ({"code": "W", "levels": ["dv"]}, CodeRefusal.NOT_FOR_THIS),
        ({"code": "W", "kind": Offer.Kind.UPGRADE_PERCENT}, CodeRefusal.NOT_FOR_THIS),
        ({"code": "W", "redemption_limit": 1, "redeemed": 1}, CodeRefusal.USED_UP),
        ({"code": "W", "spend_cap": Decimal("9.00")}, CodeRefusal.USED_UP),
        ({"code": "W", "percent": "5"}, CodeRefusal.NOT_BETTER),
    ],
)
def test_code_that_changes_nothing_says_why(
    partner: Partner, order: Order, fields: dict[str, object], refusal: CodeRefusal
) -> None:
    make_offer(partner, "10")
    make_offer(partner, **({"percent": "30"} | fields))  # type: ignore[arg-type]

    found = asked(order, code="W")

    assert found.coded is not None
    assert (found.coded.refusal, found.priced.net) == (refusal, Decimal("180.00"))


def test_new_order_knows_codes_and_no_offers_for_renewals(partner: Partner) -> None:
    make_price(partner)
    make_offer(partner, "10")
    make_offer(partner, "25", code="WELCOME")
    wish = {"product": product(), "term_years": 1, "names": ["a.example"], "now": NOW}

    plain, coded = price_new(partner, **wish), price_new(partner, **wish, code="welcome")  # type: ignore[arg-type]

    assert plain is not None
    assert coded is not None
    assert (plain.priced.net, coded.priced.net) == (Decimal(200), Decimal(150))


def test_certificate_moved_over_gets_the_offer_for_moving(partner: Partner, order: Order) -> None:
    make_offer(partner, "40", kind=Offer.Kind.CONSOLIDATION)
    wish = {"product": product(), "term_years": 1, "names": ["a.example"], "now": NOW}

    moved, new = (price_new(partner, **wish, consolidates=moves) for moves in (True, False))  # type: ignore[arg-type]

    assert moved is not None
    assert new is not None
    assert (moved.priced.net, new.priced.net) == (Decimal(120), Decimal(200))
    # and it has not reached orders of ours
    assert asked(order).standing is None


# Tax and locked prices


def test_tax_follows_country_and_number_of_the_customer(partner: Partner) -> None:
    make_settings(partner)
    make_tax_rate(partner)
    make_price(partner)
    french = make_order(partner, customer=make_customer(partner, country="FR"))
    german = make_order(partner, customer=make_customer(partner, country="DE", vat_number="DE136695976"))

    found = [asked(one) for one in (french, german)]

    assert [(one.tax.code, one.totals.tax, one.totals.gross) for one in found] == [
        (TaxCode.STANDARD, Decimal("40.00"), Decimal("240.00")),
        (TaxCode.REVERSE_CHARGE, Decimal("0.00"), Decimal("200.00")),
    ]


def test_quoted_price_stays_locked(order: Order) -> None:
    line = make_quoted(order, "170.00")

    found = asked(order)

    assert (found.priced.net, found.locked) == (Decimal(170), line)


def test_better_price_than_the_quoted_one_is_given(partner: Partner, order: Order) -> None:
    make_quoted(order, "195.00")
    make_offer(partner, "10")

    found = asked(order)

    assert (found.priced.net, found.locked) == (Decimal(180), None)


@pytest.mark.parametrize(
    "fields",
    [{"state": QuoteState.EXPIRED}, {"valid_until": TODAY - timedelta(days=1)}, {"state": QuoteState.SUPERSEDED}],
)
def test_quote_that_no_longer_holds_locks_nothing(order: Order, fields: dict[str, object]) -> None:
    make_quoted(order, "170.00", **fields)

    assert net(order) == 200


def test_quote_for_other_names_locks_nothing(order: Order) -> None:
    make_quoted(order, "170.00")

    assert net(order, names=["other.example"]) == 200
