"""Renew now: one page that knows everything already, the price included, and one press."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.models import Order, Request
from certificates.rules import RenewalWindowClosed, last_day
from certificates.services.refusals import AlreadyRenewed, OrderNotRenewable, WishRefused
from certificates.services.renewals import check_renewable, renewals_of
from certificates.wording import day, days_of, host
from certificates.x509 import BadRequest, display_name
from offers.forms.renewal import RenewForm, names_as_typed, without_private_keys
from offers.services.renewing import OfferRefused, PriceChanged, renew_at_price, told_price
from offers.views.checkout.instead import in_hand, not_renewable, outside_window
from offers.views.checkout.price import price_context
from offers.views.checkout.shown import RenewalOffer, renewal_offer
from offers.wording import renewal as wording
from offers.wording.sums import code_words, refused_code, tag
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
        return _answer(request, order)
    except AlreadyRenewed as already:
        return in_hand(request, order, already.request, status=409 if request.method == "POST" else 200)
    except RenewalWindowClosed as closed:
        return outside_window(request, order, closed)
    except OrderNotRenewable as refusal:
        return not_renewable(request, order, refusal)


def _answer(request: PartnerRequest, order: Order) -> HttpResponseBase:
    if request.method != "POST":
        return _show(request, order)
    return _look(request, order) if "look" in request.POST else _press(request, order)


def _refuse_twice(order: Order) -> None:
    if existing := renewals_of(order).select_related("requested_by").first():
        raise AlreadyRenewed(existing)


def _show(request: PartnerRequest, order: Order) -> HttpResponse:
    offer = renewal_offer(order, {**request.GET.dict(), "names": ""}, now=clock.now())
    form = _form(offer, initial={"names": names_as_typed(order.names), "code": request.GET.get("code", "")})
    return _page(request, offer, form)


def _look(request: PartnerRequest, order: Order) -> HttpResponse:
    """The page for what has been typed so far, which stays as it is; nothing is judged yet but the code."""
    typed, _keys = without_private_keys(request.POST)
    offer = renewal_offer(order, typed or {}, now=clock.now())
    response = _page(request, offer, _form(offer, initial=typed.dict() if typed else {}))
    if request.htmx:
        chosen = {"product": offer.product.name_id, "term_years": offer.term_years}
        response["HX-Replace-Url"] = f"{request.path}?{urlencode(chosen)}"
    return response


def _press(request: PartnerRequest, order: Order) -> HttpResponseBase:
    offer = renewal_offer(order, request.POST, now=clock.now())
    form = _form(offer, request)
    if form.is_valid() and (refused := refused_code(offer.price)):
        form.add_error("code", code_words(refused))
    if not form.is_valid():
        return _page(request, offer, form, status=422)
    if form.cleaned_data["told"] != offer.told:
        # What the person agreed to is not what would be ordered: show it, and ask again.
        return _page(request, offer, form, status=409)
    try:
        made = _ask(request, offer, form)
    except (PriceChanged, OfferRefused):
        # It changed between reading and ordering: somebody else took the last use of an offer, for one.
        return _page(request, renewal_offer(order, request.POST, now=clock.now()), form, status=409)
    except (WishRefused, BadRequest) as refusal:
        form.add_error(None, wording.refusal(refusal))
        return _page(request, offer, form, status=422)
    return redirect("certificates:request", pk=made.pk)


def _ask(request: PartnerRequest, offer: RenewalOffer, form: RenewForm) -> Request:
    ordered = renew_at_price(
        offer.order,
        product=offer.product,
        term_years=offer.term_years,
        names=form.wish_names,
        csr=form.wish_csr_pem,
        actor=request.user,
        now=clock.now(),
        purchase_order=form.cleaned_data["purchase_order"],
        code=form.cleaned_data["code"],
        told=told_price(offer.price),
    )
    return ordered.request


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
    order, plan, prices = offer.order, offer.plan, offer.prices
    context = {
        **price_context(prices, offer.product, offer.term_years),
        "order": order,
        "host": host(order),
        "offer": offer,
        "form": form,
        "lead": wording.renewal_lead(order.ends_on, plan, today=offer.today) if order.ends_on else "",
        "plan_title": wording.renewal_title(plan),
        "plan_parts": days_of(plan),
        "plan_sentence": wording.renewal_sentence(plan),
        "calendar": plan.reissues,
        "checks": [(fact, wording.validation(fact)) for fact in offer.checks],
        "choices": [(choice, tag(prices.products[choice.product.pk], offer.present_price)) for choice in offer.choices],
        "terms": [(*term, tag(prices.terms[term[0]])) for term in form.fields["term_years"].choices],  # type: ignore[attr-defined]
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
