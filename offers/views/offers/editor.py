"""A draft of an offer with what it would do, and its publication."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from certificates.rules import start_of_day, utc_date
from offers.forms.offers import FIELD_KINDS, OfferForm, RateForm
from offers.models import Offer
from offers.models.offers import OfferStatus
from offers.services import offers as deeds
from offers.services.forecasts import Preview
from offers.services.previewing import preview_offer, renewal_rate
from offers.views.offers.found import offer_of, refuse, show_frozen
from offers.wording.offers import (
    PROBLEMS,
    break_even_words,
    gives,
    period,
    product_names,
    share,
    terms_of,
)
from portal import clock
from portal.access import PartnerRequest, requires

_EITHER = ["GET", "HEAD", "POST"]


@requires("offers.edit")
@require_http_methods(_EITHER)
def offer_new(request: PartnerRequest) -> HttpResponse:
    """A blank draft: 10 % off for everybody, from today on."""
    now = clock.now()
    blank = Offer(partner=request.partner, kind=Offer.Kind.PERCENT, starts_at=start_of_day(utc_date(now)))
    return _draft(request, blank, _("New offer"), now)


@requires("offers.edit")
@require_http_methods(_EITHER)
def offer_edit(request: PartnerRequest, pk: int) -> HttpResponse:
    """A draft; what is published leads to its own page, whatever is posted."""
    offer = offer_of(request, pk)
    if offer.state != Offer.State.DRAFT:
        return show_frozen(request, offer)
    return _draft(request, offer, offer.name, clock.now())


def _draft(request: PartnerRequest, offer: Offer, title: str, now: datetime) -> HttpResponse:
    looks = "look" in request.POST
    form = OfferForm(request.POST if request.method == "POST" else None, offer=offer, now=now)
    if request.method == "POST" and form.is_valid() and not looks:
        saved = _saved(request, form, offer, now)
        if saved is not None:
            return saved
    context = {
        "page_title": title,
        "form": form,
        "draft": offer if offer.pk else None,
        "field_kinds": FIELD_KINDS,
        **_foreseen(request, offer, now),
    }
    status = 422 if form.errors and not looks else 200
    return render(request, "offers/offers/editor.html", context, status=status)


def _saved(request: PartnerRequest, form: OfferForm, offer: Offer, now: datetime) -> HttpResponse | None:
    """Where to go once it is saved; None where it could not be."""
    try:
        if offer.pk:
            saved = deeds.change_draft(offer, form.values, actor=request.user, now=now)
        else:
            saved = deeds.create_draft(request.partner, form.values, actor=request.user, now=now)
    except deeds.OfferIncomplete as refused:
        form.add_problems(refused.problems)
        return None
    except deeds.OfferFrozen as frozen:
        return show_frozen(request, frozen.offer)
    if "publish" in request.POST:
        return redirect("offers:offer_publish", pk=saved.pk)
    messages.success(request, _("The draft is saved. Nobody sees it before it is published."))
    return redirect("offers:offer_edit", pk=saved.pk)


@requires("offers.edit")
@require_POST
def offer_preview(request: PartnerRequest) -> HttpResponse:
    """What the terms typed so far would do today; nothing is stored."""
    now = clock.now()
    pk = request.POST.get("draft", "")
    blank = Offer(partner=request.partner, kind=Offer.Kind.PERCENT, starts_at=start_of_day(utc_date(now)))
    offer = offer_of(request, int(pk)) if pk.isdecimal() else blank
    return render(request, "offers/offers/preview.html", _foreseen(request, offer, now))


def _foreseen(request: PartnerRequest, offer: Offer, now: datetime) -> dict[str, Any]:
    """The numbers of the preview; where the terms cannot stand, why."""
    form = _typed(request, offer, now) if request.method == "POST" else None
    typed_rate = request.POST.get("base_rate", "")
    asked = (form.offer if form.is_valid() else None) if form else offer if offer.pk else None
    if asked is None:
        own = renewal_rate(request.partner, today=utc_date(now))
        rate_known = share(own) if own is not None else ""
        return {"preview": None, "base_rate": typed_rate, "rate_known": rate_known, **_wanting(form)}
    foreseen = preview_offer(asked, now=now, base_rate=RateForm(request.POST).share)
    return _preview_context(asked, foreseen, base_rate=typed_rate)


def _typed(request: PartnerRequest, offer: Offer, now: datetime) -> OfferForm:
    typed = request.POST.copy()
    typed["name"] = typed.get("name") or "-"  # the numbers need none
    return OfferForm(typed, offer=offer, now=now)


def _wanting(form: OfferForm | None) -> dict[str, Any]:
    """Whether it is still to be said what the offer gives, and what else keeps the terms from standing."""
    if form is None:
        return {"is_unsaid": True, "problems": []}
    unsaid = str(PROBLEMS[deeds.Problem.MISSING])
    problems = [
        _("%(label)s: %(value)s") % {"label": form[name].label, "value": error}
        for name, errors in form.errors.items()
        for error in errors
        if name in form.fields and error != unsaid
    ]
    return {"is_unsaid": any(name == "kind" or name in FIELD_KINDS for name in form.errors), "problems": problems}


def _preview_context(offer: Offer, preview: Preview, *, base_rate: str = "") -> dict[str, Any]:
    even = preview.break_even
    return {
        "preview": preview,
        "gives": gives(offer, product_names()),
        "is_automatic": offer.is_automatic,
        "even": even,
        "even_words": break_even_words(even) if even else "",
        "rate_known": share(preview.own_rate) if preview.own_rate is not None else "",
        "base_rate": base_rate,
        "rows": [(row, _margin(row.margin)) for row in preview.by_product],
        "main_margin": _margin(preview.main.margin) if preview.main else "",
    }


def _margin(margin: Decimal | None) -> str:
    return share(margin) if margin is not None else _("unknown")


@requires("offers.edit")
@require_http_methods(_EITHER)
def offer_publish(request: PartnerRequest, pk: int) -> HttpResponse:
    """The numbers once more, and the press that makes it live."""
    offer, now = offer_of(request, pk), clock.now()
    if offer.state != Offer.State.DRAFT:
        return show_frozen(request, offer)
    preview = preview_offer(offer, now=now)
    if request.method == "POST":
        try:
            published = deeds.publish_offer(offer, forecast=preview.to_json(), actor=request.user, now=now)
        except deeds.OfferIncomplete as refused:
            return refuse(request, offer, refused)
        except deeds.OfferFrozen:
            return show_frozen(request, offer)
        messages.success(request, _published_words(published, now))
        return redirect("offers:offer", pk=pk)
    offer.starts_at = max(offer.starts_at, now)  # as it will be
    context = {
        "page_title": _("Publish “%(name)s”") % {"name": offer.name},
        "offer": offer,
        "problems": [PROBLEMS[one] for one in deeds.problems_of(offer, now=now).values()],
        "facts": [(_("Period"), period(offer)), *terms_of(offer, request.partner.currency)],
        **_preview_context(offer, preview),
    }
    return render(request, "offers/offers/publish.html", context)


def _published_words(offer: Offer, now: datetime) -> str:
    if offer.status(now) is OfferStatus.SCHEDULED:
        return _("The offer is published; it begins on its first day.")
    return _("The offer is live. The lists show it within a minute.")
