"""A year of offers drawn to scale: a column for each month, a bar for each offer, and today as a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from certificates.rules import last_day, utc_date
from offers.models import Offer
from offers.models.offers import OfferStatus
from offers.wording.offers import STATUS_WORDS
from portal.drawings import percent
from portal.types import StrOrPromise

# Two months back, and nine to come
MONTHS_BEFORE, MONTHS = 2, 12


@dataclass(frozen=True, slots=True)
class Month:
    """Its first day, and where its column is."""

    first: date
    x: str
    width: str
    middle: str


@dataclass(frozen=True, slots=True)
class Bar:
    """An offer's period as far as it is shown; `last` is its last day, None without an end."""

    offer: Offer
    status: OfferStatus
    first: date
    last: date | None
    x: str
    width: str

    @property
    def words(self) -> StrOrPromise:
        return STATUS_WORDS[self.status]


@dataclass(frozen=True, slots=True)
class Calendar:
    months: list[Month]
    bars: list[Bar]
    today: date
    today_x: str


def calendar_of(offers: Iterable[Offer], *, now: datetime) -> Calendar:
    """The published offers of the year around today, the earliest first."""
    today = utc_date(now)
    edges = _firsts(today)
    scale = _Scale(edges[0], edges[-1])
    bars = [bar for offer in offers if (bar := _bar(offer, scale, now))]
    months = [scale.month(first, after) for first, after in pairwise(edges)]
    return Calendar(months, sorted(bars, key=lambda bar: (bar.first, bar.offer.pk)), today, percent(scale.at(today)))


def _firsts(today: date) -> list[date]:
    """The first days of the months shown, and of the one after them."""
    month = today.year * 12 + today.month - 1 - MONTHS_BEFORE
    return [date((month + n) // 12, (month + n) % 12 + 1, 1) for n in range(MONTHS + 1)]


@dataclass(frozen=True, slots=True)
class _Scale:
    first: date
    after: date

    def at(self, day: date) -> float:
        """0 to 1, and never beyond."""
        return min(max((day - self.first).days / (self.after - self.first).days, 0.0), 1.0)

    def month(self, first: date, after: date) -> Month:
        start, end = self.at(first), self.at(after)
        return Month(first, percent(start), percent(end - start), percent((start + end) / 2))


def _bar(offer: Offer, scale: _Scale, now: datetime) -> Bar | None:
    """None for a draft, for one that never ran, and for a period outside the year."""
    status = offer.status(now)
    first = utc_date(offer.starts_at)
    last = last_day(offer.ends_at) if offer.ends_at else None
    if status is OfferStatus.ENDED and offer.ends_at is None:
        return None
    start, end = scale.at(first), scale.at((last or scale.after) + timedelta(days=1))
    if status is OfferStatus.DRAFT or end <= start:
        return None
    return Bar(offer, status, first, last, percent(start), percent(end - start))
