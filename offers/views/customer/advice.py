"""Which certificate: the five questions and the comparison, for the renewal of one order by its customer."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from certificates.models import Order
from certificates.visits import VisitRequest
from certificates.wording import host
from offers.forms.selector import answers_in
from offers.services.advice import Subject, Way
from offers.services.choices import choices_for
from offers.services.listed import price_list
from offers.views.advice.comparing import Section, side_by_side
from offers.views.advice.shown import Advice, advise
from offers.views.checkout.desk import RELATED
from portal import clock


@require_safe
def advice(request: VisitRequest, pk: int) -> HttpResponse:
    """What suits this order after some answers, and what it can be renewed with side by side."""
    visit = request.visit
    order = get_object_or_404(visit.orders().select_related(*RELATED), pk=pk)
    found = advise(answers_in(request.GET), Subject(visit.partner, visit.customer, order), today=clock.today())
    renew_url = visit.url("offers:renew", order.pk)
    context = {
        "page_title": _("Which certificate?"),
        "visit": visit,
        "order": order,
        "host": host(order),
        "advice": found,
        "renew_url": renew_url,
        "best_url": _best_url(renew_url, found),
        "section": _compared(order),
    }
    return render(request, "offers/customer/advice.html", context)


def _best_url(renew_url: str, found: Advice) -> str:
    """The renew page with the recommended product chosen, where the renewal can be one."""
    best = found.best.match if found.best else None
    if best is None or best.way not in (Way.PRESENT, Way.UPGRADE):
        return ""
    return f"{renew_url}?{urlencode({'product': best.product.name_id})}"


def _compared(order: Order) -> Section:
    prices = price_list(order.partner, customer=order.customer, today=clock.today())
    products = [choice.product for choice in choices_for(order)]
    return side_by_side(_("What it can be renewed with"), products, prices, key="choices")
