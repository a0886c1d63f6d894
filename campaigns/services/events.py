"""Letters that hang on an event and not on a day of the calendar: each is found, written and queued once.

They are queued only when they may leave, and ask what the calendar's letters ask; whatever changes before one has left
takes it back, and it is found anew where it is still so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Coalesce, StrIndex

from campaigns.models import Calendar, EventLetter
from campaigns.rules import reaching
from campaigns.services import copies, standing
from campaigns.services.arbiter import HOLD, written
from campaigns.services.calendars import calendars_of, following
from campaigns.services.facts import VALIDATIONS_LAPSE_DAYS, hindrances
from campaigns.services.planning import hours_of, zone_of
from campaigns.services.writing import Reader, Subject, Written
from certificates.models import Certificate, Contact, Domain, Installation, Order, Organization, Reply, Request
from certificates.querysets import OrderQuerySet
from certificates.rules import end_of_day, start_of_day, utc_date
from certificates.services import auto_renew
from certificates.services.preferences import unwanted
from certificates.states import LIVE_ORDER_STATES, EmailState, RenewalMark, RequestState, ValidationLevel
from offers.models import Quote
from offers.models.quotes import OPEN_QUOTE_STATES
from portal.access import across_partners, on_behalf_of
from portal.mail import outbox
from portal.mail.outbox import Draft
from portal.mail.settled import Settled
from portal.models import Partner
from portal.models.mail import MailPurpose, MailReason, MailState

log = structlog.get_logger(__name__)
Row = TypeVar("Row")

AUTO_RENEW, VALIDATION_NEEDED, QUOTE_EXPIRING = "auto_renew", "validation_needed", "quote_expiring"
NOT_INSTALLED = "not_installed"
# Before automatic renewal asks for it, and before a quote's validity ends
AUTO_RENEW_AHEAD, QUOTE_AHEAD = 7, 3
# Whose quote came today needs no reminder today.
_QUOTE_IS_NEW = timedelta(days=1)
_RENEWAL_DAYS = 90
# What nobody could be reminded to install for so long is not spoken of any more.
_REMINDED_WITHIN = timedelta(days=30)
# Readers whose letters are written and queued by one transaction, and orders that are looked at together.
BATCH = 100
_LOOK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something to tell a contact about an order, until `expires_at`; `about` is what makes it this event.

    `request` and `old_end` are those of the letter's subject.
    """

    letter: str
    about: str
    order: int
    contact: int
    calendar: int
    expires_at: datetime
    quote: Quote | None = None
    request: int | None = None
    old_end: date | None = None

    @property
    def key(self) -> tuple[int, str, str]:
        return self.order, self.letter, self.about

    @property
    def together(self) -> tuple[Any, ...]:
        """Events of which this is the same are told in one letter."""
        return self.letter, self.contact, "" if self.letter == VALIDATION_NEEDED else self.about


def tell_events(*, now: datetime) -> int:
    """Queue what every partner's readers are to hear of; how many letters. Asked again, nothing is told twice."""
    return sum(_tell_safely(one, now) for one in Partner.objects.filter(is_active=True).order_by("pk"))


def _tell_safely(partner: Partner, now: datetime) -> int:
    try:
        with on_behalf_of(partner):
            return _Teller(partner, now).tell()
    except Exception:
        # One partner's letters must not stop the others'; the next sweep comes back to them.
        log.exception("events_failed", partner=partner.slug)
        return 0


# What there is to tell


def auto_renewals(partner: Partner, calendars: Sequence[Calendar], now: datetime) -> Iterator[Event]:
    """Orders that will ask for their own renewal within days, once for each end."""
    today, days = utc_date(now), settings.AUTO_RENEW_DAYS
    tried = Request.objects.for_partner(partner).filter(source=auto_renew.SOURCE, order__isnull=False).values("order")
    told = EventLetter.objects.filter(order=OuterRef("pk"), letter=AUTO_RENEW, about=Cast(OuterRef("ends_on"), _TEXT))
    orders = _askable(Order.objects.for_partner(partner), calendars, now).filter(_reachable("contact"))
    orders = orders.due_for_auto_renewal(today=today, days=days + AUTO_RENEW_AHEAD).filter(~Exists(told))
    orders = orders.expiring(today=today, within=(days + 1, None)).exclude(pk__in=tried)
    for order in orders.auto_renew_not_refused().order_by("ends_on", "pk"):
        day = _day(order.ends_on)
        renews_at = start_of_day(day - timedelta(days=days))
        yield _event(order, AUTO_RENEW, day.isoformat(), expires_at=renews_at)


