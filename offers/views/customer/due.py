"""Everything that a customer has due on one page: ticked, added up, and renewed or quoted in one press."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from certificates.querysets import RequestQuerySet
from certificates.rules import utc_date
from certificates.services import planning
from certificates.services.refusals import OrderNotRenewable
from certificates.services.renewal_links import SHOWN_AFTER
from certificates.states import EmailState
from certificates.visits import Visit, VisitRequest
from certificates.wording import day
from offers.forms.due import DueForm
from offers.models import Quote, SalesSettings
from offers.services.customer_quotes import TooManyQuotes, quote_for_visit, read_quote_link
from offers.services.quotes import LinesRefused, NothingToQuote
from offers.services.quotes.drafting import MOST_LINES
from offers.services.redeeming import OfferRefused
from offers.services.renewing_many import Due, Placed, TermsChanged, due_of, renew_many
from offers.wording import due as wording
from offers.wording import quotes as quote_wording
from portal import clock

_ORDER_PARTS = ("partner", "customer", "product", "organization", "contact")
# What was asked for before is listed up to here; the rest is at home.
SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
def due(request: VisitRequest) -> HttpResponseBase:
    """Show what can be renewed; a POST renews what is ticked, makes a quote for it, or only adds it up."""
    if request.method == "POST":
        return _answer(request)
    visit, found = request.visit, due_of(request.visit, now=clock.now())
    if len(found.lines) == 1 and "chosen" not in request.GET and not _asked(visit).exists():
        return redirect(visit.url("offers:renew", found.lines[0].order.pk))
    ticked = _ticked(request.GET) if "chosen" in request.GET else {line.order.pk for line in found.wanted}
    if request.htmx:
        return render(request, "offers/customer/due_bar.html", {**_sums(visit, found, ticked), "form": DueForm()})
    return _page(request, found, ticked, asked_first="ordered" in request.GET)


def _answer(request: VisitRequest) -> HttpResponseBase:
    ticked, form = _ticked(request.POST), DueForm(request.POST)
    presses = {"renew": _renew, "quote": _quote}
    press = next((presses[name] for name in presses if name in request.POST), None)
    if press is None:
        return _again(request, ticked, form=form)
    if not form.is_valid():
        return _again(request, ticked, form=form, status=422)
    if not ticked:
        return _again(request, ticked, form=form, status=422, refused=_("Tick what you want to renew."))
    return press(request, ticked, form)


def _renew(request: VisitRequest, ticked: Collection[int], form: DueForm) -> HttpResponseBase:
    visit, told = request.visit, {pk: request.POST.get(f"told-{pk}", "") for pk in ticked}
    try:
        placed = renew_many(visit, told, now=clock.now(), purchase_order=form.cleaned_data["purchase_order"])
    except TermsChanged as changed:
        return _again(request, ticked, form=form, status=409, changed=changed.orders)
    except OfferRefused as refusal:
        words = _(
            "The offer “%(offer)s” is not left for so many, so nothing was ordered. Tick fewer, and press again."
        ) % {"offer": refusal.offer.words(get_language() or "en")}
        return _again(request, ticked, form=form, status=409, refused=words)
    if not placed.ordered:
        words = _("Nothing was ordered: what you ticked is in hand already, or is no longer due.")
        return _again(request, ticked, form=form, status=409, refused=words, asked_first=True)
    _tell(request, placed)
    # What is left is not ticked by itself: whoever presses twice would order that, too.
    return redirect(f"{visit.url('offers:due')}?chosen=1&ordered=1")


def _tell(request: VisitRequest, placed: Placed) -> None:
    number, left_out = len(placed.ordered), len(placed.left_out)
    words = ngettext("%(number)s renewal is ordered.", "%(number)s renewals are ordered.", number) % {"number": number}
    letter = _("A letter to %(email)s confirms it.") % {"email": request.visit.email}
    messages.success(request, f"{words} {letter}")
    _tell_left_out(request, left_out)


def _tell_left_out(request: VisitRequest, number: int) -> None:
    if number < 1:
        return
    words = ngettext(
        "%(number)s was in hand already and was left out: it is not ordered twice.",
        "%(number)s were in hand already and were left out: they are not ordered twice.",
        number,
    )
    messages.info(request, words % {"number": number})


def _quote(request: VisitRequest, ticked: Collection[int], form: DueForm) -> HttpResponseBase:
    visit, now = request.visit, clock.now()
    rows = visit.due(utc_date(now)).filter(pk__in=list(ticked)).select_related(*_ORDER_PARTS)
    wanted = list(rows.order_by("ends_on", "pk")[:MOST_LINES])
    purchase_order = form.cleaned_data["purchase_order"]
    try:
        quote = quote_for_visit(visit, wanted, now=now, purchase_order=purchase_order)
    except LinesRefused as refused:
        return _again(request, ticked, form=form, status=409, problems=quote_wording.all_told(refused.problems))
    except NothingToQuote:
        return _again(request, ticked, form=form, status=409, refused=_("Nothing of this can be quoted any more."))
    except TooManyQuotes:
        words = _("You have got several quotes today. Ask us for another one, or come back tomorrow.")
        return _again(request, ticked, form=form, status=429, refused=words)
    messages.success(request, quote_sent(quote))
    _tell_left_out(request, visit.requests().renewing().filter(order__in=list(ticked)).count())
    return redirect(urlsplit(read_quote_link(visit, quote, now=now)).path)


def quote_sent(quote: Quote) -> str:
    """Where the quote just made is, in words."""
    facts = {"number": quote.number, "email": quote.contact.email if quote.contact else ""}
    if quote.contact and quote.contact.email_state == EmailState.OK:
        return _("This is quote %(number)s. It is on its way to %(email)s, too.") % facts
    return _("This is quote %(number)s. Letters to %(email)s come back, so it was not sent there.") % facts


def _ticked(sent: QueryDict) -> set[int]:
    """The primary keys that are ticked; whatever is none is passed over."""
    return {int(one) for one in sent.getlist("order") if one.isascii() and one.isdigit() and len(one) < 19}


def _again(request: VisitRequest, ticked: Collection[int], *, status: int = 200, **more: Any) -> HttpResponse:
    """The page as it stands now, with what was ticked and typed."""
    return _page(request, due_of(request.visit, now=clock.now()), ticked, status=status, **more)


def _page(
    request: VisitRequest,
    found: Due,
    ticked: Collection[int],
    *,
    status: int = 200,
    changed: Collection[int] = (),
    form: DueForm | None = None,
    **more: Any,
) -> HttpResponse:
    visit, today = request.visit, clock.today()
    rows = [
        wording.row_of(
            line,
            address=visit.url("offers:renew", line.order.pk),
            ticked=ticked,
            changed=changed,
            today=today,
        )
        for line in found.lines
    ]
    asked = _asked(visit).select_related("requested_by", "order").order_by("-requested_at", "pk")[:SHOWN]
    context = {
        "visit": visit,
        "customer": visit.customer,
        "rows": rows,
        **_sums(visit, found, ticked),
        "loses_nothing": all(line.plan and line.plan.loses_no_day for line in found.open),
        "is_cut": found.is_cut,
        "asked": [wording.asked_of(one, address=visit.url("certificates:request", one.pk)) for one in asked],
        "form": form or DueForm(),
        "changed": [row for row in rows if row.is_changed],
        "next_opening": "" if rows else _next_opening(visit, today),
        **more,
    }
    return render(request, "offers/customer/due.html", context, status=status)


def _sums(visit: Visit, found: Due, ticked: Collection[int]) -> dict[str, Any]:
    """What `offers/customer/due_bar.html` says of the ticks."""
    settings = SalesSettings.objects.for_partner(visit.partner).first() or SalesSettings(partner=visit.partner)
    return {"open_count": len(found.open), "sums": wording.sums_of(found, ticked, settings)}


def _asked(visit: Visit) -> RequestQuerySet:
    """The renewals that are in hand or done, of orders that end soon or ended lately."""
    orders = visit.orders().filter(ends_on__gte=clock.today() - SHOWN_AFTER)
    return visit.requests().renewing().filter(order__in=orders.values("pk"))


def _next_opening(visit: Visit, today: date) -> str:
    """The day on which the next renewal opens; empty where the visit shows none."""
    later = visit.orders().issued().unrenewed().filter(ends_on__gt=today).order_by("ends_on", "pk")
    order = later.select_related("partner", "product").first()
    if order is None:
        return ""
    try:
        return day(utc_date(planning.renewal_window(order, now=clock.now()).opens_at))
    except OrderNotRenewable:
        return ""
