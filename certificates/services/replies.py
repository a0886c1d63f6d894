"""What customers answer instead of renewing: not now, or no longer needed. One answer stands per order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from certificates import rules
from certificates.models import Order, Reply
from certificates.querysets import ReplyQuerySet
from certificates.services import planning
from certificates.services.letters import replies as reply_letters
from certificates.services.refusals import RequestRefused
from certificates.states import LIVE_ORDER_STATES, RenewalMark
from portal import activities
from portal.models import User
from portal.texts import clean_text, one_line

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
LONGEST_WORDS = 2000


class NothingToAnswer(RequestRefused):
    """The order is renewed, was never issued, or can no longer be renewed: nobody asks."""


class DayNotOffered(RequestRefused):
    """An order is put off to a day from `first` to `last`, both included."""

    def __init__(self, first: date, last: date) -> None:
        super().__init__(first, last)
        self.first, self.last = first, last


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who says it: by name; `actor` is who was signed in; `taken_down` says that it was said to one of the house."""

    name: str
    actor: User | None = None
    taken_down: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The days to which an order may be put off, and those among them that are offered by name."""

    first: date
    last: date
    presets: dict[str, date]


def standing_reply(order: Order) -> Reply | None:
    """What the customer has said of the order, if that still stands."""
    return _replies(order).standing().first()


def choice_of(order: Order, *, now: datetime) -> Choice:
    """From tomorrow until the last day on which it can be renewed. Raises NothingToAnswer."""
    _refuse_unless_asked(order)
    try:
        window = planning.renewal_window(order, now=now, rules=planning.rules_for(order.partner, order.authority))
    except rules.NoRule as unknown:
        raise NothingToAnswer from unknown
    today = rules.utc_date(now)
    first, last = today + timedelta(days=1), rules.last_day(window.closes_at)
    if last < first or order.ends_on is None:
        raise NothingToAnswer
    return Choice(first, last, _presets(today, order.ends_on, first, last))


def _presets(today: date, ends_on: date, first: date, last: date) -> dict[str, date]:
    """Days that are easily named, each once: none beyond the end, as long as that is to come."""
    latest = min(last, ends_on) if ends_on >= first else last
    wanted = {"before_end": ends_on - WEEK, "last": ends_on - rules.DAY, "week": today + WEEK, "month": today + MONTH}
    names = {day: name for name, day in wanted.items() if first <= day <= latest}
    return {name: day for day, name in sorted(names.items())}


def put_off(order: Order, *, until: date, voice: Voice, now: datetime) -> Reply:
    """Not now: let the order rest until that day. Said twice it is said once. Raises NothingToAnswer, DayNotOffered."""
    choice = choice_of(order, now=now)
    if not choice.first <= until <= choice.last:
        raise DayNotOffered(choice.first, choice.last)
    return _answer(order, voice, now, kind=Reply.Kind.NOT_NOW, until=until)


def decline(order: Order, *, reason: str, words: str = "", voice: Voice, now: datetime) -> Reply:
    """No longer needed, for a Reply.Reason; its owner gets a letter, unless one of the house took it down.

    Said twice it is said once. Raises NothingToAnswer.
    """
    words = clean_text(words.strip(), LONGEST_WORDS)
    return _answer(order, voice, now, kind=Reply.Kind.NOT_NEEDED, reason=Reply.Reason(reason).value, words=words)


def take_back(order: Order, *, voice: Voice, now: datetime) -> bool:
    """Take the answer that stands back: the order is spoken of again. Whether there was one."""
    with transaction.atomic():
        reply = _withdraw(order, now)
        if reply is not None:
            facts = {"kind": reply.kind, **_by(voice)}
            activities.record(
                "order.answer_taken_back", order, partner=order.partner, actor=voice.actor, at=now, **facts
            )
    return reply is not None


def withdraw_for_renewal(order: Order, *, now: datetime) -> None:
    """The order is being renewed, in the caller's transaction: whatever was said before is past."""
    _withdraw(order, now)


def _answer(order: Order, voice: Voice, now: datetime, **said: Any) -> Reply:
    with transaction.atomic():
        order = _lock(order)
        _refuse_unless_asked(order)
        standing = standing_reply(order)
        if standing and all(getattr(standing, name) == value for name, value in said.items()):
            return standing
        _withdraw(order, now)
        reply = Reply.objects.create(
            partner=order.partner, order=order, said_by=one_line(voice.name, 254), at=now, **said
        )
        facts = {"until": reply.until.isoformat()} if reply.until else {"reason": reply.reason, "words": reply.words}
        verb = "order.put_off" if reply.until else "order.not_needed"
        activities.record(verb, order, partner=order.partner, actor=voice.actor, at=now, **facts, **_by(voice))
        if reply.kind == Reply.Kind.NOT_NEEDED and not voice.taken_down:
            reply_letters.tell_owner(reply, now=now)
    return reply


def _withdraw(order: Order, now: datetime) -> Reply | None:
    """End the answer that stands, in the caller's transaction; a letter about it that has not left stays home."""
    standing = standing_reply(order)
    if standing is None:
        return None
    _replies(order).standing().filter(pk=standing.pk).update(withdrawn_at=now)
    reply_letters.keep_home(standing)
    return standing


def _by(voice: Voice) -> dict[str, Any]:
    """Who said it, where the actor does not say so."""
    if voice.taken_down:
        return {"by": voice.name, "by_telephone": True}
    return {} if voice.actor else {"by": voice.name}


def _replies(order: Order) -> ReplyQuerySet:
    replies: ReplyQuerySet = Reply.objects.for_partner(order.partner).filter(order_id=order.pk)
    return replies


def _lock(order: Order) -> Order:
    """The order as it stands, held until the end of the transaction, with what a letter says of it."""
    rows = Order.objects.for_partner(order.partner).select_related("partner", "customer__owner__user")
    held: Order = rows.select_for_update(of=("self",), no_key=True).get(pk=order.pk)
    return held


def _refuse_unless_asked(order: Order) -> None:
    if order.renewal_mark != RenewalMark.NONE or order.status not in LIVE_ORDER_STATES:
        raise NothingToAnswer
