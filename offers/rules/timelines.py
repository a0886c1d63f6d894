"""How the price of one thing goes on through time: spans of days, of which the one that began last counts.

A new span ends the one before it on the day before, unless it ends sooner itself: then the former holds again
after it. 200 from January, 220 from July: 200 until 30 June. What held on a day that is over never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias

from offers.rules.baskets import UnitPrices

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Prices from a day on; `until` is the last day, None for open."""

    begins: date
    until: date | None
    prices: UnitPrices

    def holds(self, on: date) -> bool:
        return self.begins <= on and (self.until is None or on <= self.until)


# Sorted by their beginnings, each of which is there once
Timeline: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What makes one timeline of another; `changed` are spans as they become."""

    created: Timeline
    changed: Timeline
    deleted: Timeline

    def __bool__(self) -> bool:
        return bool(self.created or self.changed or self.deleted)


def settled(spans: Iterable[Span]) -> Timeline:
    """In their order, each ended the day before the next one, unless that ends sooner than it does itself."""
    ordered = sorted(spans, key=lambda span: span.begins)
    for number in range(len(ordered) - 2, -1, -1):
        span, following = ordered[number], ordered[number + 1]
        if _outlasts(following, span) and (span.until is None or span.until >= following.begins):
            ordered[number] = replace(span, until=following.begins - _DAY)
    return tuple(ordered)


def in_force(timeline: Timeline, on: date) -> Span | None:
    """The span that counts on a day."""
    return next((span for span in reversed(timeline) if span.holds(on)), None)


def following(timeline: Timeline, on: date) -> Span | None:
    """The next one to begin after a day."""
    return next((span for span in timeline if span.begins > on), None)


def with_span(timeline: Timeline, new: Span) -> Timeline:
    """The timeline with one more span, in place of one that begins on the same day."""
    return settled([*(span for span in timeline if span.begins != new.begins), new])


def without(timeline: Timeline, begins: date) -> Timeline:
    """The timeline without the span of that beginning; one that ended because of it goes on in its place."""
    gone = next((span for span in timeline if span.begins == begins), None)
    if gone is None:
        return timeline
    rest = [span for span in timeline if span is not gone]
    return settled(replace(span, until=gone.until) if span.until == begins - _DAY else span for span in rest)


def difference(before: Timeline, after: Timeline) -> Difference:
    old, new = ({span.begins: span for span in timeline} for timeline in (before, after))
    return Difference(
        created=tuple(span for begins, span in new.items() if begins not in old),
        changed=tuple(span for begins, span in new.items() if begins in old and old[begins] != span),
        deleted=tuple(span for begins, span in old.items() if begins not in new),
    )


def keeps_past(before: Timeline, after: Timeline, *, today: date) -> bool:
    """Whether every day before today has the price it had."""
    turns = {turn for timeline in (before, after) for turn in _turns(timeline) if turn < today}
    return all(_prices(before, day) == _prices(after, day) for day in turns)


def _outlasts(one: Span, other: Span) -> bool:
    return one.until is None or (other.until is not None and one.until >= other.until)


def _prices(timeline: Timeline, on: date) -> UnitPrices | None:
    span = in_force(timeline, on)
    return span.prices if span else None


def _turns(timeline: Timeline) -> Iterator[date]:
    """Days on which something begins, or has ended."""
    for span in timeline:
        yield span.begins
        if span.until:
            yield span.until + _DAY
