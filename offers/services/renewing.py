"""Order at a price: the renewal or new order, its price, its offers and its sale are stored together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from certificates.models import Customer, Order, Organization, Product, Request
from certificates.services.renewals import Agreed, request_new, request_renewal
from certificates.states import RequestKind, RequestState
from offers.models import Sale
from offers.services import redeeming
from offers.services.offer_book import subject_of
from offers.services.owed import ENDED_UNSERVED
from offers.services.pricing import OrderPrice, price_new, price_order
from offers.services.redeeming import OfferRefused
from offers.services.valuing import note_reach
from portal.access import PartnerQuerySet
from portal.models import Partner, User

__all__ = [
    "OfferRefused",
    "Ordered",
    "PriceChanged",
    "new_at_price",
    "price_requests",
    "release_uses",
    "renew_at_price",
    "sell",
    "told_price",
]

# A price is worked out so often where others use up its offers meanwhile.
TRIES = 3
_PRICED_KINDS = (RequestKind.RENEWAL, RequestKind.NEW)


class PriceChanged(Exception):
    """What the person was told is not what it would cost now; `price` is."""

    def __init__(self, price: OrderPrice | None) -> None:
        super().__init__(told_price(price))
        self.price = price


@dataclass(frozen=True, slots=True)
class Ordered:
    """The request, and what was agreed for it; no sale where the price list has no price."""

    request: Request
    sale: Sale | None


def told_price(price: OrderPrice | None) -> str:
    """What a page says an order costs, to be compared at the press: "180.00 EUR 216.00"; empty without a price."""
    return f"{price.priced.net} {price.priced.currency} {price.totals.gross}" if price else ""


def renew_at_price(
    order: Order,
    *,
    product: Product,
    term_years: int,
    names: Sequence[str],
    csr: str | None,
    actor: User | None,
    now: datetime,
    purchase_order: str = "",
    code: str = "",
    source: str = "staff",
    asked_by: str = "",
    told: str | None = None,
) -> Ordered:
    """Renew the order at the price of the moment, use its offers, and keep the arithmetic.

    `told` is what the person saw (`told_price`); where it is no longer true PriceChanged is raised, or OfferRefused
    where somebody took the last use of an offer this very moment: then nothing was ordered. Raises what
    `request_renewal` raises.
    """
    with transaction.atomic():
        held: Order = _lock(order)
        price = price_order(held, product=product, term_years=term_years, names=names, now=now, code=code)
        _compare(price, told)
        request = request_renewal(
            held,
            product=product,
            term_years=term_years,
            names=names,
            csr=csr,
            actor=actor,
            source=source,
            asked_by=asked_by,
            now=now,
            purchase_order=purchase_order,
            agreed=_agreed(price),
        )
        return Ordered(request, sell(request, price, now=now) if price else None)


def new_at_price(
    partner: Partner,
    *,
    customer: Callable[[], Customer],
    organization: Callable[[Customer], Organization | None],
    known: Customer | None,
    product: Product,
    term_years: int,
    names: Sequence[str],
    csr: str | None,
    actor: User | None,
    now: datetime,
    purchase_order: str = "",
    code: str = "",
    told: str | None = None,
) -> Ordered:
    """A new order, as `renew_at_price`; `customer` and `organization` are made within the same transaction.

    `known` is the customer whose prices hold, None for one that is new. Raises what `request_new` raises.
    """
    with transaction.atomic():
        wish = {"product": product, "term_years": term_years, "names": names}
        price = price_new(partner, customer=known, now=now, code=code, **wish)  # type: ignore[arg-type]
        _compare(price, told)
        buyer = customer()
        request = request_new(
            buyer,
            product=product,
            organization=organization(buyer),
            names=names,
            csr=csr,
            term_years=term_years,
            actor=actor,
            now=now,
            purchase_order=purchase_order,
            agreed=_agreed(price),
        )
        return Ordered(request, sell(request, price, now=now) if price else None)


def price_requests(partner: Partner, *, after: int, through: int) -> int:
    """Price what was asked for without a price, as automatic renewals are; how many sales were written.

    Looks at requests whose primary keys lie beyond `after`. What the list has no price for stays without.
    """
    unpriced = Request.objects.for_partner(partner).filter(
        pk__gt=after, pk__lte=through, kind__in=_PRICED_KINDS, price__isnull=True, sale__isnull=True
    )
    found = unpriced.select_related("partner", "customer", "product", "order__product", "order__customer")
    return sum(_price_later(request) for request in found.order_by("pk"))


def release_uses(partner: Partner, *, now: datetime) -> int:
    """Give back the offers of what was cancelled or rejected, or failed before another was issued; how many uses.

    It looks at what is not decided yet, not at when it ended: that may be earlier than it was seen.
    """
    undecided = Sale.objects.for_partner(partner).filter(settled=False, discount__gt=0)
    undecided.filter(request__state=RequestState.ISSUED).update(settled=True)
    replaced = Q(Exists(_issued_instead()), request__state=RequestState.FAILED)
    gone = undecided.filter(replaced | Q(request__state__in=ENDED_UNSERVED))
    return sum(_settle(sale, now) for sale in gone.select_related("request"))


def _issued_instead() -> PartnerQuerySet[Request]:
    """Of a sale's request: what was issued in its place."""
    same = Q(order=OuterRef("request__order"), kind=RequestKind.RENEWAL) | Q(moves=OuterRef("request__moves"))
    return Request.objects.filter(same, state=RequestState.ISSUED)


