"""The numbers above the Expiring page, counted for a whole partner by one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from certificates.figures.sql import expiring_counts
from certificates.rules import TAB_DAYS, Bounds, Tab, end_dates
from portal.lists.sql import Row
from portal.models import Partner

COUNT_LIMIT = 1000
# A quarter with more orders than this is not counted through on every visit.
QUARTER_LIMIT = 10_000
# Ended this week, or ends within 90 days.
AHEAD: Bounds = (-7, 90)


@dataclass(frozen=True, slots=True)
class ExpiringFigures:
    """Counts of unrenewed issued orders, each taken no further than one beyond its limit.

    `ahead`: ended this week or end within 90 days; `now`: those of the page's first tab; `month`: end within 30 days,
    of `customers` customers, `silent` of them without notices; `reissues`: certificates that end within 30 days and
    before their order; `ended`: orders of any mark that ended this quarter, `renewed` of them renewed.
    """

    ahead: int
    now: int
    month: int
    customers: int
    silent: int
    reissues: int
    ended: int
    renewed: int


def expiring_row(partner: Partner, *, today: date) -> Row:
    """The values of an `ExpiringFigures`, to be asked for together with the counts of a list."""
    return expiring_counts(
        partner.pk,
        ahead=end_dates(AHEAD, today=today),
        now=end_dates(TAB_DAYS[Tab.NOW], today=today),
        month=end_dates(TAB_DAYS[Tab.DAYS_30], today=today),
        quarter=(quarter_start(today), today - timedelta(days=1)),
        limit=COUNT_LIMIT + 1,
        quarter_limit=QUARTER_LIMIT + 1,
    )


def quarter_start(today: date) -> date:
    """The first day of the calendar quarter."""
    return today.replace(month=3 * ((today.month - 1) // 3) + 1, day=1)
