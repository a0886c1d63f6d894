"""What the holder of a link reads: the newest version sent to the same reader; and what follows from reading it."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from offers.models import Quote
from offers.services.quotes.answering import view_quote
from offers.services.quotes.links import PURPOSE, newest_version
from portal import links
from portal.models import Link


def quote_read_by(link: Link) -> Quote | None:
    """The quote that the link shows; its partner's scope is open.

    An older version's link leads to the newest, unless that was made out to somebody else: then it shows its own.
    """
    _kind, _colon, key = link.subject.partition(":")
    rows = Quote.objects.for_partner(link.partner).sent().select_related("partner", "customer", "contact")
    own = rows.filter(pk=int(key)).first()
    newest = newest_version(own) if own else None
    return newest if newest and _reader_of(newest) == link.audience.lower() else own


def page_of(link: Link) -> str:
    """The clean address that the link leads to."""
    return reverse("offers:public_quote", args=[link.handle])


def mark_read(link: Link, now: datetime) -> None:
    """A person has seen what the link shows."""
    if quote := quote_read_by(link):
        view_quote(quote, now=now)


def _reader_of(quote: Quote) -> str:
    return quote.contact.email.lower() if quote.contact else ""


def register() -> None:
    """Let links lead to quotes."""
    links.purposes[PURPOSE] = links.Purpose(url=page_of, seen=mark_read)
