"""The demo has a price for everything it shows, and offers in every state."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django_scopes import scope

from certificates.models import Order, Product, Request
from offers.models import Offer, Price, Sale, SalesSettings, Valuation
from offers.models.offers import OfferStatus
from offers.services.forecasts import BreakEven
from offers.services.offer_results import results_of
from offers.services.previewing import preview_offer
from offers.wording.offers import gives
from portal import clock
from portal.models import Partner


@pytest.fixture
def relais(demo_once: Partner, db: None) -> Partner:
    return demo_once


def test_everything_on_its_pages_has_a_price(relais: Partner) -> None:
    with scope(partner=relais):
        live = Order.objects.for_partner(relais).issued().unrenewed()
        assert Valuation.objects.filter(order__in=live).count() == live.count()
        assert Valuation.objects.filter(offer__isnull=False).exists()
        assert set(Valuation.objects.values_list("currency", flat=True)) == {"EUR", "CHF"}
        listed = Price.objects.for_partner(relais).listed().values("product")
        assert not Product.objects.filter(is_offered=True).exclude(pk__in=listed).exists()
        assert Sale.objects.count() == Request.objects.count()


def test_there_is_an_offer_in_every_state_that_one_looks_for(relais: Partner) -> None:
    with scope(partner=relais):
        found = [offer.status(clock.now()) for offer in Offer.objects.for_partner(relais)]

    assert {OfferStatus.LIVE, OfferStatus.SCHEDULED, OfferStatus.DRAFT, OfferStatus.ENDED} <= set(found)


def test_an_offer_for_one_level_says_so_in_its_headline(relais: Partner) -> None:
    with scope(partner=relais):
        early = Offer.objects.get(name="Early bird")

    assert gives(early, {}) == "10% off OV renewals"


def test_enough_orders_ended_to_say_what_an_offer_must_bring(relais: Partner) -> None:
    """At 40 % margin, 10 % off must lift renewals from 60 % to 80 %."""
    with scope(partner=relais):
        draft = Offer.objects.get(state=Offer.State.DRAFT)

        foreseen = preview_offer(draft, now=clock.now())

    assert foreseen.own_rate == Decimal("0.6")
    assert foreseen.touched > 0
    assert isinstance(foreseen.break_even, BreakEven)
    assert foreseen.break_even.needed is not None
    assert round(100 * foreseen.break_even.margin) == 40
    assert round(100 * foreseen.break_even.needed) == 80


def test_its_offers_have_results(relais: Partner) -> None:
    with scope(partner=relais):
        for name in ("Early bird", "Spring thanks"):
            results = results_of(Offer.objects.get(name=name), today=clock.today())
            assert results.used >= 5
            assert sum(week.uses > 0 for week in results.weeks) >= 4
            assert results.main is not None
            assert results.main.profit
            assert results.main.profit > 0

        early = Offer.objects.get(name="Early bird")
        assert early.forecast["base_rate"] == "0.6000"
        assert early.forecast["needed_rate"]


def test_one_website_shows_its_selector(relais: Partner) -> None:
    with scope(partner=relais):
        assert SalesSettings.objects.get().embed_origins == ["https://www.relais.example"]
