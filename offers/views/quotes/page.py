"""The page of one quote: a draft to write on, or what was sent, as it was sent, with all that became of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from certificates.services import customers
from certificates.wording import Pill
from offers.documents import words
from offers.documents.sheet import paper, readable
from offers.forms.quotes import DraftForm, SpokenAcceptForm, SpokenChangeForm, SpokenDeclineForm
from offers.models import Quote, QuoteDocument
from offers.models.documents import WorkState
from offers.models.quotes import QuoteState
from offers.services import quotes
from offers.services.quotes import papers
from offers.services.quotes.moves import REVISABLE
from offers.services.quotes.overlaps import overlaps_of
from offers.services.quotes.snapshots import snapshot_of
from offers.wording import quotes as quote_wording
from portal import clock
from portal.access import PartnerRequest, requires
from portal.contributions import TimelineEvent
from portal.deeds import tell
from portal.models import Activity

RELATED = ("partner", "customer__partner", "contact", "owner", "answered_for", "replaces", "batch")


def quote_of(request: PartnerRequest, pk: int) -> Quote:
    """The partner's quote; 404 for any other."""
    rows = Quote.objects.for_partner(request.partner).select_related(*RELATED)
    found: Quote = get_object_or_404(rows, pk=pk)
    return found


@requires("quotes.view")
@require_safe
def quote(request: PartnerRequest, pk: int) -> HttpResponse:
    """Everything about one quote, and with it about its customer: that support looked is written down."""
    found = quote_of(request, pk)
    customers.note_look_up(found.customer, request.membership, now=clock.now())
    return quote_page(request, found)


def quote_page(request: PartnerRequest, quote: Quote, *, status: int = 200, **more: Any) -> HttpResponse:
    """The draft or the sent quote, with what the caller adds: a bound form, a link just made, what was refused."""
    if quote.is_draft:
        return draft_page(request, quote, status=status, **more)
    return _sent_page(request, quote, status=status, **more)


# A draft


def draft_page(
    request: PartnerRequest, quote: Quote, *, form: DraftForm | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    """The draft with its form and its sheet; support reads the sheet alone."""
    may_edit = "quotes.edit" in request.membership.permissions
    if form is None and may_edit:
        form = draft_form(quote)
    context = {
        "quote": quote,
        "form": form if may_edit else None,
        "versions": _versions(quote),
        "timeline": list(_timeline(quote)),
        **sheet(quote, form),
        **more,
    }
    return render(request, "offers/quotes/draft.html", context, status=status)


def draft_form(quote: Quote, data: Any = None) -> DraftForm:
    now = clock.now()
    further = quotes.further_wishes(quote, now=now)
    return DraftForm(quote, quotes.wishes_of(quote), further, data, today=now.date())


def sheet(quote: Quote, form: DraftForm | None) -> dict[str, Any]:
    """The sheet as it would be sent now, by what was typed where that can be read, and what stands in its way."""
    now, typed = clock.now(), form is not None and form.header.is_bound and form.is_valid()
    lines = form.wishes if typed and form else None
    worked = quotes.preview_draft(quote, now=now, lines=lines, **(form.values if typed and form else {}))
    snapshot = readable(snapshot_of(quote, worked))
    return {
        **paper(snapshot, language=snapshot.language),
        "problems": quote_wording.all_told(worked.problems),
        "left_out": quote_wording.all_told(quotes.left_out(quote, now=now)),
        "overlaps": overlaps_of(quote, [one.line for one in worked.lines], today=now.date()),
        "is_right": typed and not worked.problems,
        "unread": [] if typed or form is None or not form.header.is_bound else list(form.complaints),
        "code_words": quote_wording.code_sentence(worked.coded),
        "was_capped": typed and form is not None and form.values["valid_until"] > quote.valid_until,
        "is_preview": True,
    }


# A sent one


def _sent_page(request: PartnerRequest, quote: Quote, *, status: int = 200, **more: Any) -> HttpResponse:
    today, permissions = clock.today(), request.membership.permissions
    document = QuoteDocument.objects.for_partner(request.partner).filter(quote=quote).first()
    newest = quotes.newest_version(quote)
    snapshot = readable(quote.snapshot)
    is_answerable = quote.is_open and quote.valid_until >= today
    context = {
        "quote": quote,
        "standing": quote_wording.standing(quote, today=today),
        "validity": quote_wording.validity(quote.valid_until, today=today) if quote.is_open else None,
        "is_answerable": is_answerable,
        "gone": quote_wording.all_told(quotes.gone_of(quote, now=clock.now())) if is_answerable else [],
        "overlaps": overlaps_of(quote, quote.lines.all(), today=today) if is_answerable else [],
        "is_open": quote.is_open,
        "document": document,
        "is_drawing": document is not None and document.state in (WorkState.WAITING, WorkState.RUNNING),
        "newest": newest if newest.pk != quote.pk else None,
        "next_draft": Quote.objects.filter(replaces=quote, state=QuoteState.DRAFT).first(),
        "may_revise": quote.state in REVISABLE and newest.pk == quote.pk and "quotes.edit" in permissions,
        "versions": _versions(quote),
        "timeline": list(_timeline(quote)),
        "requests": _requests(quote),
        "accept": SpokenAcceptForm(initial={"purchase_order": quote.purchase_order}),
        "decline": SpokenDeclineForm(),
        "change": SpokenChangeForm(),
        "pdf_name": papers.file_name(quote),
        **paper(snapshot, language=snapshot.language),
        "about": words.title(snapshot),
        **more,
    }
    return render(request, "offers/quotes/sent.html", context, status=status)


def _versions(quote: Quote) -> list[tuple[Quote, Pill]]:
    today = clock.today()
    return [(one, quote_wording.standing(one, today=today)) for one in quotes.versions_of(quote)]


def _requests(quote: Quote) -> list[Any]:
    """What its acceptance asked for."""
    lines = quote.lines.filter(sale__isnull=False).select_related("sale__request__product")
    return [line.sale.request for line in lines]


# What a customer does behind the link; without an actor everything else is the portal's own doing.
_OF_THE_CUSTOMER = frozenset({"quote.viewed", "quote.accepted", "quote.declined", "quote.change_asked"})


def _timeline(quote: Quote) -> Iterator[TimelineEvent]:
    """All that was done with the quote and its other versions, the newest first."""
    keys = [one.pk for one in quotes.versions_of(quote)]
    deeds = Activity.objects.filter(
        partner=quote.partner, subject_type=Quote._meta.label_lower, subject_id__in=keys
    ).select_related("actor")
    for deed in deeds.order_by("-at", "-pk")[:50]:
        words = tell(deed)
        by_customer = deed.verb in _OF_THE_CUSTOMER
        who = str(deed.actor) if deed.actor else _("The customer") if by_customer else _("The portal")
        yield TimelineEvent(deed.at, words.words, words.detail, actor=who, level=words.level)
