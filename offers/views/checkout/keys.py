"""Hand in the key for what was agreed before its server had made one: a request (CSR), never a private key."""

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
from certificates.x509 import BadRequest, display_name
from offers.forms.renewal import LateKeyForm
from offers.wording import renewal as wording
from portal import clock
from portal.access import PartnerRequest, requires


@requires("requests.place")
@sensitive_post_parameters("csr")
@require_http_methods(["GET", "HEAD", "POST"])
def key(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Show the form, or hand the key in; a request that waits for none leads back to its own page."""
    requests = Request.objects.for_partner(request.partner).select_related("partner", "requested_by", "product")
    asked = get_object_or_404(requests, pk=pk)
    if asked.state != RequestState.WAITING_KEY:
        return redirect("certificates:request", pk=asked.pk)
    return _press(request, asked) if request.method == "POST" else _page(request, asked, LateKeyForm(names=asked.names))


def _press(request: PartnerRequest, asked: Request) -> HttpResponseBase:
    form = LateKeyForm(request.POST, request.FILES, names=asked.names)
    if not form.is_valid():
        return _page(request, asked, form, status=422)
    try:
        give_key(asked, csr=form.wish_csr_pem, actor=request.user, now=clock.now())
    except BadRequest as refusal:
        form.add_error(None, wording.refusal(refusal))
        return _page(request, asked, form, status=422)
    except MovedOn:
        messages.warning(request, _("This request has moved on since you looked at it."))
    return redirect("certificates:request", pk=asked.pk)


def _page(request: PartnerRequest, asked: Request, form: LateKeyForm, *, status: int = 200) -> HttpResponse:
    names = [display_name(name) for name in asked.names]
    return render(request, "offers/key.html", {"asked": asked, "names": names, "form": form}, status=status)
