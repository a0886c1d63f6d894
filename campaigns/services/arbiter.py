"""One word to one reader: everything that is due for a reader leaves as one letter, once, whoever asks and how often.

A batch claims its readers, writes their letters and queues them in one transaction: a worker that is killed leaves
everything as it was, and two workers never hold the same reader.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import Case, Q, TextField, Value, When
from django.db.models.functions import Lower

from campaigns.models import Notice
from campaigns.querysets import NoticeQuerySet
from campaigns.rules import reaching, timing
from campaigns.rules.timing import Due, Hours
from campaigns.services import calls, copies, standing, writing
from campaigns.services.outbox import HURRIED
from campaigns.services.planning import hours_of
from campaigns.services.writing import Failed, Reader, Subject, Written
from campaigns.states import Channel, NoticeState, Reason, Tone
from certificates.models import Contact
from certificates.rules import DAY
from certificates.services.preferences import wanting
from portal import crashpoints
from portal.access import across_partners
from portal.mail import outbox
from portal.mail.outbox import Draft
from portal.models import Membership, SuppressedAddress
from portal.models.mail import MailPurpose

log = structlog.get_logger(__name__)

# Readers whose letters are written and queued by one transaction.
BATCH = 100
# So many notices are looked at to find them.
_LOOK = 4 * BATCH
# Due calls that come onto the list by one transaction, and messages that are shown by one.
_CALLS, _SHOWN = 500, 5000
# A run ends after this, so that the next one sees what has changed meanwhile.
RUN_SECONDS = 20.0
DIGEST = "digest"
_URGENCY = (Tone.FRIENDLY, Tone.PLAIN, Tone.URGENT)


class Addressee(NamedTuple):
    """Whom a letter goes to, by primary key: a contact, or one of the partner's own people."""

    contact: int | None
    member: int | None


Person: TypeAlias = Contact | Membership
Place: TypeAlias = tuple[datetime, int]
Letter: TypeAlias = tuple[list[Notice], Written]


@dataclass(slots=True)
class Gathered:
    """What one run did: letters queued, and the notices in them; then notices shown, called, overtaken and so on."""

    letters: int = 0
    notices: int = 0
    shown: int = 0
    called: int = 0
    overtaken: int = 0
    later: int = 0
    failed: int = 0


def gather_due(*, now: datetime, limit: int = 10_000) -> Gathered:
    """Let every due notice speak on its channel, at most `limit` letters; asked twice, or by two workers, once."""
    did = Gathered()
    with across_partners():
        did.shown = show(now)
        did.called = call(now)
        _write_all(did, now, limit)
    return did


# What is only shown, or called


def show(now: datetime) -> int:
    """Console messages and banners are there from their hour on, as long as the order stands."""
    shown = 0
    rows = standing.standing(_due(now).filter(channel__in=[Channel.CONSOLE, Channel.BANNER]), now).order_by("pk")
    while keys := list(rows.values_list("pk", flat=True)[:_SHOWN]):
        mine = Notice.objects.filter(pk__in=keys, state=NoticeState.PLANNED)
        shown += mine.update(state=NoticeState.SENT, decided_at=now)
    return shown


def call(now: datetime) -> int:
    """Telephone notices come onto the call list."""
    called = 0
    while due := list(standing.standing(_due(now).on(Channel.TELEPHONE), now).order_by("due_at", "pk")[:_CALLS]):
        taken = calls.open_calls(due, now=now).notices
        called += taken
        if not taken:
            break
    return called


def _due(now: datetime) -> NoticeQuerySet:
    """Due and in time, of partners that are served.

    After a standstill nothing speaks before all is planned that is due: what comes together goes together.
    """
    is_whole = Q(step__calendar__planned_until__gt=now)
    return Notice.objects.due(now).filter(is_whole, expires_at__gt=now, partner__is_active=True)


# Whose turn it is


def _write_all(did: Gathered, now: datetime, limit: int) -> None:
    started, place = monotonic(), None
    while did.letters < limit and monotonic() - started < RUN_SECONDS:
        addressees, place = _next_addressees(now, place, min(BATCH, limit - did.letters))
        if not addressees:
            break
        with transaction.atomic():
            _Batch(did, now).gather(addressees)


