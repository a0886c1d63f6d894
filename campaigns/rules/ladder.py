"""The ladder of touchpoints: where a step may stand, what it means under shorter certificates, what a year brings.

A step hangs on the order's end, by days from its last day (negative before it), and asks for a renewal; or on a
certificate's life, by the share of it that is left, and asks for a reissue. So the first stay where they are when
certificates get shorter, and the second move with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from certificates.rules import slack

# The renewal window opens so many days before the order's last day; it closes so many days after it.
WINDOW_OPENS = -90
WINDOW_CLOSES = 30
# Later than this nobody is won back by a reminder.
LAST_DAY = 60
LEAST_SHARE, MOST_SHARE = 1, 90
# Fewer days than these leave no time for a reissue.
LEAST_DAYS = 3
# A certificate that ends less than so many days before its order is replaced with it, by the renewal.
REISSUE_LEAD_DAYS = 30
# What DigiCert issues at most: since 2026-02-24, and as assumed from 2027-03-15 and 2029-03-15.
LIVES = (199, 99, 46)
YEAR_DAYS = 365


class Channel(StrEnum):
    EMAIL = "email"
    CONSOLE = "console"
    BANNER = "banner"
    TELEPHONE = "telephone"


class Tone(StrEnum):
    FRIENDLY = "friendly"
    PLAIN = "plain"
    URGENT = "urgent"


class Recipient(StrEnum):
    """Whom a stage reaches, in the order in which stages rise."""

    TECHNICAL = "technical"
    BUYER = "buyer"
    OWNER = "owner"
    MANAGER = "manager"


# Whoever writes on one of these says with which words, and to whom.
TO_READERS = (Channel.EMAIL, Channel.CONSOLE)


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: on `days` from the order's last day, or when `share` per cent of a certificate's life are left."""

    channel: Channel
    days: int | None = None
    share: int | None = None
    letter: str = ""
    tone: Tone = Tone.PLAIN
    recipients: tuple[Recipient, ...] = ()

    @property
    def place(self) -> tuple[Channel, int | None, int | None]:
        """Where it stands; a calendar has one step at each place."""
        return self.channel, self.days, self.share


# The house's own ladder

_FIRST = (Recipient.TECHNICAL,)
_SECOND = (*_FIRST, Recipient.BUYER)
_THIRD = (*_SECOND, Recipient.OWNER)
_ALL = (*_THIRD, Recipient.MANAGER)

DEFAULT_LADDER: tuple[Rung, ...] = (
    Rung(Channel.EMAIL, -90, letter="days_90", tone=Tone.FRIENDLY, recipients=_FIRST),
    Rung(Channel.EMAIL, -60, letter="days_60", tone=Tone.FRIENDLY, recipients=_FIRST),
    Rung(Channel.EMAIL, -30, letter="days_30", tone=Tone.PLAIN, recipients=_SECOND),
    Rung(Channel.EMAIL, -7, letter="days_7", tone=Tone.URGENT, recipients=_THIRD),
    Rung(Channel.EMAIL, -3, letter="days_3", tone=Tone.URGENT, recipients=_ALL),
    Rung(Channel.EMAIL, 7, letter="expired", tone=Tone.URGENT, recipients=_ALL),
    Rung(Channel.CONSOLE, -60, tone=Tone.FRIENDLY, recipients=_SECOND),
    Rung(Channel.CONSOLE, -7, tone=Tone.URGENT, recipients=_SECOND),
    Rung(Channel.BANNER, -30, tone=Tone.PLAIN),
    Rung(Channel.TELEPHONE, -30, tone=Tone.PLAIN),
    Rung(Channel.TELEPHONE, -7, tone=Tone.URGENT),
    Rung(Channel.TELEPHONE, 7, letter="win_back", tone=Tone.FRIENDLY),
    Rung(Channel.EMAIL, share=33, letter="reissue_due", tone=Tone.FRIENDLY, recipients=_FIRST),
    Rung(Channel.EMAIL, share=15, letter="reissue_due", tone=Tone.PLAIN, recipients=_FIRST),
    Rung(Channel.EMAIL, share=5, letter="reissue_due", tone=Tone.URGENT, recipients=_SECOND),
)


