"""A sent quote never changes: what should read otherwise is a new version of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from certificates.models import Certificate, Order
from certificates.rules import utc_date
from offers.models import Quote, QuoteLine, SalesSettings
from offers.services.quotes import drafting, figures, moves
from offers.services.quotes.refusals import LineProblem, QuoteMovedOn
from portal import activities
from portal.models import User


def new_version(quote: Quote, *, actor: User, now: datetime) -> Quote:
    """A draft that copies a sent quote; asked for again, the draft that is there already.

    It bears the same number; at its sending the older one ends. Lines that were dealt with in another way meanwhile
    are left out, unless nothing else is there (see `left_out`); others that cannot be had are copied, unpriced, for a
    person to decide. Raises QuoteMovedOn for a draft, and for one accepted or replaced.
    """
    try:
        with transaction.atomic():
            return _copy(moves.lock(quote), actor=actor, now=now)
    except IntegrityError:
        return Quote.objects.get(replaces=quote)


def _copy(quote: Quote, *, actor: User, now: datetime) -> Quote:
    newer = Quote.objects.filter(replaces=quote).first()
    if quote.state not in moves.REVISABLE or (newer and not newer.is_draft):
        raise QuoteMovedOn(quote)
    if newer:
        return newer
    today = utc_date(now)
    copy = Quote(
        partner=quote.partner,
        number=quote.number,
        version=quote.version + 1,
        replaces=quote,
        customer=quote.customer,
        contact=quote.contact,
        language=quote.language,
        currency=quote.currency,
        code=quote.code,
        note=quote.note,
        purchase_order=quote.purchase_order,
        reference_day=today,
        valid_until=max(quote.valid_until, today + timedelta(days=_days(quote))),
        owner=quote.owner or actor,
        created_at=now,
    )
    lines = drafting.unsaved_lines(copy, _standing_wishes(quote, now=now))
    worked = figures.work_out(copy, lines, now=now)
    figures.apply(worked, copy)
    copy.valid_until = max(min(copy.valid_until, worked.limit), today)
    copy.save()
    QuoteLine.objects.bulk_create(lines, batch_size=100)
    activities.record("quote.version_begun", quote, partner=quote.partner, actor=actor, at=now, version=copy.version)
    return copy


def _standing_wishes(quote: Quote, *, now: datetime) -> list[drafting.LineWish]:
    """What the quote is for, without what is gone; all of it where all of it is."""
    wishes = drafting.wishes_of(quote)
    gone = {(one.order, one.certificate) for one in gone_of(quote, now=now)}
    left = [wish for wish in wishes if (_key(wish.order), _key(wish.certificate)) not in gone]
    return left or wishes


def _key(row: Order | Certificate | None) -> int | None:
    return row.pk if row else None


def gone_of(quote: Quote, *, now: datetime) -> list[LineProblem]:
    """What stands in the quote and was renewed, ordered or moved in another way meanwhile."""
    return figures.gone(quote, drafting.lines_of(quote), now=now)


def left_out(draft: Quote, *, now: datetime) -> list[LineProblem]:
    """What the version before had, and is gone."""
    if draft.replaces is None:
        return []
    there = {(line.order_id, line.certificate_id) for line in draft.lines.all()}
    return [one for one in gone_of(draft.replaces, now=now) if (one.order, one.certificate) not in there]


def versions_of(quote: Quote) -> list[Quote]:
    """All versions of the quote, the newest first; of an unnumbered draft itself alone."""
    if not quote.number:
        return [quote]
    rows = Quote.objects.for_partner(quote.partner).filter(number=quote.number).select_related("owner")
    return list(rows.order_by("-version"))


def _days(quote: Quote) -> int:
    terms = SalesSettings.objects.for_partner(quote.partner).first()
    return terms.quote_days if terms else SalesSettings._meta.get_field("quote_days").default
