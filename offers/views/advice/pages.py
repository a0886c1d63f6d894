"""Products and advice: the comparison of brands and levels, and the selector, for the house and its customers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from certificates.models import Customer, Order, Product
from certificates.states import ValidationLevel
from certificates.wording import host
from offers.forms.selector import answers_in
from offers.services.advice import Match, Subject, Way
from offers.services.listed import PriceList, price_list
from offers.views.advice.comparing import Section, by_brand, side_by_side
from offers.views.advice.shown import Advice, advise
from portal import clock
from portal.access import PartnerRequest, requires
from portal.roles import Role
from portal.types import StrOrPromise


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the filters: where it leads, and whether it holds now."""

    label: StrOrPromise
    url: str
    current: bool


# The comparison


@requires("products.view")
@require_safe
def products(request: PartnerRequest) -> HttpResponse:
    """Every product that is offered, brand by brand; of one level side by side."""
    offered = list(Product.objects.filter(is_offered=True).prefetch_related("upgrades"))
    level = _known(request.GET.get("level"), ValidationLevel.values)
    family = _known(request.GET.get("brand"), (product.family for product in offered))
    prices = price_list(request.partner, customer=request.membership.customer, today=clock.today())
    context = {
        "sections": _sections(offered, prices, level=level, family=family),
        "levels": _choices("level", [(one.value, one.label) for one in ValidationLevel], level, brand=family),
        "brands": _choices("brand", _brands(offered), family, level=level),
        "has_prices": not prices.is_empty,
        "page_title": _("Products"),
    }
    return render(request, "offers/advice/products.html", context)


def _known(asked: str | None, values: Iterable[str]) -> str:
    return asked if asked and asked in set(values) else ""


def _brands(offered: list[Product]) -> list[tuple[str, str]]:
    return [(family, family) for family in dict.fromkeys(product.family for product in offered)]


def _sections(offered: list[Product], prices: PriceList, *, level: str, family: str) -> list[Section]:
    shown = [one for one in offered if level in ("", one.level) and family in ("", one.family)]
    if level and not family:
        return [side_by_side(ValidationLevel(level).label, shown, prices, key=level)] if shown else []
    return by_brand(shown, prices)


def _choices(name: str, values: Sequence[tuple[str, StrOrPromise]], chosen: str, **others: str) -> list[Choice]:
    """ "All" and each value, every one an address that keeps the other filter."""

    def url(value: str) -> str:
        query = {key: kept for key, kept in {name: value, **others}.items() if kept}
        return f"?{urlencode(query)}" if query else "?"

    everything = Choice(_("All"), url(""), not chosen)
    return [everything, *(Choice(label, url(value), value == chosen) for value, label in values)]


# The selector


@requires("products.view")
@require_safe
def choose(request: PartnerRequest) -> HttpResponse:
    """Five questions and what they recommend, for a customer or an order if the address names one."""
    subject = _subject(request)
    advice = advise(answers_in(request.GET), subject, today=clock.today())
    context = {
        "page_title": _("Which certificate?"),
        "advice": advice,
        "subject": subject,
        "host": host(subject.order) if subject.order else "",
        "renew_url": _renew_url(request, subject, advice),
        "request_url": _request_url(request, subject, advice),
        "quote_url": _quote_url(request, subject),
    }
    return render(request, "offers/advice/choose.html", context)


def _subject(request: PartnerRequest) -> Subject:
    """What the address names, of this partner; to a customer's contact nothing but the own is found."""
    partner, membership = request.partner, request.membership
    own = membership.customer if membership.role == Role.CUSTOMER else None
    if "order" in request.GET:
        orders = Order.objects.for_partner(partner).select_related("product", "customer")
        orders = orders.filter(customer=own) if own else orders
        order = get_object_or_404(orders, pk=_number(request.GET, "order"))
        return Subject(partner, order.customer, order)
    if own is None and "customer" in request.GET:
        customers = Customer.objects.for_partner(partner)
        return Subject(partner, get_object_or_404(customers, pk=_number(request.GET, "customer")))
    return Subject(partner, own)


def _number(query: QueryDict, name: str) -> int:
    """A primary key from an address; anything else names no row."""
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _renew_url(request: PartnerRequest, subject: Subject, advice: Advice) -> str:
    """The renew page with the product chosen, where the renewal of the order can be one."""
    best = _best(advice)
    if not (subject.order and best and best.way in (Way.PRESENT, Way.UPGRADE)):
        return ""
    if "orders.renew" not in request.membership.permissions:
        return ""
    return f"{reverse('offers:renew', args=[subject.order.pk])}?{urlencode({'product': best.product.name_id})}"


def _request_url(request: PartnerRequest, subject: Subject, advice: Advice) -> str:
    best = _best(advice)
    if not best or "requests.place" not in request.membership.permissions:
        return ""
    query = {"product": best.product.name_id}
    if subject.customer:
        query = {"customer": str(subject.customer.pk), **query}
    return f"{reverse('offers:request_certificate')}?{urlencode(query)}"


def _quote_url(request: PartnerRequest, subject: Subject) -> str:
    """A quote for the order that is asked about; its product is chosen there."""
    if not subject.order or "quotes.edit" not in request.membership.permissions:
        return ""
    return f"{reverse('offers:quote_new')}?{urlencode({'order': subject.order.pk})}"


def _best(advice: Advice) -> Match | None:
    return advice.best.match if advice.best else None
