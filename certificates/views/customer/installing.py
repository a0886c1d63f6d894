"""An issued certificate on its way to the server: its file, the customer's word, a look at the server."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from certificates.models import Certificate, Request
from certificates.services import installations
from certificates.views.customer.following import find, issued, page
from certificates.views.orders import as_file
from certificates.visits import VisitRequest
from portal import clock
from portal.limits import Limit

# Each look opens connections to somebody's server.
LOOKS = Limit("look", amount=3)


@require_safe
def download(http: VisitRequest, pk: int, fmt: str) -> HttpResponse:
    """The certificate that came of a request, as a file."""
    return as_file(_certificate(http, pk)[1], fmt)


@require_POST
def installed(http: VisitRequest, pk: int) -> HttpResponseBase:
    """The customer's word: `done` is 1, or 0 to take it back."""
    asked, certificate = _certificate(http, pk)
    who: dict[str, Any] = {"by": http.visit.name, "actor": http.visit.actor, "now": clock.now()}
    here = http.visit.url("certificates:request", asked.pk)
    if http.POST.get("done", http.GET.get("done")) == "0":
        if installations.unsay_installed(certificate, **who):
            messages.success(http, _("Noted: it is not installed yet."))
    elif installations.say_installed(certificate, **who):
        undo = http.visit.url("certificates:request_installed", asked.pk)
        words = _("Thank you. Nothing more is asked or sent about it.")
        messages.success(http, words, extra_tags=f"undo:{undo}?done=0")
    return redirect(here)


@require_POST
def look(http: VisitRequest, pk: int) -> HttpResponseBase:
    """Have its server looked at within seconds, where the partner does that at all."""
    asked, certificate = _certificate(http, pk)
    if LOOKS.is_reached(str(certificate.pk)):
        return page(http, asked, status=429, asks_too_often=True)
    LOOKS.count(str(certificate.pk))
    if not installations.look_soon(certificate, now=clock.now()):
        raise Http404
    return redirect(http.visit.url("certificates:request", asked.pk))


def _certificate(http: VisitRequest, pk: int) -> tuple[Request, Certificate]:
    """What was asked for and what came of it. Raises Http404 where nothing has yet."""
    asked = find(http, pk)
    certificate = issued(asked)
    if certificate is None:
        raise Http404(pk)
    return asked, certificate
