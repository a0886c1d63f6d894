"""Many quotes at once: how far they are, what came of them, and what was left out and why."""

from __future__ import annotations

from typing import IO, Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from offers.models import QuoteBatch
from offers.models.documents import WorkState
from offers.services.quotes import batches, filing
from offers.services.quotes.overlaps import overlaps_of_batch
from offers.wording import quotes as quote_wording
from portal import clock
from portal.access import PartnerRequest, requires
from portal.contributions import Figure

SHOWN = 500


def _batch(request: PartnerRequest, pk: int) -> QuoteBatch:
    rows = QuoteBatch.objects.for_partner(request.partner).select_related("partner", "customer", "started_by")
    found: QuoteBatch = get_object_or_404(rows, pk=pk)
    return found


@requires("quotes.view")
@require_safe
def quote_batch(request: PartnerRequest, pk: int) -> HttpResponse:
    """Its progress while it is being made; then its quotes, its archive, and what was left out."""
    batch = _batch(request, pk)
    if batch.state in batches.OPEN:
        return render(request, "offers/quotes/batch_progress.html", _progress(batch))
    return render(request, "offers/quotes/batch.html", _report(batch))


@requires("quotes.view")
@require_safe
def quote_batch_progress(request: PartnerRequest, pk: int) -> HttpResponse:
    """The progress bar alone, asked for every second; at the end the page is loaded anew."""
    batch = _batch(request, pk)
    if batch.state in batches.OPEN:
        return render(request, "partials/progress.html", _progress(batch))
    response = HttpResponse()
    response.headers["HX-Redirect"] = reverse("offers:quote_batch", args=[batch.pk])
    return response


@requires("quotes.edit")
@require_POST
def quote_batch_cancel(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Stop here; quotes that were made stay."""
    try:
        batches.cancel_batch(_batch(request, pk), actor=request.user, now=clock.now())
    except batches.BatchMovedOn:
        messages.info(request, _("This has ended already."))
    return redirect("offers:quote_batch", pk=pk)


@requires("quotes.edit")
@require_POST
def quote_batch_retry(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Go on where it failed, or pack the archive anew."""
    try:
        batches.retry_batch(_batch(request, pk), actor=request.user, now=clock.now())
    except batches.BatchMovedOn:
        messages.info(request, _("It is being made already."))
    return redirect("offers:quote_batch", pk=pk)


@requires("quotes.view")
@require_safe
def quote_batch_archive(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """All its documents in one archive."""
    batch = _batch(request, pk)
    file = _open(batch)
    if file is None:
        messages.info(request, _("The archive is not there, or no longer kept. It can be made anew."))
        return redirect("offers:quote_batch", pk=pk)
    return FileResponse(
        file,
        as_attachment=True,
        filename=batches.archive_name(batch),
        content_type="application/zip",
        headers={"X-Content-Type-Options": "nosniff"},
    )


def _open(batch: QuoteBatch) -> IO[bytes] | None:
    """The archive; None before it is packed, and once it is no longer kept."""
    if batch.state != WorkState.DONE or not batch.stored_as:
        return None
    try:
        return filing.path_of(batch.stored_as).open("rb")
    except FileNotFoundError:
        return None


def _progress(batch: QuoteBatch) -> dict[str, Any]:
    made = ngettext("%(done)s of %(total)s quote made", "%(done)s of %(total)s quotes made", batch.total)
    words = made % {"done": batch.done, "total": batch.total}
    if batch.done == batch.total:
        drawn = batches.drawn(batch)
        words = ngettext("%(count)s document drawn", "%(count)s documents drawn", drawn) % {"count": drawn}
    return {
        "page_title": _("Making quotes"),
        "batch": batch,
        "progress": {
            "key": "batch-progress",
            "label": _("Making quotes"),
            "words": words,
            "total": 100,
            "done": batches.percent_of(batch),
            "finished": False,
            "url": reverse("offers:quote_batch_progress", args=[batch.pk]),
            "page_url": reverse("offers:quote_batch", args=[batch.pk]),
        },
    }


def _report(batch: QuoteBatch) -> dict[str, Any]:
    made = list(batch.quotes.select_related("customer", "document").order_by("number", "version")[:SHOWN])
    failed = [one for one in made if getattr(one, "document", None) and one.document.state == WorkState.FAILED]
    today = clock.today()
    left_out = [quote_wording.told(one) for one in batch.left_out.values()]
    return {
        "page_title": _("Quotes made at once"),
        "batch": batch,
        "pill": quote_wording.work_pill(batch.state),
        "quotes": [(one, quote_wording.standing(one, today=today)) for one in made],
        "failed": failed,
        "left_out": left_out,
        "overlaps": overlaps_of_batch(batch, today=today),
        "kpis": [
            Figure(_("Made"), str(len(made)), ngettext("quote", "quotes", len(made)), level="good"),
            Figure(
                _("Left out"),
                str(len(left_out)),
                ngettext("order", "orders", len(left_out)),
                level="warn" if left_out else "",
            ),
        ],
    }
