"""Calendars in words: when a step is due, whom it reaches, why it cannot stand, and what a change changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from campaigns.rules import ladder
from campaigns.rules.ladder import Channel, Refusal, Remark, Rung
from campaigns.states import Channel as StoredChannel
from campaigns.states import Recipient, Tone
from portal.types import StrOrPromise

CHANNEL_ICONS: Mapping[str, str] = {
    Channel.EMAIL: "envelope",
    Channel.CONSOLE: "chat-left-text",
    Channel.BANNER: "megaphone",
    Channel.TELEPHONE: "telephone",
}
REFUSALS: Mapping[Refusal, StrOrPromise] = {
    Refusal.NO_MOMENT: gettext_lazy("Write how many days, or how much of the life is left."),
    Refusal.TWO_MOMENTS: gettext_lazy("A step hangs on the order's end or on the certificate's life, not on both."),
    Refusal.BEFORE_WINDOW: gettext_lazy(
        "Renewals open 90 days before the end: earlier than that the reader could do nothing. Write 90 or less."
    ),
    Refusal.TOO_LATE: gettext_lazy("Later than 60 days after the end nobody is won back. Write 60 or less."),
    Refusal.OUTSIDE_LIFE: gettext_lazy(
        "This lies outside the certificate's life. Write a share of it that is left, from 2 to 90 %."
    ),
    Refusal.UNDER_LEAST_DAYS: gettext_lazy(
        "Of a certificate of 199 days this leaves less than 3 days, too few for a reissue. Write 2 % or more."
    ),
    Refusal.NO_LETTER: gettext_lazy("Choose the letter."),
    Refusal.NO_RECIPIENT: gettext_lazy("Tick at least one recipient."),
    Refusal.TWICE: gettext_lazy("There is another step on this channel at the same moment."),
}
REMARKS: Mapping[Remark, StrOrPromise] = {
    Remark.RAISED: gettext_lazy("Under certificates of 46 days this is less than 3 days: it goes out on 3."),
    Remark.TOGETHER: gettext_lazy(
        "Under certificates of 46 days it falls on the day of a later step, which then goes out alone."
    ),
    Remark.WINDOW_CLOSED: gettext_lazy("Renewals close 30 days after the end: from here on it takes a new order."),
}


def moment(rung: Rung) -> str:
    """When a step is due: "30 days before the end"."""
    if rung.share is not None:
        return _("%(share)s %% of the certificate's life left") % {"share": rung.share}
    days = rung.days or 0
    if days == 0:
        return _("on the last day")
    if days < 0:
        words = ngettext("%(days)s day before the end", "%(days)s days before the end", -days)
        return words % {"days": -days}
    return ngettext("%(days)s day after the end", "%(days)s days after the end", days) % {"days": days}


def mark(rung: Rung) -> str:
    """The same on a drawing: "-30", "+7", "15 %"."""
    if rung.share is not None:
        return _("%(share)s %%") % {"share": rung.share}
    days = rung.days or 0
    return f"\N{MINUS SIGN}{-days}" if days < 0 else f"+{days}" if days else "0"


def channel_words(rung: Rung) -> StrOrPromise:
    return StoredChannel(rung.channel.value).label


def named(rung: Rung) -> str:
    """A step by channel and moment."""
    return _("%(label)s: %(value)s") % {"label": channel_words(rung), "value": moment(rung)}


def recipients_words(rung: Rung) -> str:
    return ", ".join(str(Recipient(one.value).label) for one in rung.recipients)


def tone_words(rung: Rung) -> StrOrPromise:
    return Tone(rung.tone.value).label


def days_left_words(share: int, life: int) -> str:
    """On how many days left of a life a share of it falls."""
    days = ladder.days_left_of(share, life)
    return "\N{EN DASH}" if days is None else str(days)


# What a change changes


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of what is different: `kind` is added, removed or changed."""

    kind: str
    words: str
    before: str = ""
    after: str = ""


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], letters: Mapping[str, StrOrPromise]
) -> list[Difference]:
    """Between two snapshots of a calendar (campaigns.services.calendars.snapshot), the steps first."""
    return [*_steps(before["steps"], after["steps"], letters), *_terms(before, after)]


def _steps(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], letters: Mapping[str, StrOrPromise]
) -> Iterator[Difference]:
    old, new = ({rung.place: rung for rung in map(_rung, steps)} for steps in (before, after))
    for place, rung in old.items():
        if place not in new:
            yield Difference("removed", named(rung))
    for place, rung in new.items():
        if place not in old:
            yield Difference("added", named(rung))
        elif old[place] != rung:
            yield Difference("changed", named(rung), _said(old[place], letters), _said(rung, letters))


def _rung(step: Mapping[str, Any]) -> Rung:
    return Rung(
        Channel(step["channel"]),
        step["days"],
        step["share"],
        letter=step["letter"],
        tone=ladder.Tone(step["tone"]),
        recipients=tuple(ladder.Recipient(one) for one in step["recipients"]),
    )


def _said(rung: Rung, letters: Mapping[str, StrOrPromise]) -> str:
    letter = str(letters.get(rung.letter, rung.letter))
    return " · ".join(filter(None, [letter, str(tone_words(rung)), recipients_words(rung)]))


_LABELS: Mapping[str, StrOrPromise] = {
    "name": gettext_lazy("Name"),
    "families": gettext_lazy("Brands"),
    "levels": gettext_lazy("Validation levels"),
    "countries": gettext_lazy("Countries"),
    "customers": gettext_lazy("Customers"),
    "owners": gettext_lazy("Owners of the customers"),
    "sends_at": gettext_lazy("Sent at"),
    "quiet_from": gettext_lazy("Quiet from"),
    "quiet_until": gettext_lazy("Quiet until"),
    "working_days": gettext_lazy("Working days"),
    "days_off": gettext_lazy("Days off"),
    "grace_days": gettext_lazy("Days in which a late step is still sent"),
}
# Rows of other tables: told by their number.
_KEYS = ("customers", "owners")


def _terms(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name, label in _LABELS.items():
        if before[name] != after[name]:
            yield Difference("changed", str(label), _value(name, before[name]), _value(name, after[name]))


def _value(name: str, value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    if name in _KEYS:
        return number_format(len(value)) if value else _everybody()
    if name == "working_days":
        return ", ".join(weekday(day) for day in value)
    return ", ".join(map(str, value)) or (pgettext("days off", "none") if name == "days_off" else _everybody())


def _everybody() -> str:
    return pgettext("segment", "all")


def weekday(number: int) -> str:
    """The short name of an ISO week day."""
    return str(WEEKDAYS_ABBR[number - 1])
