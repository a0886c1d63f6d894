"""What a quote holds of an offer is counted once and given back once, whatever becomes of the quote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from certificates.models import Order, Request
from certificates.states import RenewalMark, RequestState
from offers.models import Offer, Quote, Redemption
from offers.models.quotes import DeclineReason
from offers.services import quotes
from offers.services.renewing import release_uses, renew_at_price
from portal.models import Membership, Partner
from tests.certificates.certs import make_csr
from tests.certificates.services.work import TEN
from tests.offers.factories import make_offer
from tests.offers.quoting import make_buyer, make_due_order, make_shop, sent_quote

AFTER = TEN + timedelta(days=40)


@pytest.fixture
def shop(connected: Partner) -> Partner:
    return make_shop(connected)


@pytest.fixture
def order(shop: Partner) -> Order:
    return make_due_order(make_buyer(shop))


@pytest.fixture
def offer(shop: Partner) -> Offer:
    return make_offer(shop, percent="10", redemption_limit=5)


def counted(offer: Offer) -> tuple[int, Decimal, dict[str, int]]:
    """The counters of the offer's row, and how many uses stand in which state."""
    offer.refresh_from_db()
    states = [use.state for use in Redemption.objects.filter(offer=offer)]
    return offer.redeemed, offer.spent, {state: states.count(state) for state in sorted(set(states))}


def end_by_declining(quote: Quote, actor: Membership) -> None:
    quotes.decline_quote(quote, reason=DeclineReason.PRICE, now=TEN)


def end_by_withdrawing(quote: Quote, actor: Membership) -> None:
    quotes.withdraw_quote(quote, actor=actor.user, now=TEN)


def end_by_time(quote: Quote, actor: Membership) -> None:
    assert quotes.expire_quotes(AFTER) >= 1
    assert quotes.expire_quotes(AFTER) == 0


ENDS = [end_by_declining, end_by_withdrawing, end_by_time]


@pytest.mark.parametrize("end", ENDS)
def test_ended_quote_gives_back_once(
    order: Order, offer: Offer, claire: Membership, end: Callable[[Quote, Membership], None]
) -> None:
    quote = sent_quote([order], claire)
    assert counted(offer) == (1, Decimal("22.00"), {"held": 1})

    end(quote, claire)

    assert counted(offer) == (0, Decimal(0), {"released": 1})


@pytest.mark.parametrize("end", ENDS)
def test_renewed_by_another_road_the_use_stands_when_the_quote_ends(
    order: Order, offer: Offer, claire: Membership, end: Callable[[Quote, Membership], None]
) -> None:
    quote = sent_quote([order], claire)
    assert order.product is not None
    renew_at_price(
        order, product=order.product, term_years=1, names=order.names, csr=make_csr(), actor=claire.user, now=TEN
    )
    assert counted(offer) == (1, Decimal("22.00"), {"used": 1})

    end(quote, claire)

    assert counted(offer) == (1, Decimal("22.00"), {"used": 1})


@pytest.mark.parametrize("end", ENDS)
def test_accepted_in_one_quote_the_use_stands_when_another_ends(
    order: Order, offer: Offer, claire: Membership, end: Callable[[Quote, Membership], None]
) -> None:
    first, second = sent_quote([order], claire), sent_quote([order], claire)
    quotes.accept_quote(first, name="Elise Roy", terms_accepted=True, now=TEN)
    assert counted(offer) == (1, Decimal("22.00"), {"used": 1})

    end(second, claire)

    assert counted(offer) == (1, Decimal("22.00"), {"used": 1})


def cancel(order: Order) -> None:
    """Its renewal comes to nothing, and a sweep passes by."""
    Request.objects.filter(order=order).update(state=RequestState.CANCELED, finished_at=TEN + timedelta(hours=1))
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.NONE)
    release_uses(order.partner, since=TEN, now=TEN)


def test_cancelled_renewal_gives_its_use_back_to_the_quote_that_is_still_open(
    order: Order, offer: Offer, claire: Membership
) -> None:
    quote = sent_quote([order], claire)
    assert order.product is not None
    renew_at_price(
        order, product=order.product, term_years=1, names=order.names, csr=make_csr(), actor=claire.user, now=TEN
    )

    cancel(order)
    assert counted(offer) == (1, Decimal("22.00"), {"held": 1})
    quotes.accept_quote(quote, name="Elise Roy", terms_accepted=True, now=TEN)

    assert counted(offer) == (1, Decimal("22.00"), {"used": 1})


