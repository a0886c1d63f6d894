"""Which product a recommended shape comes as: of the catalogue as it stands, and of what an order may become."""

from __future__ import annotations

from decimal import Decimal

import pytest

from certificates.models import Product
from certificates.rules import Level
from offers.rules.selector import Alternative, Recommendation, Shape, Tier, Why
from offers.services.advice import Match, Subject, Way, families_of, match
from portal.models import Partner
from tests.factories import TODAY, make_customer, make_order, product
from tests.offers.factories import make_prices, make_terms


def best(shape: Shape, subject: Subject) -> Match | None:
    return match(Recommendation(shape, ()), subject, today=TODAY).best


def name_id(shape: Shape, subject: Subject) -> str:
    found = best(shape, subject)
    return found.product.name_id if found else ""


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Shape(Level.DV, Tier.BASIC), "ssl_dv_geotrust_flex"),
        (Shape(Level.DV, Tier.BASIC, wildcard=True), "ssl_dv_geotrust_flex"),
        (Shape(Level.OV, Tier.BASIC), "ssl_basic"),
        (Shape(Level.OV, Tier.SITE), "ssl_securesite_flex"),
        (Shape(Level.OV, Tier.PRO, wildcard=True), "ssl_securesite_pro"),
        (Shape(Level.EV, Tier.SITE), "ssl_ev_securesite_flex"),
        (Shape(Level.EV, Tier.PRO, several_names=True), "ssl_ev_securesite_pro"),
    ],
)
def test_each_shape_has_its_product_in_the_sample_catalogue(partner: Partner, shape: Shape, expected: str) -> None:
    assert name_id(shape, Subject(partner)) == expected


def test_a_brand_that_the_customer_has_is_preferred_at_the_same_level(partner: Partner) -> None:
    customer = make_customer(partner)
    make_order(partner, customer=customer, product=product("ssl_dv_thawte"))
    stranger = make_customer(partner, "Somebody else")
    make_order(partner, customer=stranger, product=product("ssl_geotrust_truebizid"))

    assert families_of(customer) == ["Thawte"]
    assert name_id(Shape(Level.OV, Tier.BASIC), Subject(partner, customer)) == "ssl_thawte_webserver"
    # Thawte has no seal, and no DV product of it holds a wildcard.
    assert name_id(Shape(Level.OV, Tier.SITE), Subject(partner, customer)) == "ssl_securesite_flex"
    assert name_id(Shape(Level.DV, Tier.BASIC, wildcard=True), Subject(partner, customer)) == "ssl_dv_geotrust_flex"


def test_what_is_no_longer_offered_is_not_recommended(partner: Partner) -> None:
    Product.objects.filter(name_id="ssl_basic").update(is_offered=False)

    assert name_id(Shape(Level.OV, Tier.BASIC), Subject(partner)) == "ssl_geotrust_truebizid"


def test_where_nothing_that_is_offered_fits_nothing_is_recommended(partner: Partner) -> None:
    Product.objects.filter(level="ev").update(is_offered=False)

    assert best(Shape(Level.EV, Tier.SITE), Subject(partner)) is None


@pytest.mark.parametrize(
    ("present", "shape", "expected", "way"),
    [
        ("ssl_basic", Shape(Level.OV, Tier.BASIC), "ssl_basic", Way.PRESENT),
        ("ssl_basic", Shape(Level.OV, Tier.SITE), "ssl_securesite_flex", Way.UPGRADE),
        ("ssl_basic", Shape(Level.OV, Tier.PRO), "ssl_securesite_pro", Way.UPGRADE),
        ("ssl_securesite_pro", Shape(Level.DV, Tier.BASIC), "ssl_securesite_pro", Way.PRESENT),
        ("ssl_thawte_webserver", Shape(Level.EV, Tier.SITE), "ssl_ev_securesite_flex", Way.ANEW),
        ("ssl_dv_rapidssl", Shape(Level.DV, Tier.BASIC, wildcard=True), "ssl_dv_geotrust_flex", Way.UPGRADE),
        # Its published upgrade brings nothing more here.
        ("wildcard_dv_rapidssl", Shape(Level.DV, Tier.BASIC, wildcard=True), "wildcard_dv_rapidssl", Way.PRESENT),
    ],
)
def test_an_order_keeps_what_suffices_and_else_follows_the_published_upgrades(
    partner: Partner, present: str, shape: Shape, expected: str, way: Way
) -> None:
    order = make_order(partner, product=product(present))

    found = best(shape, Subject(partner, order.customer, order))

    assert found is not None
    assert (found.product.name_id, found.way) == (expected, way)


def test_an_ev_order_with_a_wildcard_is_led_to_a_product_that_holds_it(partner: Partner) -> None:
    order = make_order(partner, product=product("ssl_ev_securesite_flex"), names=["*.granit-phare.example"])

    found = best(Shape(Level.OV, Tier.SITE, wildcard=True), Subject(partner, order.customer, order))

    assert found is not None
    assert (found.product.name_id, found.way) == ("ssl_securesite_flex", Way.UPGRADE)


def test_prices_are_those_of_the_customer_for_the_names_of_the_order(partner: Partner) -> None:
    make_prices(partner)
    order = make_order(partner, product=product("ssl_basic"), names=["a.example.org", "b.example.org"])
    make_terms(order.customer, currency="USD")

    in_euros = best(Shape(Level.OV, Tier.BASIC), Subject(partner))
    in_dollars = best(Shape(Level.OV, Tier.BASIC), Subject(partner, order.customer, order))

    assert in_euros is not None
    assert (in_euros.price, in_euros.names) == (Decimal(120), 1)
    # Their currency has no price yet: none is made up.
    assert in_dollars is not None
    assert (in_dollars.price, in_dollars.names) == (None, 2)


def test_recommending_asks_the_database_as_often_with_many_alternatives(
    partner: Partner, django_assert_num_queries: object
) -> None:
    make_prices(partner)
    subject = Subject(partner, make_customer(partner))
    others = tuple(Alternative(Shape(level, tier), Why.WITH_SEAL) for level in (Level.OV, Level.EV) for tier in Tier)

    with django_assert_num_queries(6):  # type: ignore[operator]
        match(Recommendation(Shape(Level.OV, Tier.PRO), (), (), others), subject, today=TODAY)
