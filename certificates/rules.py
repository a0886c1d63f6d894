"""What may be issued, when it ends, what is due next, and why no day is lost: the rules as pure functions.

Periods are half-open in UTC: an end is the first moment no longer covered, notAfter + 1 s. A moment may come
in any time zone and is read in UTC; one without a zone raises `NaiveTime`. BR stands for the CA/B Forum's
Baseline Requirements. Days are whole numbers; `today`, `now` and `start` are given, never looked up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import reduce
from operator import attrgetter
from typing import TypeAlias, TypeVar

DAY = timedelta(days=1)

Bounds: TypeAlias = tuple[int | None, int | None]  # first and last of some days left; None leaves a side open
Limit: TypeAlias = Callable[[datetime], timedelta]  # the longest life of a certificate issued at a moment
Kind = TypeVar("Kind", bound=StrEnum)


class NaiveTime(ValueError):
    """A moment without a time zone names no moment."""


class NoRule(LookupError):
    """No rule was in force on the day of issuance."""


class InvalidRule(ValueError):
    """A rule lets no certificate live for even a day."""


class InvalidTerm(ValueError):
    """A term is a number of years or of days, one of the two, at least 1."""


class RenewalWindowClosed(Exception):
    """A renewal is placed from `opens_at` until before `closes_at`, and was asked for outside."""

    def __init__(self, opens_at: datetime, closes_at: datetime) -> None:
        super().__init__(opens_at, closes_at)
        self.opens_at = opens_at
        self.closes_at = closes_at


# Time


def in_utc(when: datetime) -> datetime:
    """The same moment in UTC, the only place to compare two: within one zone Python compares wall clocks."""
    if when.utcoffset() is None:
        raise NaiveTime(when)
    return when.astimezone(UTC)


def utc_date(when: datetime) -> date:
    return in_utc(when).date()


def start_of_day(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def end_of_day(day: date) -> datetime:
    """The end a date alone stands for, valid until 23:59:59Z: 2027-06-08 -> 2027-06-09T00:00:00Z.

    Raises OverflowError for 9999-12-31, the date that means "no end" (RFC 5280, 4.1.2.5).
    """
    return start_of_day(day + DAY)


def last_day(end: datetime) -> date:
    """The date people see, that of the last valid second: 2027-06-09T00:00:00Z -> 2027-06-08."""
    return utc_date(in_utc(end) - datetime.resolution)


def days_left(end: datetime, today: date) -> int:
    """Days by UTC dates: 0 on the last day, negative after it."""
    return (last_day(end) - today).days


def whole_days(start: datetime, end: datetime) -> int:
    """Full days of 86,400 s from start to end; a remainder is not counted, and nothing is negative."""
    return max(0, (in_utc(end) - in_utc(start)) // DAY)


def length_in_days(start: datetime, end: datetime) -> int:
    """Days of validity as a limit counts them: any excess, a fraction included, is a day (BR 6.3.2).

    2026-11-22T00:00:00Z with notAfter 2027-06-08T23:59:59Z is 199 days; one second more makes 200.
    """
    return max(0, -((in_utc(start) - in_utc(end)) // DAY))


def add_years(when: datetime, years: int) -> datetime:
    """The same moment of a later calendar year: 2024-02-29 + 1 -> 2025-02-28, + 4 -> 2028-02-29."""
    when = in_utc(when)
    try:
        return when.replace(year=when.year + years)
    except ValueError:
        return when.replace(year=when.year + years, day=28)


# Limits by the date of issuance


class Level(StrEnum):
    DV = "dv"
    OV = "ov"
    EV = "ev"


@dataclass(frozen=True, slots=True)
class Rule:
    """What an authority allows, in days, for what it issues from a date on; older certificates keep theirs.

    A renewal is placed from `window_days` before the end to `grace_days` after it; `carry_over` says whether
    the days left are added. Raises `InvalidRule`.
    """

    effective_from: date
    certificate_days: int
    dcv_days: int
    organization_days: int
    window_days: int = 90
    grace_days: int = 30
    carry_over: bool = True
    family: str = ""  # blank for any
    level: Level | None = None  # None for any
    source: str = ""

    def __post_init__(self) -> None:
        if self.certificate_days < 1:
            raise InvalidRule(self.certificate_days)

    def governs(self, issued_on: date, family: str, level: Level | None) -> bool:
        in_force = self.effective_from <= issued_on
        return in_force and self.family in ("", family) and self.level in (None, level)


def stricter(one: Rule, other: Rule) -> Rule:
    """What both rules allow: the fewer days of each kind, and carry-over only where both promise it."""
    return Rule(
        effective_from=max(one.effective_from, other.effective_from),
        certificate_days=min(one.certificate_days, other.certificate_days),
        dcv_days=min(one.dcv_days, other.dcv_days),
        organization_days=min(one.organization_days, other.organization_days),
        window_days=min(one.window_days, other.window_days),
        grace_days=min(one.grace_days, other.grace_days),
        carry_over=one.carry_over and other.carry_over,
        family=one.family or other.family,
        level=one.level or other.level,
        source="; ".join(filter(None, (one.source, other.source))),
    )


def rule_for(rules: Iterable[Rule], issued_on: date, *, family: str = "", level: Level | None = None) -> Rule:
    """The rule for what is issued on a UTC date: the general one, made stricter by those of family and level.

    Of each kind the latest in force counts. Raises `NoRule` before the first.
    DigiCert on 2026-11-22: 199 days. EV on that day: 199, and 398 for the data of the organisation.
    """
    oldest_first = sorted(rules, key=attrgetter("effective_from"))
    in_force = {(r.family, r.level): r for r in oldest_first if r.governs(issued_on, family, level)}
    if not in_force:
        raise NoRule(f"no rule was in force on {issued_on}")
    return reduce(stricter, in_force.values())


def certificate_limit(rules: Sequence[Rule], *, family: str = "", level: Level | None = None) -> Limit:
    """The longest life of a certificate as a function of the moment of its issuance."""

    def limit(issued_at: datetime) -> timedelta:
        return rule_for(rules, utc_date(issued_at), family=family, level=level).certificate_days * DAY

    return limit


_BR = "BR 6.3.2 and 4.2.1"
_ASSUMED = "Assumed, as DigiCert has announced no date: one day under"
_EV = Rule(date(2018, 3, 1), 398, 398, 398, level=Level.EV, source="EV Guidelines: 398 days, once 13 months")

CA_B_FORUM: tuple[Rule, ...] = (
    Rule(date(2018, 3, 1), 825, 825, 825, source=_BR),
    Rule(date(2020, 9, 1), 398, 825, 825, source=_BR),
    Rule(date(2021, 10, 1), 398, 398, 825, source=_BR),
    Rule(date(2026, 3, 15), 200, 200, 398, source=_BR),
    Rule(date(2027, 3, 15), 100, 100, 398, source=_BR),
    Rule(date(2029, 3, 15), 47, 10, 398, source=_BR),
    _EV,
)

DIGICERT: tuple[Rule, ...] = (
    Rule(date(2018, 3, 1), 825, 825, 825, source=_BR),
    Rule(date(2020, 8, 27), 397, 825, 825, source="DigiCert, end of 2-year public TLS certificates"),
    Rule(date(2021, 10, 1), 397, 398, 825, source=_BR),
    Rule(date(2026, 2, 24), 199, 199, 398, source="DigiCert, end of 397-day public TLS certificates"),
    Rule(date(2027, 3, 15), 99, 100, 398, source=f"{_ASSUMED} {_BR}"),
    Rule(date(2029, 3, 15), 46, 10, 398, source=f"{_ASSUMED} {_BR}"),
    _EV,
)


# What "expiring" means, in days left


class Bucket(StrEnum):
    """The buckets of CertCentral's report of what expires; what ends today counts as expired."""

    WITHIN_90 = "60-90"
    WITHIN_60 = "30-59"
    WITHIN_30 = "1-29"
    EXPIRED = "-7-0"
    LATER = "later"
    OLDER = "older"


