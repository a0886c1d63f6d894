"""Deeds on selected orders: notices on or off, a new owner, a file of the selection; each can be taken back."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from certificates.filters import account_managers
from certificates.models import Customer, Order
from certificates.querysets import OrderQuerySet
from certificates.services import marks
from portal.access import PartnerRequest, requires
from portal.contributions import BulkAction, Done
from portal.lists.links import came_from
from portal.models import Membership

# The last bulk deed of a session, so that it can be taken back.
UNDO = "bulk_undo"
_NOBODY = "nobody"


def switch_on(request: PartnerRequest, orders: OrderQuerySet) -> Done:
    return _switch(request, orders, enabled=True)


def switch_off(request: PartnerRequest, orders: OrderQuerySet) -> Done:
    return _switch(request, orders, enabled=False)


def _switch(request: PartnerRequest, orders: OrderQuerySet, *, enabled: bool) -> Done:
    changing = list(orders.filter(notices_enabled=not enabled).order_by().values_list("pk", flat=True))
    count = marks.switch_notices(_orders(request, changing), enabled=enabled, actor=request.user)
    if not count:
        return Done(_("They were so already: nothing has changed."))
    if enabled:
        words = ngettext(
            "Renewal notices are on for %(count)s order.", "Renewal notices are on for %(count)s orders.", count
        )
    else:
        words = ngettext(
            "Renewal notices are off for %(count)s order.", "Renewal notices are off for %(count)s orders.", count
        )
    undo = _remember(request, {"notices": not enabled, "ids": changing})
    return Done(words % {"count": count}, undo)


def assign(request: PartnerRequest, orders: OrderQuerySet) -> Done:
    """Give the customers of these orders to the chosen account manager, or to nobody."""
    owner = _owner(request, request.POST["choice"])
    customers = Customer.objects.for_partner(request.partner).filter(
        pk__in=set(orders.order_by().values_list("customer_id", flat=True))
    )
    before = dict(customers.values_list("pk", "owner_id"))
    count = marks.assign_owner(customers, owner=owner, actor=request.user)
    if not count:
        return Done(_("They were so already: nothing has changed."))
    words = ngettext(
        "%(count)s customer now belongs to %(owner)s.", "%(count)s customers now belong to %(owner)s.", count
    )
    changed = {pk: previous for pk, previous in before.items() if previous != (owner.pk if owner else None)}
    undo = _remember(request, {"owners": list(changed.items())})
    return Done(words % {"count": count, "owner": owner.user if owner else _("nobody")}, undo)


def owners(request: PartnerRequest) -> list[tuple[str, Any]]:
    people = [(str(pk), name) for pk, name in account_managers(request.partner)]
    return [*people, (_NOBODY, gettext_lazy("Nobody"))]


def _owner(request: PartnerRequest, choice: str) -> Membership | None:
    """The chosen person; a choice nobody was offered is nobody's."""
    managers = {str(pk) for pk, _name in account_managers(request.partner)}
    if choice not in managers:
        return None
    return Membership.objects.for_partner(request.partner).select_related("user").get(pk=int(choice))


ACTIONS = (
    BulkAction("expiring", "notices_on", gettext_lazy("Switch notices on"), "orders.notices", 10, switch_on),
    BulkAction("expiring", "notices_off", gettext_lazy("Switch notices off"), "orders.notices", 20, switch_off),
    BulkAction("expiring", "assign", gettext_lazy("Assign owner"), "customers.assign", 30, assign, choices=owners),
)


# Taken back


def _remember(request: PartnerRequest, deed: dict[str, Any]) -> str:
    """Keep what would take the deed back; the address that does it."""
    token = secrets.token_urlsafe(9)
    request.session[UNDO] = {"token": token, **deed}
    return reverse("certificates:undo_bulk", args=[token])


@requires("orders.notices")
@require_POST
def undo(request: PartnerRequest, token: str) -> HttpResponseBase:
    """Take the last bulk deed of this session back, once."""
    deed: dict[str, Any] = request.session.get(UNDO, {})
    if not secrets.compare_digest(str(deed.get("token", "")).encode(), token.encode()):
        messages.warning(request, _("This can no longer be taken back."))
    else:
        del request.session[UNDO]
        _take_back(request, deed)
        messages.success(request, _("Taken back: everything is as it was."))
    return redirect(came_from(request, otherwise=reverse("certificates:expiring")))


def _take_back(request: PartnerRequest, deed: dict[str, Any]) -> None:
    if "notices" in deed:
        marks.switch_notices(_orders(request, deed["ids"]), enabled=deed["notices"], actor=request.user)
    by_owner: defaultdict[int | None, list[int]] = defaultdict(list)
    for customer, owner in deed.get("owners", ()):
        by_owner[owner].append(customer)
    people = Membership.objects.for_partner(request.partner).in_bulk([pk for pk in by_owner if pk])
    for owner, customers in by_owner.items():
        rows = Customer.objects.for_partner(request.partner).filter(pk__in=customers)
        marks.assign_owner(rows, owner=people.get(owner) if owner else None, actor=request.user)


def _orders(request: PartnerRequest, ids: Iterable[int]) -> OrderQuerySet:
    return Order.objects.for_partner(request.partner).filter(pk__in=list(ids))
