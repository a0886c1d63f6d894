"""Why something was, or was not, sent: every step of an order's calendar, with what became of it and what decided it.

Where there is a row, the row is told; elsewhere the same rules that plan say what they will do, or why they did not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from campaigns.models import Attempt, Calendar, EventLetter, Notice, Step
from campaigns.rules import timing
from campaigns.rules.ladder import REISSUE_LEAD_DAYS
from campaigns.rules.timing import Moment, Period, When
from campaigns.services.calendars import calendar_for, steps_of
from campaigns.services.outbox import HURRIED
from campaigns.services.planning import hours_of
from campaigns.states import SAID_ONCE, Basis, Channel, NoticeState, Reason, Recipient
from certificates.models import Contact, Order, Request
from certificates.services.replies import standing_reply
from certificates.states import RENEWING_STATES, ContactRole, EmailState, RenewalMark, RequestKind
from portal.models import Activity, Membership, OutgoingMail

_ROLES = {
    Recipient.TECHNICAL: ContactRole.TECHNICAL,
    Recipient.BUYER: ContactRole.BUYER,
    Recipient.MANAGER: ContactRole.MANAGER,
}


class Outcome(StrEnum):
    """What became of one step for one reader, or will; those from WILL on have no row of their own, or an idle one."""

    SENT = "sent"
    QUEUED = "queued"
    DUE = "due"
    PLANNED = "planned"
    HELD = "held"
    FAILED = "failed"
    MISSED = "missed"
    SUPPRESSED = "suppressed"
    SILENT = "silent"
    WILL = "will"
    QUIET = "quiet"
    OUTSIDE = "outside"
    RENEWAL_INSTEAD = "renewal_instead"
    STEP_IS_YOUNGER = "step_is_younger"
    CAME_LATE = "came_late"
    SAID = "said"


@dataclass(frozen=True, slots=True)
class Person:
    """A reader: by name, address and the zone of their clock; and which contact, or who of the partner's own people."""

    name: str
    email: str
    zone: str
    contact_id: int | None = None
    member_id: int | None = None

    @property
    def key(self) -> tuple[int | None, int | None]:
        return self.contact_id, self.member_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One step for one reader. `facts` are what the sentence names beside: dates, names, numbers, a server's words."""

    step: Step
    outcome: Outcome
    day: date | None = None
    at: datetime | None = None
    expires_at: datetime | None = None
    reader: Person | None = None
    zone: str = "UTC"
    reason: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    notice: Notice | None = None

    def is_on(self, on: date) -> bool:
        """Whether it is about that day: of its step, of the hour it was due, or of what became of it."""
        zone = ZoneInfo(self.zone)
        moments = [self.at, self.notice.due_at if self.notice else None]
        return on == self.day or on in [moment.astimezone(zone).date() for moment in moments if moment]

    @property
    def sorts(self) -> tuple[date, int]:
        """By its day; what lies outside the life has none and comes first."""
        return self.day or date.min, self.step.pk


@dataclass(frozen=True, slots=True)
class LetterTold:
    """A letter that an event has sent, and no step of the calendar; `row` is what the outbox keeps of it."""

    letter: str
    mail: OutgoingMail
    reader: Person
    row: EventLetter

    @property
    def day(self) -> date:
        return self.row.told_at(self.mail).astimezone(ZoneInfo(self.reader.zone)).date()


@dataclass(frozen=True, slots=True)
class Explanation:
    """An order's calendar, and every step of it; `earlier` are notices about ends and steps that are no more."""

    order: Order
    calendar: Calendar | None
    steps: list[Explained]
    earlier: list[Explained]

    def on(self, day: date) -> list[Explained]:
        return [one for one in (*self.earlier, *self.steps) if one.is_on(day)]

    def before(self, day: date) -> Explained | None:
        found = [one for one in (*self.earlier, *self.steps) if one.day and one.day < day]
        return max(found, key=lambda one: one.sorts, default=None)

    def after(self, day: date) -> Explained | None:
        found = [one for one in self.steps if one.day and one.day > day]
        return min(found, key=lambda one: one.sorts, default=None)


