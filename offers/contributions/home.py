"""What offers adds to a customer's own pages: renewing and reissuing, quotes, and what a renewal costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db.models import Count, Min
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from certificates.models import Order
from certificates.rules import WindowState, utc_date
from certificates.services import planning
from certificates.services.refusals import NotConnected
from certificates.states import LIVE_ORDER_STATES, RenewalMark
from certificates.visits import Visit
from offers.models import Quote, QuoteLine
from offers.models.quotes import QuoteState
from offers.services.offer_book import offer_book
from offers.services.price_book import price_book
from offers.services.pricing import price_order
from offers.wording import quotes as wording
from portal import clock
from portal.contributions import (
    NavigationEntry,
    Panel,
    RowAction,
    TimelineEvent,
    TimelineSource,
    navigation,
    panels,
    row_actions,
    timelines,
)
from portal.money import money

# So many open quotes are named before all else; the list holds the rest.
SHOWN_QUOTES = 3
_EVENTS = 20
_ENDS: Mapping[str, tuple[Any, str]] = {
    QuoteState.ACCEPTED: (_("Quote accepted"), "good"),
    QuoteState.DECLINED: (_("Quote declined"), ""),
    QuoteState.EXPIRED: (_("Quote expired"), ""),
    QuoteState.WITHDRAWN: (_("Quote withdrawn"), ""),
}


def register() -> None:
    """Hang everything in its slot."""
    navigation.add(NavigationEntry("", _("Quotes"), "offers:home_quotes", "home.view", "file-earmark-text", 20))
    row_actions.add(
        RowAction("home", "renew", _("Renew"), "home.renew", 10, _page("offers:home_renew")),
        RowAction("home", "reissue", _("Reissue"), "home.renew", 20, _page("offers:home_reissue")),
    )
    panels.add(
        Panel("home_needs", "due", "offers/home/due.html", 10, due, "home.renew"),
        Panel("home_needs", "quotes", "offers/home/open_quotes.html", 20, open_quotes, "home.view"),
        Panel("home_order", "price", "offers/home/price.html", 10, price, "home.renew"),
    )
    timelines.add(TimelineSource("home_order", "quotes", quote_events))


def _page(name: str) -> Callable[[Order], str]:
    return lambda order: reverse(name, args=[order.pk])


# Before all else


def due(_request: HttpRequest, visit: Visit) -> Mapping[str, Any] | None:
    """How much can be renewed now, put off or not needed aside; nothing where nothing is due."""
    today = clock.today()
    waiting = visit.due(today).not_put_off(today=today).order_by()
    found: Mapping[str, Any] = waiting.aggregate(number=Count("pk"), first=Min("ends_on"))
    return found if found["number"] else None


def open_quotes(_request: HttpRequest, visit: Visit) -> Mapping[str, Any] | None:
    """What the customer can still answer, what ends first comes first."""
    today = clock.today()
    mine = Quote.objects.for_partner(visit.partner).answerable(today).filter(customer=visit.customer)
    found = mine.defer("snapshot").order_by("valid_until", "pk")[:SHOWN_QUOTES]
    quotes = [(quote, wording.validity(quote.valid_until, today=today)) for quote in found]
    return {"quotes": quotes} if quotes else None


# One order


def price(_request: HttpRequest, order: Order) -> Mapping[str, Any] | None:
    """What renewing it as it is costs today, while that can be done; nothing where no price is known."""
    product, now = order.product, clock.now()
    if product is None or not _can_be_renewed(order):
        return None
    told = price_order(
        order,
        product=product,
        term_years=order.term_years,
        names=order.names,
        now=now,
        book=price_book(order.partner, on=utc_date(now), customers=[order.customer_id]),
        offers=offer_book(order.partner, now=now),
    )
    if told is None:
        return None
    saving = money(-told.priced.discount, told.priced.currency) if told.priced.discount else ""
    return {"net": money(told.priced.net, told.priced.currency), "saving": saving}


def _can_be_renewed(order: Order) -> bool:
    if order.status not in LIVE_ORDER_STATES or order.renewal_mark != RenewalMark.NONE:
        return False
    now = clock.now()
    try:
        state = planning.renewal_window(order, now=now).state(now)
    except NotConnected:
        return False
    return state in (WindowState.OPEN, WindowState.LATE)


def quote_events(order: Order) -> Iterator[TimelineEvent]:
    """When it was quoted, and what became of that."""
    lines = QuoteLine.objects.for_partner(order.partner).filter(order=order)
    quotes = Quote.objects.for_partner(order.partner).sent().filter(pk__in=lines.values("quote")).defer("snapshot")
    for quote in quotes.order_by("-sent_at")[:_EVENTS]:
        if quote.sent_at:
            total = money(quote.gross, quote.currency)
            yield TimelineEvent(quote.sent_at, _("Quote sent"), f"{quote.number} · {total}", level="note")
        if quote.ended_at and quote.state in _ENDS:
            title, level = _ENDS[quote.state]
            yield TimelineEvent(quote.ended_at, title, quote.number, actor=quote.answered_name, level=level)
