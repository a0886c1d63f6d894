"""What an order costs on a day: the prices, offers and taxes in force, loaded once and put through the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache, cached_property
from itertools import islice
from typing import TypeAlias

from django.db.models import Count, Q

from certificates.models import Customer, Order, Product
from certificates.querysets import OrderQuerySet
from certificates.rules import utc_date
from offers.models import (
    CustomerTerms,
    Offer,
    Price,
    QuoteLine,
    Reach,
    Redemption,
    SalesSettings,
    TaxRate,
)
from offers.models.offers import OfferStatus
from offers.models.quotes import OPEN_QUOTE_STATES
from offers.rules.arms import ALL, Trial
from offers.rules.baskets import Basket, UnitPrices
from offers.rules.ceilings import Standing, after_giving, choice_of, lowest, met
from offers.rules.discounts import (
    WINDOW_OPENS,
    Conditions,
    Discount,
    OfferKind,
    OfferTerms,
    OrderFacts,
    best_discount,
    fits,
    fits_but_for_days,
)
from offers.rules.prices import Priced, price, with_discount
from offers.rules.taxes import Buyer, Seller, Tax, Totals, Treatment, tax_for, totals
from portal.models import Partner

# product, years, currency, price level, customer
_PriceKey: TypeAlias = tuple[int, int, str, int | None, int | None]


# Orders that are asked for in one query
_AT_ONCE = 2_000


class CodeRefusal(StrEnum):
    """Why an offer's code changed nothing."""

    UNKNOWN = "unknown"
    NOT_LIVE = "not_live"
    NOT_FOR_THIS = "not_for_this"
    USED_UP = "used_up"
    NOT_BETTER = "not_better"


@dataclass(frozen=True, slots=True)
class Coded:
    """What became of a code that was typed; without a refusal it counts in the price."""

    code: str
    offer: Offer | None = None
    refusal: CodeRefusal | None = None


@dataclass(frozen=True, slots=True)
class OrderPrice:
    """A price with all that explains it. `offers` are those that count, by their ids.

    `standing` says which automatic offers have reached the order, and what it may have from now on.
    `locked` is the line of an open quote whose price stands because it is the better one.
    """

    priced: Priced
    offers: Mapping[int, Offer]
    tax: Tax
    totals: Totals
    coded: Coded | None = None
    standing: Standing | None = None
    locked: QuoteLine | None = None

    @property
    def uses(self) -> list[tuple[Offer, Decimal]]:
        """The offers that count, each with what it takes off."""
        taken = ((self.offers.get(line.offer or 0), -line.amount) for line in self.priced.lines)
        return [(offer, amount) for offer, amount in taken if offer]


# Prices, terms and taxes


@dataclass(frozen=True)
class PriceBook:
    """What is in force for a partner on a day; asked for many orders, it asks the database nothing more."""

    partner: Partner
    on: date
    prices: Mapping[_PriceKey, UnitPrices]
    terms: Mapping[int, CustomerTerms]
    rates: Mapping[str, Decimal]
    settings: SalesSettings

    def unit_prices(
        self, product: Product | int, term_years: int, customer_id: int | None, currency: str
    ) -> UnitPrices | None:
        """The customer's own prices, else its level's, else the list's; None where there are none."""
        plan = (product if isinstance(product, int) else product.pk, term_years, currency)
        level = self.level_of(customer_id)
        keys: list[_PriceKey] = [(*plan, None, customer_id), (*plan, level, None), (*plan, None, None)]
        return next((self.prices[key] for key in keys if key in self.prices), None)

    def currency_of(self, customer_id: int | None) -> str:
        """ISO 4217: the customer's, or the partner's own."""
        terms = self.terms.get(customer_id or 0)
        return (terms.currency if terms else "") or self.partner.currency

    def level_of(self, customer_id: int | None) -> int | None:
        terms = self.terms.get(customer_id or 0)
        return terms.level_id if terms else None

    @property
    def floor_margin(self) -> Decimal:
        """The partner's own floor, as a share of the net price."""
        return Decimal(self.settings.floor_margin) / 100

    def tax_of(self, customer: Customer | None) -> Tax:
        """The tax a customer pays; one that is not known yet pays the partner's own."""
        return tax_for(Seller(self.settings.country, self.settings.vat_number), self._buyer(customer), self.rates)

    def _buyer(self, customer: Customer | None) -> Buyer:
        if customer is None:
            return Buyer("", "", Treatment.AUTOMATIC)
        terms = self.terms.get(customer.pk)
        treatment = Treatment(terms.tax_treatment) if terms else Treatment.AUTOMATIC
        return Buyer(customer.country, customer.vat_number, treatment)

    @cached_property
    def upgrades(self) -> frozenset[tuple[int, int]]:
        """Published upgrades, from product to product; one query, when first asked for."""
        pairs = Product.upgrades.through.objects.values_list("from_product_id", "to_product_id")
        return frozenset(pairs)


