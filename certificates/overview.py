"""An order at one glance: its ends on one scale, its reissue calendar, and what it needs next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from certificates import rules, wording
from certificates.models import Certificate, Order
from certificates.rules import ActionKind, NextAction, NoRule, Reissue, Rule, Window, WindowState
from certificates.services import planning
from certificates.states import RenewalMark
from certificates.wording import Advice, Pill
from portal.drawings import Mark, PartKind, Period, Row


@dataclass(frozen=True, slots=True)
class Step:
    """A reissue of the calendar as people read it: by when, until when, how many days, and how many are left."""

    due_on: date
    last_day: date
    days: int
    days_left: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What pages say of an order; `window` and `advice` are None where its authority has no rules."""

    order: Order
    today: date
    end: Pill | None
    status: Pill
    advice: Advice | None = None
    window: Window | None = None
    calendar: Sequence[Step] = ()
    may_renew_now: bool = False
    may_reissue_now: bool = False
    may_mark: bool = False
    is_closed: bool = False
    rows: Sequence[Row] = ()
    marks: Sequence[Mark] = field(default=())
    sentence: str = ""


def overview(order: Order, certificates: Sequence[Certificate], book: Sequence[Rule], *, now: datetime) -> Overview:
    """The glance at one moment, by the rules of the order's authority; nothing is looked up."""
    today = rules.utc_date(now)
    end, status = wording.order_end(order, today=today), wording.status(order)
    try:
        action, window = planning.what_next(order, now=now, rules=book), _window(order, book, now)
        calendar = _calendar(order, action, book, now)
    except NoRule:
        return Overview(order, today, end, status)
    open_now = window is not None and window.state(now) in (WindowState.OPEN, WindowState.LATE)
    untouched = order.is_live and order.renewal_mark == RenewalMark.NONE
    return Overview(
        order,
        today,
        end,
        status,
        advice=wording.advice(order, action, window, today=today),
        window=window,
        calendar=[_step(reissue) for reissue in calendar],
        may_renew_now=untouched and open_now,
        is_closed=untouched and window is not None and window.state(now) is WindowState.CLOSED,
        may_mark=untouched and window is not None and window.state(now) is not WindowState.EARLY,
        may_reissue_now=order.is_live and order.ends_at is not None and now < order.ends_at,
        rows=_rows(order, certificates, calendar),
        marks=_marks(order, calendar, today),
        sentence=_sentence(order, calendar),
    )


def _window(order: Order, book: Sequence[Rule], now: datetime) -> Window | None:
    if order.ends_at is None:
        return None
    rule = rules.rule_for(book, rules.utc_date(now), family=order.family, level=order.level)
    return rules.window(order.ends_at, rule)


def _calendar(order: Order, action: NextAction, book: Sequence[Rule], now: datetime) -> Sequence[Reissue]:
    """The reissues still to come, each on the last day for it; none once renewal takes over."""
    wanted = action.free or action.kind is ActionKind.REISSUE
    if not wanted or order.ends_at is None or order.certificate_ends_at is None:
        return ()
    return rules.reissue_calendar(
        certificate_end=max(now, order.certificate_ends_at),
        order_end=order.ends_at,
        rules=book,
        family=order.family,
        level=order.level,
    )


def _step(reissue: Reissue) -> Step:
    return Step(reissue.due_on, rules.last_day(reissue.ends_at), reissue.days, reissue.days_left_to_collect)


def _rows(order: Order, certificates: Sequence[Certificate], calendar: Sequence[Reissue]) -> list[Row]:
    """The order above, its certificates and the reissues to come below, each drawn up to its last day."""
    if order.starts_at is None or order.ends_at is None:
        return []
    whole = Period("order", order.starts_at.date(), rules.last_day(order.ends_at), _("Order"))
    return [Row(_("Order"), [whole]), Row(_("Certificate"), list(_periods(order, certificates, calendar)))]


def _periods(order: Order, certificates: Sequence[Certificate], calendar: Sequence[Reissue]) -> Iterator[Period]:
    issued = sorted(certificates, key=lambda one: one.starts_at)
    for one in issued:
        kind: PartKind = "certificate" if one.is_current else "gone"
        yield Period(kind, one.starts_at.date(), one.ends_on, _until(one.ends_on))
    if not issued and order.certificate_starts_at and order.certificate_ends_at:
        last = rules.last_day(order.certificate_ends_at)
        yield Period("certificate", order.certificate_starts_at.date(), last, _until(last))
    for reissue in calendar:
        last = rules.last_day(reissue.ends_at)
        yield Period("kept", reissue.starts_at.date(), last, _until(last))


def _until(last: date) -> str:
    return _("until %(date)s") % {"date": wording.day(last)}


def _marks(order: Order, calendar: Sequence[Reissue], today: date) -> list[Mark]:
    marks = [Mark("today", today, _("today"))]
    marks += [Mark("reissue", reissue.due_on, _("last day to reissue")) for reissue in calendar]
    if order.ends_on:
        marks.append(Mark("end", order.ends_on, _("order ends")))
    return marks


def _sentence(order: Order, calendar: Sequence[Reissue]) -> str:
    """What the drawing shows, in words."""
    if order.ends_on is None:
        return ""
    ends = {"order": wording.day(order.ends_on)}
    if order.certificate_ends_on is None:
        return _("The order ends on %(order)s.") % ends
    ends["certificate"] = wording.day(order.certificate_ends_on)
    if not calendar:
        if order.certificate_ends_on == order.ends_on:
            return _("The order and its certificate end on %(order)s.") % ends
        return _("The order ends on %(order)s, its certificate on %(certificate)s.") % ends
    words = ngettext(
        "The order ends on %(order)s, its certificate on %(certificate)s: %(count)s free reissue collects the rest.",
        "The order ends on %(order)s, its certificate on %(certificate)s: %(count)s free reissues collect the rest.",
        len(calendar),
    )
    return words % {**ends, "count": len(calendar)}
