"""Whether a quote is really ours: told to whoever types its code, and no more than a forger knows already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from offers.models import Quote
from offers.models.quotes import QuoteState
from offers.rules.numbers import as_printed
from offers.services.quotes.links import newest_version
from portal.access import across_partners
from portal.models import Partner


@dataclass(frozen=True, slots=True)
class Verified:
    """A quote that was sent: its number and version, by whom, when, and for which host, half of it hidden."""

    number: str
    version: int
    partner: str
    sent_at: datetime
    host: str
    further: int
    standing: str = ""  # why it no longer holds: "replaced", "withdrawn" or "expired"
    newest: int = 0  # the version that replaced it


def verified(typed: str, *, owner: Partner | None, today: date) -> Verified | None:
    """The quote of the code, however it was typed; `owner` is the partner on whose host it is asked, if any.

    An unknown code, and another partner's, are answered alike, after the same question to the database.
    """
    with across_partners():
        rows = Quote.objects.sent().filter(verification_code=as_printed(typed), partner__is_active=True)
        quote = rows.exclude(verification_code="").select_related("partner").first()
        hosts = [line.host for line in quote.lines.all()] if quote else []
        newest = newest_version(quote) if quote else None
    if quote is None or quote.sent_at is None or owner not in (None, quote.partner):
        return None
    return Verified(
        number=quote.number,
        version=quote.version,
        partner=quote.partner.name,
        sent_at=quote.sent_at,
        host=masked(hosts[0]) if hosts else "",
        further=max(len(hosts) - 1, 0),
        standing="replaced" if newest != quote else _standing(quote, today),
        newest=newest.version if newest else 0,
    )


def _standing(quote: Quote, today: date) -> str:
    """Why nobody can accept it any more; nothing of one that was answered, since the answer is nobody else's matter."""
    if quote.state == QuoteState.WITHDRAWN:
        return "withdrawn"
    has_expired = quote.state == QuoteState.EXPIRED or (quote.is_open and quote.valid_until < today)
    return "expired" if has_expired else ""


def masked(host: str) -> str:
    """Known again by whoever knows it: "www.granit-phare.example" -> "w….gr….example"."""
    *labels, top = host.split(".")
    return ".".join([*(f"{label[: 2 if len(label) > 4 else 1]}…" for label in labels), top])
