"""Change prices from a day on: what has held stays as it was, and one writer at a time works on a partner's list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self, TypeAlias

from django.db import transaction
from django.db.models import Q

from certificates.models import Customer, Product
from offers.models import Price, PriceLevel
from offers.rules.baskets import UnitPrices
from offers.rules.timelines import (
    Difference,
    Span,
    Timeline,
    difference,
    in_force,
    keeps_past,
    settled,
    with_span,
    without,
)
from offers.services.remembering import remember_reaches
from offers.services.sweeping import prices_have_changed
from portal import activities
from portal.models import Partner, User

AMOUNTS: Mapping[str, str] = {
    "base": "base",
    "name": "name_price",
    "wildcard": "wildcard_price",
    "cost_base": "cost_base",
    "cost_name": "cost_name",
    "cost_wildcard": "cost_wildcard",
}


class PastFixed(Exception):
    """The change would alter what held on a day that is over."""


class TooLate(Exception):
    """Prices have changed since, or days have passed: it can no longer be taken back."""


class PriceKey(NamedTuple):
    """What a price is for, and for whom: everybody, a level, or one customer."""

    product: int
    term_years: int
    currency: str
    level: int | None = None
    customer: int | None = None

    @property
    def is_listed(self) -> bool:
        return self.level is None and self.customer is None


Timelines: TypeAlias = Mapping[PriceKey, Timeline]
Plan: TypeAlias = Callable[[Timelines], Timelines]


@dataclass(frozen=True)
class Rewritten:
    """Timelines as they were and as they are; only those that differ."""

    before: Timelines = field(default_factory=dict)
    after: Timelines = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Prices that are new, other, or gone."""
        return sum(len(one.created) + len(one.changed) + len(one.deleted) for one in self.differences)

    @property
    def differences(self) -> Iterable[Difference]:
        return (difference(self.before[key], self.after[key]) for key in self.after)

    def to_json(self) -> list[Any]:
        return [[list(key), _stored(self.before[key]), _stored(self.after[key])] for key in self.after]

    @classmethod
    def from_json(cls, stored: Iterable[Any]) -> Self:
        before, after = {}, {}
        for columns, was, became in stored:
            key = PriceKey(*columns)
            before[key], after[key] = _read(was), _read(became)
        return cls(before, after)


# Read


def unit_prices(row: Price) -> UnitPrices:
    return UnitPrices(**{name: getattr(row, column) for name, column in AMOUNTS.items()})


def timelines(partner: Partner, only: Q | None = None) -> dict[PriceKey, Timeline]:
    """Every timeline of the partner, or those that match."""
    rows = Price.objects.for_partner(partner).filter(only or Q()).order_by("valid_from")
    found: dict[PriceKey, Timeline] = {}
    for row in rows:
        key = PriceKey(row.product_id, row.term_years, row.currency, row.level_id, row.customer_id)
        span = Span(row.valid_from, row.valid_until, unit_prices(row))
        found[key] = (*found.get(key, ()), span)
    return found


# Write


def rewrite(partner: Partner, plan: Plan, *, today: date, now: datetime, only: Q | None = None) -> Rewritten:
    """Let `plan` make new timelines of the present ones, and write what differs, in one transaction.

    Raises PastFixed where a day that is over would have another price, unless it had none on any day.
    """
    with transaction.atomic():
        # Whoever else changes prices of this partner waits here.
        Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        present = timelines(partner, only)
        wanted = {key: settled(timeline) for key, timeline in plan(present).items()}
        before = {key: present.get(key, ()) for key in wanted}
        changed = [key for key in wanted if wanted[key] != before[key]]
        if not all(is_allowed(before[key], wanted[key], today=today) for key in changed):
            raise PastFixed
        if changed:
            remember_reaches(partner, now=now)
        _write(partner, {key: difference(before[key], wanted[key]) for key in changed})
        if changed:
            prices_have_changed(partner)
    return Rewritten({key: before[key] for key in changed}, {key: wanted[key] for key in changed})


def is_allowed(before: Timeline, after: Timeline, *, today: date) -> bool:
    """What never had a price may be given its history; otherwise the past stands."""
    return not before or keeps_past(before, after, today=today)


def _write(partner: Partner, differences: Mapping[PriceKey, Difference]) -> None:
    """Gone first, so that a beginning is free for another."""
    new = []
    for key, found in differences.items():
        mine = Price.objects.for_partner(partner).filter(**_columns(key))
        if found.deleted:
            mine.filter(valid_from__in=[span.begins for span in found.deleted]).delete()
        for span in found.changed:
            mine.filter(valid_from=span.begins).update(valid_until=span.until, **_amounts(span.prices))
        new += [_row(partner, key, span) for span in found.created]
    Price.objects.bulk_create(new, batch_size=500)