def _next_addressees(now: datetime, after: Place | None, size: int) -> tuple[list[Addressee], Place | None]:
    """Whoever waits longest for a letter; and the place from which to go on, so that a run passes each only once."""
    rows = _letters_due(now).order_by("due_at", "pk")
    if after:
        rows = rows.filter(Q(due_at__gt=after[0]) | Q(due_at=after[0], pk__gt=after[1]))
    found: dict[Addressee, None] = {}
    place = after
    for due_at, pk, contact, member in rows.values_list("due_at", "pk", "contact", "member")[:_LOOK]:
        addressee = Addressee(contact, member)
        if addressee not in found and len(found) == size:
            break
        found[addressee] = None
        place = (due_at, pk)
    return list(found), place


def _letters_due(now: datetime) -> NoticeQuerySet:
    somebody = Q(contact__isnull=False) | Q(member__isnull=False)
    return standing.standing(_due(now).on(Channel.EMAIL).filter(somebody), now)


def _take(addressees: Sequence[Addressee]) -> dict[Addressee, Person]:
    """Hold these readers for this worker alone; whoever another one holds is left to it."""
    contacts = Contact.objects.filter(pk__in=[one.contact for one in addressees if one.contact])
    members = Membership.objects.filter(pk__in=[one.member for one in addressees if one.member])
    held: dict[Addressee, Person] = {}
    for contact in contacts.select_related("partner", "customer").order_by("pk").select_for_update(**HOLD):
        held[Addressee(contact.pk, None)] = contact
    for member in members.select_related("partner", "user").order_by("pk").select_for_update(**HOLD):
        held[Addressee(None, member.pk)] = member
    return held


# Foreign keys may be pointed at a reader meanwhile.
HOLD: dict[str, Any] = {"skip_locked": True, "no_key": True, "of": ("self",)}


def _claim(people: Mapping[Addressee, Person], now: datetime) -> list[Notice]:
    """Everything that is due for these readers, what is most urgent first; held until the end of the transaction."""
    contacts = [one.contact for one in people if one.contact]
    members = [one.member for one in people if one.member]
    rows = _letters_due(now).filter(Q(contact__in=contacts) | Q(member__in=members))
    return list(rows.select_related("step__calendar").order_by("ends_at", "pk").select_for_update(**HOLD))


# Letters