def price_book(partner: Partner, *, on: date, customers: Collection[int] | None = None) -> PriceBook:
    """Four queries; given some `customers` (primary keys), only what concerns them and everybody."""
    terms = CustomerTerms.objects.for_partner(partner)
    prices = Price.objects.for_partner(partner).holding(on)
    if customers is not None:
        terms = terms.filter(customer__in=customers)
        prices = prices.filter(Q(customer__isnull=True) | Q(customer__in=customers))
    return PriceBook(
        partner=partner,
        on=on,
        # The one that began last overwrites those before it.
        prices={_price_key(one): _unit_prices(one) for one in prices.order_by("valid_from", "pk")},
        terms={one.customer_id: one for one in terms},
        rates=dict(TaxRate.objects.for_partner(partner).values_list("country", "rate")),
        settings=SalesSettings.objects.for_partner(partner).first() or SalesSettings(partner=partner),
    )


def _price_key(one: Price) -> _PriceKey:
    return one.product_id, one.term_years, one.currency, one.level_id, one.customer_id


def _unit_prices(one: Price) -> UnitPrices:
    return UnitPrices(
        base=one.base,
        name=one.name_price,
        wildcard=one.wildcard_price,
        cost_base=one.cost_base,
        cost_name=one.cost_name,
        cost_wildcard=one.cost_wildcard,
    )


# Offers


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


# Pricing


@dataclass(frozen=True, slots=True)
class Grant:
    """A price, and where the order stands with it; None where nothing has reached the order."""

    priced: Priced
    standing: Standing | None


def grant(
    basket: Basket,
    facts: OrderFacts,
    *,
    subject: str,
    recorded: Standing | None = None,
    chosen: Sequence[OfferTerms] = (),
    book: PriceBook,
    offers: OfferBook,
) -> Grant:
    """The price of a renewal with all that is loaded already: it asks the database nothing (see `OfferBook`).

    An offer that is used up counts no more. From `recorded`, where the order stood so far, comes the ceiling of what
    automatic offers may give.
    """
    desk = _Desk(basket, facts, subject, recorded.ceiling(choice_of(basket)) if recorded else None, book, offers)
    meant, alone = desk.discount(())
    found = desk.discount(chosen)[1] if chosen else alone
    return Grant(with_discount(basket, found), after_giving(alone.share, basket, facts, meant, recorded))


@dataclass(frozen=True, slots=True)
class _Desk:
    """One basket, and all that its discount depends on."""

    basket: Basket
    facts: OrderFacts
    subject: str
    ceiling: Decimal | None
    book: PriceBook
    offers: OfferBook

    def discount(self, chosen: Sequence[OfferTerms]) -> tuple[list[OfferTerms], Discount]:
        """The automatic offers that are not used up, and what comes off with them and those that are chosen."""
        spent = set(self.offers.used_up(customer_id=self.facts.customer, subject=self.subject))
        while True:
            meant = [terms for terms in self.offers.automatic if terms.id not in spent]
            found = best_discount(
                self.basket,
                [terms for terms in meant if fits(terms.conditions, self.facts)],
                chosen=[terms for terms in chosen if terms.id not in spent],
                floor_margin=self.book.floor_margin,
                ceiling=self.ceiling,
            )
            too_dear = self._too_dear(found)
            if not too_dear:
                return meant, found
            spent |= too_dear

    def _too_dear(self, found: Discount) -> set[int]:
        given = [(line.offer, -line.amount) for line in found.lines if line.offer is not None]
        currency, subject = self.basket.currency, self.subject
        return {pk for pk, amount in given if self.offers.is_too_dear(pk, amount, currency, subject=subject)}


def reached(facts: OrderFacts, recorded: Standing | None, *, subject: str, offers: OfferBook) -> Standing | None:
    """Which offers meet an order, without a look at prices; None where nothing has reached it."""
    spent = offers.used_up(customer_id=facts.customer, subject=subject)
    return met(facts, [terms for terms in offers.automatic if terms.id not in spent], recorded)


def price_for(
    partner: Partner,
    product: Product,
    *,
    term_years: int,
    names: Sequence[str],
    customer: Customer | None = None,
    on: date,
    book: PriceBook | None = None,
) -> Priced | None:
    """What it costs by the list, or by what was agreed with the customer, without offers; None without a price."""
    book = book or price_book(partner, on=on, customers=_keys(customer))
    basket = basket_of(book, product, term_years=term_years, names=names, customer_id=customer.pk if customer else None)
    return price(basket) if basket else None


