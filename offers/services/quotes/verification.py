"""Whether a quote is really ours: told to whoever types its code, and no more than a forger knows already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from offers.models import Quote
from offers.rules.numbers import as_printed
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


def verified(typed: str, *, owner: Partner | None) -> Verified | None:
    """The quote of the code, however it was typed; `owner` is the partner on whose host it is asked, if any.

    An unknown code, and another partner's, are answered alike, after the same question to the database.
    """
    with across_partners():
        rows = Quote.objects.sent().filter(verification_code=as_printed(typed), partner__is_active=True)
        quote = rows.exclude(verification_code="").select_related("partner").first()
        hosts = [line.host for line in quote.lines.all()] if quote else []
    if quote is None or quote.sent_at is None or owner not in (None, quote.partner):
        return None
    return Verified(
        number=quote.number,
        version=quote.version,
        partner=quote.partner.name,
        sent_at=quote.sent_at,
        host=masked(hosts[0]) if hosts else "",
        further=max(len(hosts) - 1, 0),
    )


def masked(host: str) -> str:
    """Known again by whoever knows it: "www.granit-phare.example" -> "w….gr….example"."""
    *labels, top = host.split(".")
    return ".".join([*(f"{label[: 2 if len(label) > 4 else 1]}…" for label in labels), top])
