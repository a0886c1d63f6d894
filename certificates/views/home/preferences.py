"""Which letters the reader wants, in which language: at home, and behind a link for that reader's own address."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from certificates import wording
from certificates.forms.home import SpokenForm
from certificates.models import Certificate, Contact, OptOut
from certificates.services import preferences
from certificates.services.preferences import Scope
from certificates.visits import Visit, VisitRequest
from portal import clock
from portal.lists.links import came_from
from portal.types import StrOrPromise

# So many orders of a link, and so many exceptions, are shown.
SHOWN = 50
ESSENTIAL: tuple[StrOrPromise, ...] = (
    gettext_lazy("What you have ordered, and what becomes of it"),
    gettext_lazy("A key request or a proof that your order waits for"),
    gettext_lazy("Quotes that you have asked for"),
)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences_page(request: VisitRequest) -> HttpResponse:
    """Show what is wanted; a POST changes one wish, or the language."""
    if request.method != "POST":
        return _page(request)
    contact = request.visit.contact
    if contact is None:
        return HttpResponseRedirect(_url(request.visit))
    return _speak(request, contact) if "language" in request.POST else _choose(request, contact)


def _url(visit: Visit) -> str:
    return visit.url("certificates:preferences")


def _page(request: VisitRequest, form: SpokenForm | None = None) -> HttpResponse:
    visit, contact = request.visit, request.visit.contact
    wishes = list(preferences.opt_outs_of(contact).select_related("order", "certificate")) if contact else []
    context = {
        "page_title": _("Preferences"),
        "contact": contact,
        "essential": ESSENTIAL,
        "stopped": {wish.scope for wish in wishes if wish.order is None and wish.certificate is None},
        "exceptions": _exceptions(wishes),
        "orders": _orders(visit, wishes),
        "form": form or (SpokenForm(initial=_spoken(visit, contact)) if contact else None),
        "preferences_url": _url(visit),
    }
    return render(request, "certificates/home/preferences.html", context, status=422 if form else 200)


def _spoken(visit: Visit, contact: Contact) -> dict[str, str]:
    """As pages speak to whoever is signed in, and letters to others."""
    who = visit.actor or contact
    return {"language": who.language, "time_zone": who.time_zone}


def _exceptions(wishes: list[OptOut]) -> list[dict[str, Any]]:
    """Single orders and certificates about which nothing is sent."""
    shown = []
    for wish in wishes[:SHOWN]:
        about = wish.order or wish.certificate
        if about is not None:
            host, words = wording.readable(about.common_name), wish.get_scope_display()
            shown.append({"host": host, "words": words, "scope": wish.scope, "pk": about.pk})
    return shown


def _orders(visit: Visit, wishes: list[OptOut]) -> list[dict[str, Any]]:
    """The orders a link speaks of, each with its own switch; at home every order has it on its own page."""
    if visit.link is None or visit.contact is None:
        return []
    stopped = {wish.order_id for wish in wishes}
    found = [order for order in visit.orders().order_by("ends_on", "pk")[:SHOWN] if order.pk not in stopped]
    return [{"host": wording.host(order), "number": order.number, "pk": order.pk} for order in found]


def _choose(request: VisitRequest, contact: Contact) -> HttpResponse:
    visit, scope = request.visit, request.POST.get("scope", "")
    back = HttpResponseRedirect(came_from(request, otherwise=_url(visit)))
    if scope not in Scope.values:
        return back
    wanted = request.POST.get("wanted") == "1"
    change = preferences.opt_in if wanted else preferences.opt_out
    change(contact, Scope(scope), now=clock.now(), actor=visit.actor, **_about(visit, scope, request.POST))
    messages.success(request, _("These letters are sent again.") if wanted else _("These letters are sent no more."))
    return back


def _about(visit: Visit, scope: str, typed: Any) -> dict[str, Any]:
    """The order or certificate that a wish names, among those the visit may see. Raises Http404."""
    if scope == Scope.ORDER:
        return {"order": get_object_or_404(visit.orders(), pk=_key(typed.get("order")))}
    if scope == Scope.CERTIFICATE:
        mine = Certificate.objects.for_partner(visit.partner).filter(order__in=visit.orders().values("pk"))
        return {"certificate": get_object_or_404(mine, pk=_key(typed.get("certificate")))}
    return {}


def _key(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def _speak(request: VisitRequest, contact: Contact) -> HttpResponse:
    form = SpokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    preferences.speak(contact, **form.cleaned_data, now=clock.now(), actor=request.visit.actor)
    with translation.override(form.cleaned_data["language"]):
        messages.success(request, _("Your settings are saved."))
    return HttpResponseRedirect(_url(request.visit))
