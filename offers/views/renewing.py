"""Renew now: one page that knows everything already, and one press."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.models import Order, Request
from certificates.rules import RenewalWindowClosed, last_day
from certificates.services.refusals import AlreadyRenewed, OrderNotRenewable, WishRefused
from certificates.services.renewals import check_renewable, renewals_of, request_renewal
from certificates.wording import day, host
from certificates.x509 import BadRequest, display_name
from offers import wording
from offers.forms import RenewForm, names_as_typed
from offers.renewal import RenewalOffer, renewal_offer
from offers.views.instead import in_hand, not_renewable, outside_window
from portal import clock
from portal.access import PartnerRequest, requires

_RELATED = ("partner", "customer", "organization", "product", "predecessor")


@requires("orders.renew")
@sensitive_post_parameters("csr", "names")
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Show what a renewal gives and what would hold it up; a POST asks for it, once."""
    order = get_object_or_404(Order.objects.for_partner(request.partner).select_related(*_RELATED), pk=pk)
    try:
        _refuse_twice(order)
        check_renewable(order)
        return _press(request, order) if request.method == "POST" else _show(request, order)
    except AlreadyRenewed as already:
        return in_hand(request, order, already.request, status=409 if request.method == "POST" else 200)
    except RenewalWindowClosed as closed:
        return outside_window(request, order, closed)
    except OrderNotRenewable as refusal:
        return not_renewable(request, order, refusal)


def _refuse_twice(order: Order) -> None:
    if existing := renewals_of(order).select_related("requested_by").first():
        raise AlreadyRenewed(existing)


def _show(request: PartnerRequest, order: Order) -> HttpResponse:
    offer = renewal_offer(order, request.GET, now=clock.now())
    form = _form(offer, initial={"names": names_as_typed(order.names)})
    return _page(request, offer, form)


def _press(request: PartnerRequest, order: Order) -> HttpResponseBase:
    offer = renewal_offer(order, request.POST, now=clock.now())
    form = _form(offer, request)
    if not form.is_valid():
        return _page(request, offer, form, status=422)
    if form.cleaned_data["told"] != offer.told:
        # What the person agreed to is not what would be ordered: show it, and ask again.
        return _page(request, offer, form, status=409)
    try:
        made = _ask(request, offer, form)
    except (WishRefused, BadRequest) as refusal:
        form.add_error(None, wording.refusal(refusal))
        return _page(request, offer, form, status=422)
    return redirect("certificates:request", pk=made.pk)


def _ask(request: PartnerRequest, offer: RenewalOffer, form: RenewForm) -> Request:
    return request_renewal(
        offer.order,
        product=offer.product,
        term_years=offer.term_years,
        names=form.wish_names,
        csr=form.wish_csr_pem,
        actor=request.user,
        now=clock.now(),
        purchase_order=form.cleaned_data["purchase_order"],
    )


def _form(offer: RenewalOffer, request: PartnerRequest | None = None, **options: object) -> RenewForm:
    return RenewForm(
        request.POST if request else None,
        request.FILES if request else None,
        chosen=offer.product,
        present=offer.key,
        products=[choice.product for choice in offer.choices],
        **options,
    )


def _page(request: PartnerRequest, offer: RenewalOffer, form: RenewForm, *, status: int = 200) -> HttpResponse:
    order, plan = offer.order, offer.plan
    context = {
        "order": order,
        "host": host(order),
        "offer": offer,
        "form": form,
        "lead": wording.renewal_lead(order.ends_on, plan, today=offer.today) if order.ends_on else "",
        "plan_title": wording.renewal_title(plan),
        "plan_parts": wording.renewal_parts(plan),
        "plan_sentence": wording.renewal_sentence(plan),
        "calendar": plan.reissues,
        "checks": [(fact, wording.validation(fact)) for fact in offer.checks],
        "terms": form.fields["term_years"].choices,  # type: ignore[attr-defined]
        "key_words": _key_words(offer),
        "flagged": [display_name(name) for name in order.names if name.startswith("*.")]
        if order.has_flagged_wildcard
        else [],
        "new_end": day(last_day(plan.order_end)),
        "has_changed": status == 409,
    }
    return render(request, "offers/renew.html", context, status=status)


def _key_words(offer: RenewalOffer) -> str:
    if offer.key is None:
        return ""
    return wording.key_words(offer.key, today=offer.today)