def _columns(key: PriceKey) -> dict[str, Any]:
    whose: dict[str, Any] = {"level": key.level} if key.level else {"level__isnull": True}
    whose |= {"customer": key.customer} if key.customer else {"customer__isnull": True}
    return {"product": key.product, "term_years": key.term_years, "currency": key.currency, **whose}


def _row(partner: Partner, key: PriceKey, span: Span) -> Price:
    return Price(
        partner=partner,
        product_id=key.product,
        term_years=key.term_years,
        currency=key.currency,
        level_id=key.level,
        customer_id=key.customer,
        valid_from=span.begins,
        valid_until=span.until,
        **_amounts(span.prices),
    )


def _amounts(prices: UnitPrices) -> dict[str, Decimal | None]:
    return {column: getattr(prices, name) for name, column in AMOUNTS.items()}


# What people do


def set_price(
    partner: Partner,
    key: PriceKey,
    span: Span,
    *,
    instead_of: date | None = None,
    actor: User,
    today: date,
    now: datetime,
) -> Rewritten:
    """Let a price hold from a day on; one not begun may be moved (`instead_of` its beginning). Raises PastFixed."""
    before = timelines(partner, Q(**_columns(key))).get(key, ())
    if span.begins < today:
        raise PastFixed

    def plan(present: Timelines) -> Timelines:
        line = present.get(key, ())
        if instead_of is not None and instead_of != span.begins:
            line = without(line, instead_of)
        return {key: with_span(line, span)}

    with transaction.atomic():
        done = rewrite(partner, plan, today=today, now=now, only=Q(**_columns(key)))
        if done.count:
            was = in_force(before, span.begins)
            _note("price.changed", partner, key, span, actor, now, before=_words(was.prices) if was else {})
    return done


def drop_price(partner: Partner, row: Price, *, actor: User, today: date, now: datetime) -> Rewritten:
    """Take back a price that begins today or later; the one before it goes on. Raises PastFixed."""
    if row.valid_from < today:
        raise PastFixed
    key = PriceKey(row.product_id, row.term_years, row.currency, row.level_id, row.customer_id)
    span = Span(row.valid_from, row.valid_until, unit_prices(row))
    with transaction.atomic():
        done = rewrite(
            partner,
            lambda present: {key: without(present.get(key, ()), row.valid_from)},
            today=today,
            now=now,
            only=Q(**_columns(key)),
        )
        if done.count:
            _note("price.dropped", partner, key, span, actor, now, before=_words(span.prices))
    return done


def take_back(partner: Partner, done: Rewritten, *, actor: User, today: date, now: datetime) -> None:
    """Make everything as it was before; raises TooLate where anything of it has changed since, or has held."""

    def plan(present: Timelines) -> Timelines:
        if any(present.get(key, ()) != line for key, line in done.after.items()):
            raise TooLate
        if not all(keeps_past(done.after[key], line, today=today) for key, line in done.before.items()):
            raise TooLate
        return done.before

    with transaction.atomic():
        taken = rewrite(partner, plan, today=today, now=now)
        activities.record("prices.taken_back", partner, partner=partner, actor=actor, at=now, prices=taken.count)


def _note(
    verb: str, partner: Partner, key: PriceKey, span: Span, actor: User, now: datetime, *, before: dict[str, str]
) -> None:
    activities.record(
        verb,
        Product.objects.get(pk=key.product),
        partner=partner,
        actor=actor,
        at=now,
        years=key.term_years,
        currency=key.currency,
        whose=_whose(partner, key),
        begins=span.begins.isoformat(),
        before=before,
        after={} if verb == "price.dropped" else _words(span.prices),
    )


def _whose(partner: Partner, key: PriceKey) -> str:
    """The name of the level or customer; nothing for the list."""
    if key.level:
        return PriceLevel.objects.for_partner(partner).get(pk=key.level).name
    return Customer.objects.for_partner(partner).get(pk=key.customer).name if key.customer else ""


def _words(prices: UnitPrices) -> dict[str, str]:
    """Amounts as plain text, those that are known."""
    amounts = ((column, getattr(prices, name)) for name, column in AMOUNTS.items())
    return {column: str(amount) for column, amount in amounts if amount is not None}


# Kept in a session


def _stored(timeline: Timeline) -> list[Any]:
    return [
        [span.begins.isoformat(), span.until.isoformat() if span.until else None, _words(span.prices)]
        for span in timeline
    ]


def _read(stored: Iterable[Any]) -> Timeline:
    return tuple(
        Span(
            date.fromisoformat(begins),
            date.fromisoformat(until) if until else None,
            UnitPrices(**{name: _decimal(words.get(column)) for name, column in AMOUNTS.items()}),  # type: ignore[arg-type]
        )
        for begins, until, words in stored
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
