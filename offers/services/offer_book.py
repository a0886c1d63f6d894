"""A partner's published offers at a moment, loaded once, and the facts about orders that they ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache, cached_property
from itertools import islice

from django.db.models import Count

from certificates.models import Order
from certificates.querysets import OrderQuerySet
from offers.models import (
    Offer,
    Reach,
    Redemption,
)
from offers.models.offers import OfferStatus
from offers.rules.arms import ALL, Trial
from offers.rules.ceilings import Standing, lowest
from offers.rules.discounts import (
    WINDOW_OPENS,
    Conditions,
    OfferKind,
    OfferTerms,
    OrderFacts,
)
from offers.services.price_book import PriceBook
from portal.models import Partner

# Orders that are asked for in one query
_AT_ONCE = 2_000


def offer_terms(offer: Offer) -> OfferTerms:
    """A row of Offer as the rules read it: percent of 100, margins as shares of one, empty lists as everybody."""
    return OfferTerms(
        id=offer.pk,
        kind=OfferKind(offer.kind),
        percent=offer.percent,
        amount=offer.amount,
        currency=offer.currency,
        min_term_years=offer.min_term_years,
        free_names=offer.free_names,
        stacks=offer.stacks,
        floor_margin=None if offer.floor_margin is None else offer.floor_margin / 100,
        conditions=_conditions(offer),
    )


def _conditions(offer: Offer) -> Conditions:
    return Conditions(
        families=frozenset(offer.families),
        products=frozenset(offer.products),
        levels=frozenset(offer.levels),
        customers=frozenset(offer.customers),
        price_levels=frozenset(offer.price_levels),
        owners=frozenset(offer.owners),
        countries=frozenset(offer.countries),
        min_orders=offer.min_orders,
        max_orders=offer.max_orders,
        first_renewal=True if offer.first_renewal else None,
        days_from=offer.days_from,
        days_until=offer.days_until,
        upgrade_targets=frozenset(offer.upgrade_targets),
        trial=Trial(offer.pk, offer.trial_percent) if offer.trial_percent < ALL else None,
    )


def order_facts(order: Order, *, today: date, customer_orders: int, price_level: int | None, chain: int) -> OrderFacts:
    """What offers ask about an order; its product and customer are read, so have them loaded."""
    days_left = order.days_left(today)
    return OrderFacts(
        product=order.product.name_id if order.product else "",
        family=order.family,
        level=order.level or "",
        customer=order.customer_id,
        price_level=price_level,
        owner=order.customer.owner_id,
        country=order.customer.country,
        customer_orders=customer_orders,
        is_first_renewal=order.predecessor_id is None,
        # An order without an end is not in any window.
        days_left=WINDOW_OPENS + 1 if days_left is None else days_left,
        chain=chain,
    )


@dataclass(frozen=True)
class OfferBook:
    """A partner's published offers at a moment; what each of them still has to give is asked for once."""

    partner: Partner
    now: datetime
    known: Mapping[int, Offer]

    @cached_property
    def live(self) -> tuple[Offer, ...]:
        return tuple(offer for offer in self.known.values() if offer.status(self.now) == OfferStatus.LIVE)

    @cached_property
    def terms(self) -> Mapping[int, OfferTerms]:
        """Of all that are known, the ended ones too: they may have reached an order."""
        return {pk: offer_terms(offer) for pk, offer in self.known.items()}

    @cached_property
    def automatic(self) -> tuple[OfferTerms, ...]:
        """Live without a code, for renewals; what moves a certificate to us reaches no order of ours."""
        mine = (one for one in self.live if one.is_automatic and one.kind != Offer.Kind.CONSOLIDATION)
        return tuple(self.terms[offer.pk] for offer in mine)

    @cached_property
    def for_moving(self) -> tuple[OfferTerms, ...]:
        """Live without a code, for certificates of another authority that are moved to us."""
        mine = (one for one in self.live if one.is_automatic and one.kind == Offer.Kind.CONSOLIDATION)
        return tuple(self.terms[offer.pk] for offer in mine)

    @cached_property
    def counts_orders(self) -> bool:
        """Whether any offer asks how many orders a customer has."""
        return any(one.min_orders is not None or one.max_orders is not None for one in self.live)

    def orders_of(self, customer: int, *, today: date) -> int:
        """How many running orders the customer has, asked for once; 0 where no offer asks."""
        if self.counts_orders and (customer, today) not in self._counted:
            counts = orders_by_customer(self.partner, today=today, customers=[customer])
            self._counted[customer, today] = counts.get(customer, 0)
        return self._counted.get((customer, today), 0)

    @cached_property
    def _counted(self) -> dict[tuple[int, date], int]:
        return {}

    @cached_property
    def has_trials(self) -> bool:
        """Whether any offer is for some of its orders only."""
        return any(one.trial_percent < ALL for one in self.live)

    def read_chains(self, orders: Iterable[int]) -> None:
        """Look up at once to which lines of renewals many orders belong, where a trial asks."""
        if self.has_trials:
            self._chains.update(chains_of(self.partner, orders))

    def chain_of(self, order: int) -> int:
        """The first order of its line of renewals; itself where no trial asks."""
        if self.has_trials and order not in self._chains:
            self.read_chains([order])
        return self._chains.get(order, order)

    @cached_property
    def _chains(self) -> dict[int, int]:
        return {}

    def coded(self, code: str) -> Offer | None:
        """The offer of this code, however it is written: one that is live before one that is not."""
        wanted = code.strip().casefold()
        found = [one for one in self.known.values() if one.code and one.code.casefold() == wanted]
        return min(found, key=lambda one: (one not in self.live, -one.pk), default=None)

    @cached_property
    def has_limits(self) -> bool:
        """Whether what one order gets may depend on what others got."""
        return bool(self._limited)

    @cached_property
    def _limited(self) -> tuple[int, ...]:
        return tuple(pk for pk, offer in self.known.items() if _is_limited(offer))

    def is_used_up(self, offer_id: int, *, customer_id: int | None, subject: str) -> bool:
        """Whether its limits leave nothing for the subject, unless that holds a use of it already."""
        offer = self.known[offer_id]
        if not _is_limited(offer) or (offer_id, subject) in self._uses.subjects:
            return False
        by_customer = self._uses.by_customer[offer_id, customer_id or 0]
        return (
            (offer.redemption_limit is not None and offer.redeemed >= offer.redemption_limit)
            or (offer.spend_cap is not None and offer.spent >= offer.spend_cap)
            or (offer.customer_limit is not None and by_customer >= offer.customer_limit)
        )

    def used_up(self, *, customer_id: int | None, subject: str) -> list[int]:
        """All that have nothing left for the subject."""
        return [pk for pk in self._limited if self.is_used_up(pk, customer_id=customer_id, subject=subject)]

    def is_too_dear(self, offer_id: int, amount: Decimal, currency: str, *, subject: str) -> bool:
        """Whether giving so much away would go beyond its cap; a cap in one currency gives nothing in another."""
        offer = self.known[offer_id]
        if offer.spend_cap is None:
            return False
        if currency != (offer.currency or self.partner.currency):
            return True
        held = self._uses.subjects.get((offer_id, subject), Decimal(0))
        return offer.spent - held + amount > offer.spend_cap

    def holds(self, subject: str) -> bool:
        """Whether a use of a limited offer is the subject's own already."""
        return self.has_limits and subject in self._subjects

    @cached_property
    def _subjects(self) -> frozenset[str]:
        return frozenset(subject for _offer, subject in self._uses.subjects)

    @cached_property
    def _uses(self) -> _Uses:
        """Who has used those with a limit; no query where there are none."""
        uses = _Uses()
        if not self._limited:
            return uses
        found = Redemption.objects.for_partner(self.partner).filter(offer__in=self._limited)
        found = found.exclude(state=Redemption.State.RELEASED)
        for offer_id, customer_id, subject, amount in found.values_list("offer", "customer", "subject", "amount"):
            uses.by_customer[offer_id, customer_id] += 1
            uses.subjects[offer_id, subject] = amount
        return uses


