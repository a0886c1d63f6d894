"""What is done to an offer with one press."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from offers.forms.offers import EndForm, NamesForm
from offers.models import Offer
from offers.services import offers as deeds
from offers.views.offers.found import offer_of, refuse, show_frozen
from portal import clock
from portal.access import PartnerRequest, requires


@requires("offers.edit")
@require_POST
def offer_copy(request: PartnerRequest, pk: int) -> HttpResponse:
    offer = offer_of(request, pk)
    name = _("%(name)s, copy") % {"name": offer.name[:100]}
    try:
        draft = deeds.copy_offer(offer, name=name, actor=request.user, now=clock.now())
    except deeds.OfferIncomplete as refused:
        return refuse(request, offer, refused)
    messages.success(request, _("This is a copy, as a draft. Change what you like, then publish it."))
    return redirect("offers:offer_edit", pk=draft.pk)


@requires("offers.edit")
@require_POST
def offer_delete(request: PartnerRequest, pk: int) -> HttpResponse:
    offer = offer_of(request, pk)
    try:
        deeds.delete_draft(offer, actor=request.user, now=clock.now())
    except deeds.OfferFrozen:
        return show_frozen(request, offer)
    messages.success(request, _("The draft “%(name)s” is deleted.") % {"name": offer.name})
    return redirect("offers:offers")


@requires("offers.edit")
@require_POST
def offer_pause(request: PartnerRequest, pk: int) -> HttpResponse:
    offer = offer_of(request, pk)
    # What applied by itself has been taken from customers who saw it: that is not undone by a press.
    undo = "" if offer.is_automatic else reverse("offers:offer_resume", args=[pk])
    return _do(request, offer, deeds.pause_offer, _("The offer is paused: it gives nothing now."), undo)


@requires("offers.edit")
@require_POST
def offer_resume(request: PartnerRequest, pk: int) -> HttpResponse:
    offer = offer_of(request, pk)
    undo = "" if offer.is_automatic else reverse("offers:offer_pause", args=[pk])
    return _do(request, offer, deeds.resume_offer, _("The offer goes on."), undo)


@requires("offers.edit")
@require_POST
def offer_end(request: PartnerRequest, pk: int) -> HttpResponse:
    return _do(
        request, offer_of(request, pk), deeds.end_offer, _("The offer has ended. What quotes hold stays theirs.")
    )


def _do(
    request: PartnerRequest, offer: Offer, deed: Callable[..., Offer], words: str, undo: str = ""
) -> HttpResponseRedirect:
    try:
        deed(offer, actor=request.user, now=clock.now())
    except deeds.NotNow:
        messages.info(request, _("The offer has changed meanwhile. Here is where it stands."))
    else:
        messages.success(request, words, extra_tags=f"undo:{undo}" if undo else "")
    return redirect("offers:offer", pk=offer.pk)


@requires("offers.edit")
@require_POST
def offer_shorten(request: PartnerRequest, pk: int) -> HttpResponse:
    """An earlier end; a later one would be another offer."""
    offer, form = offer_of(request, pk), EndForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose the last day of the offer."))
        return redirect("offers:offer", pk=pk)
    try:
        deeds.bring_end_forward(offer, form.ends_at, actor=request.user, now=clock.now())
    except deeds.EndNotEarlier:
        messages.error(request, _("The end can only be brought forward, to a day that is still to come."))
    except deeds.NotNow:
        messages.info(request, _("The offer has changed meanwhile. Here is where it stands."))
    else:
        messages.success(request, _("The offer ends earlier now."))
    return redirect("offers:offer", pk=pk)


@requires("offers.edit")
@require_POST
def offer_rename(request: PartnerRequest, pk: int) -> HttpResponse:
    """Another name or other words; the terms stand."""
    offer, form = offer_of(request, pk), NamesForm(request.POST)
    if form.is_valid():
        deeds.rename_offer(offer, form.cleaned_data, actor=request.user, now=clock.now())
        messages.success(request, _("The names are saved."))
    else:
        messages.error(request, _("An offer needs a name of at most 120 characters, and words of at most 160."))
    return redirect("offers:offer", pk=pk)
