"""A customer's quotes at home: all that were sent, each to be read, answered or kept as a document."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from certificates.querysets import CountOf
from certificates.visits import VisitRequest
from offers.models import Quote, QuoteDocument, QuoteLine
from offers.models.documents import WorkState
from offers.models.quotes import QuoteState
from offers.querysets import QuoteQuerySet
from offers.services.home_quotes import own_quote_link
from offers.services.quotes import papers
from offers.services.quotes.links import is_readable
from offers.tables.home import HomeQuotesTable
from portal import clock, linked, links
from portal.lists import Empty, ListPage, Sort


class HomeQuotesPage(ListPage):
    """What was sent to the customer; of several versions the newest."""

    name = "home_quotes"
    title = gettext_lazy("Quotes")
    table_class = HomeQuotesTable
    sorts = {"valid": Sort(("valid_until",)), "sent": Sort(("created_at",))}
    default_sort = "-sent"
    default_size = 25
    template_name = "offers/home/quotes.html"
    part_template_name = "certificates/home/list.html"

    request: VisitRequest  # type: ignore[assignment]  # the visit stands on it

    def get_queryset(self) -> QuoteQuerySet:
        return quotes_of(self.request)

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        lines = QuoteLine.objects.for_partner(self.request.partner).filter(quote=OuterRef("pk")).order_by()
        host = Subquery(lines.order_by("position").values("names__0")[:1])
        rows: QuerySet[Any] = queryset.annotate(lines_count=CountOf(lines.values("pk")), host=host)
        return rows.defer("snapshot")

    def get_table_options(self) -> dict[str, Any]:
        shown = [row.pk for row in self.slice.rows]
        drawn = QuoteDocument.objects.for_partner(self.request.partner).filter(quote__in=shown, state=WorkState.DONE)
        return {
            "today": clock.today(),
            "page_request": self.request,
            "papers": frozenset(drawn.values_list("quote_id", flat=True)),
        }

    def get_empty(self) -> Empty:
        words = _("When you renew, press “Get a quote” for something your buyer can decide on.")
        return Empty(_("No quotes yet"), words, icon="file-earmark-text")


def quotes_of(request: VisitRequest) -> QuoteQuerySet:
    """The quotes the customer has been sent, without those that a newer version replaced."""
    mine: QuoteQuerySet = Quote.objects.for_partner(request.partner).sent().filter(customer=request.visit.customer)
    return mine.exclude(state=QuoteState.SUPERSEDED)


@require_POST
def home_quote(request: VisitRequest, pk: int) -> HttpResponseBase:
    """Open the quote's own page, by a link that this person's browser holds and nobody has seen."""
    quote, member = _readable(request, pk), request.membership
    if member is None:
        raise PermissionDenied
    link = own_quote_link(quote, member, now=clock.now())
    response = HttpResponseRedirect(links.purposes[link.purpose].url(link))
    linked.admit(request, response, link)
    return response


@require_safe
def home_quote_pdf(request: VisitRequest, pk: int) -> HttpResponseBase:
    """The quote on paper; while a worker still draws it, the list says so."""
    quote = _readable(request, pk)
    document = QuoteDocument.objects.for_partner(request.partner).filter(quote=quote).first()
    content = papers.content_of(document) if document else None
    if content is None:
        messages.info(request, _("The document is being drawn. It is there in a moment."))
        return redirect("offers:home_quotes")
    disposition = content_disposition_header(as_attachment=True, filename=papers.file_name(quote)) or ""
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": disposition})


def _readable(request: VisitRequest, pk: int) -> Quote:
    """The customer's quote, unless it was taken back. Raises Http404."""
    related = ("partner", "customer", "contact")
    quote: Quote = get_object_or_404(quotes_of(request).select_related(*related), pk=pk)
    if not is_readable(quote):
        raise Http404(pk)
    return quote