# Where a step may stand


class Refusal(StrEnum):
    """Why a step cannot stand."""

    NO_MOMENT = "no_moment"
    TWO_MOMENTS = "two_moments"
    BEFORE_WINDOW = "before_window"
    TOO_LATE = "too_late"
    OUTSIDE_LIFE = "outside_life"
    UNDER_LEAST_DAYS = "under_least_days"
    NO_LETTER = "no_letter"
    NO_RECIPIENT = "no_recipient"
    TWICE = "twice"


def days_left_of(share: int, life: int) -> int | None:
    """The days left on which a share (per cent) of a life (days) falls, rounded up and at least 3.

    33, 15 and 5 % of 199 days are 66, 30 and 10; of 46 days 16, 7 and 3. None for a life that is over before.
    """
    days = max(LEAST_DAYS, -(-life * share // 100))
    return days if days < life else None


def refusal_of(rung: Rung) -> Refusal | None:
    """Why a step cannot stand, whatever the others are; None where it can."""
    if rung.days is not None and rung.share is not None:
        return Refusal.TWO_MOMENTS
    return _refused_moment(rung) or _refused_words(rung)


def _refused_moment(rung: Rung) -> Refusal | None:
    if rung.share is not None:
        return _refused_share(rung.share)
    if rung.days is None:
        return Refusal.NO_MOMENT
    if rung.days < WINDOW_OPENS:
        return Refusal.BEFORE_WINDOW
    return Refusal.TOO_LATE if rung.days > LAST_DAY else None


def _refused_share(share: int) -> Refusal | None:
    """Today's certificates judge: 1 % of their 199 days is less than 3 days."""
    if not LEAST_SHARE <= share <= MOST_SHARE:
        return Refusal.OUTSIDE_LIFE
    return Refusal.UNDER_LEAST_DAYS if max(LIVES) * share < LEAST_DAYS * 100 else None


def _refused_words(rung: Rung) -> Refusal | None:
    if rung.channel is Channel.EMAIL and not rung.letter:
        return Refusal.NO_LETTER
    return Refusal.NO_RECIPIENT if rung.channel in TO_READERS and not rung.recipients else None


def refusals(rungs: Sequence[Rung]) -> dict[int, Refusal]:
    """By their place in the sequence, the steps that cannot stand; of two at one place the later one."""
    found: dict[int, Refusal] = {}
    taken = set()
    for number, rung in enumerate(rungs):
        why = refusal_of(rung) or (Refusal.TWICE if rung.place in taken else None)
        taken.add(rung.place)
        if why:
            found[number] = why
    return found


class Remark(StrEnum):
    """What is worth knowing about a step that can stand."""

    RAISED = "raised"  # under the shortest certificates its share is less than 3 days: it goes out on 3
    TOGETHER = "together"  # under the shortest certificates it falls on the day of another: the later one goes out
    WINDOW_CLOSED = "window_closed"  # the old order can no longer be renewed, only replaced


def remarks(rungs: Sequence[Rung]) -> dict[int, Remark]:
    """By their place in the sequence, the steps that are worth a remark; ask `refusals` first."""
    shortest = min(LIVES)
    days = [None if rung.share is None else days_left_of(rung.share, shortest) for rung in rungs]
    found = {}
    for number, rung in enumerate(rungs):
        remark = _remark(rung, shortest)
        later = (other for other, one in enumerate(rungs) if one.channel is rung.channel and _is_later(one, rung))
        if days[number] is not None and any(days[other] == days[number] for other in later):
            remark = Remark.TOGETHER
        if remark:
            found[number] = remark
    return found


def _remark(rung: Rung, life: int) -> Remark | None:
    if rung.share is not None:
        return Remark.RAISED if life * rung.share < LEAST_DAYS * 100 else None
    return Remark.WINDOW_CLOSED if rung.days is not None and rung.days > WINDOW_CLOSES else None


def _is_later(one: Rung, other: Rung) -> bool:
    return one.share is not None and other.share is not None and one.share < other.share


# What a year of it brings


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a ladder meets: live orders, and how many of them share a letter.

    `ends` counts the ends of orders, by their term in years, and `certificate_ends` those of their certificates:
    of one customer on one day they are one, since one letter speaks of them all. `readers` says how many people a
    recipient stands for, on the average order; a letter has one reader at least.
    """

    orders: int
    ends: Mapping[int, int] = field(default_factory=dict)
    certificate_ends: Mapping[int, int] = field(default_factory=dict)
    readers: Mapping[Recipient, Decimal] = field(default_factory=dict)

    def readers_of(self, rung: Rung) -> Decimal:
        return max(Decimal(1), sum((self.readers.get(one, Decimal(0)) for one in rung.recipients), Decimal(0)))


@dataclass(frozen=True, slots=True)
class Forecast:
    """A year under certificates of `life` days, at most: as if nobody renewed before the last step.

    Letters and calls `per_order` are those of one order of one year to one reader. `renewal_letters` are `renewals`
    times `renewal_readers`, `reissue_letters` are `reissues` times `reissue_readers`, rounded half up; calls likewise.
    """

    life: int
    reissues_per_order: int
    letters_per_order: int
    calls_per_order: int
    renewals: int
    reissues: int
    renewal_readers: Decimal
    reissue_readers: Decimal
    renewal_calls: int
    reissue_calls: int

    @property
    def renewal_letters(self) -> int:
        return _rounded(self.renewals * self.renewal_readers)

    @property
    def reissue_letters(self) -> int:
        return _rounded(self.reissues * self.reissue_readers)

    @property
    def letters(self) -> int:
        return self.renewal_letters + self.reissue_letters

    @property
    def calls(self) -> int:
        return self.renewals * self.renewal_calls + self.reissues * self.reissue_calls


def forecast(rungs: Iterable[Rung], reach: Reach, *, life: int) -> Forecast:
    """What a ladder brings in a year: its steps before an order's end once a term, the others with every reissue.

    The default one, for one order of a year and one reader: 6 letters, and 3 with each of 1, 3 and 7 reissues
    under 199, 99 and 46 days: 9, 15 and 27 letters, and 3 calls.
    """
    standing = list(rungs)
    renewal = [rung for rung in standing if rung.share is None]
    reissue = _fallen(standing, life)
    each = slack(YEAR_DAYS, life).reissues
    return Forecast(
        life=life,
        reissues_per_order=each,
        letters_per_order=_count(renewal, Channel.EMAIL) + each * _count(reissue, Channel.EMAIL),
        calls_per_order=_count(renewal, Channel.TELEPHONE) + each * _count(reissue, Channel.TELEPHONE),
        renewals=_rounded(sum((Decimal(count) / term for term, count in reach.ends.items()), Decimal(0))),
        reissues=_rounded(sum((_reissues(term, life) * n for term, n in reach.certificate_ends.items()), Decimal(0))),
        renewal_readers=_readers(renewal, reach),
        reissue_readers=_readers(reissue, reach),
        renewal_calls=_count(renewal, Channel.TELEPHONE),
        reissue_calls=_count(reissue, Channel.TELEPHONE),
    )


def _fallen(rungs: Iterable[Rung], life: int) -> list[Rung]:
    """Those on shares of a life that it has; of several on one day and channel, the one of the smallest share."""
    latest_last = sorted((rung for rung in rungs if rung.share is not None), key=lambda rung: -(rung.share or 0))
    by_day = {(rung.channel, days_left_of(rung.share or 0, life)): rung for rung in latest_last}
    return [rung for (_channel, days), rung in by_day.items() if days is not None]


def _reissues(term: int, life: int) -> Decimal:
    """How often an order of so many years is reissued in one of them."""
    return Decimal(slack(YEAR_DAYS * term, life).reissues) / term


def _count(rungs: Iterable[Rung], channel: Channel) -> int:
    return sum(rung.channel is channel for rung in rungs)


def _readers(rungs: Iterable[Rung], reach: Reach) -> Decimal:
    return sum((reach.readers_of(rung) for rung in rungs if rung.channel is Channel.EMAIL), Decimal(0))


def _rounded(number: Decimal) -> int:
    return int(number.quantize(Decimal(1), ROUND_HALF_UP))
