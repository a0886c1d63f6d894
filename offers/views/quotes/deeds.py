"""What the house does with a quote: write, send, hand out, take an answer on the telephone, revise, take back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from offers.forms.quotes import DraftForm, SpokenAcceptForm, SpokenChangeForm, SpokenDeclineForm
from offers.models import Quote, QuoteDocument
from offers.services import quotes
from offers.services.quotes import papers
from offers.services.quotes.refusals import (
    LinesRefused,
    NobodyToSendTo,
    NothingToQuote,
    QuoteExpired,
    QuoteMovedOn,
    QuoteNoLongerHolds,
    QuoteRefused,
    TooManyLines,
    ValidityPast,
)
from offers.views.quotes.page import draft_form, draft_page, quote_of, quote_page, sheet
from offers.wording import quotes as quote_wording
from portal import clock
from portal.access import PartnerRequest, requires

SAVE, SEND, NUMBER, LOOK = "save", "send", "number", "look"


# A draft


@requires("quotes.edit")
@require_POST
def quote_change(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Save what was typed, and send it where that was the button; or only look at what it would come to."""
    quote = quote_of(request, pk)
    if not quote.is_draft:
        return _moved_on(request, quote)
    form, deed = draft_form(quote, request.POST), request.POST.get("do", SAVE)
    if not form.is_valid():
        return _typed_again(request, pk, form)
    if deed == LOOK:
        return draft_page(request, quote, form=form)
    try:
        quote = _keep(request, quote, form)
        if deed in (SEND, NUMBER):
            quote = quotes.send_quote(quote, actor=request.user, now=clock.now(), by_mail=deed == SEND)
    except QuoteMovedOn as moved:
        return _moved_on(request, moved.quote)
    except QuoteRefused as refused:
        return _typed_again(request, pk, form, refused)
    _say_done(request, quote, deed)
    return redirect("offers:quote", pk=quote.pk)


def _keep(request: PartnerRequest, quote: Quote, form: DraftForm) -> Quote:
    return quotes.change_draft(quote, actor=request.user, now=clock.now(), lines=form.wishes, **form.values)


def _typed_again(
    request: PartnerRequest, pk: int, form: DraftForm, refused: QuoteRefused | None = None
) -> HttpResponse:
    words = _refusal(refused) if refused else _("Something in the form needs your attention. Nothing was stored.")
    return draft_page(request, quote_of(request, pk), form=form, status=422, refused=words)


def _say_done(request: PartnerRequest, quote: Quote, deed: str) -> None:
    if deed == SEND:
        words = _("Quote %(number)s is on its way to %(email)s.")
        messages.success(
            request, words % {"number": quote.number, "email": quote.contact.email if quote.contact else ""}
        )
    elif deed == NUMBER:
        messages.success(
            request, _("The quote has its number, %(number)s. No letter was sent.") % {"number": quote.number}
        )
    else:
        messages.success(request, _("The draft is saved."))


@requires("quotes.edit")
@require_POST
def quote_figures(request: PartnerRequest, pk: int) -> HttpResponse:
    """The sheet alone, by what is typed, while it is typed; nothing is stored."""
    quote = quote_of(request, pk)
    if not quote.is_draft:
        response = HttpResponse()
        response.headers["HX-Refresh"] = "true"
        return response
    form = draft_form(quote, request.POST)
    return render(request, "offers/quotes/figures.html", {"quote": quote, "form": form, **sheet(quote, form)})


@requires("quotes.edit")
@require_POST
def quote_discard(request: PartnerRequest, pk: int) -> HttpResponseBase:
    quote = quote_of(request, pk)
    try:
        quotes.discard_draft(quote, actor=request.user, now=clock.now())
    except QuoteMovedOn as moved:
        return _moved_on(request, moved.quote)
    messages.success(request, _("The draft is gone."))
    return redirect("offers:quotes")


# What was sent


