"""When it is decent to ring, on which day to try again, and how a number is dialled."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from campaigns.rules.calling import Office, may_promise, rings_again_on, tel_uri

FRIDAY = date(2026, 11, 27)
MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("written", "country", "dialled"),
    [
        ("+33 4 00 27 53 64", "", "tel:+33400275364"),
        ("+33 (0)4 00 27 53 64", "FR", "tel:+33400275364"),
        ("04 00 27 53 64", "FR", "tel:+33400275364"),
        ("0041 44 123 45 67", "FR", "tel:+41441234567"),
        ("(0041) 44 123 45 67", "", "tel:+41441234567"),
        ("030 1234567", "DE", "tel:+49301234567"),
        ("06 1234 5678", "IT", "tel:+390612345678"),
        ("04 00 27 53 64", "", "tel:0400275364"),
        ("91 123 45 67", "ES", "tel:911234567"),
        ("04 00 27 53 64 ext. 12", "FR", "tel:+33400275364;ext=12"),
        ("04 00 27 53 64 poste 7", "FR", "tel:+33400275364;ext=7"),
        ("04.00.27.53.64", "FR", "tel:+33400275364"),
        ("ask at the desk", "FR", ""),
        ("", "FR", ""),
    ],
)
def test_number_is_dialled_from_anywhere(written: str, country: str, dialled: str) -> None:
    assert tel_uri(written, country=country) == dialled


@pytest.mark.parametrize(
    ("office", "after", "expected"),
    [
        (Office(), date(2026, 11, 23), date(2026, 11, 24)),
        (Office(), FRIDAY, MONDAY),
        (Office(days_off=frozenset({MONDAY})), FRIDAY, date(2026, 12, 1)),
        (Office(working_days=frozenset({6, 7})), MONDAY, date(2026, 12, 5)),
        (Office(working_days=frozenset()), FRIDAY, date(2026, 11, 28)),
    ],
)
def test_voicemail_is_followed_up_on_the_next_day_that_is_worked(office: Office, after: date, expected: date) -> None:
    assert office.next_working_day(after) == expected


@pytest.mark.parametrize(
    ("hour", "day", "disturbs"),
    [(6, 23, True), (7, 23, True), (8, 23, False), (17, 23, False), (18, 23, True), (10, 22, True)],
)
def test_nobody_is_rung_at_night_or_on_a_day_off(hour: int, day: int, *, disturbs: bool) -> None:
    local = datetime(2026, 11, day, hour, 40, tzinfo=UTC)

    assert Office().disturbs(local) is disturbs


def test_quiet_hours_may_lie_within_a_day() -> None:
    siesta = Office(quiet_from=time(13), quiet_until=time(15))

    assert siesta.disturbs(datetime(2026, 11, 23, 14, tzinfo=UTC))
    assert not siesta.disturbs(datetime(2026, 11, 23, 6, tzinfo=UTC))


def test_a_promise_lies_between_today_and_the_end_of_the_window() -> None:
    today = date(2026, 11, 22)

    assert may_promise(today, today=today)
    assert may_promise(date(2027, 2, 20), today=today)
    assert not may_promise(date(2027, 2, 21), today=today)
    assert not may_promise(date(2026, 11, 21), today=today)


def test_whoever_has_promised_is_rung_on_the_day_after() -> None:
    assert rings_again_on(FRIDAY) == date(2026, 11, 28)
