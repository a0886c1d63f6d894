"""Ordering at a price: request, offers and sale stand together, and nobody pays what was not shown."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from certificates.models import Customer, Order, Product, Request
from certificates.services.refusals import AlreadyRenewed
from certificates.states import RequestState
from offers.models import Offer, Reach, Redemption, Sale
from offers.services.pricing import price_order
from offers.services.quotes.holding import release_all
from offers.services.redeeming import redeem
from offers.services.renewing import Ordered, PriceChanged, new_at_price, renew_at_price, told_price
from offers.services.sweeping import sweep
from portal.models import Partner
from tests.certificates.certs import make_csr
from tests.factories import TODAY, make_connection, make_customer, make_order, make_request, midnight, product
from tests.offers.factories import make_draft_quote, make_offer, make_price, make_settings, make_tax_rate

NOW = midnight(TODAY)
NAME = "www.granit-phare.example"
DV = "ssl_dv_geotrust_flex"
CSR = make_csr(NAME)


@pytest.fixture
def order(partner: Partner) -> Order:
    """A DV order that ends in 60 days and costs 200.00 by the list."""
    make_connection(partner)
    make_price(partner, product=product(DV))
    return make_order(partner, product=product(DV), ends_on=TODAY + timedelta(days=60))


def renew(order: Order, **facts: Any) -> Ordered:
    wish: dict[str, Any] = {"product": product(DV), "term_years": 1, "names": [NAME], "csr": CSR, "actor": None}
    return renew_at_price(order, **(wish | {"now": NOW} | facts))


def told(order: Order, **facts: Any) -> str:
    return told_price(price_order(order, product=product(DV), term_years=1, names=[NAME], now=NOW, **facts))


def test_the_sale_keeps_the_arithmetic_the_offers_and_the_tax(partner: Partner, order: Order) -> None:
    make_settings(partner)
    make_tax_rate(partner)
    offer = make_offer(partner, "10")

    made = renew(order, told=told(order))

    assert made.sale is not None
    assert (made.sale.subtotal, made.sale.discount, made.sale.net, made.sale.gross) == (
        Decimal("200.00"),
        Decimal("20.00"),
        Decimal("180.00"),
        Decimal("216.00"),
    )
    assert made.sale.tax == {"code": "standard", "rate": "20.00", "country": "FR", "amount": "36.00"}
    assert [line["offer"] for line in made.sale.arithmetic["lines"]] == [None, None, offer.pk]
    assert (made.request.price, made.request.currency) == (Decimal("180.00"), "EUR")
    assert [(use.subject, use.amount, use.state) for use in Redemption.objects.all()] == [
        (f"order:{order.pk}", Decimal("20.00"), Redemption.State.USED)
    ]
    assert [reach.offers for reach in Reach.objects.filter(order=order)] == [[offer.pk]]


def test_a_price_that_changed_meanwhile_orders_nothing(partner: Partner, order: Order) -> None:
    seen = told(order)
    make_offer(partner, "10")

    with pytest.raises(PriceChanged) as changed:
        renew(order, told=seen)

    assert changed.value.price is not None
    assert changed.value.price.priced.net == 180
    assert not Request.objects.exists()
    assert not Redemption.objects.exists()


def test_a_changed_tax_is_a_changed_price(partner: Partner, order: Order) -> None:
    seen = told(order)
    make_settings(partner)
    make_tax_rate(partner)

    with pytest.raises(PriceChanged):
        renew(order, told=seen)


def test_a_second_press_uses_no_offer_again(partner: Partner, order: Order) -> None:
    make_offer(partner, "10", redemption_limit=5)
    renew(order)

    with pytest.raises(AlreadyRenewed):
        renew(order)

    assert Offer.objects.get().redeemed == 1
    assert Sale.objects.count() == 1


def test_an_offer_taken_by_another_order_is_not_given_twice(partner: Partner, order: Order) -> None:
    make_offer(partner, "10", redemption_limit=1)
    other = make_order(partner, product=product(DV), ends_on=order.ends_on)
    seen = told(other)
    renew(order)

    with pytest.raises(PriceChanged):
        renew(other, told=seen)

    made = renew(other)
    assert made.sale is not None
    assert made.sale.net == 200


def test_what_a_quote_held_is_used_by_the_renewal(partner: Partner, order: Order) -> None:
    offer = make_offer(partner, "10", redemption_limit=1)
    subject = f"order:{order.pk}"
    redeem([(offer, Decimal(20))], subject=subject, customer=order.customer, order=order, now=NOW, held=True)

    renew(order)

    assert [use.state for use in Redemption.objects.all()] == [Redemption.State.USED]


def test_a_quote_that_ends_gives_back_nothing_that_the_renewal_has_used(partner: Partner, order: Order) -> None:
    offer = make_offer(partner, "10", redemption_limit=1)
    subject = f"order:{order.pk}"
    redeem([(offer, Decimal(20))], subject=subject, customer=order.customer, order=order, now=NOW, held=True)
    quote = make_draft_quote(order)
    renew(order)

    assert release_all(quote, now=NOW) == 0
    assert [use.state for use in Redemption.objects.all()] == [Redemption.State.USED]


def test_without_a_price_it_is_ordered_all_the_same(order: Order) -> None:
    made = renew(order, term_years=2, told="")

    assert made.sale is None
    assert (made.request.price, made.request.currency) == (None, "")


def test_an_automatic_renewal_gets_its_sale_from_the_sweep(partner: Partner, order: Order) -> None:
    make_offer(partner, "10")
    asked = make_request(order, source="auto_renew")

    sweep(partner, now=NOW + timedelta(seconds=5))
    sweep(partner, now=NOW + timedelta(seconds=10))

    sale = Sale.objects.get()
    assert (sale.request, sale.net) == (asked, Decimal("180.00"))
    asked.refresh_from_db()
    assert (asked.price, asked.currency) == (Decimal("180.00"), "EUR")
    assert Redemption.objects.count() == 1


def test_a_request_that_was_committed_late_gets_its_sale_too(partner: Partner, order: Order) -> None:
    late, other = make_request(order, source="auto_renew"), make_order(partner, product=product(DV))
    asked = Request.objects.get(pk=late.pk)
    Request.objects.filter(pk=late.pk).delete()
    make_request(other, source="auto_renew")
    sweep(partner, now=NOW)
    asked.save(force_insert=True)

    sweep(partner, now=NOW + timedelta(days=1))

    assert Sale.objects.filter(request=asked).exists()


def test_the_order_that_came_of_it_already_takes_the_price_over(partner: Partner, order: Order) -> None:
    new = make_order(partner, product=product(DV), ends_on=TODAY + timedelta(days=400))
    make_request(order, source="auto_renew", state=RequestState.ISSUED, result=new)

    sweep(partner, now=NOW + timedelta(seconds=5))

    new.refresh_from_db()
    assert (new.price, new.currency) == (Decimal("200.00"), "EUR")


def test_what_is_rejected_gives_its_offers_back(partner: Partner, order: Order) -> None:
    make_offer(partner, "10", redemption_limit=1)
    made = renew(order)
    sweep(partner, now=NOW)
    rejected = {"state": RequestState.REJECTED, "finished_at": NOW + timedelta(minutes=1)}
    Request.objects.filter(pk=made.request.pk).update(**rejected)

    sweep(partner, now=NOW + timedelta(minutes=2))

    assert [use.state for use in Redemption.objects.all()] == [Redemption.State.RELEASED]
    assert Offer.objects.get().redeemed == 0


def test_what_is_asked_for_again_keeps_its_offers(partner: Partner, order: Order) -> None:
    make_offer(partner, "10", redemption_limit=1)
    made = renew(order)
    sweep(partner, now=NOW)
    canceled = {"state": RequestState.CANCELED, "finished_at": NOW + timedelta(minutes=1)}
    Request.objects.filter(pk=made.request.pk).update(**canceled)
    Order.objects.filter(pk=order.pk).update(renewal_mark="none")
    again = renew(order)

    sweep(partner, now=NOW + timedelta(minutes=2))

    assert [use.state for use in Redemption.objects.all()] == [Redemption.State.USED]
    assert again.sale is not None
    assert again.sale.net == 180


def buy(partner: Partner, known: Customer | None = None, **facts: Any) -> Ordered:
    wish: dict[str, Any] = {
        "customer": lambda: known or make_customer(partner, "New one"),
        "organization": lambda _customer: None,
        "known": known,
        "product": Product.objects.get(name_id=DV),
        "term_years": 1,
        "names": [NAME],
        "csr": CSR,
        "actor": None,
        "now": NOW,
    }
    return new_at_price(partner, **(wish | facts))


def test_a_new_order_has_its_sale_and_uses_its_code(partner: Partner) -> None:
    make_connection(partner)
    make_price(partner, product=product(DV))
    make_offer(partner, "25", code="WELCOME")

    made = buy(partner, code="welcome")

    assert made.sale is not None
    assert (made.sale.net, made.sale.customer.name) == (Decimal("150.00"), "New one")
    assert [use.subject for use in Redemption.objects.all()] == [f"request:{made.request.pk}"]


def test_a_changed_price_makes_neither_order_nor_customer(partner: Partner) -> None:
    make_connection(partner)
    make_price(partner, product=product(DV))

    with pytest.raises(PriceChanged):
        buy(partner, told="1.00 EUR 1.00")

    assert not Customer.objects.exists()
    assert not Request.objects.exists()
