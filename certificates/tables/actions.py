"""What the last column of a list offers for an order: renew, reissue, or why not and from when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Protocol

from certificates import rules
from certificates.rules import ActionKind, Level, NextAction, NoRule, Rule, WindowState
from certificates.services.planning import Rules
from certificates.states import OrderStatus


class Offer(StrEnum):
    RENEW = "renew"
    REISSUE = "reissue"
    HOLD = "hold"  # a validation has lapsed: whatever is placed will wait for it
    IN_HAND = "in_hand"
    OPENS = "opens"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # its authority has no rules


@dataclass(frozen=True, slots=True)
class RowAction:
    """`on` is the day it opens, or the last day on which it could be done."""

    offer: Offer
    on: date | None = None


class Subject(Protocol):
    """The few columns of an order that decide."""

    @property
    def authority(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def certificate_ends_at(self) -> datetime | None: ...
    @property
    def product__family(self) -> str | None: ...
    @property
    def product__level(self) -> str | None: ...


class Adviser:
    """Advises on many orders at one moment; what it has worked out once it remembers."""

    def __init__(self, book: Mapping[str, Rules], *, now: datetime) -> None:
        self.book = book
        self.now = now
        self._rule = cache(self._find_rule)
        self._renewal = cache(self._find_renewal)
        self._next = cache(self._find_next)

    def renewal(self, order: Subject, *, held: bool) -> RowAction:
        """Where the question is when the order ends: its renewal."""
        found = self._renewal(order.authority, order.product__family or "", order.product__level, order.ends_at)
        return RowAction(Offer.HOLD) if held and found.offer is Offer.RENEW else found

    def replacement(self, order: Subject, *, held: bool) -> RowAction:
        """Where the question is when the certificate ends: a free reissue, or the renewal where both end together."""
        if order.status == OrderStatus.REISSUE_PENDING:
            return RowAction(Offer.IN_HAND)
        end = order.certificate_ends_at or order.ends_at
        found = self._next(order.authority, order.product__family or "", order.product__level, order.ends_at, end)
        if found is None:
            return RowAction(Offer.UNKNOWN)
        if not found.free:
            return self.renewal(order, held=held)
        if found.kind is ActionKind.WAIT:
            return RowAction(Offer.OPENS, rules.utc_date(found.opens_at) if found.opens_at else None)
        return RowAction(Offer.HOLD if held else Offer.REISSUE)

    def _find_renewal(self, authority: str, family: str, level: str | None, ends_at: datetime) -> RowAction:
        rule = self._rule(authority, family, level)
        if rule is None:
            return RowAction(Offer.UNKNOWN)
        window = rules.window(ends_at, rule)
        state = window.state(self.now)
        if state is WindowState.EARLY:
            return RowAction(Offer.OPENS, rules.utc_date(window.opens_at))
        if state is WindowState.CLOSED:
            return RowAction(Offer.CLOSED, rules.last_day(window.closes_at))
        return RowAction(Offer.RENEW)

    def _find_rule(self, authority: str, family: str, level: str | None) -> Rule | None:
        try:
            return rules.rule_for(
                self.book.get(authority, ()),
                rules.utc_date(self.now),
                family=family,
                level=Level(level) if level else None,
            )
        except NoRule:
            return None

    def _find_next(
        self, authority: str, family: str, level: str | None, order_end: datetime, certificate_end: datetime
    ) -> NextAction | None:
        try:
            return rules.next_action(
                order_end=order_end,
                certificate_end=certificate_end,
                now=self.now,
                rules=self.book.get(authority, ()),
                family=family,
                level=Level(level) if level else None,
            )
        except NoRule:
            return None
