"""What an order costs on a day: the prices, offers and taxes in force, loaded once and put through the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from django.db.models import F

from certificates.models import Customer, Order, Product
from certificates.rules import utc_date
from offers.models import (
    Offer,
    QuoteLine,
)
from offers.models.quotes import OPEN_QUOTE_STATES
from offers.rules.baskets import Basket
from offers.rules.ceilings import Limits, Standing, after_giving, met
from offers.rules.discounts import (
    WINDOW_OPENS,
    Discount,
    OfferTerms,
    OrderFacts,
    best_discount,
    fits,
    fits_but_for_days,
)
from offers.rules.prices import Priced, price, with_discount
from offers.rules.taxes import Tax, Totals, totals
from offers.services.offer_book import (
    OfferBook,
    facts_of,
    offer_book,
    orders_by_customer,
    recorded_standings,
    subject_of,
)
from offers.services.price_book import (
    PriceBook,
    basket_of,
    price_book,
    renewal_basket,
)
from portal.models import Partner


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
    desk = _Desk(basket, facts, subject, recorded.limits(basket) if recorded else Limits(), book, offers)
    meant, alone = desk.discount(())
    found = desk.discount(chosen)[1] if chosen else alone
    return Grant(with_discount(basket, found), after_giving(alone, basket, facts, meant, recorded))


@dataclass(frozen=True, slots=True)
class _Desk:
    """One basket, and all that its discount depends on."""

    basket: Basket
    facts: OrderFacts
    subject: str
    limits: Limits
    book: PriceBook
    offers: OfferBook

    def discount(self, chosen: Sequence[OfferTerms]) -> tuple[list[OfferTerms], Discount]:
        """The automatic offers that are not used up, and what comes off with them and those that are chosen."""
        spent = set(self.offers.used_up(customer_id=self.facts.customer, subject=self.subject))
        while True:
            meant = [terms for terms in self.offers.automatic if terms.id not in spent]
            found = best_discount(
                self.basket,
                [] if self.basket.is_apart else [terms for terms in meant if fits(terms.conditions, self.facts)],
                chosen=[terms for terms in chosen if terms.id not in spent],
                floor_margin=self.book.floor_margin,
                ceiling=self.limits.ceiling,
                free_names=self.limits.free_names,
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


def quoted_lines(partner: Partner, orders: Iterable[int], *, today: date) -> dict[int, list[QuoteLine]]:
    """The lines of open quotes that still hold for the customer of their order, by order."""
    found: dict[int, list[QuoteLine]] = defaultdict(list)
    lines = QuoteLine.objects.for_partner(partner).filter(
        order__in=list(orders),
        order__customer=F("quote__customer"),
        quote__state__in=OPEN_QUOTE_STATES,
        quote__valid_until__gte=today,
    )
    for line in lines.select_related("quote"):
        found[line.order_id or 0].append(line)
    return dict(found)


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
