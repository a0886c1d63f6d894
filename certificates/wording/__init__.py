"""What is said of ends, states and next steps: the same words, with the same colour, on every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from certificates import rules
from certificates.models import Contact, Order, Reply, Request
from certificates.rules import ActionKind, NextAction, Reason, RenewalPlan, Urgency, Window
from certificates.states import EmailState, OrderStatus, RenewalMark, RequestState
from certificates.x509.names import display_name
from portal.dates import date_format
from portal.drawings import Part
from portal.types import StrOrPromise


class Pill(NamedTuple):
    """A colour (bad, warn, note, calm, good, plain) and the word that says the same."""

    level: str
    words: StrOrPromise


URGENCY_LEVELS: Mapping[Urgency, str] = {
    Urgency.EXPIRED: "bad",
    Urgency.TODAY: "bad",
    Urgency.WEEK: "warn",
    Urgency.MONTH: "note",
    Urgency.LATER: "calm",
}
STATUS_LEVELS: Mapping[str, str] = {
    OrderStatus.ISSUED: "good",
    OrderStatus.REISSUE_PENDING: "note",
    OrderStatus.REVOKED: "bad",
    OrderStatus.REJECTED: "bad",
    OrderStatus.CANCELED: "plain",
    OrderStatus.UNKNOWN: "warn",
}
REQUEST_LEVELS: Mapping[str, str] = {
    RequestState.ISSUED: "good",
    RequestState.FAILED: "bad",
    RequestState.REJECTED: "plain",
    RequestState.CANCELED: "plain",
    RequestState.WAITING_KEY: "warn",
    RequestState.WAITING_APPROVAL: "warn",
}
MARKS: Mapping[str, Pill] = {
    RenewalMark.IN_HAND: Pill("note", gettext_lazy("Renewal in hand")),
    RenewalMark.RENEWED: Pill("good", gettext_lazy("Renewed")),
    RenewalMark.ELSEWHERE: Pill("plain", gettext_lazy("Renewed elsewhere")),
}


# Days and dates


def day(when: date) -> str:
    """The date as the reader's language writes it: 12 March 2027."""
    return date_format(when, "DATE_FORMAT")


def short_day(when: date) -> str:
    """The date where there is little room: 12 Mar 2027."""
    return date_format(when, "SHORT_DATE_FORMAT")


def ending(days: int) -> Pill:
    """How urgent an end is that lies so many days ahead, or behind."""
    return Pill(URGENCY_LEVELS[rules.urgency(days)], _expiry_words(days))


def _expiry_words(days: int) -> str:
    if days == 0:
        return _("Expires today")
    if days < 0:
        return ngettext("Expired %(days)s day ago", "Expired %(days)s days ago", -days) % {"days": -days}
    return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}


def years(number: int) -> str:
    return ngettext("%(years)s year", "%(years)s years", number) % {"years": number}


def days_of(plan: RenewalPlan) -> list[Part]:
    """The new order's days side by side: those kept, the rest of its certificate's, and those collected later."""
    return day_parts(
        carried=plan.carried_days,
        certificate=plan.certificate_days,
        order=plan.order_days,
        certificate_ends_on=rules.last_day(plan.certificate_end),
        order_ends_on=rules.last_day(plan.order_end),
        hours=hours_kept(plan),
    )


def hours_kept(plan: RenewalPlan) -> int:
    """The hours kept beside the whole days, where the days alone would read as one fewer than the calendar counts.

    An order that ends in five days at noon has four days and some hours left in the afternoon.
    """
    left = plan.order_end - plan.order_start - timedelta(days=plan.term_days)
    in_days = rules.last_day(plan.order_start + left) - rules.utc_date(plan.order_start)
    return left.seconds // 3600 if in_days.days > plan.carried_days else 0


