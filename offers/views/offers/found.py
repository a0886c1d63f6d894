"""The offer an address names, and the answers where it cannot be changed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from offers.models import Offer
from offers.services import offers as deeds
from offers.wording.offers import PROBLEMS
from portal.access import PartnerRequest


def offer_of(request: PartnerRequest, pk: int) -> Offer:
    offers = Offer.objects.for_partner(request.partner).select_related("partner", "copied_from", "created_by")
    found: Offer = get_object_or_404(offers, pk=pk)
    return found


def show_frozen(request: PartnerRequest, offer: Offer) -> HttpResponseRedirect:
    messages.info(request, _("This offer has been published: its terms stand. To change them, make a copy."))
    return redirect("offers:offer", pk=offer.pk)


def refuse(request: PartnerRequest, offer: Offer, refused: deeds.OfferIncomplete) -> HttpResponseRedirect:
    words = " ".join(str(PROBLEMS[problem]) for problem in refused.problems.values())
    messages.error(request, _("It was not done. %(why)s") % {"why": words})
    return redirect("offers:offer_edit" if offer.state == Offer.State.DRAFT else "offers:offer", pk=offer.pk)