def explain(order: Order, *, now: datetime) -> Explanation:
    """Every step that applies to the order, told; queries do not grow with its notices."""
    story = _Story(order, now)
    calendar = calendar_for(order)
    steps = steps_of(calendar) if calendar else []
    told = [one for step in steps for one in story.of_step(step, steps, calendar)]
    named = {one.notice.pk for one in told if one.notice}
    earlier = [story.of_row(notice) for notice in story.notices if notice.pk not in named]
    return Explanation(
        order, calendar, sorted(told, key=lambda one: one.sorts), sorted(earlier, key=lambda one: one.sorts)
    )


def letters_about(order: Order) -> list[LetterTold]:
    """What events have said about the order, the latest first."""
    rows = EventLetter.objects.for_partner(order.partner).filter(order=order, mail__isnull=False)
    found = [
        LetterTold(row.letter, row.mail, _person(row.contact), row)
        for row in rows.select_related("mail", "contact")
        if row.mail
    ]
    return sorted(found, key=lambda one: one.day, reverse=True)


def of_notice(notice: Notice, *, now: datetime) -> Explained:
    """One notice, told."""
    return _Story(notice.order, now).of_row(notice)


@dataclass
class _Story:
    """What is known of one order; each part is asked for once, when it is needed."""

    order: Order
    now: datetime

    # Rows

    @cached_property
    def notices(self) -> list[Notice]:
        rows = Notice.objects.for_partner(self.order.partner).filter(order=self.order)
        return list(rows.select_related("step", "partner", "contact", "member__user", "mail").order_by("day", "pk"))

    def of_row(self, notice: Notice) -> Explained:
        zone = _zone_of(notice)
        outcome, reason = Outcome(notice.state), notice.reason
        if notice.state == NoticeState.PLANNED:
            reason = self.quiet or self.paused
            outcome = Outcome.DUE if notice.due_at <= self.now or reason else Outcome.PLANNED
        ended = notice.decided_at if notice.state not in (NoticeState.PLANNED, NoticeState.HELD) else None
        return Explained(
            step=notice.step,
            outcome=outcome,
            day=notice.day,
            at=ended or notice.due_at,
            expires_at=notice.expires_at,
            reader=_person_of(notice),
            zone=zone,
            reason=reason,
            facts={
                **self.facts_of(reason),
                "words": "" if notice.detail == HURRIED else notice.detail,
                "due_at": notice.due_at,
                "ends_at": notice.ends_at,
            },
            notice=notice,
        )

    # What the rules say where there is no row

    def of_step(self, step: Step, steps: Sequence[Step], calendar: Calendar | None) -> Iterator[Explained]:
        end = self.order.certificate_ends_at if step.basis == Basis.CERTIFICATE else self.order.ends_at
        rows = [one for one in self.notices if one.step_id == step.pk and one.ends_at == end]
        if rows:
            yield from (self._of_own_row(notice) for notice in rows)
        elif calendar is not None:
            yield from self._worked_out(step, steps, calendar)

    def _of_own_row(self, notice: Notice) -> Explained:
        """Of the calendar that applies: what lies idle comes back, unless the same was said meanwhile."""
        told = self.of_row(notice)
        said = self._said_elsewhere(notice.step, notice.ends_at, told.reader)
        is_over = notice.state == NoticeState.SILENT and not self.quiet
        return replace(told, outcome=Outcome.SAID, at=said.decided_at) if said and is_over else told

    def _said_elsewhere(self, step: Step, ends_at: datetime | None, reader: Person | None) -> Notice | None:
        """What another step in the same place has said to the same reader about the same end."""
        place, key = (step.channel, step.days, step.share), reader.key if reader else (None, None)
        said = (
            one
            for one in self.notices
            if one.state in (NoticeState.SENT, NoticeState.QUEUED) and one.channel in SAID_ONCE
            if (one.channel, one.step.days, one.step.share) == place and one.step_id != step.pk
            if one.ends_at == ends_at and (one.contact_id, one.member_id) == key
        )
        return next(said, None)

    def _worked_out(self, step: Step, steps: Sequence[Step], calendar: Calendar) -> Iterator[Explained]:
        period, when = self._period(step), When(step.days, step.share)
        if period is None or timing.day_of(when, period) is None:
            yield Explained(step=step, outcome=Outcome.OUTSIDE)
            return
        siblings = [
            When(one.days, one.share) for one in steps if (one.basis, one.channel) == (step.basis, step.channel)
        ]
        people = self._readers(step) if not self.quiet else []
        readers: list[Person | None] = [*people] or [None]
        for person in readers:
            zone = person.zone if person is not None else self._zone
            moment = timing.moment(when, period, hours=hours_of(calendar), zone=ZoneInfo(zone), siblings=siblings)
            if moment is not None:
                told = self._without_row(step, moment, person, zone, nobody=not people)
                said = self._said_elsewhere(step, period.ends_at, person) if not self.quiet else None
                yield replace(told, outcome=Outcome.SAID, at=said.decided_at) if said else told

    def _without_row(self, step: Step, moment: Moment, person: Person | None, zone: str, *, nobody: bool) -> Explained:
        outcome, reason = self._outcome(step, moment, nobody=nobody)
        return Explained(
            step=step,
            outcome=outcome,
            day=moment.day,
            at=moment.due_at,
            expires_at=moment.expires_at,
            reader=person,
            zone=zone,
            reason=reason,
            facts={**self.facts_of(reason), "placed_at": self.order.placed_at, "grace": step.calendar.grace_days},
        )

    def _outcome(self, step: Step, moment: Moment, *, nobody: bool) -> tuple[Outcome, str]:
        if self.quiet:
            return Outcome.QUIET, self.quiet
        if step.basis == Basis.CERTIFICATE and not self._goes_on:
            return Outcome.RENEWAL_INSTEAD, ""
        if moment.expires_at <= self.now:
            younger = step.since is not None and moment.due_at < step.since
            return (Outcome.STEP_IS_YOUNGER if younger else Outcome.CAME_LATE), ""
        if nobody and step.channel == Channel.EMAIL:
            return Outcome.SUPPRESSED, Reason.NOBODY
        return Outcome.WILL, self.paused

    @property
    def _goes_on(self) -> bool:
        order = self.order
        ends = order.ends_on, order.certificate_ends_on
        return ends[0] is not None and ends[1] is not None and (ends[0] - ends[1]).days > REISSUE_LEAD_DAYS

    def _period(self, step: Step) -> Period | None:
        order = self.order
        if step.basis == Basis.CERTIFICATE:
            ends_at, starts_at = order.certificate_ends_at, order.certificate_starts_at
        else:
            ends_at, starts_at = order.ends_at, order.starts_at
        return Period(starts_at, ends_at) if ends_at else None

    # Readers, as planning finds them

    @cached_property
    def _reachable(self) -> list[Contact]:
        rows = Contact.objects.for_partner(self.order.partner).filter(customer=self.order.customer_id)
        return [one for one in rows.order_by("pk") if one.email and one.email_state == EmailState.OK]

    @cached_property
    def _owner(self) -> Membership | None:
        owner = self.order.customer.owner
        return owner if owner and owner.is_active and owner.user.is_active else None

    @property
    def _zone(self) -> str:
        own = self.order.contact
        return own.time_zone if own else self.order.partner.time_zone

    def _readers(self, step: Step) -> list[Person]:
        if step.channel != Channel.EMAIL:
            return []
        wanted = [Recipient(one) for one in step.recipients] or [Recipient.TECHNICAL]
        contacts = [one for one in self._reachable if self._is_wanted(one, wanted)]
        if not contacts and wanted != [Recipient.OWNER]:
            contacts = self._reachable[:1]
        people = [_person(one) for one in contacts]
        if Recipient.OWNER in wanted and self._owner:
            people.append(_person_of_ours(self._owner))
        if not people and self._reachable:
            people.append(_person(self._reachable[0]))
        return people

    def _is_wanted(self, contact: Contact, wanted: Sequence[Recipient]) -> bool:
        roles = {_ROLES[one] for one in wanted if one in _ROLES}
        if Recipient.TECHNICAL in wanted and any(one.pk == self.order.contact_id for one in self._reachable):
            return contact.pk == self.order.contact_id or contact.role in roles - {ContactRole.TECHNICAL}
        return contact.role in roles

    # Why all is quiet

    @cached_property
    def quiet(self) -> str:
        """Why nothing at all is sent about the order, if so."""
        order = self.order
        if order.renewal_mark != RenewalMark.NONE:
            return Reason.RENEWED
        if not order.is_live:
            return Reason.NOT_LIVE
        if not order.notices_enabled:
            return Reason.NOTICES_OFF
        if not order.customer.notices_enabled:
            return Reason.CUSTOMER_OFF
        return Reason.NOT_NEEDED if self._reply and self._reply.until is None else ""

    @cached_property
    def paused(self) -> str:
        """Why it is not spoken of for now."""
        if self._reply and self._reply.until and self._reply.until > self.now.date():
            return Reason.PUT_OFF
        return Reason.PROMISED if self._promise else ""

    @cached_property
    def _reply(self) -> Any:
        return standing_reply(self.order)

    @cached_property
    def _promise(self) -> Attempt | None:
        rows = Attempt.objects.for_partner(self.order.partner).filter(
            call__items__order=self.order, undone_at=None, promised_on__gte=self.now.date()
        )
        return rows.order_by("-promised_on").first()

    def facts_of(self, reason: str) -> dict[str, Any]:
        """What is known of a reason: when it came about, and by whom."""
        if reason == Reason.RENEWED:
            return self._renewal
        if reason in (Reason.NOTICES_OFF, Reason.CUSTOMER_OFF):
            return self._switched_off
        if reason in (Reason.PUT_OFF, Reason.NOT_NEEDED) and self._reply:
            return {"date": self._reply.at, "until": self._reply.until, "who": self._reply.said_by}
        if reason == Reason.PROMISED and self._promise:
            return {"date": self._promise.at, "until": self._promise.promised_on}
        return {}

    @cached_property
    def _renewal(self) -> dict[str, Any]:
        order = self.order
        renewals = Request.objects.for_partner(order.partner).filter(order=order, kind=RequestKind.RENEWAL)
        asked = renewals.filter(state__in=RENEWING_STATES).select_related("result").order_by("-requested_at").first()
        if asked:
            number = asked.result.number if asked.result else order.successor_number
            return {"date": asked.requested_at, "number": number, "mark": order.renewal_mark}
        marked = self._last("order.renewal_marked", Q(facts__after=order.renewal_mark))
        at = marked.at if marked else None
        return {"date": at, "number": order.successor_number, "mark": order.renewal_mark}

    @cached_property
    def _switched_off(self) -> dict[str, Any]:
        switched = self._last("order.notices_switched", Q(facts__on=False))
        if switched is None or self.order.notices_enabled:
            return {}
        return {"date": switched.at, "who": str(switched.actor or "")}

    def _last(self, verb: str, condition: Q) -> Activity | None:
        rows = Activity.objects.for_partner(self.order.partner).about(self.order).filter(condition, verb=verb)
        return rows.select_related("actor").order_by("-at", "-pk").first()


def _person(one: Contact) -> Person:
    return Person(one.name or one.email, one.email, one.time_zone, contact_id=one.pk)


def _person_of_ours(one: Membership) -> Person:
    return Person(str(one.user), one.user.email, one.user.time_zone, member_id=one.pk)


def _person_of(notice: Notice) -> Person | None:
    if notice.contact:
        return _person(notice.contact)
    return _person_of_ours(notice.member) if notice.member else None


def _zone_of(notice: Notice) -> str:
    person = _person_of(notice)
    return person.zone if person else notice.partner.time_zone
