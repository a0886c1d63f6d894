"""Many prices at once: a level filled from the list, the whole list raised; foreseen first, done the same, undone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from django.db import transaction

from offers.models import PriceLevel
from offers.rules.baskets import UnitPrices
from offers.rules.money import percent_of
from offers.rules.timelines import Span, following, in_force, with_span
from offers.services.prices.changing import PriceKey, Rewritten, Timelines, rewrite, timelines
from portal import activities
from portal.models import Partner, User


class PlanChanged(Exception):
    """What would be done is no longer what was shown."""


@dataclass(frozen=True, slots=True)
class Raise:
    """Every list price of a currency by so many per cent, below zero for less, from a day on."""

    percent: Decimal
    begins: date
    currency: str

    def timelines(self, present: Timelines) -> Timelines:
        found = {}
        for key, line in present.items():
            span = in_force(line, self.begins) if key.is_listed and key.currency == self.currency else None
            if span:
                raised = scaled(span.prices, 100 + self.percent, self.currency)
                found[key] = with_span(line, Span(self.begins, span.until, raised))
        return found


@dataclass(frozen=True, slots=True)
class Fill:
    """Prices of a level: so many per cent below those of the list, from a day on; `replaces` those it has."""

    level: PriceLevel
    percent: Decimal
    begins: date
    currency: str
    replaces: bool = False

    def timelines(self, present: Timelines) -> Timelines:
        found = {}
        for key, line in present.items():
            span = in_force(line, self.begins) if key.is_listed and key.currency == self.currency else None
            mine = key._replace(level=self.level.pk)
            own = present.get(mine, ())
            if span and (self.replaces or not own):
                lowered = scaled(span.prices, 100 - self.percent, self.currency)
                found[mine] = with_span(own, Span(self.begins, None, lowered))
        return found


Deed: TypeAlias = Raise | Fill


@dataclass(frozen=True, slots=True)
class Step:
    """One price before and after; `before` is None where there was none, `later` the next beginning that stays."""

    key: PriceKey
    before: UnitPrices | None
    after: UnitPrices
    later: date | None


@dataclass(frozen=True, slots=True)
class Foreseen:
    steps: tuple[Step, ...]
    digest: str


def scaled(prices: UnitPrices, percent: Decimal, currency: str) -> UnitPrices:
    """So many per cent of the prices, each rounded half up; costs stay: 107 % of 199.00 is 212.93."""
    return replace(
        prices,
        base=percent_of(prices.base, percent, currency),
        name=percent_of(prices.name, percent, currency),
        wildcard=percent_of(prices.wildcard, percent, currency),
    )


def foresee(partner: Partner, deed: Deed) -> Foreseen:
    """What the deed would do now; nothing is stored."""
    present = timelines(partner)
    steps = tuple(_steps(deed, present))
    return Foreseen(steps, hashlib.sha256(repr((deed, steps)).encode()).hexdigest())


def carry_out(partner: Partner, deed: Deed, *, digest: str, actor: User, today: date, now: datetime) -> Rewritten:
    """Do what was foreseen. Raises PlanChanged where it would be something else now, and PastFixed."""
    with transaction.atomic():
        Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        if foresee(partner, deed).digest != digest:
            raise PlanChanged
        done = rewrite(partner, deed.timelines, today=today, now=now)
        if done.count:
            _note(partner, deed, done, actor, now)
    return done


def _steps(deed: Deed, present: Timelines) -> Iterator[Step]:
    for key, line in deed.timelines(present).items():
        own = present.get(key, ())
        if line == own:
            continue
        span, listed = in_force(own, deed.begins), in_force(present.get(_list(key), ()), deed.begins)
        was, becomes = span or listed, in_force(line, deed.begins)
        later = following(own, deed.begins)
        if becomes:
            yield Step(key, was.prices if was else None, becomes.prices, later.begins if later else None)


def _list(key: PriceKey) -> PriceKey:
    return key._replace(level=None, customer=None)


def _note(partner: Partner, deed: Deed, done: Rewritten, actor: User, now: datetime) -> None:
    facts = {"percent": str(deed.percent), "begins": deed.begins.isoformat(), "currency": deed.currency}
    subject, verb = (deed.level, "prices.filled") if isinstance(deed, Fill) else (partner, "prices.raised")
    activities.record(verb, subject, partner=partner, actor=actor, at=now, prices=len(done.after), **facts)