def _settle(sale: Sale, now: datetime) -> int:
    with transaction.atomic():
        Sale.objects.filter(pk=sale.pk).update(settled=True)
        return redeeming.settle(_subject(sale.request), now=now)


def _lock(order: Order) -> Order:
    """The order as it stands, held until the end of the transaction (on SQLite the transaction itself holds)."""
    rows = Order.objects.for_partner(order.partner).select_related("partner", "customer", "product")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=order.pk)


def _compare(price: OrderPrice | None, told: str | None) -> None:
    if told is not None and told != told_price(price):
        raise PriceChanged(price)


def _agreed(price: OrderPrice | None) -> Agreed | None:
    return Agreed(price.priced.net, price.priced.currency) if price else None


def sell(request: Request, price: OrderPrice, *, now: datetime) -> Sale:
    """Use the offers, and write down what was agreed. Raises OfferRefused."""
    priced, tax = price.priced, price.tax
    redeeming.redeem(
        price.uses,
        subject=_subject(request),
        customer=request.customer,
        order=request.order,
        currency=priced.currency,
        now=now,
    )
    if request.order:
        note_reach(request.order, price.standing, now=now)
    return Sale.objects.create(
        partner=request.partner,
        request=request,
        customer=request.customer,
        currency=priced.currency,
        arithmetic=priced.to_json(),
        subtotal=priced.subtotal,
        discount=priced.discount,
        net=priced.net,
        cost=priced.cost,
        tax={
            "code": tax.code.value,
            "rate": str(tax.rate),
            "country": tax.country,
            "amount": str(price.totals.tax),
        },
        gross=price.totals.gross,
        at=now,
    )


def _subject(request: Request) -> str:
    """What its offers are used for: the renewal of its order, the certificate that it moves to us, or itself."""
    if request.order_id:
        return subject_of(request.order_id)
    return f"certificate:{request.moves_id}" if request.moves_id else f"request:{request.pk}"


def _price_later(request: Request) -> bool:
    """Whether it has its sale now; where the last use of an offer is taken this very moment, without that offer."""
    for _attempt in range(TRIES):
        price = _price_of(request)
        if price is None:
            return False
        try:
            return _sell_later(request, price)
        except OfferRefused:
            continue
    return False


def _sell_later(request: Request, price: OrderPrice) -> bool:
    agreed = {"price": price.priced.net, "currency": price.priced.currency}
    with transaction.atomic():
        if not Request.objects.filter(pk=request.pk, price__isnull=True).update(**agreed):
            return False
        Order.objects.filter(placed_by=request.pk, price__isnull=True).update(**agreed)
        sell(request, price, now=request.requested_at)
    return True


def _price_of(request: Request) -> OrderPrice | None:
    wish = {"product": request.product, "term_years": request.term_years, "names": request.names}
    when = request.requested_at
    if request.order:
        return price_order(request.order, now=when, **wish)
    return price_new(request.partner, customer=request.customer, now=when, **wish)