class Tab(StrEnum):
    """The tabs of the Expiring page; those of 30, 60 and 90 days each contain the one before."""

    NOW = "now"
    DAYS_30 = "30"
    DAYS_60 = "60"
    DAYS_90 = "90"
    LATER = "later"
    OLDER = "older"


class Urgency(StrEnum):
    EXPIRED = "expired"
    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    LATER = "later"


BUCKET_DAYS: Mapping[Bucket, Bounds] = {
    Bucket.WITHIN_90: (60, 90),
    Bucket.WITHIN_60: (30, 59),
    Bucket.WITHIN_30: (1, 29),
    Bucket.EXPIRED: (-7, 0),
    Bucket.LATER: (91, None),
    Bucket.OLDER: (None, -8),
}
TAB_DAYS: Mapping[Tab, Bounds] = {
    Tab.NOW: (-7, 7),
    Tab.DAYS_30: (1, 30),
    Tab.DAYS_60: (1, 60),
    Tab.DAYS_90: (1, 90),
    Tab.LATER: (91, None),
    Tab.OLDER: (None, -8),
}
URGENCY_DAYS: Mapping[Urgency, Bounds] = {
    Urgency.EXPIRED: (None, -1),
    Urgency.TODAY: (0, 0),
    Urgency.WEEK: (1, 7),
    Urgency.MONTH: (8, 30),
    Urgency.LATER: (31, None),
}


