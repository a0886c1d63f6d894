"""Renew many of a customer's orders at once: at the prices and dates that were told, all of them or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from certificates.models import Order, Request
from certificates.querysets import OrderQuerySet
from certificates.rules import RenewalPlan, last_day, utc_date
from certificates.services import planning
from certificates.services.keys import present_csr
from certificates.services.planning import ValidationFact
from certificates.services.renewals import Agreed, request_renewal
from certificates.visits import Visit
from certificates.x509 import CsrFacts
from offers.models import Offer, QuoteLine
from offers.rules.taxes import ZERO, Tax, Totals, shares, totals
from offers.services import redeeming
from offers.services.confirming import confirm_renewals
from offers.services.offer_book import subject_of
from offers.services.pricing import OrderPrice
from offers.services.quotes import figures
from offers.services.quotes.drafting import MOST_LINES, new_draft, unsaved_lines, wishes_for
from offers.services.quotes.refusals import LineProblem, Reason
from offers.services.renewing import Ordered, sell, told_price

__all__ = ["Due", "DueLine", "Placed", "Sums", "TermsChanged", "due_of", "renew_many"]

_RELATED = ("partner", "customer", "product", "organization")


class TermsChanged(Exception):
    """Some renewals are not what was told, so none was ordered; `orders` are the primary keys of these."""

    def __init__(self, orders: Collection[int]) -> None:
        super().__init__(sorted(orders))
        self.orders = frozenset(orders)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLine:
    """One order renewed as it is, or what stands in the way; `csr` is None where its key has to follow."""

    order: Order
    line: QuoteLine | None = None
    price: OrderPrice | None = None
    plan: RenewalPlan | None = None
    csr: CsrFacts | None = None
    checks: Sequence[ValidationFact] = ()
    problem: LineProblem | None = None
    # The customer has put it off to a later day, or, without one, no longer needs it
    rests: bool = False
    rests_until: date | None = None

    @property
    def told(self) -> str:
        """What the press must still agree with: product and key, last day, days of certificate and lost, price."""
        if self.line is None or self.plan is None or self.problem:
            return ""
        plan, key = self.plan, "key" if self.csr else "later"
        days = f"{last_day(plan.order_end)} {plan.certificate_days} {plan.lost_days}"
        return f"{self.line.product.name_id} {self.line.term_years} {key} {days} {told_price(self.price)}"

    @property
    def net(self) -> Decimal:
        return self.price.priced.net if self.price else ZERO

    @property
    def subtotal(self) -> Decimal:
        return self.price.priced.subtotal if self.price else ZERO


@dataclass(frozen=True, slots=True)
class Sums:
    """What some of the lines come to; as in a quote, tax is rounded once on their sum."""

    count: int
    subtotal: Decimal
    totals: Totals

    @property
    def saved(self) -> Decimal:
        return self.subtotal - self.totals.net


@dataclass(frozen=True, slots=True)
class Due:
    """All that can be renewed at a moment, and what is not yet or no longer to be had."""

    lines: Sequence[DueLine]
    currency: str
    tax: Tax
    is_cut: bool = False

    @property
    def open(self) -> list[DueLine]:
        """What can be ordered now."""
        return [line for line in self.lines if line.problem is None]

    @property
    def wanted(self) -> list[DueLine]:
        """What can be ordered now, without what the customer has put off or no longer needs."""
        return [line for line in self.open if not line.rests]

    def sums(self, orders: Collection[int]) -> Sums:
        """The sums of those lines whose orders are named."""
        chosen = [line for line in self.open if line.order.pk in orders]
        subtotal = sum((line.subtotal for line in chosen), ZERO)
        return Sums(len(chosen), subtotal, totals([line.net for line in chosen], self.tax, self.currency))


@dataclass(frozen=True, slots=True)
class Placed:
    """What one press has ordered, and the renewals that were in hand before and were left out."""

    ordered: Sequence[Ordered]
    left_out: Sequence[Request]


def due_of(visit: Visit, *, now: datetime) -> Due:
    """What the visit has due, worked out as a quote would be; the number of queries does not grow with the orders."""
    today = utc_date(now)
    rows: QuerySet[Any] = visit.due(today).with_answer().select_related(*_RELATED).order_by("ends_on", "pk")
    orders = list(rows.annotate(said_kind=F("said__kind"), said_until=F("said__until"))[: MOST_LINES + 1])
    due, until = _work_out(visit, orders[:MOST_LINES], now=now), {order.pk: order.said_until for order in orders}
    at_rest = {order.pk for order in orders if order.said_kind and (until[order.pk] or date.max) > today}
    lines = [
        replace(line, rests=True, rests_until=until[line.order.pk]) if line.order.pk in at_rest else line
        for line in due.lines
    ]
    return replace(due, lines=lines, is_cut=len(orders) > MOST_LINES)


def renew_many(visit: Visit, told: Mapping[int, str], *, now: datetime, purchase_order: str = "") -> Placed:
    """Renew these orders at what was told of them (`DueLine.told`, by primary key), in one transaction.

    Orders that the visit does not show are passed over; those that somebody has renewed meanwhile are left out. Raises
    TermsChanged where others are not as told, and OfferRefused where their offers are not enough for all of them: then
    nothing was ordered. One letter confirms them all.
    """
    with transaction.atomic():
        held = _hold(visit.orders().filter(pk__in=list(told)))
        left_out = _in_hand(visit, held)
        renewed = {request.order_id for request in left_out}
        due = _work_out(visit, [order for order in held if order.pk not in renewed], now=now)
        changed = [line.order.pk for line in due.lines if line.problem or line.told != told[line.order.pk]]
        if changed:
            raise TermsChanged(changed)
        ordered = _order_all(visit, due, now=now, purchase_order=purchase_order)
        confirm_renewals(visit, ordered, now=now)
    return Placed(ordered, left_out)


def _hold(orders: OrderQuerySet) -> list[Order]:
    """The orders as they stand, held until the end of the transaction; what ends first comes first.

    They are locked in the order of their keys: another press may hold some of the same.
    """
    rows = orders.select_related(*_RELATED).order_by("pk").select_for_update(of=("self",), no_key=True)
    return sorted(rows, key=lambda order: (order.ends_at is None, order.ends_on, order.pk))


def _in_hand(visit: Visit, orders: Sequence[Order]) -> list[Request]:
    rows = Request.objects.for_partner(visit.partner).renewing().filter(order__in=[order.pk for order in orders])
    return list(rows.select_related("requested_by").order_by("pk"))


def _work_out(visit: Visit, orders: Sequence[Order], *, now: datetime) -> Due:
    quote = new_draft(visit.customer, contact=None, actor=None, now=now)
    lines = unsaved_lines(quote, wishes_for(visit.customer, orders, strict=False))
    worked = figures.work_out(quote, lines, now=now)
    states = planning.validation_states(
        visit.partner, [(line.product, line.organization, line.names) for line in lines], today=utc_date(now)
    )
    found = {
        one.line.order_id: DueLine(
            order=order,
            line=one.line,
            price=one.price,
            plan=one.plan,
            csr=present_csr(order),
            checks=checks,
            problem=one.problem,
        )
        for one, checks in zip(worked.lines, states, strict=True)
        if (order := one.line.order)
    }
    return Due([found.get(order.pk) or _unsold(order) for order in orders], worked.currency, worked.tax)


def _unsold(order: Order) -> DueLine:
    """Nothing is sold that could take its place."""
    problem = LineProblem(reason=Reason.NO_PRODUCT, order=order.pk, number=order.number, host=order.common_name)
    return DueLine(order=order, problem=problem)


def _order_all(visit: Visit, due: Due, *, now: datetime, purchase_order: str) -> list[Ordered]:
    """Ask for every line, and sell it with its share of the tax; together these are exactly the tax on the sum."""
    _hold_offers(due)
    taxes = shares([line.net for line in due.lines], due.tax.rate, due.currency)
    return [
        _order(visit, line, tax=tax, now=now, purchase_order=purchase_order)
        for line, tax in zip(due.lines, taxes, strict=True)
    ]


def _hold_offers(due: Due) -> None:
    """Lock at once what all lines use: one after the other, two presses could wait for each other."""
    used: set[Offer] = {offer for line in due.lines if line.price for offer, _amount in line.price.uses}
    redeeming.lock([subject_of(line.order) for line in due.lines], offers=[offer.pk for offer in used])


def _order(visit: Visit, due: DueLine, *, tax: Decimal, now: datetime, purchase_order: str) -> Ordered:
    line, price = due.line, due.price
    if line is None or price is None:
        raise ValueError(due)
    request = request_renewal(
        due.order,
        product=line.product,
        term_years=line.term_years,
        names=line.names,
        csr=due.csr.pem if due.csr else None,
        actor=visit.actor,
        source=visit.source,
        asked_by=visit.asked_by,
        now=now,
        purchase_order=purchase_order,
        agreed=Agreed(price.priced.net, price.priced.currency),
    )
    net = price.priced.net
    return Ordered(request, sell(request, replace(price, totals=Totals(net, tax, net + tax)), now=now))
