"""What offers shows on lists of orders: their value, the offer that reaches them, and what the window is worth."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from html import escape
from operator import itemgetter
from typing import Any

import django_filters
from django.core.cache import caches
from django.db.models import F, QuerySet, Sum
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from offers.models import Valuation
from offers.rules.alternatives import FIELDS as ALTERNATIVE_FIELDS
from offers.rules.alternatives import Alternative
from offers.wording.alternatives import alternative_words, price_words, renewal_query
from offers.wording.sums import share_off
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
from portal.lists.links import row_urls
from portal.models import Partner
from portal.money import money
from portal.templatetags.portal_tags import icon

WITH, WITHOUT, MORE = "with", "without", "more"
_ALTERNATIVE = itemgetter(*ALTERNATIVE_FIELDS)
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
        cell_for=value_cells,
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
        cell_for=offer_cells,
        needs=("offer_words_en", "offer_words_fr", "offer_saves", "offer_of", "alternatives"),
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
        alternatives=F("valuation__alternatives"),
    )
    return rows


def value_cells(_allowed: Collection[str]) -> Callable[[Any], str]:
    """For rows: what renewing one brings, tax excluded; nothing where no price is known."""
    language = get_language() or "en"
    return lambda order: "" if order.value is None else _written(order.value, order.value_currency, language)


@lru_cache(maxsize=2048)
def _written(amount: Decimal, currency: str, language: str) -> SafeString:
    return SafeString(escape(money(amount, currency, language)))


def offer_cells(allowed: Collection[str]) -> Callable[[Any], str]:
    """For rows: a chip with the share that comes off, and below it the best of what is offered for more.

    Orders alike have the same words: they are put together once per process. Who may renew gets a link.
    """
    language, may_renew = get_language() or "en", "orders.renew" in allowed
    renew_url = row_urls("offers:renew")

    def cell(order: Any) -> str:
        shown = ""
        if order.offer_name is not None:
            words = _words(order, language)
            shown = _chip(words, order.offer_saves, order.offer_of, order.value_currency, language)
        if order.alternatives:
            best = _ALTERNATIVE(order.alternatives[0])
            before, after = _more(best, order.value_currency, language, may_renew=may_renew)
            shown = SafeString(f"{shown}{before}{renew_url(order.pk) if may_renew else ''}{after}")
        return shown

    return cell


@lru_cache(maxsize=2048)
def _chip(words: str, saves: Decimal, of: Decimal, currency: str, _language: str) -> SafeString:
    """The offer's own words are its name."""
    saving = money(-saves, currency)
    title = gettext("%(offer)s: %(saving)s") % {"offer": words, "saving": saving}
    return chip(share_off(saves, of), title, words)


@lru_cache(maxsize=2048)
def _more(stored: tuple[Any, ...], currency: str, _language: str, *, may_renew: bool) -> tuple[str, str]:
    """A second line, before and after the address of the renew page; without that it is no link."""
    one = Alternative.from_json(dict(zip(ALTERNATIVE_FIELDS, stored, strict=True)))
    title = f'class="sub offer-more" title="{escape(price_words(one, currency))}"'
    words = f"{icon('arrow-up-circle')}{escape(alternative_words(one))}"
    if not may_renew:
        return f"<span {title}>{words}</span>", ""
    return f'<a {title} href="', f'{escape(renewal_query(one))}">{words}</a>'


def chip(text: str, title: str, spoken: str) -> SafeString:
    """A small tag; `spoken` is read out beside its text."""
    return SafeString(
        f'<span class="pill pill-brand" title="{escape(title)}">{icon("tag")}{escape(text)}'
        f'<span class="visually-hidden"> {escape(spoken)}</span></span>'
    )


def _words(order: Any, language: str) -> str:
    ours, theirs = order.offer_words_en, order.offer_words_fr
    if language == "fr":
        ours, theirs = theirs, ours
    return str(ours or theirs or order.offer_name)


# Filters


def _offer_filter() -> django_filters.Filter:
    choices = [(WITH, _("With an offer")), (MORE, _("With an offer for more")), (WITHOUT, _("Without an offer"))]
    return one_of(choices, label=_("Offer"), method=filter_by_offer)


def filter_by_offer(orders: QuerySet[Any], _name: str, wanted: str) -> QuerySet[Any]:
    if wanted == MORE:
        return orders.filter(valuation__alternatives__0__isnull=False)
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
