"""An offer is used as often, and gives away as much, as it may, and once for each thing it is used for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from certificates.models import Customer
from offers.models import Offer, Redemption
from offers.services.redeeming import OfferNotLive, OfferUsedUp, redeem, settle
from portal.models import Partner
from tests import factories
from tests.certificates.services.work import TEN
from tests.offers.factories import make_offer

EUR_20 = Decimal("20.00")


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return factories.make_customer(partner)


def redeem_one(
    offer: Offer, subject: str, customer: Customer, *, amount: Decimal = EUR_20, held: bool = False, currency: str = ""
) -> Redemption:
    (one,) = redeem([(offer, amount)], subject=subject, customer=customer, now=TEN, held=held, currency=currency)
    return one


def counters(offer: Offer) -> tuple[int, Decimal]:
    offer.refresh_from_db()
    return offer.redeemed, offer.spent


def test_a_use_takes_the_next_place_and_counts(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner, redemption_limit=5)

    uses = [redeem_one(offer, f"order:{number}", customer) for number in range(3)]

    assert [(one.place, one.state, one.currency) for one in uses] == [(n, "used", "EUR") for n in (1, 2, 3)]
    assert counters(offer) == (3, Decimal("60.00"))


def test_the_same_thing_uses_an_offer_once_even_after_its_end(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner)
    first = redeem_one(offer, "order:1", customer)
    Offer.objects.filter(pk=offer.pk).update(state=Offer.State.ENDED)

    again = redeem_one(offer, "order:1", customer, amount=Decimal("99.00"))

    assert (again.pk, again.amount) == (first.pk, Decimal("99.00"))
    assert counters(offer) == (1, Decimal("99.00"))


def test_asked_for_again_it_gives_no_more_than_the_cap(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner, spend_cap=Decimal("70.00"))
    redeem_one(offer, "order:1", customer)

    with pytest.raises(OfferUsedUp):
        redeem_one(offer, "order:1", customer, amount=Decimal("70.01"))

    assert counters(offer) == (1, EUR_20)


def test_several_offers_are_used_together_or_not_at_all(partner: Partner, customer: Customer) -> None:
    plenty, none = make_offer(partner), make_offer(partner, redemption_limit=0)

    with pytest.raises(OfferUsedUp) as refused:
        redeem([(none, EUR_20), (plenty, EUR_20)], subject="order:1", customer=customer, now=TEN)

    assert refused.value.offer == none
    assert counters(plenty) == (0, Decimal(0))
    assert not Redemption.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"state": Offer.State.DRAFT},
        {"state": Offer.State.PAUSED},
        {"state": Offer.State.ENDED},
        {"starts_at": TEN + timedelta(seconds=1)},
        {"ends_at": TEN},
    ],
)
def test_an_offer_that_is_not_live_is_refused(partner: Partner, customer: Customer, fields: dict[str, Any]) -> None:
    offer = make_offer(partner, **fields)

    with pytest.raises(OfferNotLive):
        redeem_one(offer, "order:1", customer)


def test_an_offer_stops_at_its_limit(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner, redemption_limit=2)
    for number in range(2):
        redeem_one(offer, f"order:{number}", customer)

    with pytest.raises(OfferUsedUp):
        redeem_one(offer, "order:3", customer)

    assert counters(offer) == (2, Decimal("40.00"))


def test_one_customer_uses_an_offer_no_more_often_than_a_customer_may(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner, customer_limit=1)
    redeem_one(offer, "order:1", customer)
    neighbour = factories.make_customer(partner, "Verger Sonore")

    redeem_one(offer, "order:2", neighbour)
    with pytest.raises(OfferUsedUp):
        redeem_one(offer, "order:3", customer)


def test_the_cap_is_reached_to_the_cent_and_not_passed(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner, spend_cap=Decimal("0.30"))
    redeem_one(offer, "order:1", customer, amount=Decimal("0.10"))
    redeem_one(offer, "order:2", customer, amount=Decimal("0.20"))

    with pytest.raises(OfferUsedUp):
        redeem_one(offer, "order:3", customer, amount=Decimal("0.01"))

    assert counters(offer) == (2, Decimal("0.30"))


def test_a_cap_in_one_currency_has_nothing_left_for_another(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner, spend_cap=Decimal(1000))

    with pytest.raises(OfferUsedUp):
        redeem_one(offer, "order:1", customer, currency="JPY")


def test_an_offer_without_a_cap_is_used_in_any_currency(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner)

    redeem_one(offer, "order:1", customer)
    assert redeem_one(offer, "order:2", customer, currency="JPY").currency == "JPY"
    assert counters(offer) == (2, EUR_20)
    settle("order:2", now=TEN)
    assert counters(offer) == (1, EUR_20)


def test_what_a_quote_holds_counts_and_becomes_used_after_the_offers_end(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner, redemption_limit=1)
    held = redeem_one(offer, "order:1", customer, held=True)
    Offer.objects.filter(pk=offer.pk).update(state=Offer.State.ENDED)

    assert held.state == Redemption.State.HELD
    assert [redeem_one(offer, "order:1", customer).pk for _again in range(2)] == [held.pk, held.pk]
    held.refresh_from_db()
    assert held.state == Redemption.State.USED
    assert counters(offer) == (1, EUR_20)


def test_a_held_use_follows_the_amount_asked_for_last_within_the_cap(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner, spend_cap=Decimal("50.00"))
    redeem_one(offer, "order:1", customer, held=True)

    used = redeem_one(offer, "order:1", customer, amount=Decimal("45.00"))

    assert (used.state, used.place) == (Redemption.State.USED, 1)
    assert counters(offer) == (1, Decimal("45.00"))
    redeem_one(offer, "order:2", customer, amount=Decimal("5.00"), held=True)
    with pytest.raises(OfferUsedUp):
        redeem_one(offer, "order:2", customer, amount=Decimal("5.01"))
    assert counters(offer) == (2, Decimal("50.00"))


def test_what_is_given_back_frees_its_place_and_its_amount_once(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner, redemption_limit=3)
    for number in (1, 2, 3):
        redeem_one(offer, f"order:{number}", customer, held=number == 2)

    assert (settle("order:2", now=TEN), settle("order:2", now=TEN)) == (1, 0)
    assert counters(offer) == (2, Decimal("40.00"))
    assert redeem_one(offer, "order:4", customer).place == 2
    assert settle("order:1", now=TEN) == 1
    assert redeem_one(offer, "order:2", customer).place == 1
    assert counters(offer) == (3, Decimal("60.00"))


def test_the_places_of_an_unlimited_offer_are_filled_from_the_front(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner)
    for number in range(1, 6):
        redeem_one(offer, f"order:{number}", customer)
    settle("order:3", now=TEN)
    settle("order:5", now=TEN)

    assert [redeem_one(offer, f"order:{number}", customer).place for number in (6, 7, 8)] == [3, 5, 6]


def test_two_uses_cannot_stand_in_one_place_whoever_forgets_the_lock(partner: Partner, customer: Customer) -> None:
    offer = make_offer(partner)
    first = redeem_one(offer, "order:1", customer)
    twin = Redemption(
        partner=partner,
        offer=offer,
        customer=customer,
        subject="order:2",
        place=first.place,
        amount=EUR_20,
        currency="EUR",
        at=TEN,
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def test_the_counters_cannot_be_written_past_the_terms(partner: Partner) -> None:
    offer = make_offer(partner, redemption_limit=1, spend_cap=EUR_20)

    for past in ({"redeemed": 2}, {"spent": Decimal("20.01")}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Offer.objects.filter(pk=offer.pk).update(**past)
