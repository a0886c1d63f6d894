"""A mass of letters that is far from usual stops and asks: one mistake must not reach ten thousand readers.

Only notices and offers are ever stopped; whoever waits for a code, a quote or an answer gets it. What an administrator
releases is that mass and no more: the next one is judged anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from statistics import median

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from portal import activities
from portal.mail import alarms
from portal.mail.days import day_of
from portal.models import MailAlarm, OutgoingMail, Partner, SendingCount, SendingHold, User
from portal.models.mail import MailReason, OutgoingMailQuerySet

# So far back a usual day is looked for.
REMEMBERED = timedelta(days=28)


class AlreadyAnswered(Exception):
    """Somebody has answered the question before."""


def watch(due: OutgoingMailQuerySet, now: datetime) -> int:
    """Ask about every partner whose due letters are far more than usual; returns how many letters were stopped."""
    # in this order: a letter that another worker takes meanwhile is missed rather than counted twice
    counts = list(SendingCount.objects.filter(address="", mass__gt=0, day__gte=(now - timedelta(days=1)).date()))
    wanting = _wanting(due)
    partners = Partner.objects.in_bulk(wanting)
    sent = _sent_today(counts, partners, now)
    limits = limits_of(partners.values(), now)
    stopped = 0
    for pk, partner in partners.items():
        if wanting[pk] + sent[pk] > limits[pk]:
            ask(partner, wants=wanting[pk] + sent[pk], now=now)
            stopped += wanting[pk]
    return stopped


def _wanting(due: OutgoingMailQuerySet) -> dict[int, int]:
    """How many letters of each partner would leave for the first time; one that is tried again was judged before."""
    rows = due.mass().filter(is_released=False, counted_on=None).order_by().values_list("partner").annotate(Count("pk"))
    return {pk: letters for pk, letters in rows if pk}


def limits_of(partners: Iterable[Partner], now: datetime) -> dict[int, int]:
    """How many notices and offers each partner may send on its day unasked."""
    usual = usual_of(partners, now)
    return {pk: max(settings.MAIL_GUARD_LETTERS, settings.MAIL_GUARD_FACTOR * letters) for pk, letters in usual.items()}


def usual_of(partners: Iterable[Partner], now: datetime) -> dict[int, int]:
    """The middle one of the days with letters among the last 28; 0 for a partner that has sent none."""
    found: dict[int, list[int]] = {partner.pk: [] for partner in partners}
    today = {partner.pk: day_of(partner, now) for partner in partners}
    days = SendingCount.objects.filter(partner__in=found, address="", mass__gt=0, day__gte=(now - REMEMBERED).date())
    for pk, day, letters in days.values_list("partner", "day", "mass"):
        if day < today[pk]:
            found[pk].append(letters)
    return {pk: round(median(letters)) if letters else 0 for pk, letters in found.items()}


def _sent_today(
    counts: Iterable[SendingCount], partners: Mapping[int, Partner], now: datetime
) -> defaultdict[int, int]:
    """Of each partner, what has left unasked on its day."""
    sent: defaultdict[int, int] = defaultdict(int)
    for row in counts:
        partner = partners.get(row.partner_id)
        if partner and row.day == day_of(partner, now):
            sent[partner.pk] = row.mass - row.released
    return sent


@transaction.atomic
def ask(partner: Partner, *, wants: int, now: datetime) -> None:
    """Stop the partner's notices and offers until somebody answers; asked twice, one question stands."""
    usual = usual_of([partner], now)[partner.pk]
    hold = SendingHold(partner=partner, kind=SendingHold.Kind.GUARD, since=now, wants=wants, usual=usual)
    SendingHold.objects.bulk_create([hold], ignore_conflicts=True)
    asked = SendingHold.objects.get(partner=partner, kind=SendingHold.Kind.GUARD, answer="")
    if asked.since == now:
        activities.record("sending.stopped", asked, partner=partner, at=now, letters=wants, usual=usual)
        alarms.raise_alarm(MailAlarm.Kind.MASS, partner=partner, at=now, letters=wants, usual=usual)


@transaction.atomic
def hold_all(partner: Partner, *, actor: User, now: datetime) -> SendingHold:
    """Stop the partner's notices and offers by hand, until somebody lets them go."""
    hold, created = SendingHold.objects.get_or_create(
        partner=partner, kind=SendingHold.Kind.BY_HAND, answer="", defaults={"since": now, "held_by": actor}
    )
    if created:
        activities.record("sending.held", hold, partner=partner, actor=actor, at=now)
    return hold


@transaction.atomic
def release(hold: SendingHold, *, actor: User, now: datetime) -> int:
    """Send what waits because of the question; returns how many letters. Raises AlreadyAnswered."""
    letters = kept(hold.partner, now).update(is_released=True)
    _answer(hold, SendingHold.Answer.SENT, letters, actor, now)
    return letters


@transaction.atomic
def refuse(hold: SendingHold, *, actor: User, now: datetime) -> int:
    """Do not send what waits because of the question; returns how many letters. Raises AlreadyAnswered."""
    # the next run withdraws them and tells whoever asked for them
    letters = kept(hold.partner, now).update(is_wanted=False, reason=MailReason.REFUSED)
    _answer(hold, SendingHold.Answer.REFUSED, letters, actor, now)
    return letters


def kept(partner: Partner, now: datetime) -> OutgoingMailQuerySet:
    """The letters that wait for an answer: what is due, not what is planned for later."""
    waiting: OutgoingMailQuerySet = OutgoingMail.objects.filter(partner=partner, is_wanted=True, is_released=False)
    return waiting.unsent().mass().filter(due_at__lte=now)


def _answer(hold: SendingHold, answer: str, letters: int, actor: User, now: datetime) -> None:
    answered = SendingHold.objects.filter(pk=hold.pk, answer="").update(
        answer=answer, answered_at=now, answered_by=actor, letters=letters
    )
    if not answered:
        raise AlreadyAnswered(hold)
    if hold.kind == SendingHold.Kind.GUARD:
        alarms.end(MailAlarm.Kind.MASS, partner=hold.partner, at=now)
    verb = "sending.released" if answer == SendingHold.Answer.SENT else "sending.refused"
    activities.record(verb, hold, partner=hold.partner, actor=actor, at=now, letters=letters)
