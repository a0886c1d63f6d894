"""Send a quote: its number, frozen words, document and letter come to be together or not at all."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from certificates.rules import utc_date
from certificates.states import EmailState
from offers.models import Quote, QuoteDocument, SalesSettings
from offers.models.quotes import QuoteState
from offers.rules.numbers import quote_number
from offers.services.quotes import drafting, holding, letters, moves
from offers.services.quotes.links import is_readable, make_quote_link
from offers.services.quotes.refusals import NobodyToSendTo, QuoteMovedOn, ValidityPast
from offers.services.quotes.snapshots import snapshot_of
from portal import activities, crashpoints, verification
from portal.codes import new_code
from portal.models import Partner, User
from portal.wakeups import nudge


def send_quote(quote: Quote, *, actor: User | None, now: datetime, by_mail: bool = True) -> Quote:
    """Send a draft, or only give it its number and documents; the quote as it stands then.

    It is priced once more, and from then on stands for ever. The number is the next of its year: taken under a lock and
    given back should anything fail, so that none is ever missing. A new version keeps the number of the one it
    replaces, which ends. Raises QuoteMovedOn, LinesRefused, NothingToQuote, ValidityPast and, by mail, NobodyToSendTo.
    """
    with transaction.atomic():
        quote = moves.lock(quote)
        moves.refuse_unless_draft(quote)
        if by_mail:
            _refuse_without_address(quote)
        if quote.valid_until < utc_date(now):
            raise ValidityPast
        older = _lock_older(quote)
        worked = drafting.reprice(quote, now=now)
        quote.number = quote.number or take_number(quote.partner, now=now)
        quote.verification_code = new_code()
        holding.hold_all(quote, [one.line for one in worked.lines], now=now)
        snapshot = snapshot_of(quote, worked, verify_at=verification.place_of(quote.partner))
        moves.move(
            quote,
            QuoteState.SENT,
            number=quote.number,
            verification_code=quote.verification_code,
            snapshot=snapshot.to_json(),
            sent_at=now,
        )
        if older:
            _replace(older, now=now)
        _order_document(quote, now=now)
        if by_mail:
            letters.send_letter(quote, now=now)
        facts = {"by_mail": by_mail, "gross": str(quote.gross), "currency": quote.currency, "version": quote.version}
        activities.record("quote.sent", quote, partner=quote.partner, actor=actor, at=now, **facts)
        crashpoints.reach("quote_sent")
    return quote


def take_number(partner: Partner, *, now: datetime) -> str:
    """The next number of the year. Whoever else wants one waits until this transaction has ended, well or badly."""
    SalesSettings.objects.get_or_create(partner=partner)
    terms = SalesSettings.objects.for_partner(partner).select_for_update().get()
    year = str(utc_date(now).year)
    number = int(terms.quote_numbers.get(year, 0)) + 1
    terms.quote_numbers = {**terms.quote_numbers, year: number}
    terms.save(update_fields=["quote_numbers"])
    return quote_number(terms.quote_prefix, int(year), number)


def resend_quote(quote: Quote, *, actor: User, now: datetime) -> None:
    """Send the letter once more, with a new link. Raises QuoteMovedOn, QuoteExpired and NobodyToSendTo."""
    with transaction.atomic():
        quote = moves.lock(quote)
        moves.refuse_unless_answerable(quote, today=utc_date(now))
        _refuse_without_address(quote)
        letters.send_letter(quote, now=now, again=True)
        activities.record("quote.resent", quote, partner=quote.partner, actor=actor, at=now)


def fresh_link(quote: Quote, *, actor: User, now: datetime) -> str:
    """A new address of the customer's page, to be handed on; that it was asked for is written down.

    Raises QuoteMovedOn for a draft and for a withdrawn quote.
    """
    with transaction.atomic():
        quote = moves.lock(quote)
        if not is_readable(quote):
            raise QuoteMovedOn(quote)
        address = make_quote_link(quote, now=now, source="copied")
        activities.record("quote.link_made", quote, partner=quote.partner, actor=actor, at=now)
    return address


def _lock_older(quote: Quote) -> Quote | None:
    """The version before, held still. Raises QuoteMovedOn where it was accepted meanwhile."""
    if quote.replaces is None:
        return None
    older = moves.lock(quote.replaces)
    if older.state not in moves.REVISABLE:
        raise QuoteMovedOn(older)
    return older


def _replace(older: Quote, *, now: datetime) -> None:
    """The version before ends, unless it has ended by itself. Until here its prices stood, also for the new one."""
    if not older.is_open:
        Quote.objects.filter(pk=older.pk).update(change_asked_at=None)
        return
    moves.move(older, QuoteState.SUPERSEDED, ended_at=now, change_asked_at=None)
    letters.withdraw_letters(older)
    holding.release_all(older, now=now)


def _refuse_without_address(quote: Quote) -> None:
    contact = quote.contact
    if contact is None or not contact.email or contact.email_state != EmailState.OK:
        raise NobodyToSendTo


def _order_document(quote: Quote, *, now: datetime) -> None:
    """Let a worker draw the PDF as soon as this is committed; its sweep would find the row anyway."""
    from offers.tasks import draw_quote  # tasks call services

    document = QuoteDocument.objects.create(partner=quote.partner, quote=quote, due_at=now)
    nudge(draw_quote, document.pk)
