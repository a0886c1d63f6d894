"""What a quote holds of an offer is counted once and given back once, whatever becomes of the quote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from certificates.models import Certificate, Order, Request
from certificates.services.deciding import cancel_request
from certificates.states import RenewalMark, RequestState
from offers.models import Offer, Quote, Redemption, Sale
from offers.models.quotes import DeclineReason
from offers.services import quotes, redeeming
from offers.services.renewing import release_uses, renew_at_price
from offers.services.sweeping import sweep
from portal.models import Membership, Partner
from tests import factories
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
    renew(order, claire)
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


def end_request(order: Order, state: RequestState = RequestState.CANCELED) -> None:
    """Its renewal comes to nothing."""
    Request.objects.filter(order=order).open().update(state=state, finished_at=TEN)
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.NONE)


def cancel(order: Order) -> None:
    """The same, and a sweep passes by."""
    end_request(order)
    release_uses(order.partner, now=TEN)


def renew(order: Order, actor: Membership, *, years: int = 1) -> Sale:
    assert order.product is not None
    sale = renew_at_price(
        order,
        product=order.product,
        term_years=years,
        names=order.names,
        csr=make_csr(order.names[0]),
        actor=actor.user,
        now=TEN,
    ).sale
    assert sale is not None
    return sale


def test_cancelled_renewal_gives_its_use_back_to_the_quote_that_is_still_open(
    order: Order, offer: Offer, claire: Membership
) -> None:
    quote = sent_quote([order], claire)
    renew(order, claire)

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


def two_years(quote: Quote, order: Order, actor: Membership, *, years: int = 2) -> Quote:
    """The same without its code, for longer: its price is not the one that was locked."""
    product = quotes.wishes_of(quote)[0].product
    wish = quotes.LineWish(order=order, product=product, term_years=years, names=order.names)
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


def longer_quote(order: Order, actor: Membership, *, years: int = 2) -> Quote:
    draft = two_years(quotes.draft_quote([order], actor=actor.user, now=TEN), order, actor, years=years)
    return quotes.send_quote(draft, actor=actor.user, now=TEN)


@pytest.mark.parametrize("end", [RequestState.CANCELED, RequestState.REJECTED, RequestState.FAILED])
def test_renewed_anew_before_the_sweep_the_use_is_what_is_given(
    order: Order, shop: Partner, claire: Membership, end: RequestState
) -> None:
    offer = make_offer(shop, percent="10", spend_cap=Decimal(70))
    renew(order, claire)
    end_request(order, end)

    anew = renew(order, claire, years=3)
    release_uses(shop, now=TEN)

    assert anew.discount == Decimal("66.00")
    assert counted(offer) == (1, Decimal("66.00"), {"used": 1})
    assert renew(make_due_order(order.customer), claire).discount == 0


def test_renewed_anew_it_gives_no_more_than_the_cap_has_left(order: Order, shop: Partner, claire: Membership) -> None:
    offer = make_offer(shop, percent="10", spend_cap=Decimal(70))
    renew(order, claire)
    renew(make_due_order(order.customer), claire)
    end_request(Order.objects.get(pk=order.pk))

    anew = renew(order, claire, years=3)

    assert anew.discount == 0
    release_uses(shop, now=TEN)
    assert counted(offer) == (1, Decimal("22.00"), {"released": 1, "used": 1})


def test_failed_renewal_keeps_what_it_would_give_when_it_is_tried_again(
    order: Order, offer: Offer, claire: Membership
) -> None:
    renew(order, claire, years=3)
    end_request(order, RequestState.FAILED)
    renew(order, claire)

    cancel(order)
    assert counted(offer) == (1, Decimal("66.00"), {"used": 1})


def test_once_another_is_issued_the_failed_renewal_keeps_nothing(
    order: Order, offer: Offer, claire: Membership
) -> None:
    renew(order, claire, years=3)
    end_request(order, RequestState.FAILED)
    issued = renew(order, claire).request
    Request.objects.filter(pk=issued.pk).update(state=RequestState.ISSUED, result=make_due_order(order.customer))

    release_uses(order.partner, now=TEN)

    assert counted(offer) == (1, Decimal("22.00"), {"used": 1})


def test_what_is_decided_is_not_looked_at_again(order: Order, offer: Offer, claire: Membership) -> None:
    renew(order, claire)
    cancel(order)
    anew = renew(order, claire)
    Request.objects.filter(pk=anew.request_id).update(state=RequestState.ISSUED, result=make_due_order(order.customer))

    release_uses(order.partner, now=TEN)

    assert not Sale.objects.filter(settled=False).exists()
    assert counted(offer) == (1, Decimal("22.00"), {"released": 1, "used": 1})


@pytest.mark.parametrize("end", [RequestState.CANCELED, RequestState.FAILED])
def test_quote_sent_after_a_renewal_came_to_nothing_holds_and_uses_what_it_gives(
    order: Order, shop: Partner, claire: Membership, end: RequestState
) -> None:
    offer = make_offer(shop, percent="10", spend_cap=Decimal(70))
    renew(order, claire)
    end_request(order, end)

    quote = longer_quote(order, claire, years=3)
    release_uses(shop, now=TEN)
    assert counted(offer)[:2] == (1, Decimal("66.00"))
    quotes.accept_quote(quote, name="Elise Roy", terms_accepted=True, now=TEN)

    assert counted(offer) == (1, Decimal("66.00"), {"used": 1})


def test_quote_that_ends_leaves_a_failed_renewal_what_it_had(order: Order, offer: Offer, claire: Membership) -> None:
    renew(order, claire)
    end_request(order, RequestState.FAILED)
    quote = longer_quote(order, claire)
    assert counted(offer)[:2] == (1, Decimal("44.00"))

    quotes.withdraw_quote(quote, actor=claire.user, now=TEN)

    assert counted(offer) == (1, Decimal("22.00"), {"used": 1})


def test_longer_quote_that_is_still_open_keeps_its_price_within_the_cap(
    order: Order, shop: Partner, claire: Membership
) -> None:
    offer = make_offer(shop, percent="10", spend_cap=Decimal(50))
    longer, short = longer_quote(order, claire), sent_quote([order], claire)
    quotes.accept_quote(short, name="Elise Roy", terms_accepted=True, now=TEN)
    assert renew(make_due_order(order.customer), claire).discount == 0

    cancel(order)
    assert counted(offer) == (1, Decimal("44.00"), {"held": 1})
    quotes.accept_quote(longer, name="Elise Roy", terms_accepted=True, now=TEN)

    assert counted(offer) == (1, Decimal("44.00"), {"used": 1})


def moving_quote(certificate: Certificate, actor: Membership) -> Quote:
    draft = quotes.draft_quote([], certificates=[certificate], actor=actor.user, now=TEN)
    return quotes.send_quote(draft, actor=actor.user, now=TEN)


def test_cancelled_move_gives_its_use_back_to_the_quote_that_is_still_open(order: Order, claire: Membership) -> None:
    offer = make_offer(order.partner, kind=Offer.Kind.CONSOLIDATION, percent="20", redemption_limit=1)
    certificate = factories.make_certificate_elsewhere(order.customer)
    first, second = moving_quote(certificate, claire), moving_quote(certificate, claire)
    quotes.accept_quote(first, name="Elise Roy", terms_accepted=True, now=TEN)
    assert counted(offer)[2] == {"used": 1}

    Request.objects.filter(moves=certificate).update(state=RequestState.CANCELED, finished_at=TEN)
    release_uses(order.partner, now=TEN)
    assert counted(offer)[2] == {"held": 1}

    other = factories.make_certificate_elsewhere(make_buyer(order.partner, "Verger Sonore"), "verger.example")
    assert moving_quote(other, claire).lines.get().net > first.lines.get().net
    quotes.accept_quote(second, name="Elise Roy", terms_accepted=True, now=TEN)
    assert counted(offer)[2] == {"used": 1}


def test_cancelled_move_gives_its_use_back(order: Order, claire: Membership) -> None:
    offer = make_offer(order.partner, kind=Offer.Kind.CONSOLIDATION, percent="20", redemption_limit=1)
    certificate = factories.make_certificate_elsewhere(order.customer)
    quotes.accept_quote(moving_quote(certificate, claire), name="Elise Roy", terms_accepted=True, now=TEN)

    Request.objects.filter(moves=certificate).update(state=RequestState.CANCELED, finished_at=TEN)
    release_uses(order.partner, now=TEN)

    assert counted(offer) == (0, Decimal(0), {"released": 1})


def test_renewed_while_the_sweep_gives_back_the_use_stands(
    order: Order, shop: Partner, claire: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = make_offer(shop, percent="10", redemption_limit=1)
    renew(order, claire)
    end_request(order)
    settle = redeeming.settle

    def press_first(subject: str, *, now: datetime) -> int:
        renew(order, claire)
        return settle(subject, now=now)

    monkeypatch.setattr(redeeming, "settle", press_first)
    assert release_uses(shop, now=TEN) == 0

    assert counted(offer) == (1, Decimal("22.00"), {"used": 1})


def test_request_that_ended_before_the_last_sweep_gives_back_when_it_is_seen(
    order: Order, offer: Offer, claire: Membership
) -> None:
    sale = renew(order, claire)
    sweep(order.partner, now=TEN + timedelta(minutes=1))
    sweep(order.partner, now=TEN + timedelta(minutes=3))

    cancel_request(sale.request, actor=claire.user, now=TEN + timedelta(minutes=2))
    sweep(order.partner, now=TEN + timedelta(minutes=4))

    assert counted(offer) == (0, Decimal(0), {"released": 1})


def test_quote_whose_offer_was_used_up_without_it_is_not_ordered(
    order: Order, shop: Partner, claire: Membership
) -> None:
    offer = make_offer(shop, percent="10", redemption_limit=1)
    quote = sent_quote([order], claire)
    Redemption.objects.update(state=Redemption.State.RELEASED)
    Offer.objects.filter(pk=offer.pk).update(redeemed=0, spent=0)
    renew(make_due_order(order.customer), claire)

    with pytest.raises(quotes.QuoteNoLongerHolds) as refused:
        quotes.accept_quote(quote, name="Elise Roy", terms_accepted=True, now=TEN)

    assert [one.reason for one in refused.value.problems] == [quotes.Reason.OFFER_USED_UP]
    assert Request.objects.count() == 1
