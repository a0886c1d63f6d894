"""What stands in a customer's console: the partner's own messages, and those of the calendar while their orders stand.

Forty orders make one message. Whatever is renewed, switched off or put off is gone from it at the next look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, FilteredRelation, Q, QuerySet

from campaigns.models import Message, MessageMark, Notice
from campaigns.querysets import NoticeQuerySet
from campaigns.services import standing
from campaigns.states import Channel, NoticeState
from certificates import rules
from certificates.models import Customer, Order
from certificates.querysets import RECENT_DAYS
from portal import activities
from portal.models import Partner, User

Urgency = Message.Urgency
# Urgent messages stand on top.
RANK = {Urgency.URGENT: 0, Urgency.SOON: 1, Urgency.CALM: 2}
# Days left to the first end of which a message speaks, and how urgent that makes it
URGENT_DAYS, SOON_DAYS = 7, 30


@dataclass(frozen=True, slots=True)
class Own:
    """A message of the partner, as one person sees it."""

    message: Message
    is_read: bool
    is_dismissed: bool

    @property
    def key(self) -> str:
        return f"message-{self.message.pk}"

    @property
    def urgency(self) -> Urgency:
        return Urgency(self.message.urgency)


@dataclass(frozen=True, slots=True)
class Ends:
    """What the calendar says today about all of a customer's orders that stand, by their ends."""

    notices: Sequence[Notice]
    today: date
    is_read: bool
    is_dismissed: bool

    @property
    def key(self) -> str:
        """Names the newest of them, so that a press speaks of no later one that its reader has not seen."""
        return f"notices-{max(notice.pk for notice in self.notices)}"

    @property
    def orders(self) -> list[Order]:
        return [notice.order for notice in self.notices]

    @property
    def first_day(self) -> date:
        return rules.last_day(self.notices[0].ends_at)

    @property
    def urgency(self) -> Urgency:
        left = (self.first_day - self.today).days
        return Urgency.URGENT if left <= URGENT_DAYS else Urgency.SOON if left <= SOON_DAYS else Urgency.CALM


Item = Own | Ends


def console_of(customer: Customer, user: User, *, now: datetime) -> list[Item]:
    """What stands in the customer's console for one person, the urgent first; with what they have put away."""
    items: list[Item] = [*_own(customer, user, now), *_ends(customer, user, now)]
    return sorted(items, key=lambda one: RANK[one.urgency])


def _own(customer: Customer, user: User, now: datetime) -> list[Own]:
    rows = live_messages(customer.partner, now=now).filter(Q(customer=None) | Q(customer=customer))
    return [Own(one, *_marked([one])) for one in _with_marks(rows, user).order_by("-starts_at", "-pk")]


def _ends(customer: Customer, user: User, now: datetime) -> list[Ends]:
    """At most two: the notices that were put away, and those that were not."""
    shown = latest_per_order(_with_marks(shown_notices(customer, now=now), user))
    groups = [[one for one in shown if bool(one.put_away_at) is is_put_away] for is_put_away in (False, True)]
    today = rules.utc_date(now)
    return [Ends(group, today, *_marked(group)) for group in groups if group]


def _with_marks(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Adds `seen_at` and `put_away_at`: of this person, if ever."""
    marked = rows.annotate(mine=FilteredRelation("marks", condition=Q(marks__user=user)))
    seen: QuerySet[Any] = marked.annotate(seen_at=F("mine__read_at"), put_away_at=F("mine__dismissed_at"))
    return seen


def _marked(rows: Sequence[Any]) -> tuple[bool, bool]:
    """Whether all of them are read, and all put away."""
    return all(one.seen_at for one in rows), all(one.put_away_at for one in rows)


def live_messages(partner: Partner, *, now: datetime) -> QuerySet[Message]:
    """Begun, neither over nor taken back."""
    rows: QuerySet[Message] = Message.objects.for_partner(partner).filter(starts_at__lte=now, withdrawn_at=None)
    return rows.filter(Q(expires_at=None) | Q(expires_at__gt=now))


def shown_notices(customer: Customer, *, now: datetime, channel: Channel = Channel.CONSOLE) -> NoticeQuerySet:
    """What the calendar has begun to show on the channel, while its orders still ask for something."""
    rows = Notice.objects.for_partner(customer.partner).filter(
        customer=customer, channel=channel, state=NoticeState.SENT, ends_at__gt=now - timedelta(days=RECENT_DAYS)
    )
    return standing.standing(rows, now).select_related("order", "step")


def latest_per_order(notices: Iterable[Any]) -> list[Any]:
    """Of each order the notice that came last, by the ends they speak of."""
    latest: dict[int, Any] = {}
    for notice in sorted(notices, key=lambda one: (one.due_at, one.pk)):
        latest[notice.order_id] = notice
    return sorted(latest.values(), key=lambda one: (one.ends_at, one.pk))


# What a customer does


def mark_read(item: Item, user: User, *, now: datetime) -> None:
    """The person has seen it; asked again, the first time stands."""
    _mark(item, user, {"read_at": now}, only={"read_at": None})


def dismiss(item: Item, user: User, *, now: datetime) -> None:
    """The person wants to see it no more; what the calendar says later comes all the same."""
    mark_read(item, user, now=now)
    _mark(item, user, {"dismissed_at": now}, only={"dismissed_at": None})


def show_again(item: Item, user: User) -> None:
    """Take a dismissal back."""
    _mark(item, user, {"dismissed_at": None}, only={})


@transaction.atomic
def _mark(item: Item, user: User, values: Mapping[str, Any], *, only: Mapping[str, Any]) -> None:
    subjects = _subjects(item)
    MessageMark.objects.bulk_create(
        [MessageMark(partner_id=partner, user=user, **about) for partner, about in subjects], ignore_conflicts=True
    )
    for _partner, about in subjects:
        MessageMark.objects.filter(user=user, **about, **only).update(**values)


def _subjects(item: Item) -> list[tuple[int, dict[str, Any]]]:
    if isinstance(item, Own):
        return [(item.message.partner_id, {"message": item.message})]
    return [(one.partner_id, {"notice": one}) for one in item.notices]


# What the house does


@transaction.atomic
def publish_message(message: Message, *, actor: User, now: datetime) -> Message:
    """Store a new message; it is shown from its beginning on."""
    message.created_by = actor
    message.save()
    _record("message.published", message, actor, now)
    return message


@transaction.atomic
def change_message(message: Message, *, actor: User, now: datetime) -> None:
    """Store what was changed; whoever has put the message away does not see it again."""
    message.save()
    _record("message.changed", message, actor, now)


@transaction.atomic
def withdraw_message(message: Message, *, actor: User, now: datetime) -> bool:
    """Take it out of every console at once; whether it was in any."""
    return _move(message, {"withdrawn_at": None}, {"withdrawn_at": now}, "message.withdrawn", actor, now)


@transaction.atomic
def restore_message(message: Message, *, actor: User, now: datetime) -> bool:
    """Show it again; whether it had been taken back."""
    return _move(message, {"withdrawn_at__isnull": False}, {"withdrawn_at": None}, "message.restored", actor, now)


def _move(
    message: Message, before: Mapping[str, Any], after: Mapping[str, Any], verb: str, actor: User, now: datetime
) -> bool:
    mine = Message.objects.for_partner(message.partner).filter(pk=message.pk, **before)
    if not mine.update(**after):
        return False
    _record(verb, message, actor, now)
    return True


def _record(verb: str, message: Message, actor: User, now: datetime) -> None:
    to = message.customer.name if message.customer else ""
    activities.record(verb, message, partner=message.partner, actor=actor, at=now, title=str(message), to=to)