@dataclass(slots=True)
class _Batch:
    """The letters of some readers, from the claim to the queue; runs inside one transaction."""

    did: Gathered
    now: datetime
    hours: dict[int, Hours] = field(default_factory=dict)

    def gather(self, addressees: Sequence[Addressee]) -> None:
        people = _take(addressees)
        ready = self._in_hours(_claim(people, self.now), people)
        speaking = self._speaking(ready, self._coming(ready, people))
        groups = _by_addressee(speaking)
        letters: list[Letter] = list(zip(groups.values(), written(_readers(groups, people), self.now), strict=True))
        self._queue([one for one in letters if one[1].words])
        self._fail([one for one in letters if not one[1].words])
        crashpoints.reach("touch.gathered")

    def _in_hours(self, notices: Iterable[Notice], people: Mapping[Addressee, Person]) -> list[Notice]:
        """Those whose readers may be reached at this moment; the others wait for the next that permits it."""
        ready: list[Notice] = []
        waiting: defaultdict[datetime, list[int]] = defaultdict(list)
        for notice in notices:
            moment = reaching.next_moment(
                *self._reach(notice, people[Addressee(notice.contact_id, notice.member_id)]),
                now=self.now,
                due_at=notice.due_at,
                expires_at=notice.expires_at,
                ends_at=notice.ends_at,
                is_hurried=notice.detail == HURRIED,
            )
            if moment <= self.now:
                ready.append(notice)
            else:
                waiting[moment].append(notice.pk)
        for due_at, keys in waiting.items():
            self.did.later += Notice.objects.filter(pk__in=keys, expires_at__gt=due_at).update(due_at=due_at)
        return ready

    def _coming(self, ready: Iterable[Notice], people: Mapping[Addressee, Person]) -> list[Due]:
        """What comes later today to the same readers about that of which something late is to be said now."""
        late = [notice for notice in ready if self._is_late(notice, people)]
        abouts = {_as_due(notice).about for notice in late}
        coming = _letters_to_come({notice.order_id for notice in late}, self.now)
        found = [(notice, _as_due(notice)) for notice in coming]
        return [due for notice, due in found if due.about in abouts and self._comes_today(notice, people)]

    def _is_late(self, notice: Notice, people: Mapping[Addressee, Person]) -> bool:
        """From an earlier day of its reader; nobody has told it to hurry."""
        _hours, zone = self._reach(notice, people[Addressee(notice.contact_id, notice.member_id)])
        return notice.detail != HURRIED and not reaching.is_same_day(notice.due_at, self.now, zone)

    def _comes_today(self, notice: Notice, people: Mapping[Addressee, Person]) -> bool:
        _hours, zone = self._reach(notice, people[Addressee(notice.contact_id, notice.member_id)])
        return reaching.comes_today(zone, now=self.now, due_at=notice.due_at, ends_at=notice.ends_at)

    def _speaking(self, notices: Sequence[Notice], coming: Sequence[Due]) -> list[Notice]:
        """Of several steps about one order only the latest speaks, now or later today; the others were overtaken."""
        speaking, overtaken = timing.choose([_as_due(notice) for notice in notices], coming)
        if overtaken:
            self.did.overtaken += Notice.objects.filter(pk__in=list(overtaken)).update(
                state=NoticeState.MISSED, reason=Reason.OVERTAKEN, decided_at=self.now
            )
        return [notice for notice in notices if notice.pk in speaking]

    def _queue(self, letters: Sequence[Letter]) -> None:
        if not letters:
            return
        drafts = [self._draft(notices, letter) for notices, letter in letters]
        ids = outbox.enqueue_many(drafts, now=self.now).ids
        mails = [ids[draft.key] for draft in drafts]
        of_mail = [
            When(pk__in=_keys(notices), then=Value(mail)) for (notices, _), mail in zip(letters, mails, strict=True)
        ]
        self.did.notices += Notice.objects.filter(pk__in=_keys(*(notices for notices, _ in letters))).update(
            state=NoticeState.QUEUED, reason="", detail="", decided_at=self.now, mail=Case(*of_mail)
        )
        copies.keep(((mail, draft) for mail, draft in zip(mails, drafts, strict=True)), now=self.now)
        self.did.letters += len(letters)

    def _draft(self, notices: Sequence[Notice], letter: Written) -> Draft:
        person = letter.reader.contact or letter.reader.member
        if person is None or letter.words is None:
            raise ValueError(letter)
        reach = {notice.pk: self._reach(notice, person) for notice in notices}
        ends = [reaching.leave_by(*reach[notice.pk], now=self.now, expires_at=notice.expires_at) for notice in notices]
        email, name = _address(person)
        return Draft(
            key=_letter_key(notices),
            partner=person.partner,
            purpose=MailPurpose.OFFER if letter.with_offers else MailPurpose.NOTICE,
            to_email=email,
            to_name=name,
            words=letter.words,
            headers=letter.headers,
            leave_by=min(ends),
        )

    def _reach(self, notice: Notice, person: Person) -> tuple[Hours, ZoneInfo]:
        """When its reader may be reached: the hours of the step's calendar, by the reader's own clock."""
        calendar = notice.step.calendar
        if calendar.pk not in self.hours:
            self.hours[calendar.pk] = hours_of(calendar)
        zone = person.time_zone if isinstance(person, Contact) else person.user.time_zone
        return self.hours[calendar.pk], ZoneInfo(zone)

    def _fail(self, letters: Sequence[Letter]) -> None:
        if not letters:
            return
        why = [When(pk__in=_keys(notices), then=Value(_error(letter))) for notices, letter in letters]
        self.did.failed += Notice.objects.filter(pk__in=_keys(*(notices for notices, _ in letters))).update(
            state=NoticeState.FAILED,
            reason=Reason.TEMPLATE,
            decided_at=self.now,
            detail=Case(*why, output_field=TextField()),
        )


