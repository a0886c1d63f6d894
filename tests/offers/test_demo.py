"""The demo has a price for everything it shows, and offers in every state."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django_scopes import scope

from certificates.models import Order, Product, Request
from offers.models import Offer, Price, Sale, Valuation
from offers.models.offers import OfferStatus
from portal import clock
from portal.demo import PARTNER_SLUG
from portal.models import Partner


@pytest.fixture
def relais(db: None) -> Partner:
    call_command("seed_demo", verbosity=0)
    return Partner.objects.get(slug=PARTNER_SLUG)


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

    assert {OfferStatus.LIVE, OfferStatus.SCHEDULED, OfferStatus.DRAFT} <= set(found)
