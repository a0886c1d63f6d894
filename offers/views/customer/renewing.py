"""The renew page of one order for its customer: everything known is filled in, and one press renews."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.visits import VisitRequest
from certificates.wording import host


@sensitive_post_parameters("csr", "names")
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: VisitRequest, pk: int) -> HttpResponseBase:
    """Show what a renewal gives; a POST asks for it, once."""
    order = get_object_or_404(request.visit.orders().select_related("partner", "customer", "product"), pk=pk)
    return _page(request, {"order": order, "host": host(order)})


def _page(request: VisitRequest, context: dict[str, object]) -> HttpResponse:
    return render(request, "offers/customer/renew.html", context)
