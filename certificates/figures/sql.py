"""Counting what expires by a statement written by hand: the ORM takes longer to compile it than it takes to run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from certificates.states import LIVE_ORDER_STATES, RenewalMark, ValidationLevel
from portal.lists.sql import Row

Days = tuple[date | None, date | None]

# Each part walks one index, in its order, and stops at its limit.
_ENDING = """SELECT customer_id, notices_enabled FROM certificates_order
 WHERE partner_id = %s AND renewal_mark = %s AND ends_on BETWEEN %s AND %s AND status IN (%s, %s)"""
_ENDED = "(SELECT COUNT(*) FROM ({ending} LIMIT {quarter_limit}) ended)"
_COUNT = """SELECT
 (SELECT COUNT(*) FROM ({ending} LIMIT {limit}) ahead) AS ahead,
 (SELECT COUNT(*) FROM ({ending} LIMIT {limit}) now) AS now,
 month.orders, month.customers, month.silent,
 (SELECT COUNT(*) FROM (
   SELECT 1 FROM certificates_order
   WHERE partner_id = %s AND renewal_mark = %s AND certificate_ends_on BETWEEN %s AND %s AND status IN (%s, %s)
   AND certificate_ends_on < ends_on LIMIT {limit}) reissues) AS reissues,
 {ended} AS ended,
 (SELECT COUNT(*) FROM ({ending} LIMIT {quarter_limit}) renewed) AS renewed
 FROM (
   SELECT COUNT(*) AS orders, COUNT(DISTINCT customer_id) AS customers,
   COUNT(CASE WHEN NOT notices_enabled OR customer_id IN (
     SELECT id FROM certificates_customer WHERE partner_id = %s AND NOT notices_enabled) THEN 1 END) AS silent
   FROM ({ending} ORDER BY ends_on, id LIMIT {limit}) soon
 ) month"""


# The sidebar's numbers. `OrganizationQuerySet.holding_up` of the orders that are due says the same in the ORM's words.
_CALLS = """SELECT
 (SELECT COUNT(*) FROM ({ending} LIMIT {limit}) ending) AS ending,
 (SELECT COUNT(*) FROM (
   SELECT 1 FROM certificates_request WHERE partner_id = %s AND state IN ({states}) LIMIT {limit}) stuck) AS stuck,
 (SELECT COUNT(*) FROM (
   SELECT 1 FROM certificates_organization WHERE partner_id = %s
   AND (ov_validated_until <= %s OR ev_validated_until <= %s){owned}
   AND EXISTS (
     SELECT 1 FROM certificates_order due LEFT JOIN certificates_product product ON product.id = due.product_id
     WHERE due.partner_id = %s AND due.organization_id = certificates_organization.id
     AND due.renewal_mark = %s AND due.status IN (%s, %s)
     AND (due.ends_on BETWEEN %s AND %s OR due.certificate_ends_on BETWEEN %s AND %s)
     AND (product.level IS NULL OR product.level <> %s))
   LIMIT {limit}) lapsing) AS lapsing"""
_OWNED = " AND customer_id IN (SELECT id FROM certificates_customer WHERE owner_id = %s)"


def _ending(partner_id: int, days: Days, mark: str = RenewalMark.NONE) -> list[Any]:
    return [partner_id, mark, *days, *LIVE_ORDER_STATES]


def expiring_counts(
    partner_id: int, *, ahead: Days, now: Days, month: Days, quarter: Days, limit: int, quarter_limit: int
) -> Row:
    """Ahead, now, month, its customers, its silent ones, reissues, ended and renewed this quarter."""
    limits = {"limit": int(limit), "quarter_limit": int(quarter_limit)}
    ended = " + ".join(_ENDED.format(ending=_ENDING, **limits) for _mark in RenewalMark)
    params = [
        *_ending(partner_id, ahead),
        *_ending(partner_id, now),
        *_ending(partner_id, month),
        *(value for mark in RenewalMark for value in _ending(partner_id, quarter, mark)),
        *_ending(partner_id, quarter, RenewalMark.RENEWED),
        partner_id,
        *_ending(partner_id, month),
    ]
    return Row(_COUNT.format(ending=_ENDING, ended=ended, **limits), params, 8)


def call_counts(
    partner_id: int, *, now: Days, states: Sequence[str], lapses_until: date, due: Days, owner: int | None, limit: int
) -> Row:
    """Orders of these days, requests in these states, and organisations whose lapse holds up an order that is due."""
    sql = _CALLS.format(
        ending=_ENDING,
        states=", ".join(["%s"] * len(states)),
        owned=_OWNED if owner is not None else "",
        limit=int(limit),
    )
    params = [
        *_ending(partner_id, now),
        partner_id,
        *states,
        partner_id,
        lapses_until,
        lapses_until,
        *([owner] if owner is not None else []),
        partner_id,
        RenewalMark.NONE,
        *LIVE_ORDER_STATES,
        *due,
        *due,
        ValidationLevel.DV,
    ]
    return Row(sql, params, 3)