@dataclass(frozen=True, slots=True)
class _Uses:
    by_customer: defaultdict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    subjects: dict[tuple[int, str], Decimal] = field(default_factory=dict)


def _is_limited(offer: Offer) -> bool:
    return any(limit is not None for limit in (offer.redemption_limit, offer.spend_cap, offer.customer_limit))


def offer_book(partner: Partner, *, now: datetime) -> OfferBook:
    """One query; a second where an offer has limits."""
    published = Offer.objects.for_partner(partner).exclude(state=Offer.State.DRAFT).order_by("pk")
    return OfferBook(partner, now, {offer.pk: offer for offer in published})


def orders_by_customer(partner: Partner, *, today: date, customers: Collection[int] | None = None) -> dict[int, int]:
    """How many running orders each customer has."""
    running = Order.objects.for_partner(partner).issued().filter(ends_on__gte=today)
    if customers is not None:
        running = running.filter(customer__in=customers)
    return dict(running.order_by().values("customer").annotate(n=Count("pk")).values_list("customer", "n"))


def chains_of(partner: Partner, orders: Iterable[int]) -> dict[int, int]:
    """The first order of each one's line of renewals; for 2,000 orders a query for each link of the longest line."""
    found: dict[int, int] = {}
    rest = iter(orders)
    while firsts := {pk: pk for pk in islice(rest, _AT_ONCE)}:
        while links := _predecessors(partner, firsts.values()):
            firsts = {pk: links.get(first, first) for pk, first in firsts.items()}
        found |= firsts
    return found


def _predecessors(partner: Partner, orders: Iterable[int]) -> dict[int, int]:
    renewals = Order.objects.for_partner(partner).filter(pk__in=set(orders), predecessor__isnull=False)
    return {pk: before for pk, before in renewals.values_list("pk", "predecessor") if before}


def recorded_standings(partner: Partner, orders: Collection[int] | OrderQuerySet) -> dict[int, Standing]:
    """Where each order stood when it was last written down; orders that nothing has reached are missing."""
    found: dict[int, Standing] = {}
    # Orders alike stand alike: what is written is read once.
    read = cache(_standing)
    rows = Reach.objects.for_partner(partner).filter(order__in=orders).order_by("since", "pk")
    for order, offers, ceilings in rows.values_list("order", "offers", "ceilings"):
        row = read(tuple(offers), tuple(ceilings.items()))
        found[order] = (lowest([found[order], row]) or row) if order in found else row
    return found


def _standing(offers: tuple[int, ...], ceilings: tuple[tuple[str, str], ...]) -> Standing:
    return Standing(offers, {choice: Decimal(share) for choice, share in ceilings})


def facts_of(
    order: Order, *, book: PriceBook, offers: OfferBook, counts: Mapping[int, int] | None = None
) -> OrderFacts:
    """The facts about an order; how many its customer has is counted only where an offer asks."""
    mine = order.customer_id
    return order_facts(
        order,
        today=book.on,
        customer_orders=offers.orders_of(mine, today=book.on) if counts is None else counts.get(mine, 0),
        price_level=book.level_of(order.customer_id),
        chain=offers.chain_of(order.pk),
    )


def subject_of(order: Order | int) -> str:
    """What an offer is used for when the order (or its primary key) is renewed: one use, quoted or not."""
    return f"order:{order if isinstance(order, int) else order.pk}"