def test_order_that_went_to_another_customer_is_not_ordered_for_it(order: Order, claire: Membership) -> None:
    quote = sent_quote([order], claire)
    Order.objects.filter(pk=order.pk).update(customer=make_buyer(order.partner, "Another SA"))

    with pytest.raises(quotes.QuoteNoLongerHolds) as refused:
        quotes.accept_quote(quote, name="Elise Roy", terms_accepted=True, now=TEN)

    assert [one.reason for one in refused.value.problems] == [quotes.Reason.ANOTHER_CUSTOMER]
    assert not Request.objects.exists()


def make_code(shop: Partner, percent: int = 30) -> Offer:
    return make_offer(shop, percent=str(percent), code="TRENTE", redemption_limit=1)


def with_code(order: Order, actor: Membership) -> Quote:
    draft = quotes.draft_quote([order], actor=actor.user, now=TEN, code="TRENTE")
    return quotes.send_quote(draft, actor=actor.user, now=TEN)


def two_years(quote: Quote, order: Order, actor: Membership) -> Quote:
    """The same without its code, for longer: its price is not the one that was locked."""
    wish = quotes.LineWish(order=order, product=quotes.wishes_of(quote)[0].product, term_years=2, names=order.names)
    return quotes.change_draft(quote, actor=actor.user, now=TEN, code="", lines=[wish])


def test_code_taken_out_of_a_new_version_is_given_back(order: Order, shop: Partner, claire: Membership) -> None:
    code = make_code(shop)
    first = with_code(order, claire)
    assert counted(code) == (1, Decimal("66.00"), {"held": 1})

    newer = two_years(quotes.new_version(first, actor=claire.user, now=TEN), order, claire)
    quotes.send_quote(newer, actor=claire.user, now=TEN)

    assert counted(code) == (0, Decimal(0), {"released": 1})


def test_quote_of_the_same_order_holds_nothing_of_an_offer_it_does_not_give(
    order: Order, shop: Partner, claire: Membership
) -> None:
    code = make_code(shop)
    coded = with_code(order, claire)
    draft = two_years(quotes.draft_quote([order], actor=claire.user, now=TEN), order, claire)
    plain = quotes.send_quote(draft, actor=claire.user, now=TEN)

    quotes.accept_quote(plain, name="Elise Roy", terms_accepted=True, now=TEN)
    assert counted(code) == (1, Decimal("66.00"), {"held": 1})
    quotes.withdraw_quote(coded, actor=claire.user, now=TEN)

    assert counted(code) == (0, Decimal(0), {"released": 1})


def test_two_quotes_of_one_order_hold_the_more_of_both_and_use_what_is_accepted(
    order: Order, offer: Offer, claire: Membership
) -> None:
    draft = two_years(quotes.draft_quote([order], actor=claire.user, now=TEN), order, claire)
    longer = quotes.send_quote(draft, actor=claire.user, now=TEN)
    assert counted(offer) == (1, Decimal("44.00"), {"held": 1})
    short = sent_quote([order], claire)
    assert counted(offer) == (1, Decimal("44.00"), {"held": 1})

    quotes.accept_quote(short, name="Elise Roy", terms_accepted=True, now=TEN)
    quotes.withdraw_quote(longer, actor=claire.user, now=TEN)

    assert counted(offer) == (1, Decimal("22.00"), {"used": 1})


def test_the_longer_of_two_quotes_gives_back_what_the_other_does_not_need(
    order: Order, offer: Offer, claire: Membership
) -> None:
    draft = two_years(quotes.draft_quote([order], actor=claire.user, now=TEN), order, claire)
    longer = quotes.send_quote(draft, actor=claire.user, now=TEN)
    sent_quote([order], claire)

    quotes.withdraw_quote(longer, actor=claire.user, now=TEN)

    assert counted(offer) == (1, Decimal("22.00"), {"held": 1})


def test_ended_offer_keeps_the_price_of_the_quote(order: Order, offer: Offer, claire: Membership) -> None:
    quote = sent_quote([order], claire)
    Offer.objects.filter(pk=offer.pk).update(state="ended", ends_at=TEN)

    accepted = quotes.accept_quote(quote, name="Elise Roy", terms_accepted=True, now=TEN + timedelta(days=1))

    assert accepted.net == Decimal("198.00")
    assert counted(offer) == (1, Decimal("22.00"), {"used": 1})
