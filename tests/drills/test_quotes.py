"""Buyers of a company accept the same quote, or quotes for the same, at once: it is ordered once, and all are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates.models import Order
from offers.models import Quote
from offers.services.quotes import draft_quote, send_quote
from portal import clock
from portal.access import on_behalf_of
from portal.models import Partner
from tests import factories
from tests.certificates.certs import make_csr
from tests.drills.stage import Stage
from tests.offers.factories import make_prices, make_settings, make_tax_rate


@pytest.fixture
def partner(transactional_db: None) -> Iterator[Partner]:
    """Its rows are committed, so that other processes see them."""
    relais = factories.make_partner()
    factories.make_connection(relais)
    make_prices(relais)
    make_settings(relais)
    make_tax_rate(relais)
    with on_behalf_of(relais):
        yield relais


def make_renewables(partner: Partner, count: int) -> list[Order]:
    customer = factories.make_customer(partner, country="FR")
    product = factories.product("ssl_dv_geotrust_flex")
    hosts = [f"w{number}.granit.example" for number in range(count)]
    return [
        factories.make_order(partner, customer=customer, common_name=host, product=product, csr=make_csr(host))
        for host in hosts
    ]


def test_two_browsers_that_accept_at_once_order_one_set_and_see_the_same_answer(
    partner: Partner, tmp_path: Path
) -> None:
    draft = draft_quote(make_renewables(partner, 3), actor=None, now=clock.now())
    quote: Quote = send_quote(draft, actor=None, now=clock.now(), by_mail=False)
    stage = Stage.in_folder(tmp_path)

    # Pages are served as in development: nobody has collected static files here.
    both = stage.together(*[("accept", quote.pk)] * 4, DEBUG="1")
    (told,) = stage.together(("count", quote.pk))

    assert {one["status"] for one in both} == {302}
    (winner,) = {one["shown"] for one in both}
    assert winner in {one["name"] for one in both}
    assert told == {"requests": 3, "sales": 3, "state": "accepted", "by": winner, "deeds": 1}


def test_of_two_quotes_for_one_certificate_accepted_at_once_one_orders_and_the_other_is_refused(
    partner: Partner, tmp_path: Path
) -> None:
    theirs = [
        factories.make_certificate_elsewhere(factories.make_customer(partner, country="FR"), "shop.granit.example")
    ]
    theirs.append(factories.make_certificate_elsewhere(theirs[0].customer, "pay.granit.example"))
    # The same certificates the other way round: neither may wait for the other.
    drafts = [draft_quote([], certificates=order, actor=None, now=clock.now()) for order in (theirs, theirs[::-1])]
    sent = [send_quote(draft, actor=None, now=clock.now(), by_mail=False) for draft in drafts]
    stage = Stage.in_folder(tmp_path)

    both = stage.together(*[("accept", quote.pk) for quote in sent], DEBUG="1")
    told = stage.together(*[("count", quote.pk) for quote in sent])

    assert sorted(one["status"] for one in both) == [302, 409]
    assert sorted(one["refused"] for one in both) == [[], ["pay.granit.example", "shop.granit.example"]]
    assert sorted((one["state"], one["requests"], one["sales"]) for one in told) == [
        ("accepted", 2, 2),
        ("viewed", 2, 0),
    ]
