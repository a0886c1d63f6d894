"""Ask a colleague: a buyer or a technician gets a letter with a link of their own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from certificates import wording
from certificates.forms.answers import ForwardForm
from certificates.models import Order
from certificates.services.forwarding import (
    AskedJustNow,
    AskedTooOften,
    Asker,
    Colleague,
    Part,
    Task,
    ask_colleague,
)
from certificates.services.renewal_links import subject_key
from certificates.views.customer.replying import order_of
from certificates.visits import Visit, VisitRequest
from portal import clock


@require_http_methods(["GET", "HEAD", "POST"])
def forward(request: VisitRequest, pk: int) -> HttpResponseBase:
    """Show the form; a POST writes to the colleague."""
    order = order_of(request, pk)
    if request.method != "POST":
        return _page(request, order, _form(request.visit))
    form = _form(request.visit, request.POST)
    if not form.is_valid():
        return _page(request, order, form, status=422)
    return _asked(request, order, form)


def _asked(request: VisitRequest, order: Order, form: ForwardForm) -> HttpResponseBase:
    typed, visit = dict(form.cleaned_data), request.visit
    part = Part(typed.pop("part", Part.ONE))
    colleague = Colleague(**{**typed, "task": Task(typed["task"])})
    asker = Asker(name=visit.name, link=visit.link, actor=visit.actor)
    try:
        ask_colleague(order, colleague, asker=asker, part=part, now=clock.now())
    except AskedJustNow:
        form.add_error("email", _("We wrote to this address within the last hour. Try again later."))
        return _page(request, order, form, status=429)
    except AskedTooOften:
        form.add_error(None, _("No more colleagues can be asked today. Try again tomorrow, or call us."))
        return _page(request, order, form, status=429)
    words = _("We have written to %(email)s in your name. The letter has a link of its own.")
    messages.success(request, words % {"email": colleague.email})
    return redirect(visit.url("offers:renew", order.pk))


def _form(visit: Visit, typed: Any = None) -> ForwardForm:
    initial = {"language": visit.contact.language if visit.contact else visit.customer.language}
    return ForwardForm(typed, initial=initial, parts=_parts(visit))


def _parts(visit: Visit) -> list[Part]:
    """What they may hand on: a link to all that is due may be handed on whole, or for one order of it."""
    may_hand_on_all = visit.link is not None and subject_key(visit.link)[0] == "contact"
    return [Part.ONE, Part.ALL] if may_hand_on_all else [Part.ONE]


def _page(request: VisitRequest, order: Order, form: ForwardForm, *, status: int = 200) -> HttpResponse:
    context = {
        "order": order,
        "visit": request.visit,
        "host": wording.host(order),
        "form": form,
        "renew_url": request.visit.url("offers:renew", order.pk),
    }
    return render(request, "certificates/customer/forward.html", context, status=status)
