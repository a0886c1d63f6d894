"""The first page: what needs me today. Customers go on to their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from certificates.agenda import COUNTED, Card, agenda
from certificates.models import Order
from portal import clock, contributions
from portal.access import PartnerRequest, signed_in
from portal.lists import Total
from portal.models import Membership


@signed_in
@require_safe
def dashboard(request: PartnerRequest) -> HttpResponse:
    """Staff see their work; a customer's contact is led to the certificates; others have nothing here."""
    membership: Membership | None = request.membership
    if membership is None:
        raise PermissionDenied("dashboard.view")
    if "dashboard.view" not in membership.permissions:
        return redirect("certificates:home")
    cards = agenda(membership, today=clock.today())
    context = {
        "page_title": _("Dashboard"),
        "cards": cards,
        "lead": _lead(cards),
        "added_cards": _added_cards(request),
        "is_new": not cards and not Order.objects.for_partner(request.partner).exists(),
    }
    return render(request, "certificates/dashboard/dashboard.html", context)


def _lead(cards: Sequence[Card]) -> str:
    number = sum(card.count for card in cards)
    if not number:
        return _("Nothing needs you today.")
    words = ngettext("%(count)s thing needs somebody today.", "%(count)s things need somebody today.", number)
    is_capped = any(card.count > COUNTED for card in cards)
    return words % {"count": Total(number, limit=number - 1 if is_capped else number)}


def _added_cards(request: PartnerRequest) -> list[tuple[str, dict[str, Any]]]:
    """The cards of other apps, each a template and its context."""
    shown = []
    for card in contributions.dashboard_cards.items:
        context = card.context(request) if card.permission in request.membership.permissions else None
        if context is not None:
            shown.append((card.template, dict(context)))
    return shown
