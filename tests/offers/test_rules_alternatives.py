"""What offers give for more than an order holds: one step, the best first, and only where it is something new."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from offers.rules.alternatives import Alternative, alternatives
from offers.rules.baskets import Basket, UnitPrices
from offers.rules.discounts import OfferKind, OfferTerms
from offers.rules.prices import Priced, price

SOLD = {"basic": "Basic OV", "pro": "Secure Site Pro"}


def unit(base: str) -> UnitPrices:
    return UnitPrices(base=Decimal(base), name=Decimal(20), wildcard=Decimal(100))


PRESENT = Basket(
    product="basic",
    family="",
    level="ov",
    term_years=1,
    names=("a.example",),
    prices=unit("200"),
    currency="EUR",
    present_prices=unit("200"),
    present_names=1,
)
RAISED = replace(PRESENT, product="pro", prices=unit("500"), is_upgrade=True)
LONGER = replace(PRESENT, term_years=2, prices=unit("380"), present_prices=unit("380"))
RAISED_LONGER = replace(RAISED, term_years=2, prices=unit("950"))
WIDER = replace(PRESENT, names=("a.example", "b.example", "c.example"))
ALL = (PRESENT, RAISED, LONGER, RAISED_LONGER, WIDER)


def terms(pk: int, kind: OfferKind, percent: str | None = None, **fields: Any) -> OfferTerms:
    return OfferTerms(id=pk, kind=kind, percent=Decimal(percent) if percent else None, **fields)


def found(*offers: OfferTerms, sold: dict[str, str] = SOLD, **options: Any) -> list[Alternative]:
    priced: dict[Basket, Priced] = {basket: price(basket, offers, **options) for basket in ALL}
    return alternatives(PRESENT, priced, {one.id: one for one in offers}, sold)


UPGRADE = terms(1, OfferKind.UPGRADE_PERCENT, "20")
TWO_YEARS = terms(2, OfferKind.LONGER_PLAN, "5", min_term_years=2)


def test_an_upgrade_is_one_step_for_the_present_term() -> None:
    assert found(UPGRADE) == [
        Alternative(
            offer=1,
            kind="upgrade_percent",
            product="pro",
            name="Secure Site Pro",
            price=Decimal(520),
            saving=Decimal(104),
        )
    ]


def test_a_longer_plan_is_one_step_with_the_present_product() -> None:
    assert found(TWO_YEARS) == [
        Alternative(offer=2, kind="longer_plan", years=2, price=Decimal(400), saving=Decimal(20))
    ]


def test_free_names_are_counted() -> None:
    free = terms(3, OfferKind.EXTRA_NAMES, free_names=2)

    assert found(free) == [Alternative(offer=3, kind="extra_names", names=2, price=Decimal(260), saving=Decimal(40))]


def test_the_largest_share_comes_first() -> None:
    assert [one.offer for one in found(TWO_YEARS, UPGRADE)] == [1, 2]


def test_what_counts_for_the_order_as_it_is_is_nothing_more() -> None:
    everywhere = terms(4, OfferKind.PERCENT, "10")
    from_one_year = terms(5, OfferKind.LONGER_PLAN, "15", min_term_years=1)

    assert found(everywhere) == []
    assert found(from_one_year) == []


def test_an_offer_that_another_beats_is_not_told() -> None:
    assert found(TWO_YEARS, terms(4, OfferKind.PERCENT, "10")) == []


def test_a_product_that_is_not_sold_is_not_advised() -> None:
    assert found(UPGRADE, sold={"basic": "Basic OV"}) == []


def test_less_than_the_whole_is_said() -> None:
    same_price = terms(6, OfferKind.UPGRADE_SAME_PRICE, floor_margin=Decimal("0.1"))
    costly = replace(RAISED, prices=replace(unit("500"), cost_base=Decimal(360), cost_name=Decimal(0)))
    priced = {basket: price(basket, [same_price]) for basket in (PRESENT, costly)}

    [one] = alternatives(PRESENT, priced, {6: same_price}, SOLD)

    assert (one.saving, one.is_whole) == (Decimal(120), False)


@pytest.mark.parametrize("offer", [UPGRADE, TWO_YEARS])
def test_it_is_the_same_after_it_was_stored(offer: OfferTerms) -> None:
    [one] = found(offer)

    assert Alternative.from_json(one.to_json()) == one
