"""Which letters each contact wants, and the proof of it: shown to staff, who may take a wish down by telephone."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from certificates.models import Consent, Contact, Customer, OptOut
from certificates.services import preferences
from certificates.services.preferences import Scope, Source
from portal import clock
from portal.access import PartnerRequest, requires

# Of what one contact has said, so much is shown.
SHOWN = 5
# What can be asked for on the telephone; single orders are stopped on their own pages.
ASKED = (Scope.OFFERS, Scope.ALL)


def customer_panel(_request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """Every contact with an address, what is stopped for it, and what was said last."""
    contacts = list(Contact.objects.for_partner(customer.partner).filter(customer=customer).exclude(email=""))
    if not contacts:
        return None
    said = _by_contact(Consent.objects.for_partner(customer.partner).filter(contact__in=contacts).select_related("by"))
    stopped = _by_contact(OptOut.objects.for_partner(customer.partner).filter(contact__in=contacts))
    return {"people": [_person(one, stopped.get(one.pk, []), said.get(one.pk, [])) for one in contacts]}


def _by_contact(rows: Any) -> dict[int, list[Any]]:
    ordered = rows.select_related("order", "certificate").order_by("contact", "-at", "-pk")
    return {key: list(some) for key, some in groupby(ordered, key=lambda row: row.contact_id)}


def _person(contact: Contact, stopped: list[OptOut], said: list[Consent]) -> dict[str, Any]:
    scopes = {one.scope for one in stopped}
    return {
        "contact": contact,
        "stopped": scopes,
        "choices": [(scope.value, scope.label, scope.value in scopes) for scope in ASKED],
        "single": [one.order or one.certificate for one in stopped if one.scope not in ASKED],
        "said": said[:SHOWN],
    }


@requires("contacts.edit")
@require_POST
def contact_wish(request: PartnerRequest, pk: int) -> HttpResponse:
    """Take down what the contact said: stop these letters, or send them again."""
    contact = get_object_or_404(Contact.objects.for_partner(request.partner), pk=pk)
    if request.POST.get("scope") in ASKED:
        _take_down(request, contact, Scope(request.POST["scope"]), wanted=request.POST.get("wanted") == "1")
    return redirect("certificates:customer", pk=contact.customer_id)


def _take_down(request: PartnerRequest, contact: Contact, scope: Scope, *, wanted: bool) -> None:
    change = preferences.opt_in if wanted else preferences.opt_out
    change(contact, scope, now=clock.now(), actor=request.user, source=Source.STAFF)
    words = _("%(name)s gets these letters again.") if wanted else _("%(name)s gets these letters no more.")
    messages.success(request, words % {"name": contact})
