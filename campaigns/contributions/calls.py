"""What calls add to the portal's pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.models import Attempt, Call
from campaigns.services import calls
from campaigns.services.demo_calls import seed_calls
from campaigns.views.calls import last_outcomes, outlook
from campaigns.wording import calls as wording
from certificates.models import Customer, Order
from certificates.views.saved_views import PAGES
from certificates.wording import ending
from portal import clock
from portal.contributions import (
    DashboardCard,
    DemoPart,
    NavigationEntry,
    Panel,
    TimelineEvent,
    TimelineSource,
    activity_words,
    dashboard_cards,
    demo_parts,
    navigation,
    panels,
    timelines,
)
from portal.mail.bounces import on_bounce
from portal.models import Membership
from portal.money import money
from portal.roles import Role

SHOWN = 5
_EVENTS = 50
_PANEL = "campaigns/calls/panel.html"


def register() -> None:
    """Hang everything in its slot."""
    on_bounce.add(calls.open_for_bounce)
    activity_words.add(wording.WORDS)
    navigation.add(
        NavigationEntry("campaigns", _("Calls"), "campaigns:calls", "calls.view", "telephone", 30, badge=badge)
    )
    PAGES["calls"] = "campaigns:calls"
    panels.add(
        Panel("order", "calls", _PANEL, 15, order_panel, "calls.view"),
        Panel("quick_view", "calls", _PANEL, 15, order_panel, "calls.view"),
        Panel("customer", "calls", _PANEL, 5, customer_panel, "calls.view"),
    )
    timelines.add(TimelineSource("order", "calls", order_events), TimelineSource("customer", "calls", customer_events))
    dashboard_cards.add(DashboardCard("calls", "campaigns/calls/dashboard.html", 10, dashboard, "calls.view"))
    demo_parts.add(DemoPart("calls", 60, seed_calls))


def badge(membership: Membership) -> int:
    """Calls due today."""
    return calls.due_today(membership, today=clock.today())


# Panels


def order_panel(_request: HttpRequest, order: Order) -> Mapping[str, Any] | None:
    """The open call about the order, the last outcomes, and the way to ask for one."""
    mine = Call.objects.for_partner(order.partner).filter(items__order=order)
    tried = Attempt.objects.for_partner(order.partner).filter(call__items__order=order)
    return _panel(order.customer_id, mine, tried, order=order)


def customer_panel(_request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """The same about the customer."""
    mine = Call.objects.for_partner(customer.partner).filter(customer=customer)
    tried = Attempt.objects.for_partner(customer.partner).filter(call__customer=customer)
    return _panel(customer.pk, mine, tried)


def _panel(customer: int, mine: Any, tried: Any, *, order: Order | None = None) -> Mapping[str, Any]:
    found = mine.open().first()
    return {
        "call": found,
        "standing": wording.standing(found) if found else None,
        "cause": wording.cause(found.cause) if found else None,
        "outcomes": last_outcomes(tried),
        "order": order,
        "customer": customer,
        "may_ask": order is None or order.is_live,
    }


# What happened


def order_events(order: Order) -> Iterator[TimelineEvent]:
    mine = Call.objects.for_partner(order.partner).filter(items__order=order)
    return _events(mine, Attempt.objects.for_partner(order.partner).filter(call__items__order=order))


def customer_events(customer: Customer) -> Iterator[TimelineEvent]:
    mine = Call.objects.for_partner(customer.partner).filter(customer=customer)
    return _events(mine, Attempt.objects.for_partner(customer.partner).filter(call__customer=customer))


def _events(mine: Any, tried: Any) -> Iterator[TimelineEvent]:
    for call in mine.order_by("-opened_at", "-pk")[:_EVENTS]:
        pill, url = wording.cause(call.cause), reverse("campaigns:call", args=[call.pk])
        level = "" if pill.level == "plain" else pill.level
        yield TimelineEvent(call.opened_at, _("Call to make"), pill.words, level=level, url=url)
        if call.state == Call.State.CLOSED and call.ended_at:
            yield TimelineEvent(call.ended_at, _("Call settled by itself"), url=url)
    counting = tried.filter(undone_at=None).select_related("by", "contact")
    for attempt in counting.order_by("-at", "-pk")[:_EVENTS]:
        yield _attempt_event(attempt)


def _attempt_event(attempt: Attempt) -> TimelineEvent:
    pill = wording.outcome(attempt.outcome, promised_on=attempt.promised_on)
    reason = attempt.get_decline_display() if attempt.decline else ""
    detail = " · ".join(str(one) for one in (attempt.contact or "", reason, attempt.note) if one)
    title = _("Call: %(outcome)s") % {"outcome": pill.words}
    url = reverse("campaigns:call", args=[attempt.call_id])
    return TimelineEvent(attempt.at, title, detail, actor=str(attempt.by), level=pill.level, url=url)


# The dashboard


def dashboard(request: Any) -> Mapping[str, Any] | None:
    """The dearest calls of today; an account manager's own."""
    today, member = clock.today(), request.membership
    due = Call.objects.for_partner(request.partner).due(today)
    mine = due.of_owner(member) if member.role == Role.ACCOUNT_MANAGER else due
    shown = [_row(row, today) for row in _dearest(outlook(mine).select_related("customer", "contact"))]
    return {"rows": shown, "count": calls.due_today(member, today=today)} if shown else None


def _dearest(rows: Any) -> list[Any]:
    return list(rows.order_by("-whole_worth", "next_end", "pk")[:SHOWN])


def _row(row: Any, today: date) -> Mapping[str, Any]:
    return {
        "call": row,
        "worth": money(row.worth, row.worth_currency) if row.worth is not None else "",
        "end": ending((row.next_end - today).days) if row.next_end else None,
    }