def validations(partner: Partner, calendars: Sequence[Calendar], now: datetime) -> Iterator[Event]:
    """Orders to be renewed for which a validation has lapsed or soon will.

    A letter names all that lapses until its day; a further one follows when something lapses after that.
    """
    today = utc_date(now)
    soon = Order.objects.for_partner(partner).expiring(today=today, within=(0, _RENEWAL_DAYS))
    orders = _askable(soon, calendars, now).filter(_reachable("contact"), _may_be_held_up(partner, today))
    rows = orders.select_related("product", "organization").order_by("ends_on", "pk").iterator(chunk_size=_LOOK)
    for some in _pieces(rows, _LOOK):
        told = _told_until(some)
        for order, facts in hindrances(partner, some, now=now).items():
            lapses = max((fact.until.isoformat() for fact in facts if fact.until), default="")
            found = next(one for one in some if one.pk == order)
            if lapses > told.get(order, ""):
                yield _event(found, VALIDATION_NEEDED, lapses, expires_at=end_of_day(_day(found.ends_on)))


def _told_until(orders: Iterable[Order]) -> dict[int, str]:
    rows = EventLetter.objects.filter(order__in=[one.pk for one in orders], letter=VALIDATION_NEEDED)
    return dict(rows.order_by("about").values_list("order", "about"))


def _may_be_held_up(partner: Partner, today: date) -> Q:
    """More than it is: whether a name lies in a domain is for the rules to say."""
    domains = Domain.objects.for_partner(partner).lapsing(today=today, within=VALIDATIONS_LAPSE_DAYS)
    names = Cast(OuterRef("names"), TextField())
    in_names = domains.filter(customer=OuterRef("customer")).alias(at=StrIndex(names, F("name"))).filter(at__gt=0)
    lapsing = Organization.objects.for_partner(partner).lapsing(today=today, within=VALIDATIONS_LAPSE_DAYS)
    theirs = Q(organization__in=lapsing.order_by().values("pk"))
    only = Q(organization=None, customer__in=lapsing.order_by().values("customer"))
    return Exists(in_names.order_by()) | ((theirs | only) & ~Q(product__level=ValidationLevel.DV))


def quotes(partner: Partner, calendars: Sequence[Calendar], now: datetime) -> Iterator[Event]:
    """Open quotes whose last days have come, with those of their orders that still ask for a renewal."""
    today = utc_date(now)
    told = EventLetter.objects.filter(quote=OuterRef("pk"))
    ending = Quote.objects.for_partner(partner).expiring_soon(today, within=QUOTE_AHEAD)
    ending = ending.filter(_reachable("contact"), ~Exists(told), sent_at__lt=now - _QUOTE_IS_NEW, change_asked_at=None)
    found = {one.pk: one for one in ending.select_related("contact", "customer").order_by("valid_until", "pk")}
    if not found:
        return
    lines = Order.objects.for_partner(partner).annotate(
        quoted=F("quote_lines__quote"), reader=F("quote_lines__quote__contact")
    )
    orders = _askable(lines.filter(quoted__in=list(found)), calendars, now, reader="reader")
    for order in orders.order_by("ends_on", "pk"):
        quote = found[order.quoted]  # type: ignore[attr-defined]
        yield _event(order, QUOTE_EXPIRING, str(quote.pk), expires_at=end_of_day(quote.valid_until), quote=quote)


def uninstalled(partner: Partner, calendars: Sequence[Calendar], now: datetime) -> Iterator[Event]:
    """Certificates in the place of others, of which nobody has said or seen that they are installed, once for each."""
    about = Cast(OuterRef("waiting"), _TEXT)
    told = EventLetter.objects.filter(order=OuterRef("pk"), letter=NOT_INSTALLED, about=about)
    stopped = unwanted(contact=OuterRef("contact"), order=OuterRef("predecessor"), certificate=OuterRef("waiting"))
    orders = _askable(_waiting(partner, now), calendars, now).filter(_reachable("contact"), ~Exists(told))
    for order in orders.filter(~Exists(stopped)).order_by("ends_on", "pk"):
        found: dict[str, Any] = vars(order)
        expires_at, old_end = found["waits_since"] + _REMINDED_WITHIN, found["old_end"]
        facts = {"request": found["asked"], "old_end": old_end if old_end and old_end >= utc_date(now) else None}
        yield _event(order, NOT_INSTALLED, str(found["waiting"]), expires_at=expires_at, **facts)


