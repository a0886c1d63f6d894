"""What quotes add to other pages: an entry, a search, words, events, panels, an action on many orders, a card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from certificates.models import Customer, Order
from certificates.views.saved_views import PAGES
from certificates.wording import Pill
from offers.deeds import quotes as quote_deeds
from offers.filters import matching
from offers.models import Quote, QuoteLine
from offers.services.quotes import demo
from offers.views.quotes.making import choices, make_quotes
from offers.wording import quotes as wording
from portal import clock
from portal.contributions import (
    ActivityWords,
    BulkAction,
    DashboardCard,
    DemoPart,
    NavigationEntry,
    Panel,
    SearchHit,
    SearchSource,
    TimelineEvent,
    TimelineSource,
    activity_words,
    bulk_actions,
    dashboard_cards,
    demo_parts,
    navigation,
    panels,
    searches,
    timelines,
)
from portal.deeds import tell
from portal.models import Activity, Partner
from portal.money import money

SHOWN = 5
_EVENTS = 50
_NAMELESS = {"quote.drafted", "quote.discarded"}


def register() -> None:
    """Hang everything in its slot."""
    activity_words.add(ActivityWords(frozenset(quote_deeds.DEEDS), quote_deeds.describe))
    navigation.add(NavigationEntry("offers", _("Quotes"), "offers:quotes", "quotes.view", "file-earmark-text", 50))
    searches.add(SearchSource(_("Quotes"), 35, find_quotes, all_quotes))
    timelines.add(
        TimelineSource("order", "quotes", order_events), TimelineSource("customer", "quotes", customer_events)
    )
    panels.add(
        Panel("order", "quotes", "offers/quotes/panel.html", 30, order_panel, "quotes.view"),
        Panel("quick_view", "quotes", "offers/quotes/panel.html", 30, order_panel, "quotes.view"),
        Panel("customer", "quotes", "offers/quotes/panel.html", 30, customer_panel, "quotes.view"),
    )
    bulk_actions.add(
        BulkAction("expiring", "quotes", _("Make quotes"), "quotes.edit", 40, make_quotes, choices=choices)
    )
    PAGES["quotes"] = "offers:quotes"
    demo_parts.add(DemoPart("quotes", 20, demo.seed))
    dashboard_cards.add(DashboardCard("quotes", "offers/quotes/dashboard.html", 40, dashboard, "quotes.view"))


# The search box


def find_quotes(partner: Partner, text: str, limit: int) -> list[SearchHit]:
    """Quotes by number or verification code, those that match exactly first."""
    found = matching(Quote.objects.for_partner(partner), text).select_related("customer").order_by("-created_at", "-pk")
    hits = [_hit(quote, text) for quote in found[:limit]]
    return sorted(hits, key=lambda hit: not hit.is_exact)


def _hit(quote: Quote, text: str) -> SearchHit:
    return SearchHit(
        title=str(quote),
        detail=f"{quote.customer.name} · {money(quote.gross, quote.currency)} · {quote.get_state_display()}",
        url=reverse("offers:quote", args=[quote.pk]),
        icon="file-earmark-text",
        is_exact=bool(quote.number) and text.strip().upper() in (quote.number.upper(), quote.verification_code),
    )


def all_quotes(words: str) -> str:
    return f"{reverse('offers:quotes')}?{urlencode({'tab': 'all', 'q': words})}"


# What happened


def order_events(order: Order) -> Iterator[TimelineEvent]:
    lines = QuoteLine.objects.for_partner(order.partner).filter(order=order)
    return _events(order.partner, lines.values("quote"))


def customer_events(customer: Customer) -> Iterator[TimelineEvent]:
    return _events(customer.partner, Quote.objects.for_partner(customer.partner).filter(customer=customer).values("pk"))


def _events(partner: Partner, quotes: Any) -> Iterator[TimelineEvent]:
    deeds = Activity.objects.filter(
        partner=partner, subject_type=Quote._meta.label_lower, subject_id__in=quotes
    ).select_related("actor")
    for deed in deeds.exclude(verb="quote.changed").order_by("-at", "-pk")[:_EVENTS]:
        told = tell(deed)
        # a draft has no number, and its label is in the language of whoever wrote it
        title = told.words if deed.verb in _NAMELESS else f"{told.words} · {deed.subject_label}"
        url = reverse("offers:quote", args=[deed.subject_id])
        actor = str(deed.actor) if deed.actor else ""
        yield TimelineEvent(deed.at, title, told.detail, actor=actor, level=told.level, url=url)


# Panels


def order_panel(_request: HttpRequest, order: Order) -> Mapping[str, Any]:
    """The quotes that name the order, and the way to a new one."""
    quotes = Quote.objects.for_partner(order.partner).filter(lines__order=order)
    return _panel(quotes, f"{reverse('offers:quote_new')}?order={order.pk}")


def customer_panel(_request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    """The customer's quotes, open ones first, and the way to a new one."""
    quotes = Quote.objects.for_partner(customer.partner).filter(customer=customer)
    return _panel(quotes, f"{reverse('offers:quote_new')}?customer={customer.pk}")


def _panel(quotes: Any, new_url: str) -> Mapping[str, Any]:
    found = list(quotes.exclude(state="superseded").order_by("-created_at", "-pk")[: SHOWN + 1])
    return {"quotes": _told(found[:SHOWN]), "has_more": len(found) > SHOWN, "new_url": new_url}


def _told(quotes: Sequence[Quote]) -> list[tuple[Quote, Pill, Pill | None]]:
    today = clock.today()
    return [
        (
            one,
            wording.standing(one, today=today),
            wording.validity(one.valid_until, today=today) if one.is_open and one.valid_until >= today else None,
        )
        for one in quotes
    ]


# The dashboard


def dashboard(request: Any) -> Mapping[str, Any] | None:
    """Quotes that wait for somebody: a change asked for, or few days left; nothing where there are none."""
    rows = Quote.objects.for_partner(request.partner).select_related("customer")
    asked = list(rows.change_asked().order_by("change_asked_at", "pk")[:SHOWN])
    soon = list(rows.expiring_soon(clock.today()).order_by("valid_until", "pk")[:SHOWN])
    if not (asked or soon):
        return None
    return {"asked": asked, "soon": _told(soon), "quotes_url": reverse("offers:quotes")}