@requires("quotes.resend")
@require_POST
def quote_resend(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """The letter once more, with a link of its own."""

    def resend(quote: Quote) -> str:
        quotes.resend_quote(quote, actor=request.user, now=clock.now())
        return _("The letter is sent once more, to %(email)s.") % {
            "email": quote.contact.email if quote.contact else ""
        }

    return _do(request, pk, resend)


@requires("quotes.resend")
@require_POST
def quote_link(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """A fresh link to the customer's page, shown this once."""
    quote = quote_of(request, pk)
    try:
        address = quotes.fresh_link(quote, actor=request.user, now=clock.now())
    except QuoteMovedOn as moved:
        return _moved_on(request, moved.quote)
    response = quote_page(request, quote, customers_link=address)
    response.headers["Cache-Control"] = "no-store"
    return response


@requires("quotes.edit")
@require_POST
def quote_accept(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """The customer said yes on the telephone: everything is ordered, once."""
    form = SpokenAcceptForm(request.POST)
    if not form.is_valid():
        return quote_page(request, quote_of(request, pk), status=422, accept=form)
    typed = form.cleaned_data

    def accept(quote: Quote) -> str:
        said = {name: typed[name] for name in ("name", "role", "purchase_order")}
        quotes.accept_quote(quote, **said, terms_accepted=typed["terms"], now=clock.now(), by=request.user)
        return _("Accepted: everything in the quote is ordered.")

    return _do(request, pk, accept, accept=form)


@requires("quotes.edit")
@require_POST
def quote_decline(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """The customer said no on the telephone."""
    form = SpokenDeclineForm(request.POST)
    if not form.is_valid():
        return quote_page(request, quote_of(request, pk), status=422, decline=form)

    def decline(quote: Quote) -> str:
        quotes.decline_quote(quote, **form.cleaned_data, now=clock.now(), by=request.user)
        return _("The no is noted, with its reason.")

    return _do(request, pk, decline, decline=form)


@requires("quotes.edit")
@require_POST
def quote_ask_change(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """The customer wants it otherwise, and said so on the telephone."""
    form = SpokenChangeForm(request.POST)
    if not form.is_valid():
        return quote_page(request, quote_of(request, pk), status=422, change=form)

    def ask(quote: Quote) -> str:
        quotes.ask_for_change(quote, **form.cleaned_data, now=clock.now(), by=request.user)
        return _("What they want otherwise is noted, and waits for a new version.")

    return _do(request, pk, ask, change=form)


@requires("quotes.edit")
@require_POST
def quote_version(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Begin a new version; the draft that is there already, where somebody has begun one."""
    quote = quote_of(request, pk)
    try:
        draft = quotes.new_version(quote, actor=request.user, now=clock.now())
    except QuoteMovedOn as moved:
        return _moved_on(request, moved.quote)
    return redirect("offers:quote", pk=draft.pk)


@requires("quotes.edit")
@require_POST
def quote_withdraw(request: PartnerRequest, pk: int) -> HttpResponseBase:
    def withdraw(quote: Quote) -> str:
        quotes.withdraw_quote(quote, actor=request.user, now=clock.now())
        return _("The quote is withdrawn: its links no longer open it, and it can no longer be accepted.")

    return _do(request, pk, withdraw)


# The document


@requires("quotes.view")
@require_safe
def quote_pdf(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """The document as a file; back to the page where it is not drawn yet."""
    quote = quote_of(request, pk)
    document = QuoteDocument.objects.for_partner(request.partner).filter(quote=quote).first()
    content = papers.content_of(document) if document else None
    if content is None:
        messages.info(request, _("The document is not there yet. Its state stands on this page."))
        return redirect("offers:quote", pk=quote.pk)
    return as_file(content, papers.file_name(quote), "application/pdf")


@requires("quotes.resend")
@require_POST
def quote_redraw(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Draw the document anew: it failed, or its file is gone."""
    quote = quote_of(request, pk)
    document = QuoteDocument.objects.for_partner(request.partner).filter(quote=quote).first()
    if document:
        papers.retry_document(document, actor=request.user, now=clock.now())
        messages.success(request, _("The document is drawn anew."))
    return redirect("offers:quote", pk=quote.pk)


def as_file(content: bytes, name: str, media_type: str) -> HttpResponse:
    """A file to be saved, under a name of plain letters."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=media_type, headers=headers)


# What is said


def _do(request: PartnerRequest, pk: int, deed: Callable[[Quote], str], **forms: Any) -> HttpResponseBase:
    """Do it and say so; where it cannot be done any more, show the quote as it stands, what was typed, and why."""
    quote = quote_of(request, pk)
    try:
        words = deed(quote)
    except QuoteNoLongerHolds as refused:
        problems = quote_wording.all_told(refused.problems)
        return quote_page(request, quote_of(request, pk), status=409, problems=problems, **forms)
    except QuoteMovedOn as moved:
        return _moved_on(request, moved.quote, has_expired=isinstance(moved, QuoteExpired))
    except QuoteRefused as refused:
        return quote_page(request, quote_of(request, pk), status=422, refused=_refusal(refused), **forms)
    messages.success(request, words)
    return redirect("offers:quote", pk=pk)


def _moved_on(request: PartnerRequest, quote: Quote, *, has_expired: bool = False) -> HttpResponse:
    """The quote as it stands now, and that it was somebody else who brought it there."""
    quote = quote_of(request, quote.pk)
    if has_expired:
        words = _("Its last day is over: nothing was changed. Make a new version, and send that.")
    else:
        words = _("This could not be done: the quote has moved on meanwhile. It stands here as it is now.")
    return quote_page(request, quote, status=409, refused=words)


def _refusal(refused: QuoteRefused) -> str:
    if isinstance(refused, LinesRefused):
        return _("Some lines cannot be quoted as they are. Nothing was sent.")
    for kind, words in _WORDS.items():
        if isinstance(refused, kind):
            return str(words)
    return _("This could not be done. Nothing was changed.")


_WORDS = {
    NothingToQuote: gettext_lazy("A quote needs one line at least: leave one in, or throw the draft away."),
    TooManyLines: gettext_lazy("Nobody reads so many lines: make several quotes."),
    ValidityPast: gettext_lazy("Its last day is over before it is sent: choose a later one."),
    NobodyToSendTo: gettext_lazy(
        "The person it is made out to cannot be reached by e-mail. Choose somebody else, or give the quote its number "
        "without a letter and hand on its link."
    ),
}
