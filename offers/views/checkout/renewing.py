"""Renew now: one page that knows everything already, the price included, and one press."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.models import Order
from offers.forms.renewal import RenewForm
from offers.services.renewing import renew_at_price, told_price
from offers.views.checkout.desk import RELATED, RenewDesk
from offers.views.checkout.instead import staff_doors
from offers.views.checkout.shown import RenewalOffer
from portal.access import PartnerRequest, requires


@requires("orders.renew")
@sensitive_post_parameters("csr", "names")
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Show what a renewal gives and what would hold it up; a POST asks for it, once."""
    order = get_object_or_404(Order.objects.for_partner(request.partner).select_related(*RELATED), pk=pk)
    return _StaffDesk(request, order, staff_doors(order)).serve()


class _StaffDesk(RenewDesk):
    template = "offers/renew.html"

    def act(self, offer: RenewalOffer, form: RenewForm) -> HttpResponseBase:
        ordered = renew_at_price(
            offer.order,
            product=offer.product,
            term_years=offer.term_years,
            names=form.wish_names,
            csr=form.wish_csr_pem,
            actor=self.request.user,
            now=self.now,
            purchase_order=form.cleaned_data["purchase_order"],
            code=form.cleaned_data["code"],
            told=told_price(offer.price),
        )
        return redirect("certificates:request", pk=ordered.request.pk)
