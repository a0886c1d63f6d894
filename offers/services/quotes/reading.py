"""What follows from a link to a quote: the page it leads to, and that its reader has seen it."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from offers.services.quotes.answering import view_quote
from offers.services.quotes.links import PURPOSE, quote_of_link
from portal import links
from portal.models import Link


def page_of(link: Link) -> str:
    """The clean address that the link leads to."""
    return reverse("offers:public_quote", args=[link.handle])


def mark_read(link: Link, now: datetime) -> None:
    """A person has seen what the link shows."""
    if quote := quote_of_link(link):
        view_quote(quote, now=now)


def register() -> None:
    """Let links lead to quotes."""
    links.purposes[PURPOSE] = links.Purpose(url=page_of, seen=mark_read)
