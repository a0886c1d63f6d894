"""Note what came of a call, and take it back: nothing is noted over what somebody else has just noted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from campaigns.models import Attempt, Call, CallItem
from campaigns.rules import calling
from campaigns.services.calls import forget_counts, next_contact, office_of
from certificates.models import Customer, Order, Reply
from certificates.rules import utc_date
from certificates.services import replies
from certificates.services.replies import NothingToAnswer, Voice
from portal import activities
from portal.models import User
from portal.texts import clean_text

Outcome = Attempt.Outcome
LONGEST_NOTE = 2000
# Whoever presses the same button again within this time meant one press.
_SAME_PRESS = timedelta(minutes=1)
# Somebody was spoken to.
_SPOKE = (Outcome.REACHED, Outcome.PROMISED, Outcome.DECLINED)
_ENDS = (Outcome.REACHED, Outcome.DECLINED)


class CallIsOver(Exception):
    """The call was done, or has settled by itself; nothing was noted."""


class SomebodyElseCalled(Exception):
    """Since the page was read, an outcome was noted: `attempt`. Nothing was noted over it."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt)
        self.attempt = attempt


class PromiseOutOfReach(Exception):
    """A promise is kept from today on, and within the renewal window."""


class NothingToUndo(Exception):
    """No attempt of this call counts."""


class AnotherCallOpen(Exception):
    """The customer has another open call by now, so this one stays done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came of ringing; `promised_on` belongs to a promise, `decline` to a no.

    `not_needed` also keeps the no as the customer's answer for every order of the call: no letters from then on.
    """

    outcome: str
    promised_on: date | None = None
    decline: str = ""
    note: str = ""
    not_needed: bool = False


def last_attempt(call: Call) -> Attempt | None:
    """The newest one that counts."""
    counting = Attempt.objects.filter(partner=call.partner_id, call=call, undone_at=None)
    found: Attempt | None = counting.select_related("by", "contact").order_by("-at", "-pk").first()
    return found


def record_attempt(call: Call, said: Said, *, seen: int, actor: User, now: datetime) -> Attempt:
    """Note the outcome and move the call on: done, or rung again on another day, or at another number.

    `seen` is the key of the last attempt on the page that was read, 0 for none. Pressed twice it is noted once.
    Raises SomebodyElseCalled, CallIsOver, PromiseOutOfReach.
    """
    if said.promised_on and not calling.may_promise(said.promised_on, today=utc_date(now)):
        raise PromiseOutOfReach(said.promised_on)
    with transaction.atomic():
        held = _hold(call)
        last = last_attempt(held)
        if last is not None and last.pk != seen:
            return _same_press(last, said, actor, now)
        if held.state != Call.State.OPEN:
            raise CallIsOver
        attempt = _note(held, said, actor, now)
        _move_on(held, attempt, now)
        if said.not_needed:
            _give_up(held, attempt, actor, now)
        forget_counts()
    return attempt


def undo_attempt(call: Call, *, actor: User, now: datetime) -> Attempt:
    """Take the last attempt back: the call stands as it did before. What has settled since stays closed.

    Raises NothingToUndo, AnotherCallOpen.
    """
    try:
        with transaction.atomic():
            held = _hold(call)
            attempt = last_attempt(held)
            if attempt is None:
                raise NothingToUndo
            _take_back(held, attempt, actor, now)
            forget_counts()
    except IntegrityError as clash:
        raise AnotherCallOpen from clash
    return attempt


def _hold(call: Call) -> Call:
    rows = Call.objects.for_partner(call.partner).select_related("partner", "customer", "contact")
    held: Call = rows.select_for_update(of=("self",), no_key=True).get(pk=call.pk)
    return held


def _same_press(last: Attempt, said: Said, actor: User, now: datetime) -> Attempt:
    is_same = last.by_id == actor.pk and last.outcome == said.outcome and last.promised_on == said.promised_on
    if is_same and now - last.at <= _SAME_PRESS:
        return last
    raise SomebodyElseCalled(last)


