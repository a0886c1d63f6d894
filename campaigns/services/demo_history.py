"""Two weeks of touchpoints behind the demo's partner: planned by the planner, said at their hour, kept as ever.

Nothing of it is handed to a mail server. What has been due for less than the days of grace is left to the portal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from django.db.models import F, Q

from campaigns.models import Attempt, Call, EventLetter, Notice
from campaigns.querysets import NoticeQuerySet
from campaigns.services import copies, events, outbox, standing
from campaigns.services.arbiter import written
from campaigns.services.attempts import Said, record_attempt
from campaigns.services.calendars import calendars_of
from campaigns.services.calls import open_calls
from campaigns.services.planning import plan_touchpoints
from campaigns.services.writing import Reader, Subject
from campaigns.states import Channel, NoticeState, Reason, Tone
from certificates.models import Contact
from certificates.rules import DAY, utc_date
from portal.mail import outbox as mail
from portal.mail.outbox import Draft
from portal.models import Membership, OutgoingMail, Partner, User
from portal.models.mail import MailPurpose, MailReason, MailState
from portal.roles import Role

WEEKS = (14, 7)
# What a calendar may still say late: it is said by the portal itself, today.
_GRACE = timedelta(days=5)
# Letters that can be read; of the others it is known that they went. To write one takes time.
_WRITTEN = 1
_REFUSED = "550 5.7.1 Rejected by the recipient's policy"


def seed_history(partner: Partner, now: datetime) -> None:
    """Make it for the demo's partner, whose scope is open."""
    members = Membership.objects.for_partner(partner).select_related("user").order_by("-pk")
    people = {one.role: one.user for one in members}
    for ago in WEEKS:
        plan_touchpoints(now=now - ago * DAY, partner=partner)
        until = min(now - (ago - 7) * DAY, now - _GRACE)
        _speak(_due(partner, until, now))
        caller = people.get(Role.ACCOUNT_MANAGER) if ago > WEEKS[-1] else None
        _ring(_due(partner, until, now), _office_hour(until), caller)
    _write_some(partner)
    _tell_one(partner, now)
    plan_touchpoints(now=now, partner=partner)
    _hold_one(partner, people.get(Role.ADMINISTRATOR), now)


def _office_hour(near: datetime) -> datetime:
    """In the morning of that day, or of the working day before it."""
    day = utc_date(near)
    while day.isoweekday() > 5:
        day -= DAY
    return datetime.combine(day, time(9), UTC)


def _due(partner: Partner, until: datetime, now: datetime) -> NoticeQuerySet:
    """What was due by then, or is of no use today."""
    due = Notice.objects.for_partner(partner).planned().filter(Q(due_at__lte=until) | Q(expires_at__lte=now))
    return standing.standing(due, until)


def _speak(due: NoticeQuerySet) -> None:
    """Each at its hour; a reader's server has refused one."""
    said = due.exclude(channel=Channel.TELEPHONE).values_list("pk", flat=True)
    rows = Notice.objects.filter(pk__in=list(said))
    rows.update(state=NoticeState.SENT, decided_at=F("due_at"))
    if not Notice.objects.filter(state=NoticeState.FAILED).exists():
        refused = rows.filter(contact__isnull=False).order_by("due_at", "pk").values("pk")[:1]
        failed = Notice.objects.filter(pk__in=list(refused.values_list("pk", flat=True)))
        failed.update(state=NoticeState.FAILED, reason=Reason.SERVER, detail=_REFUSED)


def _ring(due: NoticeQuerySet, at: datetime, caller: User | None) -> None:
    """Calls as the calendar opened them; the account manager has made those of earlier weeks."""
    notices = list(due.on(Channel.TELEPHONE))
    open_calls(notices, now=at)
    if caller is None:
        return
    calls = Call.objects.filter(notices__in=notices).open().select_related("partner").distinct().order_by("pk")
    for number, call in enumerate(calls):
        record_attempt(call, _outcome(number), seen=0, actor=caller, now=at + timedelta(hours=2))


def _outcome(number: int) -> Said:
    if number % 5 == 2:
        return Said(outcome=Attempt.Outcome.DECLINED, decline=Attempt.Decline.PRICE, note="Compares prices")
    return Said(outcome=Attempt.Outcome.REACHED, note="" if number % 3 else "Renews once the buyer has signed")


# Letters that can be read


def _write_some(partner: Partner) -> None:
    """The words of the letters that went last."""
    sent = Notice.objects.for_partner(partner).on(Channel.EMAIL).filter(state=NoticeState.SENT, contact__isnull=False)
    for notice in sent.select_related("step", "contact__partner").order_by("-due_at", "-pk")[:_WRITTEN]:
        subject = Subject(order=notice.order_id, certificate=notice.certificate_id, notice=notice.pk)
        reader = Reader(key=notice.step.letter, subjects=[subject], tone=Tone(notice.step.tone), contact=notice.contact)
        letter = _kept(f"touch:demo:{notice.pk}", reader, notice.contact, notice.due_at)
        Notice.objects.filter(pk=notice.pk).update(mail=letter)


def _tell_one(partner: Partner, now: datetime) -> None:
    """Of the first validation that lapses, its contact has heard on the last working day."""
    at = _office_hour(now - DAY)
    found: Iterator[events.Event] = events.validations(partner, calendars_of(partner), now)
    first = next(found, None)
    if first is None:
        return
    contact = Contact.objects.for_partner(partner).select_related("partner").get(pk=first.contact)
    reader = Reader(key=first.letter, subjects=[Subject(order=first.order)], contact=contact)
    EventLetter.objects.create(
        partner=partner,
        letter=first.letter,
        about=first.about,
        order_id=first.order,
        contact=contact,
        mail=_kept(f"event:demo:{first.order}", reader, contact, at),
        queued_at=at,
    )


def _kept(key: str, reader: Reader, contact: Contact | None, at: datetime) -> OutgoingMail | None:
    """A letter as it stands once it has left."""
    (letter,) = written([reader], at)
    if contact is None or letter.words is None:
        return None
    draft = Draft(
        key=key,
        partner=contact.partner,
        purpose=MailPurpose.NOTICE,
        to_email=contact.email,
        to_name=contact.name,
        words=letter.words,
        headers=letter.headers,
    )
    ids = mail.enqueue_many([draft], now=at).ids
    copies.keep([(ids[key], draft)], now=at)
    row = OutgoingMail.objects.filter(pk=ids[key])
    # its links are of no use to anybody who reads the table later
    row.update(state=MailState.SENT, reason=MailReason.SENT, sent_at=at, attempts=1, text="", html="")
    return row.get()


def _hold_one(partner: Partner, actor: User | None, now: datetime) -> None:
    """The administrator wants to speak to somebody before the last letter of the week goes."""
    ahead = Notice.objects.for_partner(partner).planned().on(Channel.EMAIL).filter(due_at__gt=now + DAY)
    last = ahead.order_by("-due_at", "-pk").values_list("pk", flat=True)[:1]
    if actor is not None:
        outbox.hold(Notice.objects.for_partner(partner).filter(pk__in=list(last)), actor=actor, now=now)
