"""The letter that brings a quote: one for each sending; it stays home if the quote is taken back before it leaves."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.utils import translation

from certificates.wording import day
from offers.documents import words as paper
from offers.models import Quote
from offers.services.quotes.links import make_quote_link
from offers.services.quotes.snapshots import stored_snapshot
from portal.mail import letters, outbox
from portal.models import OutgoingMail
from portal.models.mail import MailPurpose

# A letter names so many orders, and says how many more the quote holds.
SHOWN = 5


def send_letter(quote: Quote, *, now: datetime, again: bool = False) -> OutgoingMail:
    """Queue the letter to the quote's contact; the PDF lies behind its new link. `again` makes it another letter."""
    if quote.contact is None:
        raise ValueError(quote)
    link = make_quote_link(quote, now=now, source="resent" if again else "quote")
    with translation.override(quote.language):
        facts = _facts(quote, link)
    words = letters.render("emails/quote", facts, language=quote.language, partner=quote.partner)
    return outbox.enqueue(
        key=f"{_prefix(quote)}{secrets.token_hex(6) if again else 'first'}",
        partner=quote.partner,
        purpose=MailPurpose.QUOTE,
        to_email=quote.contact.email,
        to_name=quote.contact.name,
        words=words,
        now=now,
    )


def _facts(quote: Quote, link: str) -> dict[str, Any]:
    """What the letter says, in the active language."""
    snapshot = stored_snapshot(quote)
    return {
        "person": {"first_name": snapshot.contact.name},
        "snapshot": snapshot,
        "title": paper.title(snapshot),
        "items": paper.items(snapshot)[:SHOWN],
        "further": max(len(snapshot.lines) - SHOWN, 0),
        "keeps_all_days": snapshot.keeps_all_days,
        "tax_label": paper.tax_label(snapshot.tax),
        "until": day(snapshot.valid_until),
        "url": link,
    }


def withdraw_letters(quote: Quote) -> int:
    """Keep home what has not left; how many letters."""
    return outbox.withdraw_all(_prefix(quote))


def _prefix(quote: Quote) -> str:
    return f"quote:{quote.pk}:"
