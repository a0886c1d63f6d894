"""Revenue at risk: what ends week by week and is not renewed yet, drawn, told, and in a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext

from offers.models import Valuation
from portal import clock
from portal.access import PartnerRequest
from portal.contributions import DashboardCard, dashboard_cards
from portal.drawings import percent
from portal.money import money

# The renewal window, in weeks
WEEKS = 13


def register() -> None:
    dashboard_cards.add(DashboardCard("revenue", "offers/worth/revenue.html", 20, revenue_card, "orders.view"))


@dataclass(frozen=True, slots=True)
class Week:
    """What ends in the week that begins on `monday`, and its bar in percent of the drawing."""

    monday: date
    label: str
    orders: int
    amount: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Revenue:
    """The weeks of one currency, and the sentence that tells the drawing."""

    sentence: str
    weeks: Sequence[Week]
    currency: str


@dataclass(frozen=True, slots=True)
class _Day:
    currency: str
    on: date
    net: Decimal
    orders: int


def revenue_card(request: PartnerRequest) -> Mapping[str, Any] | None:
    """In the currency that brings most, the others named; nothing where no price is known."""
    today = clock.today()
    due = Valuation.objects.for_partner(request.partner).due(first=today, last=today + timedelta(weeks=WEEKS))
    days = due.order_by().values("currency", "order__ends_on").annotate(total=Sum("net"), n=Count("pk"))
    rows = days.values_list("currency", "order__ends_on", "total", "n")
    found = [_Day(code, on, net, number) for code, on, net, number in rows if on]
    if not found:
        return None
    sums: dict[str, Decimal] = {}
    for day in found:
        sums[day.currency] = sums.get(day.currency, Decimal(0)) + day.net
    currency = max(sums, key=lambda code: sums[code])
    return {
        "revenue": revenue_of([day for day in found if day.currency == currency], currency, today=today),
        "others": [money(net, code) for code, net in sorted(sums.items()) if code != currency],
    }


def revenue_of(days: Iterable[_Day], currency: str, *, today: date) -> Revenue:
    """The days of one currency by weeks, from this one on."""
    first = _monday(today)
    last = _monday(today + timedelta(weeks=WEEKS))
    starts = [first + timedelta(weeks=week) for week in range((last - first).days // 7 + 1)]
    nets, orders = dict.fromkeys(starts, Decimal(0)), dict.fromkeys(starts, 0)
    for day in days:
        nets[_monday(day.on)] += day.net
        orders[_monday(day.on)] += day.orders
    highest = max(nets.values()) or Decimal(1)
    weeks = [
        _week(start, at / len(starts), 1 / len(starts), nets[start], orders[start], currency, highest)
        for at, start in enumerate(starts)
    ]
    return Revenue(_sentence(nets, currency), weeks, currency)


def _week(start: date, x: float, slot: float, net: Decimal, orders: int, currency: str, highest: Decimal) -> Week:
    height = float(net / highest)
    return Week(
        monday=start,
        label=date_format(start, "MONTH_DAY_FORMAT"),
        orders=orders,
        amount=money(net, currency),
        x=percent(x + slot * 0.12),
        y=percent(1 - height),
        width=percent(slot * 0.76),
        height=percent(height),
    )


def _sentence(nets: Mapping[date, Decimal], currency: str) -> str:
    """EUR 12,340 end within 13 weeks; the most in the week of 14 December."""
    top = max(nets, key=lambda start: nets[start])
    words = gettext(
        "Orders worth %(total)s end within %(weeks)s weeks and are not renewed yet; the most, %(top)s, "
        "in the week of %(week)s."
    )
    return words % {
        "total": money(sum(nets.values(), Decimal(0)), currency),
        "weeks": WEEKS,
        "top": money(nets[top], currency),
        "week": date_format(top, "DATE_FORMAT"),
    }


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
