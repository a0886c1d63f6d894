"""The numbers in the sidebar: what calls for action, counted together by one query per page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import cast

from certificates.figures.sql import call_counts
from certificates.querysets import DUE_DAYS, RECENT_DAYS
from certificates.rules import TAB_DAYS, Tab, end_dates
from certificates.states import RequestState
from portal import clock
from portal.lists.sql import Row, ask
from portal.models import Membership
from portal.roles import Role

_KEPT = "badges"
_NAMES = ("expiring", "requests", "organizations")
# No badge says more than this.
MOST = 99
# Organisations are named before it is too late, and forgotten once nobody waits any more.
_LAPSES_WITHIN = 14


def badge(name: str) -> Callable[[Membership], int]:
    """The badge of one entry; all of them are counted when the first is asked for."""
    return lambda membership: min(_counts(membership)[name], MOST)


def _counts(membership: Membership) -> dict[str, int]:
    if _KEPT not in vars(membership):
        [counts] = ask(row(membership, today=clock.today()))
        keep(membership, counts)
    return cast(dict[str, int], vars(membership)[_KEPT])


def keep(membership: Membership, counts: Sequence[int]) -> None:
    """Keep the counts of `row` with the membership, which lives as long as the request."""
    vars(membership)[_KEPT] = dict(zip(_NAMES, counts, strict=True))


def row(membership: Membership, *, today: date) -> Row:
    """All counts, for a page that asks for more in the same breath.

    Account managers are called for their own customers, approvers for approvals.
    """
    states: list[str] = [RequestState.FAILED]
    if "requests.approve" in membership.permissions:
        states.append(RequestState.WAITING_APPROVAL)
    return call_counts(
        membership.partner_id,
        now=end_dates(TAB_DAYS[Tab.NOW], today=today),
        states=states,
        lapses_until=today + timedelta(days=_LAPSES_WITHIN),
        due=(today - timedelta(days=RECENT_DAYS), today + timedelta(days=DUE_DAYS)),
        owner=membership.pk if membership.role == Role.ACCOUNT_MANAGER else None,
        limit=MOST + 1,
    )
