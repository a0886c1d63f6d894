"""What came back is noted once, and an address is switched off only where a letter of ours really failed there."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from portal.access import across_partners
from portal.mail import bounces
from portal.mail.reports import Kind, Report
from portal.models import MailReturn, OutgoingMail

# Servers give up after days; what comes much later was kept by somebody.
REMEMBERED = timedelta(days=30)
_SWITCHES = {
    Kind.GONE: bounces.Kind.BOUNCED,
    Kind.COMPLAINT: bounces.Kind.COMPLAINED,
    Kind.UNSUBSCRIBED: bounces.Kind.UNSUBSCRIBED,
}


def take(report: Report, *, now: datetime, event: str = "") -> MailReturn | None:
    """Note what came back and act on it; None where it was known, or is about no letter that could have failed.

    `event` names what happened, where a provider does; a letter else comes back once for each kind.
    """
    with across_partners(), transaction.atomic():
        letter = OutgoingMail.objects.select_related("partner").filter(pk=report.letter).first()
        if letter is None or letter.partner is None or not _may_have_arrived(letter, now):
            return None
        kind = _kind_of(report, letter)
        facts = {"partner": letter.partner, "letter": letter, "kind": kind, "detail": report.detail, "at": now}
        returned, is_new = MailReturn.objects.get_or_create(event=event or f"return:{letter.pk}:{kind}", defaults=facts)
        if not is_new:
            return None
        if kind in _SWITCHES:
            bounces.switch_off(letter, detail=report.detail, at=now, kind=_SWITCHES[kind])
        return returned


def _may_have_arrived(letter: OutgoingMail, now: datetime) -> bool:
    left_at = letter.sent_at or (letter.claimed_until if letter.is_handing else None)
    return left_at is not None and now - left_at < REMEMBERED


def _kind_of(report: Report, letter: OutgoingMail) -> Kind:
    """An address to which the reader has mail forwarded says nothing about the reader's own."""
    elsewhere = report.recipient and report.recipient.lower() != letter.to_email.lower()
    return Kind.NOTE if report.kind == Kind.GONE and elsewhere else report.kind