def within(days: int, bounds: Bounds) -> bool:
    first, last = bounds
    return (first is None or first <= days) and (last is None or days <= last)


def end_dates(bounds: Bounds, *, today: date) -> tuple[date | None, date | None]:
    """The first and the last date, both included, on which something with so many days left ends."""
    first, last = (None if days is None else today + days * DAY for days in bounds)
    return first, last


def bucket(days: int) -> Bucket:
    return _kind(days, BUCKET_DAYS)


def urgency(days: int) -> Urgency:
    return _kind(days, URGENCY_DAYS)


def _kind(days: int, kinds: Mapping[Kind, Bounds]) -> Kind:
    return next(kind for kind, bounds in kinds.items() if within(days, bounds))


# When a renewal may be placed


class WindowState(StrEnum):
    EARLY = "early"
    OPEN = "open"
    LATE = "late"  # after the old end, still in grace
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Window:
    """When the renewal of an order may be placed: from `opens_at` until before `closes_at`."""

    opens_at: datetime
    old_end: datetime
    closes_at: datetime

    def state(self, now: datetime) -> WindowState:
        now = in_utc(now)
        if now < self.opens_at:
            return WindowState.EARLY
        if now < self.old_end:
            return WindowState.OPEN
        return WindowState.LATE if now < self.closes_at else WindowState.CLOSED


def window(old_end: datetime, rule: Rule) -> Window:
    """The renewal window of an order.

    Its edges are midnights UTC, so that it agrees with the days left that people read: every moment with 90
    days left is inside and none with 91, and likewise 30 and 31 days after the last day.
    An end of 2021-01-01T00:00:00Z: the last day is 2020-12-31; it opens on 2020-10-02, closes on 2021-01-31.
    """
    last = last_day(old_end)
    return Window(
        opens_at=start_of_day(last - rule.window_days * DAY),
        old_end=in_utc(old_end),
        closes_at=end_of_day(last + rule.grace_days * DAY),
    )


# Reissues collect the days of an order that one certificate cannot carry


@dataclass(frozen=True, slots=True)
class Reissue:
    """One free reissue of an order; `due_on`, the last day of the one before, is the last to leave no gap."""

    due_on: date
    starts_at: datetime
    ends_at: datetime
    days: int
    days_left_to_collect: int


def reissue_calendar(
    *,
    certificate_end: datetime,
    order_end: datetime,
    rules: Sequence[Rule],
    family: str = "",
    level: Level | None = None,
    lead_days: int = 0,
) -> tuple[Reissue, ...]:
    """The reissues from a certificate's end to its order's end, each under the limit of its own issuance.

    Each starts `lead_days` before the one before it ends, or a third of a certificate's life if that is less.
    Certificate until 2027-06-09, order until 2027-11-22: 99 days, then 67. Where the certificate has ended
    already, count from now. Raises `NoRule`.
    """
    limit = certificate_limit(rules, family=family, level=level)
    return _calendar(in_utc(certificate_end), in_utc(order_end), limit, lead_days)


def _calendar(covered: datetime, order_end: datetime, limit: Limit, lead_days: int = 0) -> tuple[Reissue, ...]:
    reissues = []
    while covered < order_end:
        reissue = _reissue(covered, order_end, limit, lead_days)
        reissues.append(reissue)
        covered = reissue.ends_at
    return tuple(reissues)


