"""Which calendar an order follows, and how calendars change without anybody being told twice or overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, Case, Q, Value, When
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Calendar, Notice, Step
from campaigns.rules import ladder
from campaigns.rules.ladder import DEFAULT_LADDER, Refusal, Rung
from campaigns.states import Basis
from certificates.models import Order
from portal import activities
from portal.models import Activity, Partner, User

# Which of the partner's orders follow it, and where that is asked on an order.
SEGMENT: Mapping[str, str] = {
    "families": "product__family__in",
    "levels": "product__level__in",
    "countries": "customer__country__in",
    "customers": "customer_id__in",
    "owners": "customer__owner_id__in",
}
HOURS = ("sends_at", "quiet_from", "quiet_until", "working_days", "days_off", "grace_days")
# All that a person says about a calendar, beside its steps.
TERMS = ("name", *SEGMENT, *HOURS)
_TIMES = ("sends_at", "quiet_from", "quiet_until")
CHANGED = "calendar.changed"


class CalendarError(Exception):
    """It was not done; nothing has changed."""


class CalendarRefused(CalendarError):
    """Its steps cannot stand; `refusals` says why, by their place in what was handed in."""

    def __init__(self, refusals: Mapping[int, Refusal]) -> None:
        super().__init__(dict(refusals))
        self.refusals = refusals


class NameTaken(CalendarError):
    """Another calendar of the partner is called so."""


class ChangedMeanwhile(CalendarError):
    """Somebody else has saved the calendar since it was read; `by` is who, where it was a person."""

    def __init__(self, calendar: Calendar, by: User | None) -> None:
        super().__init__(str(calendar))
        self.calendar = calendar
        self.by = by


class CalendarUsed(CalendarError):
    """Something was planned by it: it can be switched off, and its history stays."""


class NothingToUndo(CalendarError):
    """The last thing that was done to the calendar was no change, or is undone already."""


# Which one


def ensure_calendar(partner: Partner) -> Calendar:
    """The partner's first calendar; the house's own for every order, made now, where there is none."""
    first = Calendar.objects.for_partner(partner).first()
    if first is not None:
        return first
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=partner.pk)
        return Calendar.objects.for_partner(partner).first() or _first_calendar(partner)


def _first_calendar(partner: Partner) -> Calendar:
    with translation.override(partner.language):
        calendar = Calendar.objects.create(partner=partner, name=_("All orders"))
    _add_steps(calendar, DEFAULT_LADDER, since=None)
    return calendar


def calendars_of(partner: Partner) -> list[Calendar]:
    """Those in use, in the order in which they are asked."""
    return list(Calendar.objects.for_partner(partner).filter(is_active=True))


def segment_of(calendar: Calendar) -> Q:
    """The orders that fit the calendar, whatever comes before it; an empty list narrows nothing."""
    asked = {lookup: getattr(calendar, name) for name, lookup in SEGMENT.items() if getattr(calendar, name)}
    return Q(**asked) if asked else Q(pk__isnull=False)


def following(calendars: Sequence[Calendar]) -> Case:
    """For orders: the key of the calendar that each follows, the first that fits, or None.

    `orders.annotate(calendar=following(calendars_of(partner)))`
    """
    return first_that_fits([(calendar.pk, calendar) for calendar in calendars])


def first_that_fits(keyed: Iterable[tuple[int, Calendar]]) -> Case:
    """The same by any keys, so that one without a row can stand among them."""
    whens = [When(segment_of(calendar), then=Value(key)) for key, calendar in keyed]
    return Case(*whens, default=None, output_field=BigIntegerField())


def calendar_for(order: Order) -> Calendar | None:
    """The calendar that the order follows; None where no calendar in use fits it."""
    calendars = calendars_of(order.partner)
    found = Order.objects.for_partner(order.partner).filter(pk=order.pk)
    key = found.annotate(calendar=following(calendars)).values_list("calendar", flat=True).first()
    return next((calendar for calendar in calendars if calendar.pk == key), None)


# What it says


def steps_of(calendar: Calendar) -> list[Step]:
    """The steps that stand, in the order of their days, those of renewals first."""
    standing = Step.objects.for_partner(calendar.partner).filter(calendar=calendar, removed_at=None)
    return list(standing.order_by("-basis", "days", "-share", "channel", "pk"))


def rung_of(step: Step) -> Rung:
    return Rung(
        channel=ladder.Channel(step.channel),
        days=step.days,
        share=step.share,
        letter=step.letter,
        tone=ladder.Tone(step.tone),
        recipients=tuple(ladder.Recipient(one) for one in step.recipients),
    )


def version_of(calendar: Calendar) -> str:
    """What a page keeps, so that its reader does not overwrite what was saved after it was opened."""
    return calendar.changed_at.isoformat()


def snapshot(calendar: Calendar, rungs: Iterable[Rung]) -> dict[str, Any]:
    """All that a person says about a calendar, as JSON."""
    said = {name: getattr(calendar, name) for name in TERMS}
    said |= {name: said[name].isoformat("minutes") for name in _TIMES}
    return said | {"steps": [_as_json(rung) for rung in rungs]}


def _as_json(rung: Rung) -> dict[str, Any]:
    return {
        "channel": rung.channel.value,
        "days": rung.days,
        "share": rung.share,
        "letter": rung.letter,
        "tone": rung.tone.value,
        "recipients": [one.value for one in rung.recipients],
    }


def rungs_in(said: Mapping[str, Any]) -> list[Rung]:
    """The steps of a snapshot."""
    return [
        Rung(
            channel=ladder.Channel(step["channel"]),
            days=step["days"],
            share=step["share"],
            letter=step["letter"],
            tone=ladder.Tone(step["tone"]),
            recipients=tuple(ladder.Recipient(one) for one in step["recipients"]),
        )
        for step in said["steps"]
    ]


def terms_in(said: Mapping[str, Any]) -> dict[str, Any]:
    """All of a snapshot but its steps, as a row holds it."""
    terms = {name: said[name] for name in TERMS if name in said}
    return terms | {name: time.fromisoformat(terms[name]) for name in _TIMES if name in terms}


def with_terms(calendar: Calendar, terms: Mapping[str, Any]) -> Calendar:
    """Put what was typed on a row, not saved."""
    for name in TERMS:
        if name in terms:
            setattr(calendar, name, terms[name])
    return calendar


# Changes


def create_calendar(
    partner: Partner, terms: Mapping[str, Any], rungs: Sequence[Rung], *, actor: User | None, now: datetime
) -> Calendar:
    """A calendar before all others, so that it takes its orders from them. Raises CalendarRefused and NameTaken."""
    _check(rungs)
    with transaction.atomic():
        others = list(_locked(partner))
        for place, other in enumerate(others, start=1):
            Calendar.objects.for_partner(partner).filter(pk=other.pk).update(position=place)
        calendar = with_terms(Calendar(partner=partner, position=0), terms)
        _save(calendar)
        _add_steps(calendar, rungs, since=now)
        _count_from(partner, now)
        activities.record(
            "calendar.created", calendar, partner=partner, actor=actor, at=now, after=snapshot(calendar, rungs)
        )
    return calendar


def change_calendar(
    calendar: Calendar,
    terms: Mapping[str, Any],
    rungs: Sequence[Rung],
    *,
    version: str,
    actor: User | None,
    now: datetime,
    verb: str = CHANGED,
) -> Calendar:
    """Save a calendar with all its steps. A step that stands where it stood for the same readers keeps its row.

    Raises ChangedMeanwhile unless `version` is the calendar's own, CalendarRefused and NameTaken.
    """
    _check(rungs)
    with transaction.atomic():
        changed = _locked_one(calendar)
        if version_of(changed) != version:
            raise ChangedMeanwhile(changed, _last_actor(changed))
        standing = steps_of(changed)
        before = snapshot(changed, map(rung_of, standing))
        _save(with_terms(changed, terms))
        _change_steps(changed, standing, rungs, now)
        after = snapshot(changed, rungs)
        if any(before[name] != after[name] for name in SEGMENT):
            _count_from(changed.partner, now)
        activities.record(verb, changed, partner=changed.partner, actor=actor, at=now, before=before, after=after)
    return changed


def undo_change(calendar: Calendar, change: int, *, actor: User | None, now: datetime) -> Calendar:
    """Give the calendar back what it said before a change, by the key of its activity.

    Raises NothingToUndo where anything was done to the calendar since, and NameTaken.
    """
    with transaction.atomic():
        current = _locked_one(calendar)
        last = last_change(current)
        if last is None or last.pk != change:
            raise NothingToUndo(str(current))
        said = last.facts["before"]
        return change_calendar(
            current,
            terms_in(said),
            rungs_in(said),
            version=version_of(current),
            actor=actor,
            now=now,
            verb="calendar.restored",
        )


def last_change(calendar: Calendar) -> Activity | None:
    """The change that can be undone: the last thing that was done to the calendar, if it was one."""
    last = Activity.objects.for_partner(calendar.partner).about(calendar).select_related("actor").first()
    return last if last is not None and last.verb == CHANGED else None


def copy_calendar(calendar: Calendar, *, name: str, actor: User | None, now: datetime) -> Calendar:
    """The same again under another name, switched off, directly before it. Raises NameTaken."""
    with transaction.atomic():
        rungs = [rung_of(step) for step in steps_of(calendar)]
        said = terms_in(snapshot(calendar, rungs)) | {"name": name}
        copy = with_terms(Calendar(partner=calendar.partner, is_active=False), said)
        _save(copy)
        _add_steps(copy, rungs, since=now)
        keys = [one.pk for one in _locked(calendar.partner) if one.pk != copy.pk]
        keys.insert(keys.index(calendar.pk), copy.pk)
        _put_in_order(calendar.partner, keys)
        activities.record("calendar.copied", copy, partner=copy.partner, actor=actor, at=now, copied_from=str(calendar))
    return copy


def switch_calendar(calendar: Calendar, *, on: bool, actor: User | None, now: datetime) -> bool:
    """Whether this changed anything. Orders of a calendar that is switched off follow the next that fits."""
    with transaction.atomic():
        switched = _locked_one(calendar)
        if switched.is_active is on:
            return False
        switched.is_active = on
        switched.save(update_fields=["is_active", "changed_at"])
        _count_from(switched.partner, now)
        verb = "calendar.switched_on" if on else "calendar.switched_off"
        activities.record(verb, switched, partner=switched.partner, actor=actor, at=now)
    return True


def move_calendar(calendar: Calendar, *, by: int, actor: User | None, now: datetime) -> None:
    """Ask it earlier (by=-1) or later (by=1) than its neighbour."""
    with transaction.atomic():
        keys = [one.pk for one in _locked(calendar.partner)]
        place = keys.index(calendar.pk)
        to = min(max(place + by, 0), len(keys) - 1)
        if to == place:
            return
        keys.insert(to, keys.pop(place))
        _put_in_order(calendar.partner, keys)
        _count_from(calendar.partner, now)
        activities.record(
            "calendar.moved", calendar, partner=calendar.partner, actor=actor, at=now, place=to + 1, of=len(keys)
        )


def is_used(calendar: Calendar) -> bool:
    """Whether anything was ever planned by it."""
    return Notice.objects.for_partner(calendar.partner).filter(step__calendar=calendar).exists()


def delete_calendar(calendar: Calendar, *, actor: User | None, now: datetime) -> None:
    """Raises CalendarUsed where something was planned by it."""
    with transaction.atomic():
        deleted = _locked_one(calendar)
        if is_used(deleted):
            raise CalendarUsed(str(deleted))
        activities.record("calendar.deleted", deleted, partner=deleted.partner, actor=actor, at=now)
        if deleted.is_active:
            _count_from(deleted.partner, now)
        deleted.delete()


def falling_silent(calendar: Calendar, rungs: Iterable[Rung]) -> int:
    """How many notices that are still to come belong to steps which these would remove."""
    kept = {_identity(rung) for rung in rungs}
    gone = [step.pk for step in steps_of(calendar) if _identity(rung_of(step)) not in kept]
    return Notice.objects.for_partner(calendar.partner).open().filter(step__in=gone).count() if gone else 0


# How


def _check(rungs: Sequence[Rung]) -> None:
    refused = ladder.refusals(rungs)
    if refused:
        raise CalendarRefused(refused)


def _locked(partner: Partner) -> Iterable[Calendar]:
    return Calendar.objects.for_partner(partner).select_for_update()


def _locked_one(calendar: Calendar) -> Calendar:
    found = Calendar.objects.for_partner(calendar.partner).select_related("partner")
    return found.select_for_update(of=("self",)).get(pk=calendar.pk)


def _save(calendar: Calendar) -> None:
    try:
        with transaction.atomic():
            calendar.save()
    except IntegrityError as clash:
        raise NameTaken(calendar.name) from clash


def _last_actor(calendar: Calendar) -> User | None:
    last = Activity.objects.for_partner(calendar.partner).about(calendar).select_related("actor").first()
    return last.actor if last else None


def _add_steps(calendar: Calendar, rungs: Iterable[Rung], *, since: datetime | None) -> None:
    Step.objects.bulk_create(_step(calendar, rung, since) for rung in rungs)


def _step(calendar: Calendar, rung: Rung, since: datetime | None) -> Step:
    basis = Basis.ORDER if rung.share is None else Basis.CERTIFICATE
    return Step(partner=calendar.partner, calendar=calendar, basis=basis, since=since, **_as_json(rung))


def _change_steps(calendar: Calendar, standing: Iterable[Step], rungs: Iterable[Rung], now: datetime) -> None:
    """Remove what is gone, add what is new; a letter or a tone changes on its row, so that nothing goes out again."""
    wanted = {_identity(rung): rung for rung in rungs}
    gone = []
    for step in standing:
        rung = wanted.pop(_identity(rung_of(step)), None)
        if rung is None:
            gone.append(step.pk)
        elif (step.letter, step.tone) != (rung.letter, rung.tone):
            step.letter, step.tone = rung.letter, rung.tone
            step.save(update_fields=["letter", "tone"])
    Step.objects.for_partner(calendar.partner).filter(pk__in=gone).update(removed_at=now)
    _add_steps(calendar, wanted.values(), since=_since(calendar, now))


def _identity(rung: Rung) -> tuple[Any, ...]:
    return *rung.place, rung.recipients


def _since(calendar: Calendar, now: datetime) -> datetime:
    """New steps plan from now on: what was due before was said by those that they replace. After a standstill, from
    where planning stopped."""
    return min(now, calendar.planned_until or now)


def _count_from(partner: Partner, now: datetime) -> None:
    """Orders may have changed their calendar: what was due before now was for the one they came from to say."""
    for calendar in _locked(partner):
        steps = Step.objects.for_partner(partner).filter(calendar=calendar, removed_at=None)
        steps.update(since=_since(calendar, now))


def _put_in_order(partner: Partner, keys: Sequence[int]) -> None:
    for place, key in enumerate(keys):
        Calendar.objects.for_partner(partner).filter(pk=key).update(position=place)
