"""The numbers in the sidebar: what calls for action, counted together by one query per page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from certificates.models import Order, Organization, Request
from certificates.rules import TAB_DAYS, Tab
from certificates.states import RequestState
from portal import clock
from portal.lists import Span
from portal.lists.sql import Counted, count_all
from portal.models import Membership
from portal.roles import Role

# No badge says more than this.
MOST = 99
# Organisations are named before it is too late, and forgotten once nobody waits any more.
_LAPSES_WITHIN = 14


def badge(name: str) -> Callable[[Membership], int]:
    """The badge of one entry; all of them are counted when the first is asked for."""
    return lambda membership: min(_counts(membership)[name], MOST)


def _counts(membership: Membership) -> dict[str, int]:
    """Kept with the membership, which lives as long as the request."""
    kept = vars(membership)
    if "badges" not in kept:
        calls = _calls(membership)
        counts = count_all([Counted(rows, Span("pk"), MOST) for rows in calls.values()])
        kept["badges"] = dict(zip(calls, counts, strict=True))
    return cast(dict[str, int], kept["badges"])


def _calls(membership: Membership) -> dict[str, Any]:
    """The rows behind each number: account managers are called for their own customers, approvers for approvals."""
    partner, today = membership.partner, clock.today()
    orders, requests = Order.objects.for_partner(partner), Request.objects.for_partner(partner)
    organizations = Organization.objects.for_partner(partner)
    states = [RequestState.FAILED]
    if "requests.approve" in membership.permissions:
        states.append(RequestState.WAITING_APPROVAL)
    if membership.role == Role.ACCOUNT_MANAGER:
        organizations = organizations.filter(customer__owner=membership)
    return {
        "expiring": orders.issued().unrenewed().expiring(today=today, within=TAB_DAYS[Tab.NOW]),
        "requests": requests.filter(state__in=states),
        "organizations": organizations.lapsing(today=today, within=_LAPSES_WITHIN).holding_up(orders.due(today=today)),
    }