# Noted


def _note(call: Call, said: Said, actor: User, now: datetime) -> Attempt:
    attempt = Attempt.objects.create(
        partner=call.partner,
        call=call,
        contact=call.contact,
        phone=call.contact.phone if call.contact else "",
        outcome=said.outcome,
        promised_on=said.promised_on if said.outcome == Outcome.PROMISED else None,
        decline=said.decline if said.outcome == Outcome.DECLINED else "",
        note=clean_text(said.note.strip(), LONGEST_NOTE),
        at=now,
        by=actor,
        due_before=call.due_on,
        contacted_before=call.customer.last_contacted_at,
    )
    if said.outcome in _SPOKE:
        Customer.objects.for_partner(call.partner).filter(pk=call.customer_id).update(last_contacted_at=now)
    facts = {"outcome": str(said.outcome), "promised_on": str(attempt.promised_on or ""), "decline": attempt.decline}
    activities.record("call.attempted", call, partner=call.partner, actor=actor, at=now, **facts)
    return attempt


def _move_on(call: Call, attempt: Attempt, now: datetime) -> None:
    changed = _after(call, attempt, now)
    for name, value in changed.items():
        setattr(call, name, value)
    call.save(update_fields=list(changed))


def _after(call: Call, attempt: Attempt, now: datetime) -> dict[str, Any]:
    """What the outcome changes about the call."""
    if attempt.outcome in _ENDS:
        return {"state": Call.State.DONE, "ended_at": now}
    if attempt.outcome == Outcome.VOICEMAIL:
        return {"due_on": office_of(call.partner).next_working_day(utc_date(now))}
    if attempt.promised_on:
        return {"due_on": calling.rings_again_on(attempt.promised_on)}
    other = next_contact(call)
    return {"contact": other} if other else {}


def _give_up(call: Call, attempt: Attempt, actor: User, now: datetime) -> None:
    """The no is the customer's answer: for every order that is still asked about."""
    name = str(call.contact or call.customer)
    voice = Voice(name=name, actor=actor, taken_down=True)
    for order in _orders(call, now):
        with suppress(NothingToAnswer):
            replies.decline(order, reason=attempt.decline, words=attempt.note, voice=voice, now=now)


def _orders(call: Call, now: datetime) -> list[Order]:
    items = CallItem.objects.for_partner(call.partner).filter(call=call).asking(utc_date(now))
    return list(Order.objects.for_partner(call.partner).filter(pk__in=items.values("order")).select_related("partner"))


# Taken back


def _take_back(call: Call, attempt: Attempt, actor: User, now: datetime) -> None:
    Attempt.objects.for_partner(call.partner).filter(pk=attempt.pk).update(undone_at=now)
    customers = Customer.objects.for_partner(call.partner).filter(pk=call.customer_id)
    customers.filter(last_contacted_at=attempt.at).update(last_contacted_at=attempt.contacted_before)
    _withdraw_answers(call, attempt, actor, now)
    if call.state != Call.State.CLOSED:
        contact = attempt.contact if attempt.outcome == Outcome.WRONG_NUMBER else call.contact
        rows = Call.objects.for_partner(call.partner).filter(pk=call.pk)
        rows.update(state=Call.State.OPEN, ended_at=None, due_on=attempt.due_before, contact=contact)
    facts = {"outcome": attempt.outcome}
    activities.record("call.taken_back", call, partner=call.partner, actor=actor, at=now, **facts)


def _withdraw_answers(call: Call, attempt: Attempt, actor: User, now: datetime) -> None:
    """The answers that were kept with this attempt, as far as they still stand."""
    kept = Reply.objects.for_partner(call.partner).standing().filter(order__call_items__call=call, at=attempt.at)
    for reply in kept.select_related("order__partner"):
        replies.take_back(reply.order, voice=Voice(name=str(actor), actor=actor), now=now)
