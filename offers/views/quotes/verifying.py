"""A public page that says whether a quote is ours: somebody holds a paper and types the code that stands on it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from offers.rules.numbers import CODE_LENGTH
from offers.services.quotes.verification import verified
from portal import clock, links
from portal.access import public
from portal.limits import Limit, network_of

TRIES = Limit("verify", amount=20)
# A code in groups, with whatever stands between them, is never longer.
MOST_TYPED = 3 * CODE_LENGTH


@public
@require_safe
def verify_quote(request: HttpRequest) -> HttpResponse:
    """Ask for a code, and say whose quote it belongs to; codes that belong to none count as tries."""
    typed = request.GET.get("code", "").strip()[:MOST_TYPED]
    network = network_of(request)
    if typed and TRIES.is_reached(network):
        return render(request, "429.html", status=429)
    owner = links.partner_of_host(request.get_host())
    found = verified(typed, owner=owner, today=clock.today()) if typed else None
    if typed and found is None:
        TRIES.count(network)
    response = render(request, "offers/public/verify.html", {"typed": typed, "found": found, "partner": owner})
    response.headers["Cache-Control"] = "no-store"
    return response
