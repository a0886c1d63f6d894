"""What a customer's contact sees: the own certificates, until when they are valid, and how to get them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from certificates import wording
from certificates.models import Certificate, Customer, Order
from certificates.querysets import OrderQuerySet
from certificates.services.downloads import formats_of
from certificates.views.orders import FORMAT_WORDS, as_file, panels_of
from portal import clock
from portal.access import PartnerRequest, requires

# More than this is for the telephone.
SHOWN = 200


@requires("home.view")
@require_safe
def home(request: PartnerRequest) -> HttpResponse:
    """The customer's orders, the one that ends next first."""
    customer = _customer(request)
    orders = list(_orders(request, customer)[: SHOWN + 1])
    current = _current_certificates(request, orders)
    context = {
        "page_title": _("Your certificates"),
        "customer": customer,
        "orders": [_shown(order, current.get(order.pk)) for order in orders[:SHOWN]],
        "is_cut": len(orders) > SHOWN,
        "panels": panels_of(request, "home", customer),
    }
    return render(request, "certificates/home/home.html", context)


def _customer(request: PartnerRequest) -> Customer:
    """Whom the person belongs to: the membership says so, and nothing in the address does."""
    customer: Customer | None = request.membership.customer
    if customer is None:
        raise PermissionDenied("home.view")
    return customer


def _orders(request: PartnerRequest, customer: Customer) -> OrderQuerySet:
    orders = Order.objects.for_partner(request.partner).filter(customer=customer)
    return orders.by_urgency(today=clock.today())


def _current_certificates(request: PartnerRequest, orders: list[Order]) -> dict[int | None, Certificate]:
    certificates = Certificate.objects.for_partner(request.partner).current()
    return {one.order_id: one for one in certificates.filter(order__in=[order.pk for order in orders])}


def _shown(order: Order, certificate: Certificate | None) -> dict[str, Any]:
    today = clock.today()
    offered = formats_of(certificate) if certificate else ()
    return {
        "order": order,
        "host": wording.host(order),
        "state": wording.order_end(order, today=today) or wording.status(order),
        "certificate": certificate,
        "formats": [(form, words) for form, words in FORMAT_WORDS.items() if form in offered],
    }


@requires("home.view")
@require_safe
def home_download(request: PartnerRequest, pk: int, fmt: str) -> HttpResponse:
    """One of the customer's own certificates as a file; any other is not found."""
    own = Certificate.objects.for_partner(request.partner).filter(customer=_customer(request))
    return as_file(get_object_or_404(own, pk=pk), fmt)
