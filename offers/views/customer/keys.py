"""A customer hands in the key request of what was ordered without one: pasted or uploaded, and never a private key."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.models import Request
from certificates.services.deciding import give_key
from certificates.services.refusals import MovedOn
from certificates.states import RequestState
from certificates.visits import VisitRequest
from certificates.x509 import BadRequest, display_name
from offers.forms.renewal import LateKeyForm
from offers.wording import renewal as wording
from portal import clock


@sensitive_post_parameters("csr")
@require_http_methods(["GET", "HEAD", "POST"])
def key(request: VisitRequest, pk: int) -> HttpResponseBase:
    """Show the form, or hand the key in; a request that waits for none leads back to its own page."""
    requests = request.visit.requests().select_related("partner", "customer", "requested_by", "product")
    asked: Request = get_object_or_404(requests, pk=pk)
    if asked.state != RequestState.WAITING_KEY:
        return _followed(request, asked)
    return _press(request, asked) if request.method == "POST" else _page(request, asked, LateKeyForm(names=asked.names))


def _press(request: VisitRequest, asked: Request) -> HttpResponseBase:
    form = LateKeyForm(request.POST, request.FILES, names=asked.names)
    if not form.is_valid():
        return _page(request, asked, form, status=422)
    try:
        give_key(asked, csr=form.wish_csr_pem, actor=request.visit.actor, now=clock.now())
    except BadRequest as refusal:
        form.add_error(None, wording.refusal(refusal))
        return _page(request, asked, form, status=422)
    except MovedOn:
        messages.warning(request, _("This request has moved on since you looked at it."))
    return _followed(request, asked)


def _followed(request: VisitRequest, asked: Request) -> HttpResponseBase:
    return redirect(request.visit.url("certificates:request", asked.pk))


def _page(request: VisitRequest, asked: Request, form: LateKeyForm, *, status: int = 200) -> HttpResponse:
    context = {
        "visit": request.visit,
        "asked": asked,
        "names": [display_name(name) for name in asked.names],
        "form": form,
        "request_url": request.visit.url("certificates:request", asked.pk),
        "guide_url": request.visit.url("certificates:guide", "nginx"),
    }
    return render(request, "offers/customer/key.html", context, status=status)
