"""Counting what expires by a statement written by hand: the ORM takes longer to compile it than it takes to run."""

from __future__ import annotations

from datetime import date
from typing import Any

from certificates.states import LIVE_ORDER_STATES, RenewalMark
from portal.lists.sql import Statement

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


def expiring_counts(
    partner_id: int, *, ahead: Days, now: Days, month: Days, quarter: Days, limit: int, quarter_limit: int
) -> Statement:
    """One row: ahead, now, month, its customers, its silent ones, reissues, ended and renewed this quarter."""

    def ending(days: Days, mark: str = RenewalMark.NONE) -> list[Any]:
        return [partner_id, mark, *days, *LIVE_ORDER_STATES]

    limits = {"limit": int(limit), "quarter_limit": int(quarter_limit)}
    ended = " + ".join(_ENDED.format(ending=_ENDING, **limits) for _mark in RenewalMark)
    sql = _COUNT.format(ending=_ENDING, ended=ended, **limits)
    params = [
        *ending(ahead),
        *ending(now),
        *ending(month),
        *(value for mark in RenewalMark for value in ending(quarter, mark)),
        *ending(quarter, RenewalMark.RENEWED),
        partner_id,
        *ending(month),
    ]
    return sql, params
