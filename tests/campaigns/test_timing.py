"""When a step speaks: worked examples, read as a table."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.rules.timing import Due, Hours, Moment, Period, When, at, choose, day_of, moment, permitted

PARIS, NEW_YORK, KIRITIMATI = (ZoneInfo(name) for name in ("Europe/Paris", "America/New_York", "Pacific/Kiritimati"))
UTC_ZONE = ZoneInfo("UTC")
OFFICE = Hours()
ANY_DAY = Hours(working_days=frozenset(range(1, 8)))
LADDER = tuple(When(days=days) for days in (-90, -60, -30, -7, -3, 7))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def order_until(text: str) -> Period:
    """A year's order that ends at this moment, UTC."""
    return Period(utc(text) - timedelta(days=365), utc(text))


# Days


@pytest.mark.parametrize(
    ("days", "day"),
    [(-90, "2026-10-02"), (-30, "2026-12-01"), (-3, "2026-12-28"), (0, "2026-12-31"), (7, "2027-01-07")],
)
def test_a_step_counts_from_the_last_day_of_the_order(days: int, day: str) -> None:
    assert day_of(When(days=days), order_until("2027-01-01")) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("life", "share", "left"),
    [
        *[(199, 33, 66), (199, 15, 30), (199, 5, 10)],
        *[(99, 33, 33), (99, 15, 15), (99, 5, 5)],
        *[(46, 33, 16), (46, 15, 7), (46, 5, 3)],
        *[(10, 5, 3), (4, 90, None), (3, 33, None)],
    ],
)
def test_a_share_of_the_life_is_a_day_of_it(life: int, share: int, left: int | None) -> None:
    certificate = Period(utc("2027-01-01") - timedelta(days=life), utc("2027-01-01"))

    day = day_of(When(share=share), certificate)

    assert day == (None if left is None else date(2026, 12, 31) - timedelta(days=left))


def test_a_step_before_the_life_began_is_no_step() -> None:
    trial = Period(utc("2026-10-03"), utc("2027-01-01"))

    assert day_of(When(days=-90), trial) is None
    assert day_of(When(days=-89), trial) is None  # the day on which it was placed
    assert day_of(When(days=-88), trial) == date(2026, 10, 4)
    assert moment(When(days=-90), trial, hours=OFFICE, zone=PARIS) is None


def test_leap_day_is_a_day_like_any_other() -> None:
    assert day_of(When(days=-1), order_until("2028-03-02")) == date(2028, 2, 29)
    assert day_of(When(days=0), order_until("2028-03-01")) == date(2028, 2, 29)


# Hours


@pytest.mark.parametrize(
    ("day", "zone", "due"),
    [
        ("2026-12-01", PARIS, "2026-12-01T08:00"),
        ("2026-07-01", PARIS, "2026-07-01T07:00"),
        ("2026-12-01", NEW_YORK, "2026-12-01T14:00"),
        ("2026-12-01", KIRITIMATI, "2026-11-30T19:00"),  # its first of December begins fourteen hours earlier
        ("2026-11-28", PARIS, "2026-11-30T08:00"),  # Saturday: on Monday
        ("2026-11-29", PARIS, "2026-11-30T08:00"),
    ],
)
def test_a_step_goes_out_at_nine_by_the_clock_of_its_reader(day: str, zone: ZoneInfo, due: str) -> None:
    assert permitted(date.fromisoformat(day), OFFICE, zone) == utc(due)


def test_days_off_are_skipped() -> None:
    christmas = Hours(days_off=frozenset({date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 28)}))

    assert permitted(date(2026, 12, 24), christmas, UTC_ZONE) == utc("2026-12-29T09:00")


@pytest.mark.parametrize(
    ("sends_at", "due"),
    [
        ("07:30", "2026-12-01T08:00"),
        ("08:00", "2026-12-01T08:00"),
        ("17:59", "2026-12-01T17:59"),
        ("18:00", "2026-12-02T08:00"),
        ("23:00", "2026-12-02T08:00"),
    ],
)
def test_a_quiet_hour_gives_way_to_the_end_of_the_quiet(sends_at: str, due: str) -> None:
    hours = Hours(sends_at=time.fromisoformat(sends_at))

    assert permitted(date(2026, 12, 1), hours, UTC_ZONE) == utc(due)


def test_quiet_hours_may_lie_within_a_day() -> None:
    siesta = Hours(sends_at=time(13), quiet_from=time(12), quiet_until=time(15, 30))

    assert permitted(date(2026, 12, 1), siesta, UTC_ZONE) == utc("2026-12-01T15:30")
    assert not siesta.is_quiet(time(23))


def test_whoever_has_no_working_day_is_written_to_all_the_same() -> None:
    assert permitted(date(2026, 12, 1), Hours(working_days=frozenset()), UTC_ZONE) == utc("2026-12-01T09:00")


