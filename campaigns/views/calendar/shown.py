"""What pages say about a calendar: its steps, its hours, its orders, and what a year of it brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format, number_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.forms.calendar import letter_choices, letter_names
from campaigns.models import Calendar
from campaigns.rules.ladder import LIVES, Forecast, Reach, Remark, Rung, forecast, remarks
from campaigns.states import Tone
from campaigns.wording.calendar import (
    CHANNEL_ICONS,
    REMARKS,
    channel_words,
    moment,
    recipients_words,
    tone_words,
    weekday,
)
from certificates.models import Customer
from certificates.states import ValidationLevel
from portal.drawings import percent
from portal.models import Membership, Partner
from portal.types import StrOrPromise

_TONE_LEVELS: Mapping[str, str] = {Tone.FRIENDLY: "good", Tone.PLAIN: "calm", Tone.URGENT: "warn"}
_MOST_NAMED = 5


def grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


# Steps


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A line of the table of steps."""

    icon: str
    channel: StrOrPromise
    moment: str
    letter: StrOrPromise
    recipients: str
    tone: tuple[str, StrOrPromise]
    remark: StrOrPromise


def shown_steps(partner: Partner, rungs: Sequence[Rung]) -> list[ShownStep]:
    names, said = letter_names(letter_choices(partner)), remarks(rungs)
    return [_shown(rung, names, said.get(number)) for number, rung in enumerate(rungs)]


def _shown(rung: Rung, names: Mapping[str, StrOrPromise], remark: Remark | None) -> ShownStep:
    return ShownStep(
        icon=CHANNEL_ICONS[rung.channel],
        channel=channel_words(rung),
        moment=moment(rung),
        letter=names.get(rung.letter, rung.letter),
        recipients=recipients_words(rung),
        tone=(_TONE_LEVELS[rung.tone], tone_words(rung)),
        remark=REMARKS[remark] if remark else "",
    )


# Whom it is for, and when


def segment_facts(calendar: Calendar) -> list[tuple[str, str]]:
    """Heading and words of what narrows the calendar; nothing where it is for every order."""
    partner = calendar.partner
    levels = dict(ValidationLevel.choices)
    found = [
        (_("Brands"), ", ".join(calendar.families)),
        (_("Validation levels"), ", ".join(str(levels.get(one, one)) for one in calendar.levels)),
        (_("Countries"), ", ".join(calendar.countries)),
        (_("Customers"), _names(Customer.objects.for_partner(partner).filter(pk__in=calendar.customers))),
        (_("Owners of the customers"), _names(_owners(calendar))),
    ]
    return [(label, words) for label, words in found if words]


def _owners(calendar: Calendar) -> Iterable[Any]:
    if not calendar.owners:
        return []
    return Membership.objects.for_partner(calendar.partner).filter(pk__in=calendar.owners).select_related("user")


def _names(rows: Iterable[Any]) -> str:
    """The first few by name, and how many more."""
    names = [str(row) for row in rows]
    more = len(names) - _MOST_NAMED
    told = ", ".join(names[:_MOST_NAMED])
    return _("%(names)s and %(number)s more") % {"names": told, "number": more} if more > 0 else told


def hours_facts(calendar: Calendar) -> list[tuple[str, str]]:
    days_off = [date_format(date.fromisoformat(day), "SHORT_DATE_FORMAT") for day in calendar.days_off]
    span = {"start": _clock(calendar.quiet_from), "end": _clock(calendar.quiet_until)}
    late = ngettext("up to %(days)s day later", "up to %(days)s days later", calendar.grace_days)
    return [
        (_("Sent at"), _clock(calendar.sends_at)),
        (_("Quiet hours"), _("%(start)s to %(end)s") % span),
        (_("Working days"), ", ".join(weekday(day) for day in sorted(calendar.working_days))),
        (_("Days off"), ", ".join(days_off) or _("none")),
        (_("A late step is still sent"), late % {"days": calendar.grace_days}),
    ]


def _clock(at: time) -> str:
    return time_format(at, "TIME_FORMAT")


@dataclass(frozen=True, slots=True)
class Day:
    """A reader's day drawn from midnight to midnight: the quiet stretches, and when letters go."""

    quiet: list[tuple[str, str]]
    sends_x: str


def day_of(calendar: Calendar) -> Day:
    start, end = _share(calendar.quiet_from), _share(calendar.quiet_until)
    stretches = [(start, end)] if start < end else [(0.0, end), (start, 1.0)]
    return Day([(percent(a), percent(b - a)) for a, b in stretches], percent(_share(calendar.sends_at)))


def _share(at: time) -> float:
    return (at.hour * 60 + at.minute) / 1440


# What a year brings


@dataclass(frozen=True, slots=True)
class Year:
    """One line of the forecast, and the sums behind it."""

    life: int
    reissues: int
    per_order: int
    letters: str
    calls: str
    bar: str
    sums: list[tuple[str, str]]


def years(rungs: Sequence[Rung], reach: Reach) -> list[Year]:
    found = [forecast(rungs, reach, life=life) for life in LIVES]
    most = max((year.letters for year in found), default=0) or 1
    return [
        Year(
            life=year.life,
            reissues=year.reissues_per_order,
            per_order=year.letters_per_order,
            letters=grouped(year.letters),
            calls=grouped(year.calls),
            bar=percent(year.letters / most),
            sums=list(_sums(year)),
        )
        for year in found
    ]


def _sums(year: Forecast) -> Iterator[tuple[str, str]]:
    """Each product written out: what is multiplied, and what comes of it."""
    product = "%(number)s \N{MULTIPLICATION SIGN} %(times)s"
    yield (
        _("Letters before and after the end"),
        _("%(product)s = %(sum)s")
        % {
            "product": product % {"number": grouped(year.renewals), "times": _decimal(year.renewal_readers)},
            "sum": grouped(year.renewal_letters),
        },
    )
    yield (
        _("Letters about reissues"),
        _("%(product)s = %(sum)s")
        % {
            "product": product % {"number": grouped(year.reissues), "times": _decimal(year.reissue_readers)},
            "sum": grouped(year.reissue_letters),
        },
    )
    if year.calls:
        calls = [(year.renewals, year.renewal_calls), (year.reissues, year.reissue_calls)]
        products = [product % {"number": grouped(n), "times": grouped(times)} for n, times in calls if times]
        yield _("Calls"), _("%(product)s = %(sum)s") % {"product": " + ".join(products), "sum": grouped(year.calls)}


def _decimal(number: Decimal) -> str:
    return number_format(number.normalize(), force_grouping=True) if number else "0"