def time_kept(days: int, hours: int) -> str:
    """4 days; 4 days and 22 hours; 22 hours."""
    told = ngettext("%(hours)s hour", "%(hours)s hours", hours) % {"hours": hours}
    if not (days and hours):
        return _in_days(days) if days else told
    return _("%(days)s and %(hours)s") % {"days": _in_days(days), "hours": told}


def day_parts(
    *,
    carried: int,
    certificate: int,
    order: int,
    certificate_ends_on: date | None,
    order_ends_on: date | None,
    hours: int = 0,
) -> list[Part]:
    """The same of days that were counted before; the legend has the same words wherever they are drawn."""
    kept = min(carried, order)
    on_certificate = max(certificate - kept, 0)
    ends = {
        "certificate": day(certificate_ends_on) if certificate_ends_on else "",
        "order": day(order_ends_on) if order_ends_on else "",
    }
    parts = [
        Part("kept", kept, time_kept(kept, hours), _("kept from the present order")),
        Part(
            "certificate",
            on_certificate,
            _in_days(certificate),
            _("on the new certificate, to %(date)s") % {"date": ends["certificate"]},
        ),
        Part(
            "order",
            order - kept - on_certificate,
            _in_days(order),
            _("on the order, to %(date)s") % {"date": ends["order"]},
        ),
    ]
    return [part for part in parts if part.kind != "kept" or part.days or hours]


def _in_days(days: int) -> str:
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": number_format(days, force_grouping=True)}


# States


def status(order: Order) -> Pill:
    """What the order is at its authority."""
    return Pill(STATUS_LEVELS.get(order.status, "note"), order.get_status_display())


def order_end(order: Order, *, today: date) -> Pill | None:
    """How urgent the order's end is; a renewed order has none, and one that was never issued no end."""
    if mark := MARKS.get(order.renewal_mark):
        return mark
    days = order.days_left(today)
    return None if days is None or not order.is_live else ending(days)


def certificate_end(order: Order, *, today: date) -> Pill | None:
    """How urgent the end of the order's present certificate is."""
    days = order.certificate_days_left(today)
    return None if days is None or not order.is_live else ending(days)


def request_state(request: Request) -> Pill:
    return Pill(REQUEST_LEVELS.get(request.state, "note"), request.get_state_display())


def validation(until: date | None, *, today: date) -> Pill:
    """How urgent the end of a validation is; an unknown end asks for a look."""
    if until is None:
        return Pill("plain", _("Not known"))
    days = (until - today).days
    if days < 0:
        words = ngettext("Lapsed %(days)s day ago", "Lapsed %(days)s days ago", -days) % {"days": -days}
        return Pill("bad", words)
    if days == 0:
        return Pill("bad", _("Lapses today"))
    return Pill(URGENCY_LEVELS[rules.urgency(days)], _expiry_words(days))


def reachability(contact: Contact) -> Pill:
    """Whether the contact can be written to."""
    if not contact.email:
        return Pill("warn", _("No address"))
    if contact.email_state == EmailState.OK:
        return Pill("good", contact.get_email_state_display())
    return Pill("bad", contact.get_email_state_display())


def reply(said: Reply) -> Pill:
    """What the customer has answered to a reminder, while it stands."""
    return answer(said.until)


def answer(until: date | None) -> Pill:
    """The same by the day until which an order is put off; None says that it is no longer needed."""
    if until is None:
        return Pill("bad", _("No longer needed"))
    return Pill("note", _("Put off until %(date)s") % {"date": short_day(until)})


def host(order: Order) -> str:
    """The common name as people read it."""
    return readable(order.common_name)


def readable(name: str) -> str:
    """A host name as people read it: xn--mnchen-3ya.example -> münchen.example."""
    return display_name(name)


# What to do next


@dataclass(frozen=True, slots=True)
class Advice:
    """The next step in one sentence, with its colour; `kind` is the step that can be taken now."""

    kind: ActionKind
    level: str
    words: str


