"""Accepted, withdrawn, revised, renewed and quoted anew at once: each order is renewed once, each use counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from certificates.models import Order, Request
from certificates.states import RenewalMark, RequestState
from offers.models import Offer, Quote, Redemption, Sale
from offers.services import quotes
from offers.services.renewing import renew_at_price
from portal import clock
from portal.access import on_behalf_of
from portal.models import Partner
from tests import factories
from tests.certificates.certs import make_csr
from tests.drills.stage import Stage
from tests.offers.factories import make_offer
from tests.offers.quoting import make_shop

QUARRELS = 16


@pytest.fixture
def partner(transactional_db: None) -> Iterator[Partner]:
    """Its rows are committed, so that other processes see them."""
    relais = factories.make_partner()
    factories.make_connection(relais)
    make_shop(relais)
    with on_behalf_of(relais):
        yield relais


def make_quarrel(partner: Partner, number: int) -> None:
    """A sent quote for three orders, and the draft of another for these and one more, the other way round."""
    owner = factories.make_member(partner).user
    customer = factories.make_customer(partner, country="FR")
    product = factories.product("ssl_dv_geotrust_flex")
    hosts = [f"w{number}{letter}.granit.example" for letter in "abcd"]
    orders = [
        factories.make_order(partner, customer=customer, common_name=host, product=product, csr=make_csr(host))
        for host in hosts
    ]
    sent = quotes.draft_quote(orders[:-1], actor=owner, now=clock.now())
    quotes.send_quote(sent, actor=owner, now=clock.now(), by_mail=False)
    quotes.draft_quote(orders[::-1], actor=owner, now=clock.now())


def test_a_quarrel_ends_with_each_order_once_and_each_offer_counted_once(partner: Partner, tmp_path: Path) -> None:
    offers = [make_offer(partner, percent=percent, stacks=True) for percent in ("10", "5")]
    for number in range(QUARRELS):
        make_quarrel(partner, number)

    (said,) = Stage.in_folder(tmp_path).together(("quarrel", partner.pk))

    assert said == {"surprises": []}
    if connection.vendor == "postgresql":  # where the processes worked on this very database
        check_orders()
        check_offers(offers)


def make_failed(partner: Partner, number: int) -> Request:
    """A renewal with an offer, that the authority has not taken."""
    host = f"f{number}.granit.example"
    product = factories.product("ssl_dv_geotrust_flex")
    order = factories.make_order(partner, common_name=host, product=product, csr=make_csr(host))
    wish = {"product": product, "term_years": 1, "names": order.names, "csr": order.csr}
    request = renew_at_price(order, **wish, actor=factories.make_member(partner).user, now=clock.now()).request
    Request.objects.filter(pk=request.pk).update(state=RequestState.FAILED, finished_at=clock.now())
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.NONE)
    return request


def test_two_quotes_of_one_order_that_end_at_once_hold_nothing_any_more(partner: Partner, tmp_path: Path) -> None:
    offer = make_offer(partner)
    owner = factories.make_member(partner).user
    for number in range(QUARRELS):
        product = factories.product("ssl_dv_geotrust_flex")
        order = factories.make_order(partner, common_name=f"e{number}.granit.example", product=product)
        for _twice in range(2):
            draft = quotes.draft_quote([order], actor=owner, now=clock.now())
            quotes.send_quote(draft, actor=owner, now=clock.now(), by_mail=False)

    (said,) = Stage.in_folder(tmp_path).together(("end_both", partner.pk))

    assert said == {"surprises": []}
    if connection.vendor == "postgresql":  # where the processes worked on this very database
        offer.refresh_from_db()
        assert not Quote.objects.open().exists()
        assert (offer.redeemed, offer.spent) == (0, Decimal(0))


def test_tried_again_and_renewed_at_once_neither_waits_for_ever(partner: Partner, tmp_path: Path) -> None:
    offer = make_offer(partner)
    orders = [make_failed(partner, number).order_id for number in range(QUARRELS)]

    (said,) = Stage.in_folder(tmp_path).together(("retry", partner.pk))

    assert said == {"surprises": []}
    if connection.vendor == "postgresql":  # where the processes worked on this very database
        assert Counter(Request.objects.renewing().values_list("order", flat=True)) == Counter(orders)
        check_offers([offer])


def test_orders_are_valued_while_their_offers_are_used(partner: Partner, tmp_path: Path) -> None:
    first, second = (factories.make_customer(partner, name, country="FR") for name in ("Granit", "Verger"))
    make_offer(partner, customers=[second.pk], stacks=True)
    make_offer(partner, customers=[first.pk], stacks=True)
    for number in range(QUARRELS):
        customer = second if number % 4 == 3 else first
        factories.make_order(partner, customer=customer, common_name=f"v{number}.granit.example")

    (said,) = Stage.in_folder(tmp_path).together(("value", partner.pk), DRILL_TURNS="4")

    assert said == {"surprises": []}


def check_orders() -> None:
    """No order is renewed twice, none without a sale, and no quote half."""
    renewed = Counter(Request.objects.values_list("order", flat=True))
    assert set(renewed.values()) == {1}
    assert Sale.objects.count() == len(renewed)
    for quote in Quote.objects.all():
        sold = Sale.objects.filter(quote_line__quote=quote).count()
        assert sold == (quote.lines.count() if quote.state == "accepted" else 0)
    assert Order.objects.filter(pk__in=renewed).exclude(renewal_mark="in_hand").count() == 0


def check_offers(offers: list[Offer]) -> None:
    """The counters say what the uses say; what is used was sold, and what is held is open."""
    for offer in offers:
        offer.refresh_from_db()
        uses = list(Redemption.objects.filter(offer=offer).exclude(state="released"))
        assert (offer.redeemed, offer.spent) == (len(uses), sum((use.amount for use in uses), Decimal(0)))
    used = set(Redemption.objects.filter(state="used").values_list("order", flat=True))
    held = set(Redemption.objects.filter(state="held").values_list("order", flat=True))
    assert used == set(Sale.objects.values_list("request__order", flat=True))
    quoted = set(Order.objects.filter(quote_lines__quote__in=Quote.objects.open()).values_list("pk", flat=True))
    assert held <= quoted <= held | used
