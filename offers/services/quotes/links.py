"""The link by which a customer reads and answers a quote; that of an older version leads to the newest."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from certificates.rules import end_of_day
from offers.models import Quote
from offers.models.quotes import QuoteState
from offers.services.quotes import moves
from portal import links
from portal.links import NewLink
from portal.models import Link

PURPOSE = "quote"
# The page still tells what became of a quote for so long after its last day.
READABLE = timedelta(days=180)


def subject_of(quote: Quote) -> str:
    """What a link about this version says it is about: "quote:17"."""
    return f"quote:{quote.pk}"


def make_quote_link(quote: Quote, *, now: datetime, source: str = "") -> str:
    """A new link for the quote's reader; its address is never seen again. Links given before stay open."""
    return links.make_links([to_quote(quote, now=now, source=source)], partner=quote.partner, now=now)[0]


def to_quote(quote: Quote, *, now: datetime, source: str = "") -> NewLink:
    """The same before it is stored, together with others."""
    return NewLink(
        purpose=PURPOSE,
        subject=subject_of(quote),
        audience=_reader_of(quote),
        language=quote.language,
        expires_at=max(end_of_day(quote.valid_until), now) + READABLE,
        source=source,
    )


def paper_link(quote: Quote, *, now: datetime) -> str:
    """The link that is printed on the quote's document; empty for one that nobody is to read any more."""
    with transaction.atomic():
        moves.lock(newest_version(quote))  # against a withdrawal, which takes back what is there
        return make_quote_link(quote, now=now, source="paper") if is_readable(quote) else ""


def is_readable(quote: Quote) -> bool:
    """Whether a link to it may be given: it was sent, and neither it nor what replaced it was taken back."""
    quote = moves.current(quote)
    states = {quote.state, newest_version(quote).state}
    return states.isdisjoint((QuoteState.DRAFT, QuoteState.WITHDRAWN))


def quote_of_link(link: Link) -> Quote | None:
    """The quote that the link shows; its partner's scope is open.

    An older version's link leads to the newest, unless that was made out to somebody else: then it shows its own.
    """
    _kind, _colon, key = link.subject.partition(":")
    rows = Quote.objects.for_partner(link.partner).sent().select_related("partner", "customer", "contact", "owner")
    own = rows.filter(pk=int(key)).first() if key.isdecimal() else None
    newest = newest_version(own) if own else None
    return newest if newest and _reader_of(newest) == link.audience.lower() else own


def _reader_of(quote: Quote) -> str:
    return quote.contact.email.lower() if quote.contact else ""


def newest_version(quote: Quote) -> Quote:
    """The version that was sent last; drafts are nobody's business."""
    while newer := Quote.objects.sent().filter(replaces=quote).select_related("partner", "customer", "contact").first():
        quote = newer
    return quote


def end_links(quote: Quote, *, now: datetime) -> int:
    """Take back the links to this version and to those before it; how many there were."""
    ended, version = 0, quote
    while True:
        ended += links.revoke(partner=quote.partner, purpose=PURPOSE, subject=subject_of(version), now=now)
        if version.replaces is None:
            return ended
        version = version.replaces