def _reissue(covered: datetime, order_end: datetime, limit: Limit, lead_days: int) -> Reissue:
    starts_at = covered - _lead(lead_days, limit(covered))
    if starts_at + limit(starts_at) <= covered:  # limits that rise again: so early it would gain nothing
        starts_at = covered
    ends_at = min(order_end, starts_at + limit(starts_at))
    return Reissue(
        due_on=last_day(covered),
        starts_at=starts_at,
        ends_at=ends_at,
        days=whole_days(starts_at, ends_at),
        days_left_to_collect=whole_days(ends_at, order_end),
    )


def _lead(days: int, life: timedelta) -> timedelta:
    """The lead in whole days, at most a third of a life: 15 of 46 days."""
    return min(days, life // (3 * DAY)) * DAY


def days_left_to_collect(*, order_end: datetime, certificate_start: datetime, cap: int) -> int:
    """Whole days of the order that a certificate of `cap` days leaves to further reissues.

    An annual plan's 199-day certificate, reissued 90 / 60 / 32 days before it ends, leaves 57 / 27 / 0.
    """
    return whole_days(in_utc(certificate_start) + cap * DAY, order_end)


@dataclass(frozen=True, slots=True)
class Slack:
    """The days by which reissues may come early, all together, before one more is needed."""

    days: int
    reissues: int


def slack(plan_days: int, cap: int) -> Slack:
    """A 365-day plan spares 33 days with certificates of 199 (one reissue), 31 with 99 (three), 3 with 46."""
    certificates = -(-plan_days // cap)
    return Slack(days=certificates * cap - plan_days, reissues=certificates - 1)


# No lost days


@dataclass(frozen=True, slots=True)
class Term:
    """What is bought: calendar years, or days. Raises `InvalidTerm` unless it is one of them, at least 1."""

    years: int | None = None
    days: int | None = None

    def __post_init__(self) -> None:
        if (self.years is None) == (self.days is None) or (self.years or self.days or 0) < 1:
            raise InvalidTerm(self.years, self.days)

    def end(self, start: datetime) -> datetime:
        return add_years(start, self.years) if self.years else in_utc(start) + (self.days or 0) * DAY


@dataclass(frozen=True, slots=True)
class RenewalPlan:
    """What an order will be: its end, the end of its first certificate, and the reissues between the two.

    `carried_days` were left on the old order and are kept; `lost_days` were left and the authority does not
    add them. Less than a day is kept on the order as time and shown in no number.
    """

    order_start: datetime
    order_end: datetime
    certificate_end: datetime
    reissues: tuple[Reissue, ...]
    carried_days: int = 0
    lost_days: int = 0

    @property
    def order_days(self) -> int:
        return whole_days(self.order_start, self.order_end)

    @property
    def term_days(self) -> int:
        """The days bought: the 365 of 365 + 31."""
        return self.order_days - self.carried_days

    @property
    def certificate_start(self) -> datetime:
        return self.order_start

    @property
    def certificate_days(self) -> int:
        return whole_days(self.certificate_start, self.certificate_end)

    @property
    def collected_later_days(self) -> int:
        return self.order_days - self.certificate_days

    @property
    def loses_no_day(self) -> bool:
        return self.lost_days == 0


def plan_order(
    *, start: datetime, term: Term, rules: Sequence[Rule], family: str = "", level: Level | None = None
) -> RenewalPlan:
    """A new order, without a predecessor. Raises `NoRule`."""
    return _plan(start, term.end(start), certificate_limit(rules, family=family, level=level))


def plan_renewal(
    *,
    old_end: datetime,
    start: datetime,
    term: Term,
    rules: Sequence[Rule],
    family: str = "",
    level: Level | None = None,
) -> RenewalPlan:
    """A renewal placed at `start`. Raises `RenewalWindowClosed` outside the window, and `NoRule`.

    Before the old end the term is added to that end, so the new order ends on the same date on whatever day
    one renews; after it, or where the authority does not carry days over, the term counts from `start`.
    Old end 2021-01-01, term 365 days: renewed 2020-12-01 -> 396 (365 + 31), renewed 2021-01-01 -> 365. With
    certificates of at most 199 days the order keeps its 396: 199 on the certificate, 197 collected later.
    """
    rule = rule_for(rules, utc_date(start), family=family, level=level)
    renewable = window(old_end, rule)
    state = renewable.state(start)
    if state in (WindowState.EARLY, WindowState.CLOSED):
        raise RenewalWindowClosed(renewable.opens_at, renewable.closes_at)
    left = whole_days(start, old_end)
    limit = certificate_limit(rules, family=family, level=level)
    if rule.carry_over and state is WindowState.OPEN:
        return _plan(start, term.end(old_end), limit, carried_days=left)
    return _plan(start, term.end(start), limit, lost_days=left)


def _plan(
    start: datetime, order_end: datetime, limit: Limit, *, carried_days: int = 0, lost_days: int = 0
) -> RenewalPlan:
    start = in_utc(start)
    certificate_end = min(order_end, start + limit(start))
    reissues = _calendar(certificate_end, order_end, limit)
    return RenewalPlan(start, order_end, certificate_end, reissues, carried_days, lost_days)


# What to do next


class ActionKind(StrEnum):
    RENEW = "renew"
    REISSUE = "reissue"
    WAIT = "wait"
    NONE = "none"


class Reason(StrEnum):
    ORDER_ENDS = "order_ends"
    ORDER_ENDED = "order_ended"
    CERTIFICATE_ENDS_FIRST = "certificate_ends_first"
    TOO_EARLY = "too_early"
    WINDOW_CLOSED = "window_closed"
    RENEWED = "renewed"
    NOT_ISSUED = "not_issued"


@dataclass(frozen=True, slots=True)
class NextAction:
    """What an order needs next; where the kind is to wait, `free` tells a coming reissue from a renewal.

    It is proposed from `opens_at` (a renewal cannot be placed before), costs no day from `no_loss_from`, and
    after `due_on` the host stands without a certificate.
    """

    kind: ActionKind
    reason: Reason
    free: bool = False
    opens_at: datetime | None = None
    no_loss_from: date | None = None
    due_on: date | None = None


def next_action(
    *,
    order_end: datetime,
    certificate_end: datetime | None,
    now: datetime,
    rules: Sequence[Rule],
    family: str = "",
    level: Level | None = None,
    renewed: bool = False,
    reissue_lead_days: int = 30,
) -> NextAction:
    """Reissue (free) where the certificate ends well before its order; renew (paid) where the order ends.

    `certificate_end` is None where no certificate is valid: pending, rejected, cancelled or revoked.
    An annual plan with a 199-day certificate: wait; reissue from 30 days before the certificate ends, free,
    without loss already 33 days before; then wait; renew from 90 days before the order ends. Raises `NoRule`.
    """
    if renewed:
        return NextAction(ActionKind.NONE, Reason.RENEWED)
    if certificate_end is None:
        return NextAction(ActionKind.NONE, Reason.NOT_ISSUED)
    now, order_end, certificate_end = in_utc(now), in_utc(order_end), in_utc(certificate_end)
    rule = rule_for(rules, utc_date(now), family=family, level=level)
    if now < order_end and _ends_first(certificate_end, order_end, rule, reissue_lead_days):
        limit = certificate_limit(rules, family=family, level=level)
        return _next_reissue(certificate_end, order_end, now, limit, reissue_lead_days)
    return _next_renewal(certificate_end, order_end, now, rule)


def _ends_first(certificate_end: datetime, order_end: datetime, rule: Rule, lead_days: int) -> bool:
    """Whether the certificate ends too long before its order for one renewal to replace both without loss."""
    gap = order_end - certificate_end
    return gap > min(lead_days, rule.window_days) * DAY if rule.carry_over else gap >= DAY


def _next_reissue(
    certificate_end: datetime, order_end: datetime, now: datetime, limit: Limit, lead_days: int
) -> NextAction:
    due_on = last_day(certificate_end)
    latest = max(now, certificate_end)
    opens_at = start_of_day(due_on - _lead(lead_days, limit(latest)))
    return NextAction(
        kind=ActionKind.REISSUE if now >= opens_at else ActionKind.WAIT,
        reason=Reason.CERTIFICATE_ENDS_FIRST,
        free=True,
        opens_at=opens_at,
        no_loss_from=_needs_no_more_from(latest, order_end, limit),
        due_on=due_on,
    )


def _needs_no_more_from(latest: datetime, order_end: datetime, limit: Limit) -> date:
    """The first whole day on which a reissue needs no more to follow it than one at the latest moment."""
    last = _calendar(latest, order_end, limit)[-1]
    spare = last.starts_at + limit(last.starts_at) - order_end
    return min(last_day(latest - spare) + DAY, last_day(latest))


def _next_renewal(certificate_end: datetime, order_end: datetime, now: datetime, rule: Rule) -> NextAction:
    renewable = window(order_end, rule)
    kind, reason = {
        WindowState.EARLY: (ActionKind.WAIT, Reason.TOO_EARLY),
        WindowState.OPEN: (ActionKind.RENEW, Reason.ORDER_ENDS),
        WindowState.LATE: (ActionKind.RENEW, Reason.ORDER_ENDED),
        WindowState.CLOSED: (ActionKind.NONE, Reason.WINDOW_CLOSED),
    }[renewable.state(now)]
    if kind is ActionKind.NONE:
        return NextAction(kind, reason)
    return NextAction(
        kind=kind,
        reason=reason,
        opens_at=renewable.opens_at,
        no_loss_from=utc_date(renewable.opens_at) if rule.carry_over else last_day(order_end),
        due_on=last_day(min(order_end, certificate_end)),
    )


# What its customer does next


class Underway(StrEnum):
    """What was asked for about an order and has not ended: it waits for the customer, or for somebody else."""

    KEY = "key"
    PROOF = "proof"
    OURS = "ours"


class CustomerStep(StrEnum):
    """The one thing that a customer does next about an order; the last five ask for nothing today."""

    GIVE_KEY = "give_key"
    PROVE = "prove"
    RENEW = "renew"
    REISSUE = "reissue"
    INSTALL = "install"
    FOLLOW = "follow"
    RENEWAL_OPENS = "renewal_opens"
    REISSUE_OPENS = "reissue_opens"
    CLOSED = "closed"
    NOTHING = "nothing"


STEPS_OF_TODAY = frozenset(
    {CustomerStep.GIVE_KEY, CustomerStep.PROVE, CustomerStep.RENEW, CustomerStep.REISSUE, CustomerStep.INSTALL}
)
_UNDERWAY = {Underway.KEY: CustomerStep.GIVE_KEY, Underway.PROOF: CustomerStep.PROVE}


def customer_step(
    action: NextAction,
    *,
    underway: Underway | None = None,
    to_install: bool = False,
    is_unneeded: bool = False,
) -> CustomerStep:
    """What only the customer can do comes first; then what the order needs; then a new certificate's server.

    A reissue under way does not hide that a renewal is due. An order that is no longer needed asks for nothing more
    than what was ordered for it already.
    """
    if underway in _UNDERWAY:
        return _UNDERWAY[underway]
    if action.kind is ActionKind.RENEW and not is_unneeded:
        return CustomerStep.RENEW
    if underway or action.reason is Reason.NOT_ISSUED:
        return CustomerStep.FOLLOW
    if action.kind is ActionKind.REISSUE and not is_unneeded:
        return CustomerStep.REISSUE
    return CustomerStep.INSTALL if to_install else _later(action, is_unneeded=is_unneeded)


def _later(action: NextAction, *, is_unneeded: bool) -> CustomerStep:
    if action.reason is Reason.WINDOW_CLOSED:
        return CustomerStep.CLOSED
    if action.kind is ActionKind.WAIT and not is_unneeded:
        return CustomerStep.REISSUE_OPENS if action.free else CustomerStep.RENEWAL_OPENS
    return CustomerStep.NOTHING


# Names


def parse_wildcard(name: str) -> str | None:
    """The domain under a wildcard, or None: "*.example.com" -> "example.com", "www.example.com" -> None."""
    star, _, domain = name.strip().partition(".")
    return domain if star == "*" and domain else None


def holds_wildcard(names: Iterable[str]) -> bool:
    return any(parse_wildcard(name) for name in names)


def refuses_wildcard(level: Level | None) -> bool:
    """EV holds no wildcard (EV Guidelines, subject alternative names)."""
    return level is Level.EV
