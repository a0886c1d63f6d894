"""The PDF of each sent quote: drawn by one worker at a time from the snapshot, stored whole, tried again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from offers.models import Quote, QuoteDocument
from offers.models.documents import WorkState
from offers.services.quotes import filing
from offers.services.quotes.links import paper_link
from portal import activities, crashpoints
from portal.models import User
from portal.wakeups import nudge

Clock = Callable[[], datetime]
# A document that fails every time must not be drawn for ever; the button on its page begins anew.
MOST_ATTEMPTS = 5
# Waiting times after the first, second, third and fourth failure
PAUSES = tuple(map(timedelta, (0, 0, 0, 0), (10, 60, 300, 1800)))
# Seconds one document may take: 500 lines on a slow machine
DRAWING_SECONDS = 120


def due_documents(now: datetime) -> QuerySet[QuoteDocument]:
    """Those that wait, and those whose worker has been silent for longer than its lease."""
    stuck = Q(state=WorkState.RUNNING, claimed_until__lte=now)
    rows: QuerySet[QuoteDocument] = QuoteDocument.objects.filter(
        Q(state=WorkState.WAITING, due_at__lte=now) | stuck, partner__is_active=True
    )
    return rows.order_by("due_at", "pk")


def draw_document(pk: int, *, clock: Clock) -> bool:
    """Draw and store one document, unless somebody else does; whether it is there now because of us."""
    document = _claim(pk, clock())
    if document is None:
        return False
    try:
        content = pdf_of(document.quote, now=clock())
        crashpoints.reach("document_drawn")
        stored_as, size = filing.write_bytes("pdf", content)
    except Exception as error:  # noqa: BLE001  whatever it is stands on the row, where a person can try again
        _put_off(document, error, clock())
        return False
    return _finish(document, stored_as, size, clock())


def pdf_of(quote: Quote, *, now: datetime) -> bytes:
    """The quote drawn from its snapshot: the same figures every time, behind a link of its own."""
    from offers.documents.drawing import quote_pdf  # it brings the engine that draws

    return quote_pdf(quote.snapshot, link=paper_link(quote, now=now), timeout=DRAWING_SECONDS)


def retry_document(document: QuoteDocument, *, actor: User, now: datetime) -> None:
    """Draw it anew from the beginning: after a failure, or where its file is gone."""
    from offers.tasks import draw_quote  # tasks call services

    done = Q(state__in=[WorkState.FAILED, WorkState.DONE, WorkState.WAITING])
    again = QuoteDocument.objects.filter(done, pk=document.pk)
    if again.update(state=WorkState.WAITING, attempts=0, due_at=now, last_error=""):
        activities.record("quote.document_retried", document.quote, partner=document.partner, actor=actor, at=now)
        nudge(draw_quote, document.pk)


def file_name(quote: Quote) -> str:
    """What the PDF is called where people save it: "Q-2026-00042-v2-Granit-Phare-SA.pdf"."""
    version = f"v{quote.version}" if quote.version > 1 else ""
    return filing.safe_name(*filter(None, (quote.number, version, quote.customer.name)), ending="pdf")


def content_of(document: QuoteDocument) -> bytes | None:
    """The stored PDF; None where it is not drawn yet, or its file is gone."""
    if document.state != WorkState.DONE:
        return None
    try:
        return filing.path_of(document.stored_as).read_bytes()
    except FileNotFoundError:
        return None


def _claim(pk: int, now: datetime) -> QuoteDocument | None:
    lease = now + settings.CLAIM_LEASE + timedelta(seconds=DRAWING_SECONDS)
    due = due_documents(now).filter(pk=pk).order_by()
    if not due.update(state=WorkState.RUNNING, claimed_until=lease, attempts=F("attempts") + 1):
        return None
    return QuoteDocument.objects.select_related("partner", "quote__customer", "quote__partner").get(pk=pk)


def _held(document: QuoteDocument) -> QuerySet[QuoteDocument]:
    """The row, as long as the claim on it is ours."""
    rows: QuerySet[QuoteDocument] = QuoteDocument.objects.filter(
        pk=document.pk, state=WorkState.RUNNING, claimed_until=document.claimed_until
    )
    return rows


def _finish(document: QuoteDocument, stored_as: str, size: int, now: datetime) -> bool:
    done = _held(document).update(
        state=WorkState.DONE, stored_as=stored_as, size=size, drawn_at=now, claimed_until=None, last_error=""
    )
    filing.remove(document.stored_as if done else stored_as)
    return bool(done)


def _put_off(document: QuoteDocument, error: Exception, now: datetime) -> None:
    spent = document.attempts >= MOST_ATTEMPTS
    pause = PAUSES[min(document.attempts, len(PAUSES)) - 1]
    _held(document).update(
        state=WorkState.FAILED if spent else WorkState.WAITING,
        due_at=now + pause,
        claimed_until=None,
        last_error=f"{type(error).__name__}: {error}"[:2000],
    )