def price_order(
    order: Order,
    *,
    product: Product,
    term_years: int,
    names: Sequence[str],
    now: datetime,
    code: str = "",
    book: PriceBook | None = None,
    offers: OfferBook | None = None,
    recorded: Mapping[int, Standing] | None = None,
    locked: Sequence[QuoteLine] | None = None,
) -> OrderPrice | None:
    """What renewing the order as this product costs at the moment, offers and tax included; None without a price.

    For many orders hand in what is the same for all (`book`, `offers`), and what was read at once for them
    (`recorded_standings`, `quoted_lines`). A price that an open quote locks stands where it is the better one.
    """
    partner, today = order.partner, utc_date(now)
    book = book or price_book(partner, on=today, customers=[order.customer_id])
    offers = offers or offer_book(partner, now=now)
    basket = renewal_basket(book, order, product, term_years=term_years, names=names)
    if basket is None:
        return None
    facts = facts_of(order, book=book, offers=offers)
    if recorded is None:
        recorded = recorded_standings(partner, [order.pk])
    stood, subject = recorded.get(order.pk), subject_of(order)
    coded = _look_up(code, basket, facts, subject, book=book, offers=offers) if code.strip() else None
    chosen = [offers.terms[coded.offer.pk]] if coded and coded.offer and not coded.refusal else []
    granted = grant(basket, facts, subject=subject, recorded=stood, chosen=chosen, book=book, offers=offers)
    if locked is None:
        locked = quoted_lines(partner, [order.pk], today=today).get(order.pk, ())
    priced, line = _the_better(granted.priced, _locking(locked, basket, product))
    return _order_price(priced, book, offers, order.customer, coded=coded, standing=granted.standing, locked=line)


def price_new(
    partner: Partner,
    *,
    product: Product,
    term_years: int,
    names: Sequence[str],
    now: datetime,
    customer: Customer | None = None,
    code: str = "",
    consolidates: bool = False,
    subject: str = "",
    book: PriceBook | None = None,
    offers: OfferBook | None = None,
) -> OrderPrice | None:
    """What a new order costs; one that `consolidates` moves a certificate of another authority to us.

    Offers for renewals do not apply by themselves: those for moving do, and a code does. Their conditions are asked
    about the product that is bought. None without a price.
    """
    book = book or price_book(partner, on=utc_date(now), customers=_keys(customer))
    offers = offers or offer_book(partner, now=now)
    customer_id = customer.pk if customer else None
    basket = basket_of(book, product, term_years=term_years, names=names, customer_id=customer_id)
    if basket is None:
        return None
    basket = replace(basket, consolidates=consolidates)
    facts = _facts_of_new(product, customer, book=book, offers=offers)
    coded = _look_up(code, basket, facts, subject, book=book, offers=offers) if code.strip() else None
    chosen = [offers.terms[coded.offer.pk]] if coded and coded.offer and not coded.refusal else []
    chosen += [terms for terms in offers.for_moving if consolidates and fits_but_for_days(terms.conditions, facts)]
    renewals_apart = replace(facts, days_left=WINDOW_OPENS + 1)
    granted = grant(basket, renewals_apart, subject=subject, chosen=chosen, book=book, offers=offers)
    return _order_price(granted.priced, book, offers, customer, coded=coded)


def facts_of(
    order: Order, *, book: PriceBook, offers: OfferBook, counts: Mapping[int, int] | None = None
) -> OrderFacts:
    """The facts about an order; how many its customer has is counted only where an offer asks."""
    if counts is None:
        mine = [order.customer_id]
        counts = orders_by_customer(book.partner, today=book.on, customers=mine) if offers.counts_orders else {}
    return order_facts(
        order,
        today=book.on,
        customer_orders=counts.get(order.customer_id, 0),
        price_level=book.level_of(order.customer_id),
        chain=offers.chain_of(order.pk),
    )


def subject_of(order: Order | int) -> str:
    """What an offer is used for when the order (or its primary key) is renewed: one use, quoted or not."""
    return f"order:{order if isinstance(order, int) else order.pk}"


def quoted_lines(partner: Partner, orders: Iterable[int], *, today: date) -> dict[int, list[QuoteLine]]:
    """The lines of open quotes that still hold, by order."""
    found: dict[int, list[QuoteLine]] = defaultdict(list)
    lines = QuoteLine.objects.for_partner(partner).filter(
        order__in=list(orders), quote__state__in=OPEN_QUOTE_STATES, quote__valid_until__gte=today
    )
    for line in lines.select_related("quote"):
        found[line.order_id or 0].append(line)
    return dict(found)


