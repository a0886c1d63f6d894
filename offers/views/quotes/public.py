"""A quote as its reader sees it, behind the link of the letter: the same as on paper, with the ways to answer it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from offers.documents.sheet import paper, readable
from offers.forms.answers import AcceptForm, ChangeForm, DeclineForm, forms_for
from offers.models import Quote, QuoteDocument
from offers.services.quotes import papers
from offers.services.quotes.again import ask_again
from offers.services.quotes.answering import accept_quote, ask_for_change, decline_quote
from offers.services.quotes.links import PURPOSE, quote_of_link
from offers.services.quotes.refusals import QuoteMovedOn, QuoteNoLongerHolds
from offers.services.quotes.versions import gone_of
from offers.wording import quotes as quote_wording
from portal import clock, links
from portal.limits import Limit
from portal.linked import LinkedRequest, linked
from portal.models import Link

Answer = Callable[[Quote, datetime], object]
# Whoever has a link has its owner called by every change asked for: so many in a day are enough.
CHANGES = Limit("quote-change", amount=5, seconds=24 * 60 * 60)


@linked(PURPOSE)
@require_safe
def show(request: LinkedRequest) -> HttpResponse:
    """The quote, and what became of it."""
    return _page(request, quote_of(request.link))


@linked(PURPOSE)
@require_POST
def accept(request: LinkedRequest) -> HttpResponseBase:
    """Order what the quote says, once, on the terms that its reader has seen."""
    quote = quote_of(request.link)
    form = AcceptForm(request.POST, has_terms=has_terms(quote))
    if not form.is_valid():
        return _page(request, quote, status=422, accept=form)
    typed = form.cleaned_data
    if quote.is_open and typed["told"] != told_by(quote):
        # What the person agreed to is not what would be ordered: show it, and ask again.
        return _page(request, quote, status=409, accept=_asked_again(form, quote), has_changed=True)

    def answer(quote: Quote, now: datetime) -> None:
        words = {name: typed[name] for name in ("name", "role", "purchase_order")}
        accept_quote(quote, **words, terms_accepted=typed["terms"], now=now)

    return _answered(request, quote, answer, accept=form)


@linked(PURPOSE)
@require_POST
def decline(request: LinkedRequest) -> HttpResponseBase:
    quote, form = quote_of(request.link), DeclineForm(request.POST)
    if not form.is_valid():
        return _page(request, quote, status=422, decline=form)
    typed = form.cleaned_data
    return _answered(request, quote, lambda quote, now: decline_quote(quote, **typed, now=now), decline=form)


@linked(PURPOSE)
@require_POST
def change(request: LinkedRequest) -> HttpResponseBase:
    """Ask for another version, a few times a day."""
    quote, form = quote_of(request.link), ChangeForm(request.POST)
    if not form.is_valid():
        return _page(request, quote, status=422, change=form)
    if CHANGES.is_reached(str(request.link.pk)):
        return _page(request, quote, status=429, change=form, asks_too_often=True)
    CHANGES.count(str(request.link.pk))
    typed = form.cleaned_data
    return _answered(request, quote, lambda quote, now: ask_for_change(quote, **typed, now=now), change=form)


@linked(PURPOSE)
@require_POST
def again(request: LinkedRequest) -> HttpResponseBase:
    """Ask for a new quote in the place of one that has expired: one press."""
    return _answered(request, quote_of(request.link), lambda quote, now: ask_again(quote, now=now))


@linked(PURPOSE)
@require_safe
def pdf(request: LinkedRequest) -> HttpResponse:
    """The quote on paper; while a worker still draws it, the page says so."""
    quote = quote_of(request.link)
    document = QuoteDocument.objects.for_partner(request.partner).filter(quote=quote).first()
    content = papers.content_of(document) if document else None
    if content is None:
        return _page(request, quote, status=202, is_being_drawn=True)
    disposition = content_disposition_header(as_attachment=True, filename=papers.file_name(quote))
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": disposition or ""})


def told_by(quote: Quote) -> str:
    """A fingerprint of all that the page says: of the version, its figures, names and terms."""
    said = json.dumps([quote.pk, quote.snapshot], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def has_terms(quote: Quote) -> bool:
    """Whether terms of sale came with it."""
    return bool(quote.snapshot.get("terms"))


def quote_of(link: Link) -> Quote:
    """What the link shows. Raises Http404."""
    quote = quote_of_link(link)
    if quote is None:
        raise Http404
    return quote


def is_of_the_house(request: LinkedRequest) -> bool:
    """Whether somebody of the partner's own staff, in whatever role just now, looks on: they answer nothing here."""
    return any(one.is_staff and one.partner_id == request.link.partner_id for one in request.memberships)


def _answered(request: LinkedRequest, quote: Quote, answer: Answer, **forms: Any) -> HttpResponseBase:
    """Give the answer; where another came first, the page shows it. Who answers has read."""
    if is_of_the_house(request):
        raise PermissionDenied
    now = clock.now()
    links.count_opening(request.link, now=now)
    try:
        answer(quote, now)
    except QuoteNoLongerHolds as refusal:
        return _page(request, quote, status=409, problems=refusal.problems, **forms)
    except QuoteMovedOn as moved:
        if moved.quote.is_open:
            return _page(request, moved.quote, status=409, **forms)
    return redirect("offers:public_quote", request.link.handle)


def _asked_again(form: AcceptForm, quote: Quote) -> AcceptForm:
    """The form as it was typed, for the terms as they are now; the tick is to be set once more."""
    typed = {name: form.cleaned_data[name] for name in ("name", "role", "purchase_order")}
    return AcceptForm(initial={**typed, "told": told_by(quote)}, has_terms=has_terms(quote))


def _page(request: LinkedRequest, quote: Quote, *, status: int = 200, **more: Any) -> HttpResponse:
    snapshot = readable(quote.snapshot)
    context = {
        **paper(snapshot, language=request.LANGUAGE_CODE),
        **forms_for(quote.purchase_order, told_by(quote), name=snapshot.contact.name, has_terms=has_terms(quote)),
        "quote": quote,
        "link": request.link,
        "standing": standing(quote),
        "is_of_the_house": is_of_the_house(request),
        **_gone(quote),
        **more,
    }
    return render(request, "offers/public/quote.html", context, status=status)


def _gone(quote: Quote) -> dict[str, Any]:
    """What of an open quote was dealt with in another way, and the words that ask for a new one without it."""
    problems = gone_of(quote, now=clock.now()) if standing(quote) == "open" else []
    if not problems:
        return {}
    hosts = quote_wording.for_what(problems[0].host, len(problems))
    words = _("Please send a new quote without what has been dealt with in another way: %(hosts)s.") % {"hosts": hosts}
    return {
        "gone": problems,
        "is_all_gone": len(problems) == len(quote.snapshot["lines"]),
        "gone_words": words,
        "gone_asked": quote.change_asked_at and quote.answer_words == words,
    }


def standing(quote: Quote) -> str:
    """What its reader may do with it: "open", or which of the ends it has come to; past its last day "expired"."""
    if quote.is_open:
        return "expired" if quote.valid_until < clock.today() else "open"
    return str(quote.state)