def _letters_to_come(orders: Iterable[int], now: datetime) -> NoticeQuerySet:
    """About these orders, in the next 24 hours."""
    rows = Notice.objects.planned().on(Channel.EMAIL).filter(order__in=orders, due_at__gt=now, due_at__lt=now + DAY)
    return standing.standing(rows, now).select_related("step__calendar")


def _as_due(notice: Notice) -> Due:
    step = notice.step
    about = (notice.order_id, step.basis, notice.contact_id, notice.member_id)
    return Due(notice.pk, about, notice.day, timing.When(step.days, step.share).rank)


def _by_addressee(notices: Iterable[Notice]) -> dict[Addressee, list[Notice]]:
    groups: defaultdict[Addressee, list[Notice]] = defaultdict(list)
    for notice in notices:
        groups[Addressee(notice.contact_id, notice.member_id)].append(notice)
    return dict(groups)


def _readers(groups: Mapping[Addressee, Sequence[Notice]], people: Mapping[Addressee, Person]) -> list[Reader]:
    open_to_offers = _open_to_offers([one for one in people.values() if isinstance(one, Contact)])
    return [
        Reader(
            key=notices[0].step.letter if len(notices) == 1 else DIGEST,
            subjects=[Subject(order=one.order_id, certificate=one.certificate_id, notice=one.pk) for one in notices],
            tone=max((Tone(one.step.tone) for one in notices), key=_URGENCY.index),
            contact=person if isinstance(person, Contact) else None,
            member=person if isinstance(person, Membership) else None,
            with_offers=isinstance(person, Contact) and person.pk in open_to_offers,
        )
        for (addressee, notices) in groups.items()
        for person in [people[addressee]]
    ]


def _open_to_offers(contacts: Sequence[Contact]) -> set[int]:
    """Those who have not stopped offers, neither themselves nor whoever shares their address."""
    rows = Contact.objects.filter(pk__in=[contact.pk for contact in contacts])
    willing = set(wanting(rows, offers=True).values_list("pk", flat=True))
    addresses = {contact.email.lower() for contact in contacts}
    stopped = SuppressedAddress.objects.annotate(address=Lower("email")).filter(
        partner__in={contact.partner_id for contact in contacts},
        address__in=addresses,
        reason=SuppressedAddress.Reason.UNSUBSCRIBED,
    )
    closed = set(stopped.values_list("partner_id", "address"))
    return {one.pk for one in contacts if one.pk in willing and (one.partner_id, one.email.lower()) not in closed}


def written(readers: Sequence[Reader], now: datetime) -> list[Written]:
    """A letter for each reader; where all of them together cannot be written, one by one, so that one alone fails."""
    if not readers:
        return []
    try:
        with transaction.atomic():
            return writing.write_letters(readers, now=now)
    except Exception as error:
        log.exception("letters_not_written", readers=len(readers))
        if len(readers) == 1:
            return [Written(reader=readers[0], failed=Failed(f"{type(error).__name__}: {error}"))]
    return [letter for reader in readers for letter in written([reader], now)]


def _address(person: Person) -> tuple[str, str]:
    """E-mail and name."""
    return (person.email, person.name) if isinstance(person, Contact) else (person.user.email, str(person.user))


def _letter_key(notices: Iterable[Notice]) -> str:
    """The same for the same claim. A letter that was taken back stays known on its notices: the next is another one."""
    claimed = sorted((notice.pk, notice.mail_id or 0) for notice in notices)
    first = claimed[0][0]
    return f"touch:{first}:{hashlib.sha256(repr(claimed).encode()).hexdigest()[:40]}"


def _error(letter: Written) -> str:
    return letter.failed.reason if letter.failed else ""


def _keys(*groups: Iterable[Notice]) -> list[int]:
    return [notice.pk for notices in groups for notice in notices]