def _waiting(partner: Partner, now: datetime) -> OrderQuerySet:
    """Orders whose present certificate, `waiting`, is to be reminded of; with what was `asked`, and the `old_end`."""
    since = (now - _REMINDED_WITHIN, now)
    due = Order.objects.for_partner(partner).filter(
        certificates__is_current=True, certificates__installation__remind_due_at__range=since
    )
    asked = Request.objects.filter(result=OuterRef("pk"), state=RequestState.ISSUED).order_by("-finished_at")
    found: OrderQuerySet = due.annotate(
        waiting=F("certificates__pk"),
        waits_since=F("certificates__installation__remind_due_at"),
        asked=Subquery(asked.values("pk")[:1]),
        old_end=_old_end(),
    ).filter(asked__isnull=False)
    return found


def _old_end() -> Coalesce:
    """When the one that is still in use ends: as its server shows it, else as we know the one before it."""
    earlier = Certificate.objects.filter(order=OuterRef("pk"), is_current=False).order_by("-ends_on")
    served, before = "certificates__installation__served_ends_on", "predecessor__certificate_ends_on"
    return Coalesce(served, Subquery(earlier.values("ends_on")[:1]), before)


FINDERS: Sequence[Callable[[Partner, Sequence[Calendar], datetime], Iterator[Event]]] = (
    auto_renewals,
    validations,
    quotes,
    uninstalled,
)
_TEXT = CharField()


def _askable(
    orders: OrderQuerySet, calendars: Sequence[Calendar], now: datetime, *, reader: str = "contact"
) -> OrderQuerySet:
    """Of these orders those of which a letter may speak today, each with its calendar as `follows`."""
    stopped = unwanted(contact=OuterRef(reader), order=OuterRef("pk"))
    wanted = orders.issued().unrenewed().not_put_off(today=now.date())
    wanted = wanted.filter(~Exists(stopped), notices_enabled=True, customer__notices_enabled=True)
    promised = standing.promised(now.date()).order_by().values("order")
    found: OrderQuerySet = wanted.exclude(pk__in=promised).annotate(follows=following(calendars))
    return found.filter(Q(follows__isnull=False))


def _reachable(contact: str) -> Q:
    here = {f"{contact}__isnull": False, f"{contact}__email_state": EmailState.OK}
    return Q(**here, **{f"{contact}__customer": F("customer")}) & ~Q(**{f"{contact}__email": ""})


def _event(order: Order, letter: str, about: str, *, quote: Quote | None = None, **facts: Any) -> Event:
    contact = quote.contact_id if quote else order.contact_id
    facts |= {"contact": contact or 0, "calendar": order.follows}  # type: ignore[attr-defined]
    return Event(letter=letter, about=about, order=order.pk, quote=quote, **facts)


