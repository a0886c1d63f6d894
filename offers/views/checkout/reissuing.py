"""Reissue: a new certificate under the same order, free, with the days of the order that are left."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.models import Order
from certificates.rules import utc_date
from certificates.services import planning
from certificates.services.keys import PresentKey, present_key
from certificates.services.refusals import AlreadyReissuing, OrderNotRenewable, WishRefused
from certificates.services.renewals import check_reissuable, reissues_of, request_reissue
from certificates.wording import host
from certificates.x509 import BadRequest
from offers.forms.renewal import ReissueForm, names_as_typed
from offers.views.checkout.instead import in_hand, not_renewable
from offers.wording import renewal as wording
from portal import clock
from portal.access import PartnerRequest, requires

_RELATED = ("partner", "customer", "organization", "product", "predecessor")


@requires("orders.renew")
@sensitive_post_parameters("csr", "names")
@require_http_methods(["GET", "HEAD", "POST"])
def reissue(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Show what a reissue gives and leaves to collect; a POST asks for it, one at a time."""
    order = get_object_or_404(Order.objects.for_partner(request.partner).select_related(*_RELATED), pk=pk)
    try:
        _refuse_twice(order)
        check_reissuable(order)
        return _press(request, order) if request.method == "POST" else _show(request, order)
    except AlreadyReissuing as already:
        return in_hand(request, order, already.request, status=409 if request.method == "POST" else 200)
    except OrderNotRenewable as refusal:
        return not_renewable(request, order, refusal, reissue=True)


def _refuse_twice(order: Order) -> None:
    if existing := reissues_of(order).select_related("requested_by").first():
        raise AlreadyReissuing(existing)


def _show(request: PartnerRequest, order: Order) -> HttpResponse:
    key = present_key(order)
    form = ReissueForm(chosen=order.product, present=key, initial={"names": names_as_typed(order.names)})
    return _page(request, order, key, form)


def _press(request: PartnerRequest, order: Order) -> HttpResponseBase:
    key = present_key(order)
    form = ReissueForm(request.POST, request.FILES, chosen=order.product, present=key)
    if not form.is_valid():
        return _page(request, order, key, form, status=422)
    try:
        made = request_reissue(order, names=form.wish_names, csr=form.wish_csr_pem, actor=request.user, now=clock.now())
    except (WishRefused, BadRequest) as refusal:
        form.add_error(None, wording.refusal(refusal))
        return _page(request, order, key, form, status=422)
    return redirect("certificates:request", pk=made.pk)


def _page(
    request: PartnerRequest, order: Order, key: PresentKey | None, form: ReissueForm, *, status: int = 200
) -> HttpResponse:
    now = clock.now()
    today, plan = utc_date(now), planning.reissue_plan(order, start=now)
    facts = planning.validation_state(order, today=today)
    context = {
        "order": order,
        "host": host(order),
        "form": form,
        "plan": plan,
        "plan_parts": wording.reissue_parts(plan),
        "plan_sentence": wording.reissue_sentence(plan),
        "calendar": plan.reissues,
        "checks": [(fact, wording.validation(fact)) for fact in facts],
        "will_wait": any(fact.holds for fact in facts),
        "key_words": wording.key_words(key, today=today) if key else "",
    }
    return render(request, "offers/reissue.html", context, status=status)
