"""The price of one thing through time: who follows whom, and that no day that is over gets another price."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from offers.rules.baskets import UnitPrices
from offers.rules.timelines import Span, difference, in_force, keeps_past, settled, with_span, without

TODAY = date(2026, 11, 22)
NEW_YEAR = date(2027, 1, 1)
DAY = timedelta(days=1)


def at(base: int) -> UnitPrices:
    return UnitPrices(Decimal(base), Decimal(0), Decimal(0))


def span(begins: date, base: int = 200, until: date | None = None) -> Span:
    return Span(begins, until, at(base))


def base_on(timeline: tuple[Span, ...], day: date) -> int | None:
    found = in_force(timeline, day)
    return int(found.prices.base) if found else None


def test_new_price_ends_the_one_before_it_on_the_day_before() -> None:
    line = with_span((span(date(2026, 1, 1)),), span(NEW_YEAR, 220))

    assert line == (span(date(2026, 1, 1), 200, NEW_YEAR - DAY), span(NEW_YEAR, 220))
    assert [base_on(line, NEW_YEAR - DAY), base_on(line, NEW_YEAR)] == [200, 220]


def test_price_with_a_last_day_gives_way_to_the_one_before_it() -> None:
    line = with_span((span(date(2026, 1, 1)),), span(TODAY, 150, until=TODAY + 9 * DAY))

    assert [base_on(line, TODAY + days * DAY) for days in (-1, 0, 9, 10)] == [200, 150, 150, 200]


def test_price_of_the_same_day_is_replaced() -> None:
    line = with_span((span(date(2026, 1, 1), until=TODAY - DAY), span(TODAY, 999)), span(TODAY, 99))

    assert line == (span(date(2026, 1, 1), until=TODAY - DAY), span(TODAY, 99))


def test_price_between_two_others_ends_where_the_next_begins() -> None:
    line = with_span((span(date(2026, 1, 1), until=NEW_YEAR - DAY), span(NEW_YEAR, 220)), span(TODAY, 210))

    assert line[1] == span(TODAY, 210, until=NEW_YEAR - DAY)
    assert line[2] == span(NEW_YEAR, 220)


def test_taken_back_price_lets_the_one_before_it_go_on() -> None:
    before = (span(date(2026, 1, 1)),)

    assert without(with_span(before, span(NEW_YEAR, 220)), NEW_YEAR) == before
    assert without(before, NEW_YEAR) == before


def test_difference_names_what_is_new_other_and_gone() -> None:
    before = (span(date(2026, 1, 1)), span(NEW_YEAR, 220))
    after = with_span(without(before, NEW_YEAR), span(TODAY, 210))

    found = difference(settled(before), after)

    assert found.created == (span(TODAY, 210),)
    assert found.changed == (span(date(2026, 1, 1), until=TODAY - DAY),)
    assert found.deleted == (span(NEW_YEAR, 220),)


def test_past_is_kept_by_a_price_from_today_and_not_by_one_from_yesterday() -> None:
    before = (span(date(2026, 1, 1)),)

    assert keeps_past(before, with_span(before, span(TODAY, 210)), today=TODAY)
    assert not keeps_past(before, with_span(before, span(TODAY - DAY, 210)), today=TODAY)
    assert not keeps_past(before, (), today=TODAY)
    assert not keeps_past(before, (span(date(2026, 2, 1)),), today=TODAY)


offsets = st.integers(-60, 60)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    begins = TODAY + draw(offsets) * DAY
    length = draw(st.none() | st.integers(0, 40))
    return span(begins, draw(st.integers(1, 9)), None if length is None else begins + length * DAY)


lines = st.lists(spans(), max_size=6, unique_by=lambda one: one.begins)


@given(lines)
def test_settling_changes_the_price_of_no_day_and_is_done_once(some: list[Span]) -> None:
    raw, line = tuple(sorted(some, key=lambda one: one.begins)), settled(some)

    assert settled(line) == line
    for offset in range(-70, 120):
        assert base_on(line, TODAY + offset * DAY) == base_on(raw, TODAY + offset * DAY)


@given(lines, spans())
def test_price_from_today_on_keeps_every_day_before_today(some: list[Span], new: Span) -> None:
    line = settled(some)
    after = with_span(line, span(max(new.begins, TODAY), 5))

    assert keeps_past(line, after, today=TODAY)
    for offset in range(-70, 0):
        assert base_on(after, TODAY + offset * DAY) == base_on(line, TODAY + offset * DAY)


@given(lines, lines)
def test_past_counts_as_kept_exactly_where_every_day_has_its_price(some: list[Span], others: list[Span]) -> None:
    one, other = settled(some), settled(others)
    days = [TODAY + offset * DAY for offset in range(-70, 0)]

    assert keeps_past(one, other, today=TODAY) == all(base_on(one, day) == base_on(other, day) for day in days)
