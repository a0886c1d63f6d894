"""A public page that says whether a letter or a quote is ours: its reader types the code that stands at its foot."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal import clock
from portal.access import public
from portal.codes import CODE_LENGTH
from portal.limits import Limit, network_of
from portal.verification import verified

TRIES = Limit("verify", amount=20)
# A code in groups, with whatever stands between them, is never longer.
MOST_TYPED = 3 * CODE_LENGTH


@public
@require_safe
def verify(request: Any) -> HttpResponse:
    """Ask for a code, and say what it belongs to; codes that belong to nothing count as tries."""
    typed = request.GET.get("code", "").strip()[:MOST_TYPED]
    network = network_of(request)
    if typed and TRIES.is_reached(network):
        return render(request, "429.html", status=429)
    found = verified(typed, owner=request.house, today=clock.today()) if typed else None
    if typed and found is None:
        TRIES.count(network)
    response = render(request, "portal/verify.html", {"typed": typed, "found": found})
    response.headers["Cache-Control"] = "no-store"
    return response
