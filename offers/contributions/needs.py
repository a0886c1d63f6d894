"""The block "What else does this customer need?": each need in words, with its orders and the next step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from certificates.models import Customer, Order
from certificates.wording import host
from offers.rules.needs import Need, NeedCode
from offers.services.advice import CustomerNeeds, needs_of_customer
from offers.wording import advice as words
from portal import clock
from portal.access import PartnerRequest
from portal.money import money

# Needs and orders that the block shows at once; the rest is behind a press, or counted.
SHOWN, SHOWN_ORDERS = 5, 3
_HALVES = (NeedCode.MISSING_WWW, NeedCode.MISSING_APEX)


@dataclass(frozen=True, slots=True)
class Step:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownNeed:
    """`orders` are numbers and addresses; `more_orders` counts those that are not shown."""

    code: NeedCode
    title: str
    words: str
    saving: str
    orders: list[Step]
    more_orders: int
    step: Step | None


def customer_panel(request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """Everything that the customer's orders ask for; nothing to show, no block."""
    found = needs_of_customer(customer, today=clock.today())
    return _panel(request, customer, found, found.needs)


def order_panel(request: HttpRequest, order: Order) -> Mapping[str, Any] | None:
    """What concerns this order."""
    found = needs_of_customer(order.customer, today=clock.today())
    return _panel(request, order.customer, found, [need for need in found.needs if order.pk in need.orders])


def _panel(
    request: HttpRequest, customer: Customer, found: CustomerNeeds, needs: Iterable[Need]
) -> Mapping[str, Any] | None:
    allowed = cast(PartnerRequest, request).membership.permissions
    shown = [_shown(group, customer, found, allowed) for group in _grouped(needs)]
    return {"needs": shown[:SHOWN], "more": shown[SHOWN:]} if shown else None


def _grouped(needs: Iterable[Need]) -> Iterable[list[Need]]:
    """Missing halves of names are told together; every other need is told by itself."""
    for is_half, group in groupby(needs, lambda need: need.code in _HALVES):
        if is_half:
            halves = list(group)
            yield from filter(None, ([need for need in halves if need.code == code] for code in _HALVES))
        else:
            yield from ([need] for need in group)


def _shown(group: list[Need], customer: Customer, found: CustomerNeeds, allowed: frozenset[str]) -> ShownNeed:
    need = group[0]
    orders = [found.orders[pk] for pk in dict.fromkeys(pk for one in group for pk in one.orders)]
    return ShownNeed(
        code=need.code,
        title=words.need_title(need),
        words=words.halves(group) if len(group) > 1 else words.need_words(need, found.currency),
        saving=money(need.saving, found.currency) if need.saving is not None and need.saving > 0 else "",
        orders=[Step(order.number, reverse("certificates:order", args=[order.pk])) for order in orders[:SHOWN_ORDERS]],
        more_orders=max(len(orders) - SHOWN_ORDERS, 0),
        step=_step(need, orders, customer, allowed) if len(group) == 1 else None,
    )


def _step(need: Need, orders: list[Order], customer: Customer, allowed: frozenset[str]) -> Step | None:
    """The next step that the person may take; where it leads is theirs to change."""
    query: dict[str, Any] = {"customer": customer.pk}
    if need.code in (NeedCode.LAPSED, NeedCode.BESIDE):
        query["after"] = orders[-1].pk
    elif need.code == NeedCode.WILDCARD and need.product:
        query["product"] = need.product.name_id
    elif need.code == NeedCode.SENSITIVE_DV:
        return Step(_("Which certificate?"), f"{reverse('offers:choose')}?{urlencode({'order': orders[0].pk})}")
    else:
        return _renewal(need, orders, allowed)
    if "requests.place" not in allowed:
        return None
    return Step(_("Request this certificate"), f"{reverse('offers:request_certificate')}?{urlencode(query)}")


def _renewal(need: Need, orders: list[Order], allowed: frozenset[str]) -> Step | None:
    """A longer plan of one order is chosen when it is renewed, of several in a quote."""
    if need.code != NeedCode.LONGER_PLAN:
        return None
    if len(orders) > 1:
        return _quote(orders[0].customer_id) if "quotes.edit" in allowed else None
    if "orders.renew" not in allowed:
        return None
    query = urlencode({"term_years": need.years})
    label = _("Renew %(host)s") % {"host": host(orders[0])}
    return Step(label, f"{reverse('offers:renew', args=[orders[0].pk])}?{query}")


def _quote(customer: int) -> Step:
    return Step(_("Make a quote"), f"{reverse('offers:quote_new')}?{urlencode({'customer': customer})}")
