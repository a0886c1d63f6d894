"""The clock moves, stands still and jumps: each step speaks at most once, none is lost, and nobody is woken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.rules.reaching import comes_today, next_moment
from campaigns.rules.timing import Due, Hours, Moment, Period, When, at, choose, day_of, moment
from certificates.rules import DAY, in_utc, last_day

PLAN_AHEAD = timedelta(days=7)
HOUR = timedelta(hours=1)
# Gaps and folds of an hour and of half an hour, a gap at midnight, a day left out, the first and the last to wake.
ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Paris",
        "America/New_York",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Asia/Beirut",
        "Pacific/Apia",
        "Pacific/Kiritimati",
        "Etc/GMT+12",
    )
]

zones = st.sampled_from(ZONES)
changes_of_the_clock = st.sampled_from(
    [date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5), date(2026, 9, 6)]
)
leap_days = st.sampled_from([date(2024, 2, 29), date(2028, 2, 29), date(2028, 3, 1)])
days = st.dates(date(2024, 1, 1), date(2029, 12, 31)) | changes_of_the_clock | leap_days
clocks = st.sampled_from([time(h, m) for h in range(24) for m in (0, 30)])
ends = st.builds(
    lambda day, clock: datetime.combine(day, clock, UTC), days, st.sampled_from([time(0), time(12), time(23, 30)])
)
orders = st.builds(lambda end, life: Period(end - life * DAY, end), ends, st.integers(1, 1100))
far, near = (st.lists(one, min_size=1, max_size=6, unique=True) for one in (st.integers(-90, 60), st.integers(-5, 5)))
order_steps = far | near
ladders = st.one_of(
    order_steps.map(lambda steps: tuple(When(days=one) for one in steps)),
    st.lists(st.integers(1, 90), min_size=1, max_size=4, unique=True).map(
        lambda shares: tuple(When(share=one) for one in shares)
    ),
)


@st.composite
def calendars(draw: st.DrawFn) -> Hours:
    quiet_from, quiet_until = draw(st.lists(clocks, min_size=2, max_size=2, unique=True))
    return Hours(
        sends_at=draw(clocks),
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        working_days=draw(st.frozensets(st.integers(1, 7), min_size=1)),
        days_off=draw(st.frozensets(days, max_size=3)),
        grace_days=draw(st.integers(1, 14)),
    )


# One moment


@given(st.data())
def test_a_moment_keeps_the_hours_unless_the_end_is_nearer(data: st.DataObject) -> None:
    hours, zone, order, ladder = data.draw(calendars()), data.draw(zones), data.draw(orders), data.draw(ladders)
    when = data.draw(st.sampled_from(ladder))

    found = moment(when, order, hours=hours, zone=zone, siblings=ladder)

    assume(found is not None)
    assert found is not None
    assert found.due_at < found.expires_at
    if when.is_before:
        assert found.expires_at <= order.ends_at
    if not hours.permits(found.due_at, zone):
        # The day on which it could go out is past the end, or never comes (a window of half an hour that a change of
        # the clock swallows each time it is looked for)
        assert is_cut_short(when, order, hours, zone) or never_permits(found.day, hours, zone)


def is_cut_short(when: When, order: Period, hours: Hours, zone: ZoneInfo) -> bool:
    """Whether no moment from the step's day on to before the end is permitted, each quarter of an hour tried."""
    day = day_of(when, order)
    assert day is not None
    first, quarter = at(day, hours.sends_at, zone), timedelta(minutes=15)
    tried = (first + n * quarter for n in range(max(0, (order.ends_at - first) // quarter)))
    usual = (each for each in tried if each.astimezone(zone).time() == usual_clock(hours))
    return when.is_before and not any(hours.permits(each, zone) for each in usual)


def usual_clock(hours: Hours) -> time:
    return hours.quiet_until if hours.is_quiet(hours.sends_at) else hours.sends_at


def never_permits(day: date, hours: Hours, zone: ZoneInfo) -> bool:
    return not any(hours.permits(at(day + n * DAY, usual_clock(hours), zone), zone) for n in range(31))


@given(orders, ladders, calendars(), zones)
def test_later_steps_are_never_due_before_earlier_ones(
    order: Period, ladder: tuple[When, ...], hours: Hours, zone: ZoneInfo
) -> None:
    in_order = sorted(ladder, key=lambda when: when.rank)

    moments = [moment(when, order, hours=hours, zone=zone, siblings=ladder) for when in in_order]

    due = [each.due_at for each in moments if each is not None]
    assert due == sorted(due)


@given(orders, ladders)
def test_a_step_stands_inside_the_life_of_what_ends(order: Period, ladder: tuple[When, ...]) -> None:
    assert order.starts_at is not None
    for when in ladder:
        day = day_of(when, order)
        if day is not None and when.is_before:
            assert order.starts_at.date() < day < last_day(order.ends_at)


# A moving clock


@dataclass
class Diary:
    """What planning and sending by the rules come to for one reader of one order; a clock may ask it anything."""

    order: Period
    ladder: tuple[When, ...]
    hours: Hours
    zone: ZoneInfo
    planned_until: datetime | None = None
    planned: dict[int, Moment] = field(default_factory=dict)
    missed: dict[int, str] = field(default_factory=dict)
    sent: list[tuple[int, datetime]] = field(default_factory=list)

    def moments(self) -> dict[int, Moment]:
        found = {
            number: moment(when, self.order, hours=self.hours, zone=self.zone, siblings=self.ladder)
            for number, when in enumerate(self.ladder)
        }
        return {number: each for number, each in found.items() if each is not None}

    def run(self, now: datetime) -> None:
        self._miss(now)
        self._plan(now)
        self._send(now)

    def may_speak(self, each: Moment, now: datetime) -> bool:
        if each.due_at > now:
            return False
        ends_at = self.order.ends_at
        found = next_moment(
            self.hours, self.zone, now=now, due_at=each.due_at, expires_at=each.expires_at, ends_at=ends_at
        )
        return found <= now

    @property
    def known(self) -> set[int]:
        return {*self.planned, *self.missed, *(number for number, _at in self.sent)}

    def _plan(self, now: datetime) -> None:
        for number, each in self.moments().items():
            if number in self.known or each.due_at > now + PLAN_AHEAD:
                continue
            if each.expires_at > now:
                self.planned[number] = each
            elif self.planned_until and each.due_at > self.planned_until:
                self.missed[number] = "grace over"
        self.planned_until = max(self.planned_until or now, now + PLAN_AHEAD)

    def _miss(self, now: datetime) -> None:
        for number in [number for number, each in self.planned.items() if each.expires_at <= now]:
            del self.planned[number]
            self.missed[number] = "grace over"

    def _send(self, now: datetime) -> None:
        ready = {number: each for number, each in self.planned.items() if self.may_speak(each, now)}
        due = [Due(number, "order", each.day, self.ladder[number].rank) for number, each in ready.items()]
        coming = [
            Due(number, "order", each.day, self.ladder[number].rank)
            for number, each in self.planned.items()
            if comes_today(self.zone, now=now, due_at=each.due_at, ends_at=self.order.ends_at)
        ]
        speaking, overtaken = choose(due, coming)
        for number in overtaken:
            self.missed[number] = "overtaken"
        self.sent += [(number, now) for number in speaking]
        self.planned = {n: each for n, each in self.planned.items() if n not in speaking and n not in overtaken}


@st.composite
def diaries(draw: st.DrawFn) -> Diary:
    diary = Diary(draw(orders), draw(ladders), draw(calendars()), draw(zones))
    assume(diary.moments())
    return diary


def first_tick(diary: Diary) -> datetime:
    return min(each.due_at for each in diary.moments().values()) - timedelta(days=8)


def last_tick(diary: Diary) -> datetime:
    return max(each.expires_at for each in diary.moments().values()) + timedelta(days=8)


@st.composite
def ticks(draw: st.DrawFn, diary: Diary) -> list[datetime]:
    """When the schedule runs: hours or days apart, after standstills, and now and then on a clock that was set back."""
    now, end = first_tick(diary), last_tick(diary)
    found = [now]
    strides = st.sampled_from([HOUR, HOUR, 5 * HOUR, DAY, DAY, 3 * DAY, 10 * DAY, 40 * DAY, -HOUR, -5 * HOUR])
    while now < end and len(found) < 60:
        now += draw(strides)
        found.append(now)
    return [*found, end, end + DAY]


@given(st.data())
def test_whatever_the_clock_does_each_step_speaks_at_most_once_and_none_is_lost(data: st.DataObject) -> None:
    diary = data.draw(diaries())
    moments = diary.moments()

    for now in data.draw(ticks(diary)):
        diary.run(now)

    numbers = [number for number, _at in diary.sent]
    assert len(numbers) == len(set(numbers))
    assert sorted([*numbers, *diary.missed]) == sorted(moments)
    for number, sent_at in diary.sent:
        assert moments[number].due_at <= sent_at < moments[number].expires_at


@given(st.data())
def test_nobody_is_woken_but_for_the_last_word_before_the_end(data: st.DataObject) -> None:
    diary = data.draw(diaries())
    moments = diary.moments()

    for now in data.draw(ticks(diary)):
        diary.run(now)

    for number, sent_at in diary.sent:
        if not diary.hours.permits(sent_at, diary.zone):
            assert sent_at < diary.order.ends_at or never_permits(moments[number].day, diary.hours, diary.zone)
            later = {n for n, each in moments.items() if sent_at < each.due_at < diary.order.ends_at}
            assert not {n for n, at_ in diary.sent if n in later and diary.hours.permits(at_, diary.zone)}


@given(st.data())
def test_after_a_standstill_of_three_days_there_is_one_letter(data: st.DataObject) -> None:
    diary = data.draw(diaries())
    moments = diary.moments()
    steady, end = first_tick(diary), last_tick(diary)
    stops = data.draw(st.sampled_from([each.due_at for each in moments.values()])) - HOUR
    while steady < stops:
        diary.run(steady)
        steady += 6 * HOUR
    before, back = len(diary.sent), max(steady, stops) + 3 * DAY

    now = back
    while now < end and len(diary.sent) == before:
        diary.run(now)
        now += HOUR

    caught_up = diary.sent[before:]
    assert len(caught_up) <= 1
    for number, sent_at in caught_up:
        late = {n for n, each in moments.items() if each.due_at <= sent_at}
        assert late <= diary.known - set(diary.planned)
        assert moments[number].due_at == max(moments[n].due_at for n in late)


# From when and until when it is quiet, and the usual hour
mornings = st.sampled_from(
    [(time(18), time(8), time(9)), (time(23), time(5, 30), time(16)), (time(0), time(1), time(3))]
)


@given(st.data())
def test_who_comes_back_before_the_usual_hour_writes_one_letter_that_day(data: st.DataObject) -> None:
    diary = data.draw(diaries())
    quiet_from, quiet_until, sends_at = data.draw(mornings)
    diary.hours = replace(diary.hours, quiet_from=quiet_from, quiet_until=quiet_until, sends_at=sends_at)
    hours, zone, end = diary.hours, diary.zone, in_utc(diary.order.ends_at)
    steps = list(diary.moments().values())
    stopped, today = min(each.due_at for each in steps) - DAY, data.draw(st.sampled_from([each.day for each in steps]))
    back, usual = at(today, hours.quiet_until, zone), at(today, hours.sends_at, zone)
    # one that warns of an end this morning, and one that speaks of it afterwards, are two
    assume(back < usual and not back <= end <= usual)

    diary.run(stopped)
    for now in (back, back + (usual - back) / 2, usual, usual + HOUR):
        diary.run(now)

    assert len([sent_at for _number, sent_at in diary.sent if sent_at >= back]) <= 1


@given(diaries())
def test_a_schedule_that_never_stops_loses_no_step(diary: Diary) -> None:
    moments = diary.moments()
    now, end = first_tick(diary), last_tick(diary)
    marks: Sequence[datetime] = sorted({each.due_at for each in moments.values()})

    while now < end:
        diary.run(now)
        following = [each for each in marks if each > now]
        now = min([now + 6 * HOUR, *following[:1]])

    for number, why in diary.missed.items():
        assert why == "overtaken" or not permits_some_time(diary, moments[number])
    assert {number for number, _at in diary.sent} | set(diary.missed) == set(moments)


def permits_some_time(diary: Diary, each: Moment) -> bool:
    """Whether its reader may be written to when it is due."""
    return diary.may_speak(each, each.due_at)
