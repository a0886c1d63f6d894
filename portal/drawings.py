"""Bars drawn to scale: how many days a renewal keeps, and which period ends when. Templates only place them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from portal.types import StrOrPromise

PartKind = Literal["gone", "kept", "certificate", "order", "late"]
MarkKind = Literal["today", "reissue", "end"]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of days. `figure` and `words` make its line in the legend; without them it has none."""

    kind: PartKind
    days: int
    figure: StrOrPromise = ""
    words: StrOrPromise = ""


@dataclass(frozen=True, slots=True)
class Period:
    """From `starts` up to, not including, `ends`."""

    kind: PartKind
    starts: date
    ends: date
    words: StrOrPromise = ""


@dataclass(frozen=True, slots=True)
class Row:
    name: StrOrPromise
    periods: Sequence[Period]


@dataclass(frozen=True, slots=True)
class Mark:
    """A day that crosses every row, named in the legend."""

    kind: MarkKind
    on: date
    words: StrOrPromise


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle or a line in percent of the width, written with a point in every language."""

    kind: str
    x: str
    width: str = "0%"
    words: StrOrPromise = ""


def percent(share: float) -> str:
    """0.12345 -> "12.35%"."""
    return f"{round(share * 100, 2):g}%"


def parts_to_scale(parts: Sequence[Part]) -> list[Shape]:
    """The parts side by side; those without days are left out."""
    total = sum(part.days for part in parts)
    shapes, before = [], 0
    for part in parts:
        if part.days > 0:
            shapes.append(Shape(part.kind, percent(before / total), percent(part.days / total)))
            before += part.days
    return shapes


@dataclass(frozen=True, slots=True)
class Scale:
    """Days from `first` to `last`, mapped to 0..100 %."""

    first: date
    last: date

    @classmethod
    def around(cls, rows: Sequence[Row], marks: Sequence[Mark]) -> Scale:
        """Wide enough for every period and mark; raises ValueError when there is nothing to draw."""
        days = [mark.on for mark in marks]
        for row in rows:
            days += [day for period in row.periods for day in (period.starts, period.ends)]
        return cls(min(days), max(days))

    def at(self, day: date) -> float:
        return (day - self.first).days / max((self.last - self.first).days, 1)

    def shape(self, period: Period) -> Shape:
        start, end = self.at(period.starts), self.at(period.ends)
        return Shape(period.kind, percent(start), percent(end - start), period.words)

    def line(self, mark: Mark) -> Shape:
        return Shape(mark.kind, percent(self.at(mark.on)), words=mark.words)
