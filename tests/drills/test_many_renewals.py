"""Colleagues renew all that is due at once: each order is renewed once, and everybody sees all of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certificates.models import Contact
from portal.access import on_behalf_of
from portal.models import Partner
from tests import factories
from tests.certificates.certs import make_csr
from tests.drills.stage import Stage
from tests.factories import TODAY
from tests.offers.factories import make_offer
from tests.offers.quoting import make_shop

ORDERS = 8


@pytest.fixture
def partner(transactional_db: None) -> Iterator[Partner]:
    """Its rows are committed, so that other processes see them."""
    relais = factories.make_partner()
    factories.make_connection(relais)
    make_shop(relais)
    for percent in ("10", "5"):
        make_offer(relais, percent, stacks=True, redemption_limit=100)
    with on_behalf_of(relais):
        yield relais


@pytest.fixture
def contact(partner: Partner) -> Contact:
    """Somebody with orders that are due, the last of which ends first."""
    customer = factories.make_customer(partner, country="FR")
    contact = factories.make_contact(customer)
    product = factories.product("ssl_dv_geotrust_flex")
    for number in range(ORDERS):
        host, ends_on = f"w{number}.granit.example", TODAY + timedelta(days=30 - number)
        factories.make_order(
            partner,
            customer=customer,
            contact=contact,
            common_name=host,
            ends_on=ends_on,
            product=product,
            csr=make_csr(host),
        )
    return contact


@pytest.mark.parametrize(
    "deeds", [("renew_all", "renew_all"), ("renew_half", "renew_all", "renew_half")], ids=["the same", "overlapping"]
)
def test_browsers_that_renew_at_once_renew_each_order_once_and_see_it(
    deeds: tuple[str, ...], contact: Contact, tmp_path: Path
) -> None:
    stage = Stage.in_folder(tmp_path)

    # Pages are served as in development: nobody has collected static files here.
    answers = stage.together(*[(deed, contact.pk) for deed in deeds], DEBUG="1")
    (told,) = stage.together(("count_renewals", contact.pk))

    assert {one["status"] for one in answers} <= {302, 409}
    assert 302 in {one["status"] for one in answers}
    assert max(one["shown"] for one in answers) == ORDERS
    assert told == {"requests": ORDERS, "orders": ORDERS, "sales": ORDERS, "uses": 2 * ORDERS}
