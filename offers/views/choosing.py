"""For whom is it? The customers that some letters of a name, a number or a domain find."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from certificates.models import Customer
from portal.access import PartnerRequest

SHOWN = 20


def choose_customer(request: PartnerRequest, template: str) -> HttpResponse:
    """The page `template`, which leads on to the customer that is pressed."""
    text = request.GET.get("q", "").strip()
    customers = Customer.objects.for_partner(request.partner).matching(text).order_by("name", "pk")
    found = list(customers[: SHOWN + 1])
    context = {"text": text, "customers": found[:SHOWN], "has_more": len(found) > SHOWN}
    return render(request, template, context)
