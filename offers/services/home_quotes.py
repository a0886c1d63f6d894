"""Quotes read at home: each person's browser holds a link of its own, whose token nobody ever sees."""

from __future__ import annotations

from datetime import datetime

from certificates.services.colleagues import link_source
from offers.models import Quote
from offers.services.quotes.links import PURPOSE, make_quote_link, subject_of
from portal import links
from portal.models import Link, Membership


def own_quote_link(quote: Quote, member: Membership, *, now: datetime) -> Link:
    """The person's link to the quote, made at the first reading; it ends when the person may sign in no longer."""
    source = link_source(member)
    mine = Link.objects.for_partner(quote.partner).about(subject_of(quote), purpose=PURPOSE).unrevoked()
    found: Link | None = mine.filter(source=source, expires_at__gt=now).select_related("partner").first()
    return found or _made(quote, source, now)


def _made(quote: Quote, source: str, now: datetime) -> Link:
    token = make_quote_link(quote, now=now, source=source).rstrip("/").rpartition("/")[2]
    made: Link = Link.objects.for_partner(quote.partner).select_related("partner").get(token_hash=links.hash_of(token))
    return made
