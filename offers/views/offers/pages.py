"""Offers: which there are, a new one with what it would do, its publication, and what it has brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from certificates.rules import start_of_day, utc_date
from certificates.views.expiring import Link
from offers.forms.offers import FIELD_KINDS, EndForm, NamesForm, OfferForm, RateForm
from offers.models import Offer, Redemption
from offers.models.offers import OfferStatus
from offers.querysets import OfferQuerySet
from offers.services import offers as deeds
from offers.services.offer_results import Results, orders_on_offers, results_of, uses_of_offers
from offers.services.previewing import Preview, preview_offer, renewal_rate
from offers.tables.offers import USE_FIELDS, OffersTable, UsesTable
from offers.views.offers.calendar import calendar_of
from offers.wording.offers import (
    PROBLEMS,
    STATUS_LEVELS,
    STATUS_WORDS,
    break_even_words,
    gives,
    period,
    product_names,
    share,
    terms_of,
)
from portal import clock
from portal.access import PartnerRequest, requires
from portal.contributions import Figure
from portal.drawings import percent
from portal.lists import Empty, ListPage, Sort, Total
from portal.money import money

_EITHER = ["GET", "HEAD", "POST"]
_SHOWN: dict[OfferStatus, Callable[[OfferQuerySet, datetime], OfferQuerySet]] = {
    OfferStatus.LIVE: lambda offers, now: offers.live(now),
    OfferStatus.SCHEDULED: lambda offers, now: offers.scheduled(now),
    OfferStatus.DRAFT: lambda offers, _now: offers.drafts(),
    OfferStatus.PAUSED: lambda offers, now: offers.paused(now),
    OfferStatus.ENDED: lambda offers, now: offers.ended(now),
}
_TABS = {
    OfferStatus.LIVE: gettext_lazy("Live"),
    OfferStatus.SCHEDULED: gettext_lazy("Scheduled"),
    OfferStatus.DRAFT: gettext_lazy("Drafts"),
    OfferStatus.PAUSED: gettext_lazy("Paused"),
    OfferStatus.ENDED: gettext_lazy("Ended"),
}


# All of them


@requires("offers.view")
class OffersPage(ListPage):
    """Offers by their state, and the year around today as a calendar."""

    name = "offers"
    title = gettext_lazy("Offers")
    table_class = OffersTable
    sorts = {"period": Sort(("starts_at",))}
    default_sort = "-period"
    template_name = "offers/offers/page.html"
    part_template_name = "offers/offers/list.html"

    @cached_property
    def now(self) -> datetime:
        return clock.now()

    @property
    def offers(self) -> OfferQuerySet:
        found: OfferQuerySet = Offer.objects.for_partner(self.request.partner)
        return found

    @cached_property
    def known(self) -> list[Offer]:
        """All of them, with what tabs and calendar ask."""
        return list(self.offers.only("name", "state", "starts_at", "ends_at"))

    @cached_property
    def counts(self) -> Counter[OfferStatus]:
        return Counter(offer.status(self.now) for offer in self.known)

    def count(self) -> int:
        return self.counts[self.status]

    @cached_property
    def status(self) -> OfferStatus:
        """The tab asked for, else the first that has something in it."""
        wanted = self.query.get("show", "")
        if wanted in {status.value for status in _SHOWN}:
            return OfferStatus(wanted)
        return next((status for status in _SHOWN if self.counts[status]), OfferStatus.LIVE)

    def get_queryset(self) -> OfferQuerySet:
        return _SHOWN[self.status](self.offers, self.now)

    def get_table_options(self) -> dict[str, Any]:
        partner, shown = self.request.partner, [offer.pk for offer in self.slice.rows]
        return {
            "now": self.now,
            "products": product_names(),
            "given": uses_of_offers(partner, shown),
            "orders": orders_on_offers(partner, shown),
            "currency": partner.currency,
        }

    def get_context_data(self) -> dict[str, Any]:
        calendar = calendar_of(self.known, now=self.now)
        return {"tabs": list(self._tabs()), "tabs_label": _("Which offers"), "calendar": calendar}

    def _tabs(self) -> Iterator[Link]:
        for status, label in _TABS.items():
            number = self.counts[status]
            url = self.address.but(show=status.value)
            yield Link(f"tab-{status.value}", label, url, status == self.status, Total(number, limit=number))

    def get_empty(self) -> Empty:
        if self.known:
            return Empty(_("No offers here"), _("They stand under another tab."), icon="tags")
        words = _("An incentive is what makes customers renew early. Draft one: you see what it would do before it is.")
        if "offers.edit" not in self.request.membership.permissions:
            return Empty(_("No offers yet"), _("An administrator sets them up."), icon="tags")
        return Empty(
            _("No offers yet"), words, icon="tags", url=reverse("offers:offer_new"), action=_("Draft an offer")
        )


# Drafting


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
    offer = _offer(request, pk)
    if offer.state != Offer.State.DRAFT:
        return _frozen(request, offer)
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
        return _frozen(request, frozen.offer)
    if "publish" in request.POST:
        return redirect("offers:offer_publish", pk=saved.pk)
    messages.success(request, _("The draft is saved. Nobody sees it before it is published."))
    return redirect("offers:offer_edit", pk=saved.pk)


def _frozen(request: PartnerRequest, offer: Offer) -> HttpResponseRedirect:
    messages.info(request, _("This offer has been published: its terms stand. To change them, make a copy."))
    return redirect("offers:offer", pk=offer.pk)


@requires("offers.edit")
@require_POST
def offer_preview(request: PartnerRequest) -> HttpResponse:
    """What the terms typed so far would do today; nothing is stored."""
    now = clock.now()
    pk = request.POST.get("draft", "")
    blank = Offer(partner=request.partner, kind=Offer.Kind.PERCENT, starts_at=start_of_day(utc_date(now)))
    offer = _offer(request, int(pk)) if pk.isdecimal() else blank
    return render(request, "offers/offers/preview.html", _foreseen(request, offer, now))


def _foreseen(request: PartnerRequest, offer: Offer, now: datetime) -> dict[str, Any]:
    """The numbers of the preview; without them where the terms are not complete."""
    asked, rate = _asked(request, offer, now), RateForm(request.POST)
    typed_rate = request.POST.get("base_rate", "")
    if asked is None:
        own = renewal_rate(request.partner, today=utc_date(now))
        return {"preview": None, "base_rate": typed_rate, "rate_known": share(own) if own is not None else ""}
    return _preview_context(asked, preview_offer(asked, now=now, base_rate=rate.share), base_rate=typed_rate)


def _asked(request: PartnerRequest, offer: Offer, now: datetime) -> Offer | None:
    """The terms to look at, as typed or as saved; None where they are not complete."""
    if request.method != "POST":
        return offer if offer.pk else None
    typed = request.POST.copy()
    typed["name"] = typed.get("name") or "-"  # the numbers need none
    form = OfferForm(typed, offer=offer, now=now)
    return form.offer if form.is_valid() else None


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
@require_POST
def offer_copy(request: PartnerRequest, pk: int) -> HttpResponse:
    offer = _offer(request, pk)
    name = _("%(name)s, copy") % {"name": offer.name[:100]}
    try:
        draft = deeds.copy_offer(offer, name=name, actor=request.user, now=clock.now())
    except deeds.OfferIncomplete as refused:
        return _refused(request, offer, refused)
    messages.success(request, _("This is a copy, as a draft. Change what you like, then publish it."))
    return redirect("offers:offer_edit", pk=draft.pk)


@requires("offers.edit")
@require_POST
def offer_delete(request: PartnerRequest, pk: int) -> HttpResponse:
    offer = _offer(request, pk)
    try:
        deeds.delete_draft(offer, actor=request.user, now=clock.now())
    except deeds.OfferFrozen:
        return _frozen(request, offer)
    messages.success(request, _("The draft “%(name)s” is deleted.") % {"name": offer.name})
    return redirect("offers:offers")


# Publication


@requires("offers.edit")
@require_http_methods(_EITHER)
def offer_publish(request: PartnerRequest, pk: int) -> HttpResponse:
    """The numbers once more, and the press that makes it live."""
    offer, now = _offer(request, pk), clock.now()
    if offer.state != Offer.State.DRAFT:
        return _frozen(request, offer)
    preview = preview_offer(offer, now=now)
    if request.method == "POST":
        try:
            published = deeds.publish_offer(offer, forecast=preview.to_json(), actor=request.user, now=now)
        except deeds.OfferIncomplete as refused:
            return _refused(request, offer, refused)
        except deeds.OfferFrozen:
            return _frozen(request, offer)
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


def _refused(request: PartnerRequest, offer: Offer, refused: deeds.OfferIncomplete) -> HttpResponseRedirect:
    words = " ".join(str(PROBLEMS[problem]) for problem in refused.problems.values())
    messages.error(request, _("It was not done. %(why)s") % {"why": words})
    return redirect("offers:offer_edit" if offer.state == Offer.State.DRAFT else "offers:offer", pk=offer.pk)


# One offer


@requires("offers.view")
class OfferPage(ListPage):
    """What an offer has brought, against what was foreseen, and every time it was used."""

    name = "offer_uses"
    table_class = UsesTable
    sorts = {"at": Sort(("at",))}
    default_sort = "-at"
    export_permission = "offers.export"
    template_name = "offers/offers/offer.html"

    @property
    def title(self) -> str:  # type: ignore[override]
        return self.offer.name

    @cached_property
    def offer(self) -> Offer:
        return _offer(self.request, self.kwargs["pk"])

    @cached_property
    def now(self) -> datetime:
        return clock.now()

    def get_queryset(self) -> QuerySet[Redemption]:
        return Redemption.objects.for_partner(self.request.partner).filter(offer=self.offer)

    def get_rows(self, queryset: QuerySet[Redemption]) -> QuerySet[Any]:
        return queryset.values_list(*USE_FIELDS, named=True)

    def get_empty(self) -> Empty:
        if self.offer.state == Offer.State.DRAFT:
            return Empty(_("A draft is used by nobody"), _("Publish it first."), icon="tags")
        return Empty(_("Not used yet"), _("Every renewal with this offer will stand here."), icon="tags")

    def get_context_data(self) -> dict[str, Any]:
        offer, now = self.offer, self.now
        status, partner = offer.status(now), self.request.partner
        results = results_of(offer, today=utc_date(now))
        return {
            "offer": offer,
            "status": (STATUS_LEVELS[status], STATUS_WORDS[status]),
            "gives": gives(offer, product_names()),
            "facts": [(_("Period"), period(offer)), *terms_of(offer, partner.currency)],
            "kpis": list(_kpis(offer, results, partner.currency)),
            "others": [one for one in results.earned.values() if one is not results.main],
            "foreseen": list(_against(offer, results)),
            "chart": _chart(results),
            "can": _possible(status),
            "names_form": NamesForm.of(offer),
            "end_form": EndForm(),
        }


def _kpis(offer: Offer, results: Results, currency: str) -> Iterator[Figure]:
    limit = _("of %(limit)s") % {"limit": _grouped(offer.redemption_limit)} if offer.redemption_limit else ""
    held = _("%(number)s held by quotes") % {"number": _grouped(results.held)} if results.held else ""
    yield Figure(_("Used"), _grouped(results.uses), " · ".join(filter(None, [limit, held])))
    yield Figure(_("Customers"), _grouped(results.customers))
    main = results.main
    coin = main.currency if main else offer.currency or currency
    cap = _("of %(amount)s") % {"amount": money(offer.spend_cap, coin)} if offer.spend_cap else ""
    yield Figure(_("Given away"), money(main.given if main else Decimal(0), coin), cap)
    yield Figure(_("Sold with it"), money(main.net if main else Decimal(0), coin), _("net of tax"))
    if main and main.profit is not None and main.margin is not None:
        words = _("%(share)s of what was sold") % {"share": share(main.margin)}
        yield Figure(_("Margin earned"), money(main.profit, coin), words, level="good" if main.profit > 0 else "bad")
    yield Figure(_("Orders on it today"), _grouped(results.on_offer), _("if renewed as they are"))


def _against(offer: Offer, results: Results) -> Iterator[tuple[str, str, str]]:
    """Heading, what was foreseen at publication, and what has come so far."""
    foreseen = offer.forecast
    if not foreseen:
        return
    yield _("Orders it touches"), _grouped(foreseen["orders"]), _("%(uses)s used") % {"uses": _grouped(results.uses)}
    yield _("Customers"), _grouped(foreseen["customers"]), _grouped(results.customers)
    for one in foreseen["sums"]:
        earned = results.earned.get(one["currency"])
        coin = one["currency"]
        yield _("Given away"), money(Decimal(one["given"]), coin), money(earned.given if earned else Decimal(0), coin)
        yield _("Net of tax"), money(Decimal(one["net"]), coin), money(earned.net if earned else Decimal(0), coin)
    if foreseen["base_rate"] and foreseen["needed_rate"]:
        words = _("from %(rate)s to %(needed)s") % {
            "rate": share(Decimal(foreseen["base_rate"])),
            "needed": share(Decimal(foreseen["needed_rate"])),
        }
        yield _("Renewals have to rise"), words, ""


def _chart(results: Results) -> dict[str, Any] | None:
    """The weeks as bars from the foot up, in percent of the drawing; None before the first use."""
    most = max((week.uses for week in results.weeks), default=0)
    if not most:
        return None
    step = 1 / len(results.weeks)
    bars = [
        {
            "week": week,
            "x": percent(number * step + step * 0.15),
            "width": percent(step * 0.7),
            "y": percent(1 - week.uses / most),
            "height": percent(week.uses / most),
        }
        for number, week in enumerate(results.weeks)
    ]
    return {"bars": bars, "most": most, "total": sum(week.uses for week in results.weeks)}


def _possible(status: OfferStatus) -> dict[str, bool]:
    """Which deeds the page offers."""
    running = status in (OfferStatus.SCHEDULED, OfferStatus.LIVE, OfferStatus.PAUSED)
    return {
        "edit": status is OfferStatus.DRAFT,
        "pause": status in (OfferStatus.SCHEDULED, OfferStatus.LIVE),
        "resume": status is OfferStatus.PAUSED,
        "end": running,
    }


@requires("offers.edit")
@require_POST
def offer_pause(request: PartnerRequest, pk: int) -> HttpResponse:
    offer = _offer(request, pk)
    # What applied by itself has been taken from customers who saw it: that is not undone by a press.
    undo = "" if offer.is_automatic else reverse("offers:offer_resume", args=[pk])
    return _do(request, offer, deeds.pause_offer, _("The offer is paused: it gives nothing now."), undo)


@requires("offers.edit")
@require_POST
def offer_resume(request: PartnerRequest, pk: int) -> HttpResponse:
    offer = _offer(request, pk)
    undo = "" if offer.is_automatic else reverse("offers:offer_pause", args=[pk])
    return _do(request, offer, deeds.resume_offer, _("The offer goes on."), undo)


@requires("offers.edit")
@require_POST
def offer_end(request: PartnerRequest, pk: int) -> HttpResponse:
    return _do(request, _offer(request, pk), deeds.end_offer, _("The offer has ended. What quotes hold stays theirs."))


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
    offer, form = _offer(request, pk), EndForm(request.POST)
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
    offer, form = _offer(request, pk), NamesForm(request.POST)
    if form.is_valid():
        deeds.rename_offer(offer, form.cleaned_data, actor=request.user, now=clock.now())
        messages.success(request, _("The names are saved."))
    else:
        messages.error(request, _("An offer needs a name of at most 120 characters, and words of at most 160."))
    return redirect("offers:offer", pk=pk)


def _offer(request: PartnerRequest, pk: int) -> Offer:
    offers = Offer.objects.for_partner(request.partner).select_related("partner", "copied_from", "created_by")
    found: Offer = get_object_or_404(offers, pk=pk)
    return found


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)
