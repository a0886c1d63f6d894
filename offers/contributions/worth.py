"""What an order is worth, wherever it is looked at: with its arithmetic, its offers, and why no better one applies."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Any, cast

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from certificates.models import Customer, Order, Request
from certificates.rules import utc_date
from certificates.states import LIVE_ORDER_STATES, RenewalMark, RequestState
from offers.contributions.columns import chip
from offers.models import Offer, Reach, Sale, SalesSettings, Valuation
from offers.querysets import ValuationQuerySet
from offers.rules.discounts import best_discount
from offers.rules.prices import Priced
from offers.rules.taxes import Tax, TaxCode, Totals
from offers.services.alternatives import alternatives_of, moving_of
from offers.services.offer_book import OfferBook, offer_book
from offers.services.price_book import PriceBook, price_book, renewal_basket
from offers.services.pricing import OrderPrice, price_order
from offers.wording.alternatives import alternative_words, movable_words, price_words, renewal_query
from offers.wording.sums import plan_words, share_off, sum_in_words, sum_of
from portal import clock
from portal.access import PartnerRequest
from portal.contributions import (
    Panel,
    TimelineEvent,
    TimelineSource,
    panels,
    timelines,
)
from portal.money import money

# What asks for a renewal: orders that end within so many days, or ended so many days ago.
AHEAD, RECENT = timedelta(days=90), timedelta(days=30)
_EVENTS = 50


def register() -> None:
    """Hang everything in its slot."""
    panels.add(
        Panel("order", "worth", "offers/worth/order.html", 10, order_panel),
        Panel("quick_view", "worth", "offers/worth/order.html", 10, order_panel),
        Panel("customer", "worth", "offers/worth/customer.html", 10, customer_panel),
        Panel("request", "key", "offers/worth/key.html", 10, key_panel, "requests.place"),
        Panel("request", "agreed", "offers/worth/agreed.html", 20, agreed_panel),
    )
    timelines.add(TimelineSource("order", "sales", order_events))


# An order


@dataclass(frozen=True, slots=True)
class More:
    """What an offer gives for more than the order holds, its price, and where it is chosen; no address, no link."""

    words: str
    detail: str
    url: str


def order_panel(request: HttpRequest, order: Order) -> Mapping[str, Any] | None:
    """What renewing it as it is brings now; nothing for an order that is renewed, or stands no longer."""
    if order.status not in LIVE_ORDER_STATES or order.renewal_mark != RenewalMark.NONE or order.product is None:
        return None
    now, product = clock.now(), order.product
    allowed = cast(PartnerRequest, request).membership.permissions
    book = price_book(order.partner, on=utc_date(now), customers=[order.customer_id])
    offers = offer_book(order.partner, now=now)
    price = price_order(
        order, product=product, term_years=order.term_years, names=order.names, now=now, book=book, offers=offers
    )
    if price is None:
        return {"price": None}
    return {
        "price": price,
        "sum": sum_of(price, product=product, term_years=order.term_years, settings=book.settings),
        "chips": chips_of(price),
        "more": [*_more(order, price, book, offers, allowed), *_moving(order.customer, book, offers, allowed)],
        "withheld": withheld(order, price, book, offers),
    }


def _more(
    order: Order, price: OrderPrice, book: PriceBook, offers: OfferBook, allowed: Collection[str]
) -> Iterator[More]:
    url = reverse("offers:renew", args=[order.pk]) if "orders.renew" in allowed else ""
    for one in alternatives_of(order, book=book, offers=offers):
        detail = price_words(one, price.priced.currency)
        yield More(alternative_words(one), detail, f"{url}{renewal_query(one)}" if url else "")


def _moving(customer: Customer, book: PriceBook, offers: OfferBook, allowed: Collection[str]) -> Iterator[More]:
    """Offers for certificates of other authorities, where the customer has some."""
    meant, number = moving_of(customer, book=book, offers=offers)
    url = f"{reverse('offers:quote_new')}?customer={customer.pk}" if "quotes.edit" in allowed else ""
    for offer in meant if number else ():
        yield More(offer.words(get_language() or "en"), movable_words(number), url)


def chips_of(price: OrderPrice) -> list[str]:
    """Each offer that counts, as a tag: the share that comes off, and its words."""
    language, priced = get_language() or "en", price.priced
    return [
        chip(share_off(amount, priced.subtotal), money(-amount, priced.currency), offer.words(language))
        for offer, amount in price.uses
    ]


def withheld(order: Order, price: OrderPrice, book: PriceBook, offers: OfferBook) -> str:
    """Why today's offers do not give all they promise, where an earlier set of offers limits them."""
    if order.product is None or price.standing is None or price.locked:
        return ""
    basket = renewal_basket(book, order, order.product, term_years=order.term_years, names=order.names)
    if basket is None:
        return ""
    today = [offers.terms[pk] for pk in price.standing.offers]
    best = -sum((one.amount for one in best_discount(basket, today, floor_margin=book.floor_margin).lines), Decimal(0))
    if best <= price.priced.discount:
        return ""
    if not price.priced.discount:
        return gettext("An offer runs that gives this order nothing: it had been reached before by less, or by none.")
    facts = {"discount": share_off(price.priced.discount, price.priced.subtotal)}
    return gettext("An earlier offer of %(discount)s had reached this order, so no more comes off now.") % facts