def renewal_basket(
    book: PriceBook, order: Order, product: Product, *, term_years: int, names: Sequence[str]
) -> Basket | None:
    """The order as it would be renewed; None where the list has no price for it."""
    basket = basket_of(book, product, term_years=term_years, names=names, customer_id=order.customer_id)
    if basket is None:
        return None
    present = order.product_id or 0
    present_prices = book.unit_prices(present, term_years, order.customer_id, basket.currency)
    return replace(
        basket,
        is_upgrade=product.pk != present and (present, product.pk) in book.upgrades,
        present_prices=present_prices,
        present_names=len(order.names),
    )


def basket_of(
    book: PriceBook, product: Product, *, term_years: int, names: Sequence[str], customer_id: int | None
) -> Basket | None:
    """What would be bought, at the prices that hold for the customer; None where the list has none."""
    currency = book.currency_of(customer_id)
    prices = book.unit_prices(product, term_years, customer_id, currency)
    if prices is None:
        return None
    return Basket(
        product=product.name_id,
        family=product.family,
        level=product.level,
        term_years=term_years,
        names=tuple(names),
        prices=prices,
        currency=currency,
    )


def _facts_of_new(product: Product, customer: Customer | None, *, book: PriceBook, offers: OfferBook) -> OrderFacts:
    """As an order of the bought product would answer, with the window just open."""
    number = 0
    if customer and offers.counts_orders:
        number = orders_by_customer(book.partner, today=book.on, customers=[customer.pk]).get(customer.pk, 0)
    return OrderFacts(
        product=product.name_id,
        family=product.family,
        level=product.level,
        customer=customer.pk if customer else 0,
        price_level=book.level_of(customer.pk) if customer else None,
        owner=customer.owner_id if customer else None,
        country=customer.country if customer else "",
        customer_orders=number,
        is_first_renewal=False,
        days_left=WINDOW_OPENS,
    )


def _look_up(
    code: str, basket: Basket, facts: OrderFacts, subject: str, *, book: PriceBook, offers: OfferBook
) -> Coded:
    offer = offers.coded(code)
    if offer is None:
        return Coded(code, None, CodeRefusal.UNKNOWN)
    if offer not in offers.live:
        return Coded(code, offer, CodeRefusal.NOT_LIVE)
    if offers.is_used_up(offer.pk, customer_id=facts.customer, subject=subject):
        return Coded(code, offer, CodeRefusal.USED_UP)
    terms = offers.terms[offer.pk]
    gives = best_discount(basket, [], chosen=[terms], floor_margin=book.floor_margin).lines
    if not gives or not fits_but_for_days(terms.conditions, facts):
        return Coded(code, offer, CodeRefusal.NOT_FOR_THIS)
    if offers.is_too_dear(offer.pk, -gives[0].amount, basket.currency, subject=subject):
        return Coded(code, offer, CodeRefusal.USED_UP)
    return Coded(code, offer)


def _locking(lines: Iterable[QuoteLine], basket: Basket, product: Product) -> list[QuoteLine]:
    """Those that speak of the very same: product, years, names and currency."""
    names = sorted(basket.names)
    same = [one for one in lines if one.product_id == product.pk and one.term_years == basket.term_years]
    return [one for one in same if sorted(one.names) == names and one.arithmetic.get("currency") == basket.currency]


def _the_better(priced: Priced, lines: Iterable[QuoteLine]) -> tuple[Priced, QuoteLine | None]:
    quoted = [(Priced.from_json(line.arithmetic), line) for line in lines]
    lowest, line = min(quoted, key=lambda one: one[0].net, default=(priced, None))
    return (lowest, line) if lowest.net <= priced.net else (priced, None)


def _order_price(
    priced: Priced,
    book: PriceBook,
    offers: OfferBook,
    customer: Customer | None,
    *,
    coded: Coded | None,
    standing: Standing | None = None,
    locked: QuoteLine | None = None,
) -> OrderPrice:
    counting = {pk: offers.known[pk] for pk in priced.offers if pk in offers.known}
    if coded and coded.offer and not coded.refusal and coded.offer.pk not in counting:
        coded = replace(coded, refusal=CodeRefusal.NOT_BETTER)
    tax = book.tax_of(customer)
    return OrderPrice(
        priced=priced,
        offers=counting,
        tax=tax,
        totals=totals([priced.net], tax, priced.currency),
        coded=coded,
        standing=standing,
        locked=locked,
    )


def _keys(customer: Customer | None) -> list[int]:
    return [customer.pk] if customer else []
