"""What offers shows on lists of orders: their value, the offer that reaches them, and what the window is worth."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import Any

import django_filters
from django.core.cache import caches
from django.db.models import F, QuerySet, Sum
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from offers.models import Valuation
from portal import clock
from portal.access import PartnerRequest
from portal.contributions import (
    AnnotatedColumn,
    Figure,
    FigureSource,
    ListFilter,
    annotated_columns,
    figures,
    filters,
)
from portal.lists import one_of
from portal.models import Partner
from portal.money import money
from portal.quantities import percentage
from portal.templatetags.portal_tags import icon

WITH, WITHOUT = "with", "without"
# The figure above the list looks so many days ahead, as its neighbours do.
AHEAD = 30


def register() -> None:
    """Hang everything in its slot."""
    for page in ("expiring", "orders"):
        annotated_columns.add(_value_column(page))
        filters.add(ListFilter(page, "offer", _offer_filter, is_rare=True))
    annotated_columns.add(_offer_column("expiring"))
    filters.add(ListFilter("expiring", "worth", _worth_filter, is_rare=True))
    figures.add(FigureSource("expiring", "worth", 10, worth_ahead))


# Columns


def _value_column(page: str) -> AnnotatedColumn:
    return AnnotatedColumn(
        page,
        "value",
        _("Value"),
        10,
        lambda orders: orders.annotate(value=F("valuation__net"), value_currency=F("valuation__currency")),
        cell=value_cell,
        needs=("value_currency",),
        css="num",
        exported=((_("Value"), "value"), (_("Currency"), "value_currency")),
    )


def _offer_column(page: str) -> AnnotatedColumn:
    return AnnotatedColumn(
        page,
        "offer_name",
        _("Offer"),
        20,
        _annotate_offer,
        cell=offer_cell,
        needs=("offer_words_en", "offer_words_fr", "offer_saves", "offer_of"),
        sorts=False,
        exported=((_("Offer"), "offer_name"), (_("Discount"), "offer_saves")),
    )


def _annotate_offer(orders: QuerySet[Any]) -> QuerySet[Any]:
    rows: QuerySet[Any] = orders.annotate(
        offer_name=F("valuation__offer__name"),
        offer_words_en=F("valuation__offer__words_en"),
        offer_words_fr=F("valuation__offer__words_fr"),
        offer_saves=F("valuation__discount"),
        offer_of=F("valuation__subtotal"),
    )
    return rows


def value_cell(order: Any) -> str:
    """What renewing it brings, tax excluded; nothing where no price is known."""
    if order.value is None:
        return ""
    return _written(order.value, order.value_currency, get_language() or "en")


@lru_cache(maxsize=2048)
def _written(amount: Decimal, currency: str, language: str) -> SafeString:
    return SafeString(escape(money(amount, currency, language)))


def offer_cell(order: Any) -> str:
    """A chip with the share that comes off; the offer's own words are its name."""
    if order.offer_name is None:
        return ""
    words = _words(order)
    saving = money(-order.offer_saves, order.value_currency)
    title = gettext("%(offer)s: %(saving)s") % {"offer": words, "saving": saving}
    return chip(share_off(order.offer_saves, order.offer_of), title, words)


def chip(text: str, title: str, spoken: str) -> SafeString:
    """A small tag; `spoken` is read out beside its text."""
    return SafeString(
        f'<span class="pill pill-brand" title="{escape(title)}">{icon("tag")}{escape(text)}'
        f'<span class="visually-hidden"> {escape(spoken)}</span></span>'
    )


def share_off(discount: Decimal, subtotal: Decimal) -> str:
    """20.00 of 200.00 -> "10% off", to the nearest whole percent."""
    share = round(100 * discount / subtotal) if subtotal else 0
    return gettext("%(percent)s off") % {"percent": percentage(share)}


def _words(order: Any) -> str:
    ours, theirs = order.offer_words_en, order.offer_words_fr
    if get_language() == "fr":
        ours, theirs = theirs, ours
    return str(ours or theirs or order.offer_name)


# Filters


def _offer_filter() -> django_filters.Filter:
    choices = [(WITH, _("With an offer")), (WITHOUT, _("Without an offer"))]
    return one_of(choices, label=_("Offer"), method=filter_by_offer)


def filter_by_offer(orders: QuerySet[Any], _name: str, wanted: str) -> QuerySet[Any]:
    return orders.filter(valuation__offer__isnull=wanted == WITHOUT)


def _worth_filter() -> django_filters.Filter:
    return django_filters.NumberFilter(
        field_name="valuation__net", lookup_expr="gte", min_value=0, label=_("Value from")
    )


# Figures


def worth_ahead(request: PartnerRequest) -> Figure | None:
    """What the orders bring that end within 30 days, per currency, as of a minute ago; nothing without a price."""
    partner, today = request.partner, clock.today()
    worth = caches["minute"].get_or_set(f"worth:{partner.pk}:{today}", lambda: _worth_of(partner, today))
    if not worth:
        return None
    (currency, net, off), *others = worth
    return Figure(_("Worth renewing, 30 days"), money(net, currency), _note(currency, off, others), url=_by_value())


def _worth_of(partner: Partner, today: date) -> list[tuple[str, Decimal, Decimal]]:
    """Currency, net and discount, the largest first; one query over all orders that end by then."""
    due = Valuation.objects.for_partner(partner).due(first=today, last=today + timedelta(days=AHEAD))
    sums = due.order_by().values("currency").annotate(total=Sum("net"), off=Sum("discount")).order_by("-total")
    return list(sums.values_list("currency", "total", "off"))


def _note(currency: str, off: Decimal, others: list[tuple[str, Decimal, Decimal]]) -> str:
    """The other currencies, or else what offers take off."""
    if others:
        amounts = ", ".join(money(net, code) for code, net, _off in others)
        return gettext("and %(amounts)s") % {"amounts": amounts}
    if off:
        return gettext("after %(amount)s of offers") % {"amount": money(off, currency)}
    return gettext("tax excluded")


def _by_value() -> str:
    return f"{reverse('certificates:expiring')}?tab=30&sort=-value"
