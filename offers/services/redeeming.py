"""No offer is used more often, or gives away more, than its terms allow, however many people press at once.

Each use takes a place within its offer, under the lock of the offer's row; the unique constraint on the place, and the
checks on the counters, hold on their own should anybody ever forget the lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q

from certificates.models import Customer, Order
from offers.models import Offer, Redemption
from offers.models.offers import OfferStatus
from offers.services.owed import Owed, owed_for
from offers.services.remembering import remember_reaches
from portal.access import PartnerQuerySet

__all__ = ["OfferNotLive", "OfferRefused", "OfferUsedUp", "lock", "redeem", "settle"]

Uses = PartnerQuerySet[Redemption]


class OfferRefused(Exception):
    """The offer cannot be used (again)."""

    def __init__(self, offer: Offer) -> None:
        super().__init__(str(offer))
        self.offer = offer


class OfferNotLive(OfferRefused):
    """It has not begun, is paused, or has ended."""


class OfferUsedUp(OfferRefused):
    """It has been used as often, by all or by this customer, or has given away as much, as it may."""


def redeem(
    uses: Iterable[tuple[Offer, Decimal]],
    *,
    subject: str,
    customer: Customer,
    order: Order | None = None,
    currency: str = "",
    now: datetime,
    held: bool = False,
) -> list[Redemption]:
    """Use each offer once for the subject, all of them or none; returns the uses by offer, in the offers' id order.

    `subject` names what it is for, "order:17" or "request:40": asked for again, the use already there is returned,
    whatever has become of the offer since. It takes the amount asked for last, or the most of what a sale or an open
    quote besides has to give for the subject. `held` is for an open quote; a use that is sold stays used. Amounts are
    above zero, tax excluded, in `currency`; without one, in the partner's. Raises OfferNotLive and OfferUsedUp.
    """
    amounts = {offer.pk: amount for offer, amount in uses}
    with transaction.atomic():
        locked = _locked(amounts)
        there = {use.offer_id: use for use in _unreleased(subject).filter(offer__in=locked)}
        owed = owed_for(subject) if there else Owed({}, {})
        return [
            _renewed(
                offer,
                there[offer.pk],
                owed.at_least(offer.pk, amounts[offer.pk]),
                held=held and offer.pk not in owed.sold,
                now=now,
            )
            if offer.pk in there
            else _taken(
                offer,
                Redemption(
                    partner_id=offer.partner_id,
                    offer=offer,
                    customer=customer,
                    subject=subject,
                    order=order,
                    amount=amounts[offer.pk],
                    currency=currency or offer.partner.currency,
                    state=Redemption.State.HELD if held else Redemption.State.USED,
                    at=now,
                ),
            )
            for offer in locked
        ]


def settle(subject: str, *, now: datetime) -> int:
    """Give back what of the subject's uses no sale and no open quote needs any more; how many are given back whole.

    Their places are free then, and their amounts unspent. What only quotes need is held from now on.
    """
    with transaction.atomic():
        mine = _with_offers(_unreleased(subject))
        owed = owed_for(subject) if mine else Owed({}, {})
        for one, offer in mine:
            if offer.pk in owed:
                amount = min(one.amount, owed.at_least(offer.pk))
                _renewed(offer, one, amount, held=offer.pk not in owed.sold, now=now)
            else:
                _give_back(offer, one, now)
    return sum(offer.pk not in owed for _one, offer in mine)


def lock(subjects: Iterable[str], *, offers: Iterable[int] = ()) -> None:
    """Lock these offers and those the subjects have: who goes on to change several cannot wait for another."""
    theirs = Redemption.objects.filter(subject__in=list(subjects)).exclude(state=Redemption.State.RELEASED)
    _locked({*offers, *theirs.values_list("offer", flat=True)})


def _locked(offers: Iterable[int]) -> Sequence[Offer]:
    """In the order of their ids, so that two baskets with the same offers cannot wait for each other.

    Their keys stay free: whoever only refers to an offer, as the value of an order does, need not wait.
    """
    rows = Offer.objects.filter(pk__in=list(offers)).select_related("partner").order_by("pk")
    return list(rows.select_for_update(of=("self",), no_key=True))


def _unreleased(subject: str) -> Uses:
    return Redemption.objects.filter(subject=subject).exclude(state=Redemption.State.RELEASED)


def _with_offers(uses: Uses) -> list[tuple[Redemption, Offer]]:
    """The uses as they stand once their offers are locked."""
    offers = {offer.pk: offer for offer in _locked(uses.values_list("offer", flat=True))}
    return [(one, offers[one.offer_id]) for one in uses.filter(offer__in=offers)]


def _give_back(offer: Offer, one: Redemption, now: datetime) -> None:
    _remember(offer, one, now)
    _count(offer, times=-1, amount=-_counted(offer, one.amount, one.currency))
    one.state = Redemption.State.RELEASED
    one.save(update_fields=["state"])


def _taken(offer: Offer, wanted: Redemption) -> Redemption:
    """The new use, in a place of its own."""
    if offer.status(wanted.at) is not OfferStatus.LIVE:
        raise OfferNotLive(offer)
    _check_customer(offer, wanted.customer)
    _check_currency(offer, wanted.currency)
    _count(offer, times=1, amount=_counted(offer, wanted.amount, wanted.currency))
    wanted.place = _free_place(offer)
    wanted.save(force_insert=True)
    return wanted


def _renewed(offer: Offer, there: Redemption, amount: Decimal, *, held: bool, now: datetime) -> Redemption:
    """The use that was there already follows what is asked for."""
    if amount < there.amount and offer.spend_cap is not None:
        _remember(offer, there, now)
    if amount != there.amount:
        _count(offer, times=0, amount=_counted(offer, amount - there.amount, there.currency))
    there.amount = amount
    there.state = Redemption.State.HELD if held else Redemption.State.USED
    there.save(update_fields=["amount", "state"])
    return there


def _remember(offer: Offer, one: Redemption, now: datetime) -> None:
    """Before an automatic offer that may have had nothing left gets a use back: who went without stays without."""
    if not offer.is_automatic:
        return
    if offer.spend_cap is not None or offer.redeemed == offer.redemption_limit:
        remember_reaches(offer.partner, now=now)
    elif offer.customer_limit is not None:
        remember_reaches(offer.partner, now=now, customer=one.customer_id)


def _check_customer(offer: Offer, customer: Customer) -> None:
    if offer.customer_limit is None:
        return
    uses = offer.redemptions.filter(customer=customer).exclude(state=Redemption.State.RELEASED)
    if uses.count() >= offer.customer_limit:
        raise OfferUsedUp(offer)


def _check_currency(offer: Offer, currency: str) -> None:
    """A cap in one currency has nothing left for another: there is no rate by which to count it."""
    if offer.spend_cap is not None and currency != _currency(offer):
        raise OfferUsedUp(offer)


def _counted(offer: Offer, amount: Decimal, currency: str) -> Decimal:
    """What of an amount is added up on the offer's row: only its own currency."""
    return amount if currency == _currency(offer) else Decimal(0)


