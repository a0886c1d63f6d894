"""Many prices at once: the list raised, a level filled; shown before it is done, and undone with one press."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from certificates.models import Product
from offers.forms.prices import FillForm, RaiseForm
from offers.models import PriceLevel
from offers.services.prices.bulk import Deed, Fill, Foreseen, PlanChanged, Raise, carry_out, foresee
from offers.services.prices.changing import PastFixed
from offers.views.prices.costs import warn_of_costs
from offers.views.prices.undo import to_undo
from portal import clock
from portal.access import PartnerRequest, requires
from portal.types import StrOrPromise

_EITHER = ["GET", "HEAD", "POST"]


@requires("prices.edit")
@require_http_methods(_EITHER)
def price_raise(request: PartnerRequest) -> HttpResponse:
    """Every list price of a currency by so many per cent, from a day on."""
    form = RaiseForm(request.POST or None, today=clock.today(), initial=_initial(request))
    return _page(request, form, _("Raise all list prices"), lambda values: Raise(**values))


@requires("prices.edit")
@require_http_methods(_EITHER)
def price_fill(request: PartnerRequest) -> HttpResponse:
    """The prices of a level, so many per cent below those of the list."""
    if not PriceLevel.objects.for_partner(request.partner).exists():
        messages.info(request, _("There is no price level yet. Add one first."))
        return redirect("offers:price_levels")
    initial = {**_initial(request), "level": request.GET.get("level", "")}
    form = FillForm(request.POST or None, partner=request.partner, today=clock.today(), initial=initial)
    return _page(request, form, _("Fill a level from the list"), lambda values: Fill(**values))


def _initial(request: PartnerRequest) -> dict[str, Any]:
    return {"currency": request.GET.get("currency") or request.partner.currency, "begins": clock.today()}


def _page(
    request: PartnerRequest,
    form: RaiseForm,
    title: StrOrPromise,
    deed_of: Callable[[dict[str, Any]], Deed],
) -> HttpResponse:
    foreseen = None
    if form.is_valid():
        deed = deed_of(form.cleaned_data)
        if "digest" in request.POST and _done(request, deed, request.POST["digest"]):
            return redirect("offers:prices")
        foreseen = foresee(request.partner, deed)
    context = {
        "page_title": title,
        "form": form,
        "foreseen": foreseen,
        "rows": _rows(foreseen),
        "has_later": any(step.later for step in foreseen.steps) if foreseen else False,
    }
    return render(request, "offers/prices/bulk.html", context, status=422 if form.errors else 200)


def _done(request: PartnerRequest, deed: Deed, digest: str) -> bool:
    try:
        done = carry_out(request.partner, deed, digest=digest, actor=request.user, today=clock.today(), now=clock.now())
    except (PlanChanged, PastFixed):
        messages.info(request, _("This is not what was shown before. This is what would happen now."))
        return False
    number = len(done.after)
    words = ngettext("%(count)s price is set.", "%(count)s prices are set.", number) % {"count": number}
    messages.success(request, words, extra_tags=to_undo(request, done) if number else "")
    warn_of_costs(request, done, clock.today())
    return True


def _rows(foreseen: Foreseen | None) -> list[dict[str, Any]]:
    if foreseen is None:
        return []
    products = Product.objects.in_bulk()
    rows = [{"step": step, "product": products[step.key.product]} for step in foreseen.steps]
    return sorted(rows, key=lambda row: (row["product"].rank, row["step"].key.term_years))
