"""What offers would give one order, or its customer, for more than there is, at the moment somebody looks."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count

from certificates.models import Certificate, Customer, Order, Product
from offers.models import Offer
from offers.rules.alternatives import KINDS, Alternative
from offers.rules.discounts import Conditions
from offers.services.offer_book import OfferBook, facts_of, recorded_standings, subject_of
from offers.services.price_book import PriceBook
from offers.services.standings import Desk


def alternatives_of(order: Order, *, book: PriceBook, offers: OfferBook) -> tuple[Alternative, ...]:
    """As valuing keeps them for lists: a few queries where any live offer asks for more, else none."""
    if order.product is None or not any(terms.kind in KINDS for terms in offers.automatic):
        return ()
    found = Desk(book, offers, Product.objects.in_bulk()).outcome(
        facts_of(order, book=book, offers=offers),
        subject=subject_of(order),
        product=order.product.pk,
        term_years=order.term_years,
        names=order.names,
        recorded=recorded_standings(order.partner, [order.pk]).get(order.pk),
    )
    return found.alternatives


def moving_of(customer: Customer, *, book: PriceBook, offers: OfferBook) -> tuple[list[Offer], int]:
    """Live offers for what the customer moves to us, and how many certificates of other authorities it could move.

    One query where there is such an offer, else none. Which product takes their place is not known yet.
    """
    return moving_of_each([customer], book=book, offers=offers)[customer.pk]


def moving_of_each(
    customers: Sequence[Customer], *, book: PriceBook, offers: OfferBook
) -> dict[int, tuple[list[Offer], int]]:
    """The same for many customers of one partner at once, by primary key; one query, or none."""
    meant = {
        one.pk: [offers.known[terms.id] for terms in offers.for_moving if _is_meant(terms.conditions, one, book)]
        for one in customers
    }
    asked = [pk for pk, found in meant.items() if found]
    counts: dict[int, int] = {}
    if asked:
        rows = Certificate.objects.for_partner(book.partner).movable().filter(customer__in=asked)
        counts = dict(rows.filter(ends_on__gte=book.on).order_by().values_list("customer").annotate(Count("pk")))
    return {pk: (found, counts.get(pk, 0)) for pk, found in meant.items()}


def _is_meant(conditions: Conditions, customer: Customer, book: PriceBook) -> bool:
    asked: tuple[tuple[frozenset[object], object], ...] = (
        (frozenset(conditions.customers), customer.pk),
        (frozenset(conditions.owners), customer.owner_id),
        (frozenset(conditions.countries), customer.country),
        (frozenset(conditions.price_levels), book.level_of(customer.pk)),
    )
    return all(not wanted or fact in wanted for wanted, fact in asked)