def _pieces(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    left = iter(rows)
    while piece := list(islice(left, size)):
        yield piece


def _day(day: date | None) -> date:
    if day is None:
        raise ValueError(day)
    return day


# Telling it


@dataclass(frozen=True, slots=True)
class _Letter:
    """What one reader is to hear in one letter, of which a row is kept for each order."""

    contact: Contact
    events: Sequence[Event]

    @property
    def reader(self) -> Reader:
        first = self.events[0]
        subjects = [Subject(order=one.order, request=one.request, old_end=one.old_end) for one in self.events]
        return Reader(key=first.letter, subjects=subjects, contact=self.contact, quote=first.quote)


class _Teller:
    """Writes to the readers of one partner."""

    def __init__(self, partner: Partner, now: datetime) -> None:
        self.partner, self.now = partner, now
        self.calendars = calendars_of(partner)
        self.hours = {one.pk: hours_of(one) for one in self.calendars}

    def tell(self) -> int:
        """How many letters were queued."""
        if not self.calendars:
            return 0
        groups: defaultdict[tuple[Any, ...], list[Event]] = defaultdict(list)
        for find in FINDERS:
            for event in find(self.partner, self.calendars, self.now):
                groups[event.together].append(event)
        return sum(self._tell(some) for some in _pieces(groups.values(), BATCH))

    @transaction.atomic
    def _tell(self, groups: Sequence[Sequence[Event]]) -> int:
        contacts = Contact.objects.filter(pk__in={group[0].contact for group in groups}).order_by("pk")
        held = {one.pk: one for one in contacts.select_related("partner", "customer").select_for_update(**HOLD)}
        fresh = _not_told(groups)
        letters = [
            _Letter(held[group[0].contact], group)
            for group in fresh
            if group[0].contact in held and self._may_leave(group, held[group[0].contact])
        ]
        drawn = zip(letters, written([one.reader for one in letters], self.now), strict=True)
        good = [(letter, words) for letter, words in drawn if _is_written(words)]
        self._queue(good)
        return len(good)

    def _may_leave(self, events: Sequence[Event], contact: Contact) -> bool:
        zone = zone_of(contact.time_zone)
        return all(self.hours[one.calendar].permits(self.now, zone) for one in events)

    def _queue(self, letters: Sequence[tuple[_Letter, Written]]) -> None:
        if not letters:
            return
        kept = self._keep([letter for letter, _words in letters])
        drafts = [self._draft(letter, words, rows) for (letter, words), rows in zip(letters, kept, strict=True)]
        ids = outbox.enqueue_many(drafts, now=self.now).ids
        for draft, rows in zip(drafts, kept, strict=True):
            for row in rows:
                row.mail_id = ids[draft.key]
        EventLetter.objects.bulk_update([row for rows in kept for row in rows], ["mail"])
        copies.keep(((ids[draft.key], draft) for draft in drafts), now=self.now)

    def _keep(self, letters: Sequence[_Letter]) -> list[list[EventLetter]]:
        """The rows that keep each from being told again, by letter; stored with one statement."""
        rows = [[self._row(one) for one in letter.events] for letter in letters]
        EventLetter.objects.bulk_create([row for some in rows for row in some])
        return rows

    def _row(self, event: Event) -> EventLetter:
        return EventLetter(
            partner=self.partner,
            letter=event.letter,
            about=event.about,
            order_id=event.order,
            contact_id=event.contact,
            quote=event.quote,
            queued_at=self.now,
        )

    def _draft(self, letter: _Letter, words: Written, rows: Sequence[EventLetter]) -> Draft:
        if words.words is None:
            raise ValueError(words)
        zone, first = zone_of(letter.contact.time_zone), rows[0]
        ends = [
            reaching.leave_by(self.hours[one.calendar], zone, now=self.now, expires_at=one.expires_at)
            for one in letter.events
        ]
        return Draft(
            # the row's own key makes what is told anew, after it was taken back, another letter
            key=f"event:{first.letter}:{first.order_id}:{first.about}:{first.pk}",
            partner=letter.contact.partner,
            purpose=MailPurpose.OFFER if words.with_offers else MailPurpose.NOTICE,
            to_email=letter.contact.email,
            to_name=letter.contact.name,
            words=words.words,
            headers=words.headers,
            leave_by=min(ends),
        )


def _not_told(groups: Sequence[Sequence[Event]]) -> list[list[Event]]:
    """What nobody has told meanwhile; asked again while the readers are held."""
    orders = {one.order for group in groups for one in group}
    known = set(EventLetter.objects.filter(order__in=orders).values_list("order", "letter", "about"))
    left = [[one for one in group if one.key not in known] for group in groups]
    return [group for group in left if group]


def _is_written(letter: Written) -> bool:
    if letter.failed:
        log.warning("event_not_written", letter=letter.reader.key, reason=letter.failed.reason)
    return letter.words is not None


# What becomes of it


def has_passed(now: datetime) -> Q:
    """Of letters those about an event that is no longer so, or of which nobody is to speak any more."""
    today = now.date()
    quiet = Reply.objects.silencing(today=today).order_by().values("order")
    stopped = unwanted(contact=OuterRef("contact"), order=OuterRef("order"))
    gone = (
        ~Q(order__status__in=LIVE_ORDER_STATES)
        | ~Q(order__renewal_mark=RenewalMark.NONE)
        | Q(order__notices_enabled=False)
        | Q(order__customer__notices_enabled=False)
        | Q(order__in=quiet)
        | Q(order__in=standing.promised(today).order_by().values("order"))
        | Q(letter=AUTO_RENEW, order__auto_renew=False)
        | Q(letter=NOT_INSTALLED) & ~Exists(_to_remind_of(now))
        | Q(quote__isnull=False) & ~Q(quote__state__in=OPEN_QUOTE_STATES)
        | Exists(stopped)
    )
    return Q(Exists(EventLetter.objects.filter(gone, mail=OuterRef("pk")).order_by()))


def _to_remind_of(now: datetime) -> QuerySet[Installation]:
    """What the outer letter asks to install, as long as its reader wants to hear of it: as `uninstalled` asks."""
    stopped = unwanted(
        contact=OuterRef(OuterRef("contact")),
        order=OuterRef("certificate__order__predecessor"),
        certificate=OuterRef("certificate"),
    )
    waiting = Installation.objects.filter(certificate__order=OuterRef("order"), certificate__is_current=True)
    found: QuerySet[Installation] = waiting.filter(~Exists(stopped), remind_due_at__lte=now)
    return found


def hear(settled: Sequence[Settled]) -> None:
    """What was taken back and has not left may be told anew, by another letter, where it is still so."""
    back = [
        one.letter
        for one in settled
        if one.state == MailState.WITHDRAWN and not one.may_have_arrived and one.reason != MailReason.REFUSED
    ]
    if back:
        with across_partners():
            EventLetter.objects.filter(mail__in=back).delete()
