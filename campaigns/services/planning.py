"""Plan every touchpoint of the coming week, once: whole sets at a time, as often as anybody asks, whatever was missed.

Each step of a calendar becomes a notice per order, end and reader. A second run, a second scheduler or a clock that was
set back finds them made. After a standstill, what is still within its grace is planned, and what is not is missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from django.db import transaction

from campaigns import sql
from campaigns.models import Calendar, Step
from campaigns.rules import ladder, timing
from campaigns.services import standing
from campaigns.services.calendars import SEGMENT, calendars_of, ensure_calendar, steps_of
from campaigns.states import NoticeState, Reason
from certificates.models import Contact
from certificates.rules import DAY
from portal.access import on_behalf_of
from portal.models import Membership, Partner

log = structlog.get_logger(__name__)

# So far ahead notices stand in the outbox, where people can hold them.
PLAN_AHEAD = timedelta(days=7)
# What was due longer ago than this, nobody asks about.
FORGOTTEN = timedelta(days=100)
# Rows of one transaction: on SQLite nobody else writes meanwhile.
BATCH = 10_000
_STATES = (NoticeState.PLANNED, NoticeState.MISSED, NoticeState.SUPPRESSED)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run did: notices by what became of them.

    `planned`, `missed` and `unreadable` (nobody can be reached) are new; `retimed`, `revived`, `moved` (their end has
    moved) and `silenced` (for any other reason) were there. `late` were planned and have come too late. `failed` counts
    the partners whose plan could not be made.
    """

    planned: int = 0
    missed: int = 0
    unreadable: int = 0
    retimed: int = 0
    revived: int = 0
    moved: int = 0
    silenced: int = 0
    late: int = 0
    failed: int = 0

    def __add__(self, other: Planned) -> Planned:
        return Planned(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


def plan_touchpoints(
    *, now: datetime, partner: Partner | None = None, dry_run: bool = False, thorough: bool | None = None
) -> Planned:
    """Plan for one partner, or for all, unless they are suspended; with `dry_run` nothing is kept.

    Asked twice, the second time changes nothing. A partner whose plan fails does not keep the others waiting. The first
    run of a day and the first after a change of the calendar are thorough: they also ask whether what was planned is
    still for the same reader at the same hour. `thorough` says it for this run.
    """
    partners = [partner] if partner is not None else list(Partner.objects.order_by("pk"))
    asked = _Asked(now, dry_run=dry_run, thorough=thorough)
    return sum((_plan_safely(one, asked) for one in partners if one.is_active), Planned())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a run was asked for."""

    now: datetime = field(kw_only=False)
    dry_run: bool
    thorough: bool | None

    def is_thorough(self, calendar: Calendar) -> bool:
        if self.thorough is not None or calendar.planned_until is None:
            return self.thorough is not False
        last = calendar.planned_until - PLAN_AHEAD
        return last.date() != self.now.date() or calendar.changed_at >= last


def _plan_safely(partner: Partner, asked: _Asked) -> Planned:
    try:
        with on_behalf_of(partner):
            return _try(partner, asked) if asked.dry_run else _plan(partner, asked)
    except Exception:
        # One partner's poisoned calendar must not stop the rest; the next run tries again.
        log.exception("planning_failed", partner=partner.slug)
        return Planned(failed=1)


def _try(partner: Partner, asked: _Asked) -> Planned:
    with transaction.atomic():
        found = _plan(partner, asked)
        transaction.set_rollback(True)
    return found


def _plan(partner: Partner, asked: _Asked) -> Planned:
    now = asked.now
    ensure_calendar(partner)
    late = standing.mark_missed(now, partner=partner)
    quiet = standing.silence_by_reason(now, partner=partner)
    revived = standing.revive(now, partner=partner)
    new = _plan_calendars(partner, asked)
    if new.planned or new.revived:
        quiet += standing.silence_by_reason(now, partner=partner, reasons=standing.NOT_PLANNED_BY)
    _remember(partner, now)
    moved = quiet.pop(Reason.END_MOVED, 0)
    return new + Planned(revived=revived, moved=moved, silenced=sum(quiet.values()), late=late)


def _plan_calendars(partner: Partner, asked: _Asked) -> Planned:
    calendars = calendars_of(partner)
    zones = _zones(partner)
    done = (_plan_calendar(one, calendars[:place], zones, asked) for place, one in enumerate(calendars))
    return sum(done, Planned())


def _remember(partner: Partner, now: datetime) -> None:
    """All is planned up to here, also by calendars that are switched off; a clock set back takes nothing of it back."""
    until = now + PLAN_AHEAD
    calendars = Calendar.objects.for_partner(partner)
    calendars.filter(planned_until=None).update(planned_until=until)
    calendars.filter(planned_until__lt=until).update(planned_until=until)


# One calendar


def _plan_calendar(calendar: Calendar, earlier: Sequence[Calendar], zones: Sequence[str], asked: _Asked) -> Planned:
    now = asked.now
    since = _since(calendar, now)
    moments = list(_moments(zones, hours_of(calendar), since=since, now=now))
    run = sql.Run(
        partner=calendar.partner_id,
        zone=calendar.partner.time_zone,
        segment=sql.Segment(_segment(calendar), [_segment(one) for one in earlier]),
        now=now,
        horizon=now + PLAN_AHEAD,
        planned_until=since,
        is_thorough=asked.is_thorough(calendar),
        least_days=ladder.LEAST_DAYS,
        reissue_lead_days=ladder.REISSUE_LEAD_DAYS,
    )
    plans = list(_step_plans(steps_of(calendar), _places(calendar), _Days(moments, since=since, now=now)))
    with sql.staging(moments):
        sql.look_at_lives(plans, run)
        return sum((_plan_step(plan, run, calendar) for plan in plans), Planned())


def _plan_step(plan: sql.StepPlan, run: sql.Run, calendar: Calendar) -> Planned:
    sql.stage(plan, run)
    is_new = not sql.has_spoken(plan)
    batches = sql.batches(plan, size=BATCH)
    return sum((_plan_batch(batch, run, calendar, is_new=is_new) for batch in batches), Planned())


def _plan_batch(batch: sql.Batch, run: sql.Run, calendar: Calendar, *, is_new: bool) -> Planned:
    """Under the calendar's lock, so that two schedulers never wait for each other's rows crosswise."""
    with transaction.atomic():
        Calendar.objects.select_for_update().values_list("pk").get(pk=calendar.pk)
        retimed = sql.retime_staged(batch, run) if run.is_thorough and not is_new else 0
        swapped = sql.Swapped() if is_new else sql.swap_readers(batch, run)
        planned, missed, unreadable = (sql.insert_staged(batch, run, state) for state in _STATES)
    return Planned(planned, missed, unreadable, retimed, revived=swapped.back, silenced=swapped.away)


def hours_of(calendar: Calendar) -> timing.Hours:
    """The calendar's hours, as the rules read them."""
    return timing.Hours(
        sends_at=calendar.sends_at,
        quiet_from=calendar.quiet_from,
        quiet_until=calendar.quiet_until,
        working_days=frozenset(calendar.working_days),
        days_off=frozenset(date.fromisoformat(day) for day in calendar.days_off),
        grace_days=calendar.grace_days,
    )


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; UTC where the time zone database no longer knows it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def when_of(step: Step) -> timing.When:
    return timing.When(days=step.days, share=step.share)


def _since(calendar: Calendar, now: datetime) -> datetime | None:
    """From where on steps were not planned yet; None where nothing ever was."""
    until = calendar.planned_until
    return None if until is None else max(until, now - FORGOTTEN)


def _segment(calendar: Calendar) -> dict[str, list[int | str]]:
    return {name: getattr(calendar, name) for name in SEGMENT}


# What the rules say of each step and day


def _places(calendar: Calendar) -> Mapping[timing.When, list[int]]:
    """All steps that the partner ever had, by where they stand."""
    found: dict[timing.When, list[int]] = {}
    for step in Step.objects.for_partner(calendar.partner).order_by("pk"):
        found.setdefault(when_of(step), []).append(step.pk)
    return found


def _step_plans(steps: Iterable[Step], places: Mapping[timing.When, list[int]], days: _Days) -> Iterator[sql.StepPlan]:
    steps = list(steps)
    for step in steps:
        siblings = [one for one in steps if (one.basis, one.channel) == (step.basis, step.channel)]
        following = sorted((when_of(one) for one in siblings), key=lambda when: when.rank)
        after = [when for when in following if when.rank > when_of(step).rank]
        warnings = [when for when in following if when.is_before]
        if (found := days.of(when_of(step))) is None:
            continue
        first_day, last_day = found
        yield sql.StepPlan(
            step=step.pk,
            channel=step.channel,
            recipients=step.recipients,
            days=step.days,
            share=step.share,
            next_at=_at(after[0]) if after else None,
            last_at=_at(warnings[-1]) if warnings else None,
            since=step.since,
            twins=[one for one in places.get(when_of(step), ()) if one != step.pk],
            first_day=first_day,
            last_day=last_day,
        )


def _at(when: timing.When) -> int | None:
    return when.days if when.share is None else when.share


def _moments(
    zones: Iterable[str], hours: timing.Hours, *, since: datetime | None, now: datetime
) -> Iterator[sql.MomentRow]:
    """Every day in every zone: those on which a step may be due in this run, and those of the steps after it."""
    grace = hours.grace_days * DAY
    first = min(since or now, now) - grace - (timing.LONGEST_BREAK + 1) * DAY
    beyond = now + PLAN_AHEAD + grace + (timing.LONGEST_BREAK + 2) * DAY
    for name in zones:
        zone = zone_of(name)
        for ahead in range((beyond - first).days + 1):
            day = first.date() + ahead * DAY
            permitted, usual = timing.permitted(day, hours, zone), timing.at(day, hours.sends_at, zone)
            yield sql.MomentRow(name, day, permitted, permitted + grace, usual, usual + grace)


class _Days:
    """The days on which a step may stand to be due within this run."""

    def __init__(self, moments: Iterable[sql.MomentRow], *, since: datetime | None, now: datetime) -> None:
        self.horizon = now + PLAN_AHEAD
        late = (one for one in moments if one.permitted_until > now or one.permitted > (since or now))
        self.moments = [one for one in late if one.usual <= self.horizon + DAY]

    def of(self, when: timing.When) -> tuple[date, date] | None:
        """The first and the last of them; None where days off leave none."""
        days = [one.day for one in self.moments if self._may_be_due(one, when)]
        return (min(days), max(days)) if days else None

    def _may_be_due(self, one: sql.MomentRow, when: timing.When) -> bool:
        """It is permitted in time; or only when the end may have come already, so that the end moves it."""
        ahead = -when.days if when.days is not None else ladder.LEAST_DAYS
        return one.permitted <= self.horizon or (when.is_before and one.permitted.date() >= one.day + ahead * DAY)


def _zones(partner: Partner) -> list[str]:
    """Every time zone in which somebody of the partner reads."""
    contacts = Contact.objects.for_partner(partner).order_by().values_list("time_zone", flat=True).distinct()
    staff = Membership.objects.for_partner(partner).order_by().values_list("user__time_zone", flat=True).distinct()
    return sorted({partner.time_zone, *contacts, *staff})
