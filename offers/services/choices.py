"""Which products a renewal offers: what the customer has, what it may be raised to, and what holds its names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from certificates.catalogue import Benefit
from certificates.models import Order, Product
from certificates.rules import Level
from portal.types import StrOrPromise


class Role(StrEnum):
    PRESENT = "present"
    UPGRADE = "upgrade"
    HOLDS_WILDCARD = "holds_wildcard"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Choice:
    """A product one may renew with, and why it is offered."""

    product: Product
    role: Role

    @property
    def benefits(self) -> list[StrOrPromise]:
        """What it brings beside encryption, in words; codes nobody knows are left out."""
        return benefits_of(self.product)


def benefits_of(product: Product) -> list[StrOrPromise]:
    known = dict(Benefit.choices)
    return [known[code] for code in product.benefits if code in known]


def choices_for(order: Order) -> list[Choice]:
    """The present product first, then the published upgrades; for an EV order with a wildcard, its OV kin before all.

    Where the product is unknown or no longer sold and leads nowhere, every product of its level.
    """
    present = order.product
    if present is None:
        return _as(Role.OTHER, Product.objects.filter(is_offered=True))
    found = _wildcard_holders(order, present) if order.has_flagged_wildcard else []
    found += _as(Role.PRESENT, [present] if present.is_offered else [])
    found += _as(Role.UPGRADE, present.upgrades.filter(is_offered=True))
    return _each_once(found) or _as(Role.OTHER, Product.objects.filter(is_offered=True, level=present.level))


def _wildcard_holders(order: Order, present: Product) -> list[Choice]:
    """OV products of the same brand, and what they may be raised to."""
    ov = Product.objects.filter(is_offered=True, allows_wildcard=True, level=Level.OV)
    kin = list(ov.filter(family=present.family))
    return _as(Role.HOLDS_WILDCARD, [*kin, *ov.filter(upgraded_from__in=kin)])


def _as(role: Role, products: Iterable[Product]) -> list[Choice]:
    return [Choice(product, role) for product in products]


def _each_once(choices: Sequence[Choice]) -> list[Choice]:
    first: dict[int, Choice] = {}
    for choice in choices:
        first.setdefault(choice.product.pk, choice)
    return list(first.values())
