"""What offers does in the background: sweeps that may be asked twice, and single steps that a nudge asks for."""

from __future__ import annotations

import structlog
from celery import shared_task

from offers.models import QuoteBatch, QuoteDocument
from offers.services import sweeping
from offers.services.quotes import answering, batches, papers
from portal import clock, heartbeats
from portal.access import across_partners, on_behalf_of

log = structlog.get_logger(__name__)
# What one sweep takes up at most; the next one follows within seconds.
BATCH = 50


@shared_task  # type: ignore[untyped-decorator]
def sweep_quotes() -> None:
    """Close every quote whose last day is over, draw every document that waits, and go on with every batch."""
    answering.expire_quotes(clock.now())
    with across_partners():
        due = list(papers.due_documents(clock.now()).values_list("pk", flat=True)[:BATCH])
    for pk in due:
        try:
            draw_quote(pk)
        except Exception:
            # One document that cannot be borne must not stop the rest; its lease brings it back.
            log.exception("document_failed", document=pk)
    with across_partners():
        waiting = list(batches.due_batches(clock.now()).values_list("pk", flat=True)[:BATCH])
    for pk in waiting:
        make_quotes(pk)
    heartbeats.beat("quotes", now=clock.now())


@shared_task  # type: ignore[untyped-decorator]
def draw_quote(pk: int) -> None:
    """The same for one document, at once."""
    with across_partners():
        found = QuoteDocument.objects.filter(pk=pk, partner__is_active=True).select_related("partner").first()
    if found:
        with on_behalf_of(found.partner):
            papers.draw_document(pk, clock=clock.now)


@shared_task  # type: ignore[untyped-decorator]
def make_quotes(pk: int) -> None:
    """Go on with one batch of quotes, at once."""
    with across_partners():
        found = QuoteBatch.objects.filter(pk=pk, partner__is_active=True).select_related("partner").first()
    if found:
        with on_behalf_of(found.partner):
            batches.work_on(pk, clock=clock.now)


@shared_task  # type: ignore[untyped-decorator]
def clear_archives() -> None:
    """Let go of archives that nobody came back to."""
    with across_partners():
        batches.drop_archives(clock.now())


@shared_task  # type: ignore[untyped-decorator]
def value_orders() -> None:
    """Keep what every order is worth, and which offers have reached it, as they are at the moment."""
    for partner in sweeping.partners_to_sweep():
        try:
            with on_behalf_of(partner):
                sweeping.sweep(partner, now=clock.now())
        except Exception:
            # One partner's orders must not stop the others'; the next sweep comes back to them.
            log.exception("valuing_failed", partner=partner.pk)
    heartbeats.beat("values", now=clock.now())
