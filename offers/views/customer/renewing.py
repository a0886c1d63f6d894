"""The renew page of one order for its customer: everything known is filled in, and one press renews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.models import Order
from certificates.services.replies import standing_reply
from certificates.visits import Visit, VisitRequest
from certificates.wording import day
from certificates.x509 import display_name
from offers.forms.customers import CustomerQuoteForm, CustomerRenewForm
from offers.forms.renewal import RenewForm
from offers.services.customer_quotes import TooManyQuotes, quote_for_visit, read_quote_link
from offers.services.quotes import LinesRefused, LineWish
from offers.services.renewal_visits import renew_for_visit
from offers.services.renewing import told_price
from offers.views.checkout.desk import RELATED, RenewDesk
from offers.views.checkout.price import customers_price_context
from offers.views.checkout.shown import RenewalOffer, names_asked
from offers.views.customer.doors import all_due, customer_doors
from offers.views.customer.due import quote_sent
from offers.wording import quotes as quote_wording
from offers.wording import renewal as wording
from portal.types import StrOrPromise

# Of many names so many are told; the rest are seen by opening them.
NAMES_TOLD = 6


@sensitive_post_parameters("csr", "names")
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: VisitRequest, pk: int) -> HttpResponseBase:
    """Show what a renewal gives and costs; a POST asks for it, once, or for a quote of the same."""
    order = get_object_or_404(request.visit.orders().select_related(*RELATED), pk=pk)
    return _CustomerDesk(request, order).serve()


class _CustomerDesk(RenewDesk):
    template = "offers/customer/renew.html"

    def __init__(self, request: VisitRequest, order: Order) -> None:
        self.visit = request.visit
        self.wants_quote = "quote" in request.POST
        self.form_class = CustomerQuoteForm if self.wants_quote else CustomerRenewForm
        super().__init__(request, order, customer_doors(request.visit, order))

    def context(self, offer: RenewalOffer) -> Mapping[str, Any]:
        return {
            **customers_price_context(offer.prices, offer.product, offer.term_years),
            "visit": self.visit,
            "checks": [(fact, wording.validation_for_customers(fact)) for fact in offer.checks],
            "check_help": wording.validation_help(offer.checks),
            **_names(offer.order, self.request),
            "all_due": all_due(self.visit),
            "compares": len(offer.choices) > 1,
            "advice_url": self.visit.url("offers:advice", offer.order.pk),
            "otherwise": _otherwise(self.visit, offer.order),
            "said": _said(offer.order),
        }

    def act(self, offer: RenewalOffer, form: RenewForm) -> HttpResponseBase:
        if offer.price is None:
            # Nothing is ordered blindly: the page says who tells the price.
            return self.page(offer, form, status=422)
        return self._quote(offer, form) if self.wants_quote else self._renew(offer, form)

    def _renew(self, offer: RenewalOffer, form: RenewForm) -> HttpResponseBase:
        asked = renew_for_visit(
            self.visit,
            offer.order,
            product=offer.product,
            term_years=offer.term_years,
            names=form.wish_names,
            csr=form.wish_csr_pem or None,
            now=self.now,
            purchase_order=form.cleaned_data["purchase_order"],
            code=form.cleaned_data["code"],
            told=told_price(offer.price),
        )
        return redirect(self.visit.url("certificates:request", asked.pk))

    def _quote(self, offer: RenewalOffer, form: RenewForm) -> HttpResponseBase:
        wish = LineWish(
            product=offer.product,
            term_years=offer.term_years,
            names=form.wish_names,
            order=offer.order,
            organization=offer.order.organization,
        )
        try:
            typed = {name: form.cleaned_data[name] for name in ("purchase_order", "code")}
            quote = quote_for_visit(self.visit, [wish], now=self.now, **typed)
        except TooManyQuotes:
            form.add_error(None, _("You have got several quotes today. Ask us for another one, or come back tomorrow."))
            return self.page(offer, form, status=429)
        except LinesRefused as refusal:
            for _name, sentence in quote_wording.all_told(refusal.problems):
                form.add_error(None, sentence)
            return self.page(offer, form, status=422)
        messages.success(self.request, quote_sent(quote))
        return redirect(urlsplit(read_quote_link(self.visit, quote, now=self.now)).path)


def _otherwise(visit: Visit, order: Order) -> list[tuple[StrOrPromise, str]]:
    """What one may do instead of pressing: the answers that campaigns hear."""
    answer = visit.url("certificates:reply", order.pk)
    return [
        (_("Ask a colleague"), visit.url("certificates:forward", order.pk)),
        (_("Not now"), f"{answer}#later"),
        (_("No longer needed"), f"{answer}#never"),
    ]


def _said(order: Order) -> str:
    """What the customer answered before, where that still stands."""
    reply = standing_reply(order)
    if reply is None:
        return ""
    if reply.until is None:
        return _("You told us that this is no longer needed. You can renew it all the same.")
    return _("You asked to be reminded again on %(date)s. You can renew now all the same.") % {"date": day(reply.until)}


def _names(order: Order, request: VisitRequest) -> dict[str, Any]:
    """The names as they will be, a few of them told; `names_changed` where they are not those of the order."""
    names = [display_name(name) for name in names_asked(request.POST, order.names)]
    return {
        "names_shown": names[:NAMES_TOLD],
        "names_more": max(len(names) - NAMES_TOLD, 0),
        "names_changed": names != [display_name(name) for name in order.names],
    }
