"""The ladder of touchpoints, by example: where steps may stand, where they fall, and what a year of them brings."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from campaigns import states
from campaigns.models import calendars
from campaigns.rules import ladder
from campaigns.rules.ladder import (
    DEFAULT_LADDER,
    LIVES,
    Channel,
    Reach,
    Recipient,
    Refusal,
    Remark,
    Rung,
    Tone,
    days_left_of,
    forecast,
    refusal_of,
    refusals,
    remarks,
)


def letter(days: int | None = None, *, share: int | None = None, **more: object) -> Rung:
    said = {"letter": "days_30", "recipients": (Recipient.TECHNICAL,)} | more
    return Rung(Channel.EMAIL, days, share, **said)  # type: ignore[arg-type]


def one_year(orders: int = 1, **readers: str) -> Reach:
    """So many orders of a year, no two of which share a letter."""
    by_recipient = {Recipient(name): Decimal(number) for name, number in readers.items()}
    return Reach(orders, ends={1: orders}, certificate_ends={1: orders}, readers=by_recipient)


@pytest.mark.parametrize(
    ("share", "life", "days"),
    [
        (33, 199, 66),
        (15, 199, 30),
        (5, 199, 10),
        (33, 99, 33),
        (15, 99, 15),
        (5, 99, 5),
        (33, 46, 16),
        (15, 46, 7),
        (5, 46, 3),
        (1, 199, 3),
        (90, 46, 42),
        (50, 3, None),
    ],
)
def test_a_share_of_a_life_falls_on_so_many_days_left_and_on_three_at_least(
    share: int, life: int, days: int | None
) -> None:
    assert days_left_of(share, life) == days


@given(share=some.integers(1, 90), life=some.integers(1, 825))
def test_a_share_never_falls_outside_the_life_nor_later_than_it_says(share: int, life: int) -> None:
    days = days_left_of(share, life)

    if days is None:
        assert life <= 3
    else:
        assert 3 <= days < life
        assert days * 100 >= life * share


@pytest.mark.parametrize(
    ("rung", "why"),
    [
        (letter(-90), None),
        (letter(-91), Refusal.BEFORE_WINDOW),
        (letter(60), None),
        (letter(61), Refusal.TOO_LATE),
        (letter(share=90), None),
        (letter(share=91), Refusal.OUTSIDE_LIFE),
        (letter(share=0), Refusal.OUTSIDE_LIFE),
        (letter(share=2), None),
        (letter(share=1), Refusal.UNDER_LEAST_DAYS),
        (letter(), Refusal.NO_MOMENT),
        (letter(-3, share=5), Refusal.TWO_MOMENTS),
        (letter(-3, letter=""), Refusal.NO_LETTER),
        (letter(-3, recipients=()), Refusal.NO_RECIPIENT),
        (Rung(Channel.CONSOLE, -3), Refusal.NO_RECIPIENT),
        (Rung(Channel.TELEPHONE, -3), None),
        (Rung(Channel.BANNER, -3), None),
    ],
)
def test_a_step_stands_inside_the_window_and_the_life_and_says_what_it_sends(rung: Rung, why: Refusal | None) -> None:
    assert refusal_of(rung) is why


def test_of_two_steps_at_one_place_the_second_is_refused() -> None:
    steps = [letter(-30), Rung(Channel.TELEPHONE, -30), letter(-30, tone=Tone.URGENT), letter(share=30)]

    assert refusals(steps) == {2: Refusal.TWICE}


def test_the_default_ladder_stands_and_is_the_one_that_the_guide_asks_for() -> None:
    days = {
        channel: [rung.days for rung in DEFAULT_LADDER if rung.channel is channel and rung.share is None]
        for channel in Channel
    }

    assert refusals(DEFAULT_LADDER) == {}
    assert days == {
        Channel.EMAIL: [-90, -60, -30, -7, -3, 7],
        Channel.CONSOLE: [-60, -7],
        Channel.BANNER: [-30],
        Channel.TELEPHONE: [-30, -7, 7],
    }
    assert [rung.share for rung in DEFAULT_LADDER if rung.share is not None] == [33, 15, 5]


def test_the_default_ladder_reaches_more_people_with_every_stage() -> None:
    stages = [rung.recipients for rung in DEFAULT_LADDER if rung.channel is Channel.EMAIL and rung.days is not None]

    assert all(later[: len(earlier)] == earlier for earlier, later in itertools.pairwise(stages))
    assert stages[0] == (Recipient.TECHNICAL,)
    assert stages[-1] == tuple(Recipient)


def test_what_short_certificates_do_to_a_step_is_remarked() -> None:
    steps = [letter(share=33), letter(share=6), letter(share=5), letter(31), letter(30)]

    # of 46 days 6 % and 5 % are less than 3 days: both go out on 3, so the second alone does
    assert remarks(steps) == {1: Remark.TOGETHER, 2: Remark.RAISED, 3: Remark.WINDOW_CLOSED}


@pytest.mark.parametrize(("life", "reissues", "letters"), [(199, 1, 9), (99, 3, 15), (46, 7, 27)])
def test_an_order_of_a_year_brings_so_many_letters_under_each_limit(life: int, reissues: int, letters: int) -> None:
    year = forecast(DEFAULT_LADDER, one_year(), life=life)

    assert (year.reissues_per_order, year.letters_per_order, year.calls_per_order) == (reissues, letters, 3)
    assert (year.letters, year.calls) == (letters, 3)


def test_letters_are_counted_for_every_reader_and_once_for_orders_that_share_one() -> None:
    steps = [letter(-30, recipients=(Recipient.TECHNICAL, Recipient.BUYER)), letter(share=15)]
    reach = Reach(
        orders=400,
        ends={1: 100},
        certificate_ends={1: 120},
        readers={Recipient.TECHNICAL: Decimal(1), Recipient.BUYER: Decimal("0.5")},
    )

    year = forecast(steps, reach, life=99)

    # 100 ends to 1.5 readers; 120 certificates, three times each, to one
    assert (year.renewal_letters, year.reissue_letters, year.letters) == (150, 360, 510)


def test_an_order_of_three_years_is_renewed_in_one_of_them() -> None:
    year = forecast([letter(-30), Rung(Channel.TELEPHONE, -7)], Reach(30, {3: 30}, {3: 30}), life=199)

    # five reissues in three years
    assert (year.renewals, year.reissues) == (10, 50)
    assert (year.letters, year.calls) == (10, 10)


def test_a_letter_to_a_stage_that_nobody_fills_still_has_a_reader() -> None:
    year = forecast([letter(-30, recipients=(Recipient.MANAGER,))], one_year(10, manager="0.1"), life=199)

    assert year.letters == 10


def test_steps_that_fall_on_one_day_of_a_short_life_are_one_letter() -> None:
    steps = [letter(share=6), letter(share=5)]

    assert [forecast(steps, one_year(), life=life).letters for life in LIVES] == [2, 6, 7]


@given(rungs=some.lists(some.builds(letter, some.integers(-90, 60)), max_size=5))
def test_a_year_never_brings_fewer_letters_under_shorter_certificates(rungs: list[Rung]) -> None:
    years = [forecast([*rungs, letter(share=15)], one_year(7), life=life).letters for life in LIVES]

    assert years == sorted(years)


def test_rules_and_rows_speak_of_the_same_things() -> None:
    for spoken, stored in (
        (ladder.Channel, states.Channel),
        (ladder.Tone, states.Tone),
        (ladder.Recipient, states.Recipient),
    ):
        assert [one.value for one in spoken] == stored.values
    assert (ladder.WINDOW_OPENS, ladder.LAST_DAY) == (calendars.FIRST_DAY, calendars.LAST_DAY)
