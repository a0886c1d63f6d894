"""What offers does in the background: sweeps that may be asked twice, and single steps that a nudge asks for."""

from __future__ import annotations

import structlog
from celery import shared_task

from offers.models import QuoteDocument
from offers.services.quotes import answering, papers
from portal import clock, heartbeats
from portal.access import across_partners, on_behalf_of

log = structlog.get_logger(__name__)
# What one sweep takes up at most; the next one follows within seconds.
BATCH = 50


@shared_task  # type: ignore[untyped-decorator]
def sweep_quotes() -> None:
    """Draw every document that waits, and close every quote whose last day is over."""
    answering.expire_quotes(clock.now())
    with across_partners():
        due = list(papers.due_documents(clock.now()).values_list("pk", flat=True)[:BATCH])
    for pk in due:
        try:
            draw_quote(pk)
        except Exception:
            # One document that cannot be borne must not stop the rest; its lease brings it back.
            log.exception("document_failed", document=pk)
    heartbeats.beat("quotes", now=clock.now())


@shared_task  # type: ignore[untyped-decorator]
def draw_quote(pk: int) -> None:
    """The same for one document, at once."""
    with across_partners():
        found = QuoteDocument.objects.filter(pk=pk, partner__is_active=True).select_related("partner").first()
    if found:
        with on_behalf_of(found.partner):
            papers.draw_document(pk, clock=clock.now)
