"""A ladder drawn as lanes: days nearer the end are wider apart, since that is where steps are close together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import copysign, sqrt

from django.utils.translation import gettext as _

from campaigns.rules.ladder import LAST_DAY, LIVES, MOST_SHARE, WINDOW_CLOSES, WINDOW_OPENS, Channel, Rung
from campaigns.states import Channel as StoredChannel
from campaigns.wording.calendar import (
    CHANNEL_ICONS,
    days_left_words,
    mark,
    moment,
)
from portal.drawings import percent
from portal.types import StrOrPromise

_DAY_TICKS = (-90, -60, -30, -14, -7, 0, 7, 30, 60)
_SHARE_TICKS = (100, 75, 50, 33, 15, 5, 0)
# Room beside the first and the last place, as a share of the width
_MARGIN = 0.03


@dataclass(frozen=True, slots=True)
class Scale:
    """Places from `first` to `last`, which lie on both sides of the end at 0 or on it."""

    first: int
    last: int

    def at(self, value: int) -> float:
        """0 to 1: as the square root of the distance from the end."""
        low, high = _root(self.first), _root(self.last)
        return _MARGIN + (1 - 2 * _MARGIN) * (_root(value) - low) / (high - low)


def _root(value: int) -> float:
    return copysign(sqrt(abs(value)), value)


DAYS, LIFE = Scale(WINDOW_OPENS, LAST_DAY), Scale(-100, 0)


@dataclass(frozen=True, slots=True)
class Handle:
    """A step on its lane; `number` is its row in the form."""

    number: int
    value: int
    x: str
    mark: str
    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Lane:
    channel: str
    label: StrOrPromise
    icon: str
    handles: list[Handle] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tick:
    x: str
    label: str
    is_end: bool = False
    is_second: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """A timeline; `least` and `most` are where its steps may stand.

    Behind its end renewals are still open for a while, from `end_x` over `open_width`, and then closed.
    """

    key: str
    scale: Scale
    least: int
    most: int
    lanes: list[Lane]
    ticks: list[Tick]
    end_x: str
    open_width: str = ""
    closes_x: str = ""
    closed_width: str = ""


def boards(rungs: Sequence[tuple[int, Rung]], *, every_lane: bool) -> list[Board]:
    """Both timelines of a ladder, whose steps come with the numbers of their rows."""
    on_order = [(number, rung) for number, rung in rungs if rung.share is None]
    on_life = [(number, rung) for number, rung in rungs if rung.share is not None]
    return [
        Board(
            key="order",
            scale=DAYS,
            least=WINDOW_OPENS,
            most=LAST_DAY,
            lanes=_lanes(on_order, DAYS, every_lane=True),
            ticks=[Tick(_x(DAYS, day), _signed(day), day == 0, day in (-14, -60, 60)) for day in _DAY_TICKS],
            end_x=_x(DAYS, 0),
            open_width=percent(DAYS.at(WINDOW_CLOSES) - DAYS.at(0)),
            closes_x=_x(DAYS, WINDOW_CLOSES),
            closed_width=percent(1 - DAYS.at(WINDOW_CLOSES)),
        ),
        Board(
            key="life",
            scale=LIFE,
            least=-MOST_SHARE,
            most=-1,
            lanes=_lanes(on_life, LIFE, every_lane=every_lane),
            ticks=[Tick(_x(LIFE, -share), _("%(share)s %%") % {"share": share}, share == 0) for share in _SHARE_TICKS],
            end_x=_x(LIFE, 0),
        ),
    ]


def _lanes(rungs: Iterable[tuple[int, Rung]], scale: Scale, *, every_lane: bool) -> list[Lane]:
    lanes = {one: Lane(one.value, StoredChannel(one.value).label, CHANNEL_ICONS[one]) for one in Channel}
    for number, rung in rungs:
        lanes[rung.channel].handles.append(_handle(number, rung, scale))
    return [lane for lane in lanes.values() if lane.handles or every_lane or lane.channel == Channel.EMAIL]


def _handle(number: int, rung: Rung, scale: Scale) -> Handle:
    value = -rung.share if rung.share is not None else rung.days or 0
    inside = min(max(value, scale.first), scale.last)
    return Handle(number, value, _x(scale, inside), mark(rung), moment(rung), rung.tone.value)


def _x(scale: Scale, value: int) -> str:
    return percent(scale.at(value))


def _signed(day: int) -> str:
    return f"\N{MINUS SIGN}{-day}" if day < 0 else f"+{day}" if day else "0"


@dataclass(frozen=True, slots=True)
class Fall:
    """On how many days left a share falls, under one life."""

    x: str
    days: str


def falls(rungs: Iterable[Rung]) -> list[tuple[int, list[Fall]]]:
    """For each life, where the shares of a ladder fall."""
    shares = sorted({rung.share for rung in rungs if rung.share is not None}, reverse=True)
    return [(life, [Fall(_x(LIFE, -share), days_left_words(share, life)) for share in shares]) for life in LIVES]
