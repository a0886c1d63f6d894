"""The numbers a quote bears: its own, and its last day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date


def quote_number(prefix: str, year: int, n: int) -> str:
    """("Q", 2026, 42) -> "Q-2026-00042"; without a prefix "2026-00042"."""
    return "-".join(filter(None, (prefix, str(year), f"{n:05d}")))


def validity_limit(asked: date, order_last_days: Iterable[date], today: date) -> date:
    """The last day of a quote: the day asked for, at the latest the first last day of an order still running.

    So each new order ends on the same date on whatever day the quote is accepted. An order that has ended
    already sets no limit.
    """
    return min([asked, *(last_day for last_day in order_last_days if last_day >= today)])