def order_events(order: Order) -> Iterator[TimelineEvent]:
    """When which offers reached it, and what was agreed."""
    rows = list(Reach.objects.for_partner(order.partner).filter(order=order).order_by("-since")[:_EVENTS])
    named = {pk for row in rows for pk in row.offers}
    names = dict(Offer.objects.for_partner(order.partner).filter(pk__in=named).values_list("pk", "name"))
    # A row that only lowers a ceiling tells nobody anything: its offers are those of the one before.
    told = [row for row, earlier in zip_longest(rows, rows[1:]) if earlier is None or row.offers != earlier.offers]
    yield from (_reach_event(row, names) for row in told)
    sales = Sale.objects.for_partner(order.partner).filter(request__order=order).select_related("request")
    yield from (_sale_event(sale) for sale in sales[:_EVENTS])


def _reach_event(row: Reach, names: Mapping[int, str]) -> TimelineEvent:
    told = ", ".join(names[pk] for pk in row.offers if pk in names)
    title = _("Reached by an offer") if told else _("No offer applies any more")
    return TimelineEvent(row.since, title, told, level="note" if told else "")


def _sale_event(sale: Sale) -> TimelineEvent:
    url = reverse("certificates:request", args=[sale.request_id])
    return TimelineEvent(sale.at, _("Price agreed"), money(sale.net, sale.currency), level="good", url=url)


# A customer


@dataclass(frozen=True, slots=True)
class Worth:
    """What orders bring together, in one currency, and what offers take off; empty where nothing."""

    net: str
    saving: str
    orders: int


def customer_panel(_request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """What the customer's orders bring that end within 90 days, or ended lately."""
    today = clock.today()
    mine = Valuation.objects.for_partner(customer.partner).filter(order__customer=customer)
    due = mine.due(first=today - RECENT, last=today + AHEAD)
    found = [Worth(money(net, code), money(-off, code) if off else "", n) for code, net, off, n in _sums(due)]
    return {"worth": found} if found else None


def _sums(values: ValuationQuerySet) -> list[tuple[str, Decimal, Decimal, int]]:
    sums = values.order_by().values("currency").annotate(total=Sum("net"), off=Sum("discount"), n=Count("pk"))
    return list(sums.order_by("-total").values_list("currency", "total", "off", "n"))


# A request


def agreed_panel(_request: HttpRequest, asked: Request) -> Mapping[str, Any] | None:
    """What was agreed for a renewal or a new order, as it stood at the press."""
    sale = Sale.objects.for_partner(asked.partner).filter(request=asked).select_related("quote_line__quote").first()
    if sale is None:
        return None
    priced = Priced.from_json(sale.arithmetic)
    told = sum_in_words(
        priced,
        Offer.objects.for_partner(asked.partner).in_bulk(priced.offers),
        tax=Tax(TaxCode(sale.tax["code"]), Decimal(sale.tax["rate"]), sale.tax["country"]),
        totals=Totals(sale.net, Decimal(sale.tax["amount"]), sale.gross),
        base=plan_words(asked.product, asked.term_years),
        names=SalesSettings.objects.for_partner(asked.partner).first() or SalesSettings(partner=asked.partner),
    )
    return {"sum": told, "quote": sale.quote_line.quote if sale.quote_line else None}


def key_panel(_request: HttpRequest, asked: Request) -> Mapping[str, Any] | None:
    """The way to hand in the key a request waits for."""
    return {"asked": asked} if asked.state == RequestState.WAITING_KEY else None