def test_the_hour_that_does_not_exist_and_the_one_that_comes_twice_are_one_moment_each() -> None:
    half_past_two = time(2, 30)

    assert at(date(2026, 3, 29), half_past_two, PARIS) == utc("2026-03-29T01:30")
    assert at(date(2026, 10, 25), half_past_two, PARIS) == utc("2026-10-25T00:30")
    night = Hours(sends_at=half_past_two, quiet_from=time(6), quiet_until=time(1), working_days=frozenset({7}))
    assert permitted(date(2026, 3, 29), night, PARIS) == utc("2026-03-29T01:30")
    assert permitted(date(2026, 10, 25), night, PARIS) == utc("2026-10-25T00:30")


# Moments


def test_a_step_is_useful_for_its_grace() -> None:
    found = moment(When(days=-30), order_until("2027-01-01"), hours=OFFICE, zone=PARIS, siblings=LADDER)

    assert found == Moment(date(2026, 12, 1), utc("2026-12-01T08:00"), utc("2026-12-06T08:00"))


def test_the_grace_ends_when_the_next_step_is_due() -> None:
    found = moment(When(days=-7), order_until("2027-01-01"), hours=ANY_DAY, zone=PARIS, siblings=LADDER)

    assert found == Moment(date(2026, 12, 24), utc("2026-12-24T08:00"), utc("2026-12-28T08:00"))


def test_the_grace_of_a_warning_ends_with_what_it_warns_of() -> None:
    found = moment(When(days=-3), order_until("2026-12-31T12:00"), hours=ANY_DAY, zone=PARIS, siblings=LADDER)

    assert found == Moment(date(2026, 12, 28), utc("2026-12-28T08:00"), utc("2026-12-31T12:00"))


def test_what_follows_the_end_keeps_its_grace() -> None:
    found = moment(When(days=7), order_until("2027-01-01"), hours=ANY_DAY, zone=PARIS, siblings=LADDER)

    assert found == Moment(date(2027, 1, 7), utc("2027-01-07T08:00"), utc("2027-01-12T08:00"))


def test_a_weekend_is_waited_out_while_the_end_is_still_to_come() -> None:
    until_monday_night = order_until("2026-12-01")

    found = moment(When(days=-2), until_monday_night, hours=OFFICE, zone=PARIS, siblings=[When(days=-2)])

    assert found == Moment(date(2026, 11, 28), utc("2026-11-30T08:00"), utc("2026-12-01"))


def test_the_last_step_before_the_end_does_not_wait_for_monday() -> None:
    until_sunday_night = order_until("2026-11-30")

    found = moment(When(days=-1), until_sunday_night, hours=OFFICE, zone=PARIS, siblings=[When(days=-1)])

    assert found == Moment(date(2026, 11, 28), utc("2026-11-28T08:00"), utc("2026-11-30"))


def test_the_step_before_the_last_goes_with_it_and_is_overtaken() -> None:
    until_monday_morning, siblings = order_until("2026-11-30T07:00"), (When(days=-2), When(days=-1), When(days=7))
    saturday, sunday = (
        moment(when, until_monday_morning, hours=OFFICE, zone=PARIS, siblings=siblings) for when in siblings[:2]
    )

    assert saturday is not None
    assert sunday is not None
    assert sunday.due_at == saturday.due_at == utc("2026-11-29T08:00")
    assert (saturday.day, sunday.day) == (date(2026, 11, 28), date(2026, 11, 29))


def test_an_end_before_the_hour_of_its_step_is_warned_of_an_hour_ahead() -> None:
    late, far_west = Hours(sends_at=time(17, 30), working_days=frozenset(range(1, 8))), ZoneInfo("Etc/GMT+12")
    siblings = [When(days=-1)]

    half_past_midnight = moment(When(days=-1), order_until("2026-12-01T00:30"), hours=late, zone=far_west)
    at_its_hour = moment(When(days=-1), order_until("2026-12-02"), hours=late, zone=far_west, siblings=siblings)

    assert half_past_midnight == Moment(date(2026, 11, 30), utc("2026-11-30T23:30"), utc("2026-12-01T00:30"))
    assert at_its_hour == Moment(date(2026, 11, 30), utc("2026-12-01T05:30"), utc("2026-12-02"))


# Which speaks


def test_of_several_steps_of_one_order_the_latest_speaks() -> None:
    week, days = Due(1, "order", date(2026, 12, 24), -7), Due(2, "order", date(2026, 12, 28), -3)
    another = Due(3, "another order", date(2026, 12, 24), -7)

    assert choose([days, week, another]) == ({2, 3}, {1: 2})


def test_of_two_shares_on_one_day_the_smaller_speaks() -> None:
    more, less = Due(1, "order", date(2026, 12, 28), -15), Due(2, "order", date(2026, 12, 28), -5)

    assert choose([less, more]) == ({2}, {1: 2})


def test_nothing_due_is_nothing_said() -> None:
    assert choose([]) == (set(), {})
