"""How the house sells, and what was agreed with one customer: terms, taxes, and the panel that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from certificates.models import Customer
from offers.forms.prices import SalesForm, TermsForm, rates_formset
from offers.models import Price
from offers.services.price_book import price_book
from offers.services.terms import change_sales, change_terms, sales_settings, tax_rates, terms_of
from offers.services.vatnumbers import Form, form_of
from offers.wording.prices import tax_sentence
from portal import clock
from portal.access import PartnerRequest, requires

_EITHER = ["GET", "HEAD", "POST"]


# The house


@requires("settings.edit")
@require_http_methods(_EITHER)
def sales(request: PartnerRequest) -> HttpResponse:
    """Tax, margins, quotes and their terms."""
    data = request.POST if request.method == "POST" else None
    row = sales_settings(request.partner)
    form = SalesForm(data, instance=row)
    rates = rates_formset(data, rates=tax_rates(request.partner))
    if data is not None and form.is_valid() and rates.is_valid():
        values, wanted = form.values, rates.rates
        if change_sales(request.partner, values, wanted, actor=request.user, now=clock.now()):
            messages.success(request, _("The sales settings are saved."))
        else:
            messages.info(request, _("Nothing was different: the sales settings stay as they are."))
        return redirect("offers:sales")
    if not form["vat_number"].errors:
        words = vat_words(str(form["vat_number"].value() or ""), str(form["country"].value() or ""))[1]
        form["vat_number"].help_text = words
    context = {"page_title": _("Sales settings"), "form": form, "rates": rates}
    status = 422 if data is not None else 200
    return render(request, "offers/sales/settings.html", context, status=status)


# One customer


@requires("customers.edit")
@require_http_methods(_EITHER)
def customer_terms(request: PartnerRequest, pk: int) -> HttpResponse:
    """Level, currency and tax of a customer."""
    customer = get_object_or_404(Customer.objects.for_partner(request.partner).select_related("partner"), pk=pk)
    terms = terms_of(customer)
    names = ("level", "currency", "tax_treatment", "exemption_reason")
    initial = {name: getattr(terms, name) for name in names}
    form = TermsForm(request.POST or None, partner=request.partner, initial=initial)
    if form.is_valid():
        if change_terms(customer, form.cleaned_data, actor=request.user, now=clock.now()):
            messages.success(request, _("The terms of %(customer)s are saved.") % {"customer": customer.name})
        return redirect(f"{reverse('certificates:customer', args=[pk])}#terms")
    context = {"page_title": _("Edit the terms"), "form": form, "customer": customer}
    return render(request, "offers/sales/terms_form.html", context, status=422 if form.is_bound else 200)


def terms_panel(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    """What was agreed with the customer, and what tax they pay and why."""
    partner = cast(PartnerRequest, request).partner
    book = price_book(partner, on=clock.today(), customers=[customer.pk])
    terms = terms_of(customer)
    whose = {"for": f"customer-{customer.pk}", "currency": book.currency_of(customer.pk)}
    return {
        "customer": customer,
        "terms": terms,
        "currency": book.currency_of(customer.pk),
        "vat": vat_words(customer.vat_number, customer.country),
        "tax": tax_sentence(book.tax_of(customer), customer, terms, book.settings),
        "own_prices": Price.objects.for_partner(partner).filter(customer=customer).holding(clock.today()).count(),
        "prices_url": f"{reverse('offers:prices')}?{urlencode(whose)}",
    }


def vat_words(number: str, country: str) -> tuple[str, str]:
    """The colour and a sentence about a VAT number's form; nothing where there is no number."""
    words = {
        Form.NONE: ("", ""),
        Form.RIGHT: ("good", _("The number has the right form. Whether it is registered was not asked.")),
        Form.WRONG: (
            "warn",
            _("The number does not have the form of this country's VAT numbers, so it does not count for tax."),
        ),
        Form.OTHER_COUNTRY: ("warn", _("The number is not one of this country, so it does not count for tax.")),
        Form.UNKNOWN: ("note", _("The form of this country's VAT numbers is not known here.")),
    }
    return words[form_of(number, country)]