def advice(order: Order, action: NextAction, window: Window | None, *, today: date) -> Advice:
    """What the order needs next and by when; `window` is that of its renewal, None where it has no end."""
    if action.kind is ActionKind.NONE:
        return Advice(action.kind, "calm", _nothing_to_do(order, action, window))
    if action.reason is Reason.CERTIFICATE_ENDS_FIRST:
        return _reissue(action, window, today)
    return _renewal(order, action, window, today)


def _reissue(action: NextAction, window: Window | None, today: date) -> Advice:
    due, opens = _due(action), _opens(action)
    renew_from = day(window.opens_at.date()) if window else ""
    facts = {"due": day(due), "opens": day(opens), "renewal": renew_from}
    if action.kind is ActionKind.REISSUE:
        words = _("Reissue by %(due)s, free; renew from %(renewal)s.")
        level = "bad" if due < today else URGENCY_LEVELS[rules.urgency((due - today).days)]
        return Advice(action.kind, level, words % facts)
    words = _("Nothing to do now. Reissue between %(opens)s and %(due)s, free; renew from %(renewal)s.")
    return Advice(action.kind, "calm", words % facts)


def _renewal(order: Order, action: NextAction, window: Window | None, today: date) -> Advice:
    due = _due(action)
    facts = {
        "due": day(due),
        "opens": day(_opens(action)),
        "closes": day(rules.last_day(window.closes_at)) if window else "",
        "free_from": day(action.no_loss_from or due),
    }
    if action.reason is Reason.TOO_EARLY:
        return Advice(action.kind, "calm", _("Nothing to do now. Renew from %(opens)s to %(due)s.") % facts)
    if action.reason is Reason.ORDER_ENDED:
        words = _("The order ended on %(due)s. It can still be renewed until %(closes)s.")
        return Advice(action.kind, "bad", words % facts)
    words = _("Renew by %(due)s; no day is lost.")
    if action.no_loss_from and action.no_loss_from > today:
        words = _("Renew by %(due)s; before %(free_from)s the days left are lost.")
    return Advice(action.kind, URGENCY_LEVELS[rules.urgency((due - today).days)], words % facts)


def _nothing_to_do(order: Order, action: NextAction, window: Window | None) -> str:
    if action.reason is Reason.WINDOW_CLOSED and window is not None:
        closed = day(rules.last_day(window.closes_at))
        return _("The renewal closed on %(closed)s. Request a new certificate instead.") % {"closed": closed}
    if action.reason is Reason.RENEWED:
        return _renewed(order)
    return _NOT_ISSUED.get(order.status, gettext_lazy("There is no certificate to renew.")) % {"number": order.number}


_NOT_ISSUED: Mapping[str, StrOrPromise] = {
    OrderStatus.PENDING: gettext_lazy("The authority has not issued it yet."),
    OrderStatus.NEEDS_APPROVAL: gettext_lazy("It waits for an approval at the authority."),
    OrderStatus.WAITING_PICKUP: gettext_lazy("It waits to be picked up at the authority."),
    OrderStatus.REVOKED: gettext_lazy("It was revoked: request a new certificate instead."),
    OrderStatus.REJECTED: gettext_lazy("The authority rejected it: there is nothing to renew."),
    OrderStatus.CANCELED: gettext_lazy("It was cancelled: there is nothing to renew."),
}


def _renewed(order: Order) -> str:
    if order.renewal_mark == RenewalMark.ELSEWHERE:
        return _("It was renewed elsewhere: nothing more is sent about it.")
    if order.renewal_mark == RenewalMark.IN_HAND:
        return _("Its renewal is in hand: nothing more is sent about it.")
    if order.successor_number:
        words = _("It was renewed by order %(number)s: nothing more is sent about it.")
        return words % {"number": order.successor_number}
    return _("It was renewed: nothing more is sent about it.")


def _due(action: NextAction) -> date:
    if action.due_on is None:
        raise ValueError(action)
    return action.due_on


def _opens(action: NextAction) -> date:
    return action.opens_at.date() if action.opens_at else _due(action)