def _currency(offer: Offer) -> str:
    return offer.currency or offer.partner.currency


def _count(offer: Offer, *, times: int, amount: Decimal) -> None:
    """Move the counters from where they were, only as far as the terms allow.

    The sum is made here, because SQLite adds decimals as floats; without the lock a stale one would move nothing.
    """
    spent = offer.spent + amount
    room = Q(redemption_limit=None) | Q(redemption_limit__gte=F("redeemed") + times)
    room &= Q(spend_cap=None) | Q(spend_cap__gte=spent)
    moved = Offer.objects.filter(pk=offer.pk, redeemed=offer.redeemed, spent=offer.spent)
    if times > 0 or amount > 0:
        moved = moved.filter(room)
    if not moved.update(redeemed=F("redeemed") + times, spent=spent):
        raise OfferUsedUp(offer)
    offer.redeemed, offer.spent = offer.redeemed + times, spent


def _free_place(offer: Offer) -> int:
    """The lowest place nobody has; `offer` has counted the new use already."""
    taken = Redemption.objects.filter(offer=offer).exclude(state=Redemption.State.RELEASED)
    last: int = taken.aggregate(last=Max("place"))["last"] or 0
    if last < offer.redeemed:
        return last + 1
    if not taken.filter(place=1).exists():
        return 1
    gaps = taken.filter(~Exists(taken.filter(place=OuterRef("place") + 1)))
    return int(gaps.order_by("place").values_list("place", flat=True)[0]) + 1
