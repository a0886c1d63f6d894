"""What becomes of a sent quote: read, accepted once, declined, discussed, withdrawn, or left to expire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from certificates.rules import utc_date
from offers.models import Quote
from offers.models.quotes import DeclineReason, QuoteState
from offers.services.quotes import holding, moves, notices, ordering
from offers.services.quotes.letters import withdraw_letters
from offers.services.quotes.links import end_links
from offers.services.quotes.refusals import AnswerMissing, QuoteNoLongerHolds, TermsNotAccepted
from portal import activities
from portal.access import across_partners, on_behalf_of
from portal.models import Partner, User
from portal.texts import one_line

# What one sweep closes at most; the next one follows within minutes.
SWEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """Who said it, and which of ours wrote it down on the telephone, if somebody did."""

    name: str
    role: str
    by: User | None
    now: datetime

    @property
    def columns(self) -> dict[str, object]:
        return {
            "answered_name": self.name,
            "answered_role": self.role,
            "answered_for": self.by,
            "ended_at": self.now,
        }

    @property
    def facts(self) -> dict[str, str | bool]:
        return {"name": self.name, "role": self.role, "by_telephone": self.by is not None}


def view_quote(quote: Quote, *, now: datetime) -> bool:
    """Its reader has seen it; whether that was the first time."""
    seen = Quote.objects.filter(pk=quote.pk, state=QuoteState.SENT)
    with transaction.atomic():
        if not seen.update(state=QuoteState.VIEWED, viewed_at=now):
            return False
        activities.record("quote.viewed", quote, partner=quote.partner, at=now)
    return True


def accept_quote(
    quote: Quote,
    *,
    name: str,
    role: str = "",
    purchase_order: str = "",
    terms_accepted: bool,
    now: datetime,
    by: User | None = None,
) -> Quote:
    """Order everything the quote says, at its prices, exactly once; the quote as it stands then.

    `by` is the account manager who took the word on the telephone, None where the customer pressed. A renewal whose
    key is known keeps it, any other request waits for its key. Raises QuoteMovedOn (it was accepted already, say),
    QuoteExpired, TermsNotAccepted, AnswerMissing, and QuoteNoLongerHolds with the lines that cannot be ordered any
    more: then none was.
    """
    answer = _answer(name, role, by, now)
    if not terms_accepted:
        raise TermsNotAccepted
    with transaction.atomic():
        quote = _locked_for_answer(quote, now)
        words = one_line(purchase_order, 60) or quote.purchase_order
        moves.move(quote, QuoteState.ACCEPTED, purchase_order=words, change_asked_at=None, **answer.columns)
        _order_all(quote, by=by, now=now)
        facts = {**answer.facts, "purchase_order": words, "gross": str(quote.gross), "currency": quote.currency}
        activities.record("quote.accepted", quote, partner=quote.partner, actor=by, at=now, **facts)
        notices.confirm_order(quote, now=now)
        _tell_owner(quote, by, now)
    return quote


def _order_all(quote: Quote, *, by: User | None, now: datetime) -> None:
    related = ("order__partner", "order__customer", "order__product", "certificate__partner")
    lines = quote.lines.select_related(*related, "product", "organization")
    ordering.lock_subjects(lines)
    taxes = ordering.taxes_of(quote, lines)
    asked = [ordering.order_line(quote, line, tax=taxes[line.pk], actor=by, now=now) for line in lines]
    if problems := [problem for problem in asked if problem]:
        raise QuoteNoLongerHolds(problems)
    holding.use_all(quote, now=now)


def decline_quote(
    quote: Quote,
    *,
    reason: str,
    words: str = "",
    name: str = "",
    role: str = "",
    now: datetime,
    by: User | None = None,
) -> Quote:
    """Say no, with a DeclineReason; what was held for it is free again.

    Raises QuoteMovedOn, QuoteExpired, AnswerMissing.
    """
    if reason not in DeclineReason.values:
        raise AnswerMissing("reason")
    answer = _Answer(name=one_line(name, 120), role=one_line(role, 120), by=by, now=now)
    with transaction.atomic():
        quote = _locked_for_answer(quote, now)
        columns = {"decline_reason": reason, "answer_words": words.strip(), "change_asked_at": None}
        moves.move(quote, QuoteState.DECLINED, **columns, **answer.columns)
        holding.release_all(quote, now=now)
        facts = {**answer.facts, "reason": reason, "words": words.strip()}
        activities.record("quote.declined", quote, partner=quote.partner, actor=by, at=now, **facts)
        _tell_owner(quote, by, now)
    return quote


def ask_for_change(
    quote: Quote, *, words: str, name: str = "", role: str = "", now: datetime, by: User | None = None
) -> Quote:
    """Ask for another version; the quote stays open, and stands among what its owner has to do.

    The same words of the same person, while they wait, are the same press sent twice: nothing changes. Raises
    QuoteMovedOn, QuoteExpired, AnswerMissing.
    """
    words = words.strip()
    if not words:
        raise AnswerMissing("words")
    with transaction.atomic():
        quote = _locked_for_answer(quote, now)
        said = words, one_line(name, 120), one_line(role, 120)
        if quote.change_asked_at and said == (quote.answer_words, quote.answered_name, quote.answered_role):
            return quote
        quote.change_asked_at = now
        quote.answer_words, quote.answered_name, quote.answered_role = said
        quote.save(update_fields=["change_asked_at", "answer_words", "answered_name", "answered_role"])
        facts = {"words": words, "name": quote.answered_name, "by_telephone": by is not None}
        activities.record("quote.change_asked", quote, partner=quote.partner, actor=by, at=now, **facts)
        _tell_owner(quote, by, now)
    return quote


def withdraw_quote(quote: Quote, *, actor: User, now: datetime) -> Quote:
    """Take an open quote back: its links end, its letter stays home if it has not left, what it held is free again.

    Raises QuoteMovedOn.
    """
    with transaction.atomic():
        quote = moves.lock(quote)
        moves.move(quote, QuoteState.WITHDRAWN, ended_at=now, change_asked_at=None)
        holding.release_all(quote, now=now)
        end_links(quote, now=now)
        withdraw_letters(quote)
        activities.record("quote.withdrawn", quote, partner=quote.partner, actor=actor, at=now)
    return quote


def expire_quotes(now: datetime) -> int:
    """Close every open quote, of whatever partner, whose last day is over; how many there were."""
    with across_partners():
        due = list(Quote.objects.overdue(utc_date(now)).select_related("partner").order_by("valid_until", "pk")[:SWEPT])
    return sum(_expire(quote, now) for quote in due)


def _expire(quote: Quote, now: datetime) -> bool:
    partner: Partner = quote.partner
    with on_behalf_of(partner), transaction.atomic():
        # It may have been answered, or another sweep been here, since it was looked up.
        overdue = Quote.objects.overdue(utc_date(now)).filter(pk=quote.pk)
        if not overdue.update(state=QuoteState.EXPIRED, ended_at=now, change_asked_at=None):
            return False
        holding.release_all(quote, now=now)
        activities.record("quote.expired", quote, partner=partner, at=now)
    return True


def _tell_owner(quote: Quote, by: User | None, now: datetime) -> None:
    """What was said on the telephone is known in the house."""
    if by is None:
        notices.tell_owner(quote, now=now)


def _answer(name: str, role: str, by: User | None, now: datetime) -> _Answer:
    name = one_line(name, 120)
    if not name:
        raise AnswerMissing("name")
    return _Answer(name=name, role=one_line(role, 120), by=by, now=now)


def _locked_for_answer(quote: Quote, now: datetime) -> Quote:
    quote = moves.lock(quote)
    moves.refuse_unless_answerable(quote, today=utc_date(now))
    return quote
