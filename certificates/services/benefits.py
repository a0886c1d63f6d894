"""The checklist of an order: what came with its product, what of it is in use, and what a better product would add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from certificates.catalogue import Benefit
from certificates.models import BenefitUse, Order, Product
from portal import activities
from portal.models import Membership

# These only work once somebody switches them on; the others come with the certificate by themselves.
TO_SWITCH_ON = frozenset(
    {Benefit.SITE_SEAL, Benefit.VULNERABILITY_ASSESSMENT, Benefit.CT_MONITORING, Benefit.MALWARE_SCAN}
)


class BenefitNotIncluded(Exception):
    """The order's product does not bring it, or it needs nobody to switch it on."""


@dataclass(frozen=True, slots=True)
class Line:
    """One benefit of an order; `is_used` is None while nobody has said."""

    benefit: Benefit
    is_used: bool | None = None

    @property
    def by_itself(self) -> bool:
        """Whether it works without anybody's doing."""
        return self.benefit not in TO_SWITCH_ON


@dataclass(frozen=True, slots=True)
class Better:
    """A product that brings more: the benefits that this one lacks."""

    product: Product
    adds: Sequence[Benefit]


def checklist(order: Order) -> list[Line]:
    """What the order's product brings, in the order of the catalogue; nothing for a product that is not known."""
    said = dict(BenefitUse.objects.for_partner(order.partner).filter(order=order).values_list("benefit", "is_used"))
    return [Line(benefit, said.get(benefit)) for benefit in benefits_of(order.product)]


def benefits_of(product: Product | None) -> list[Benefit]:
    """The product's benefits that the catalogue knows, in its order."""
    brought = set(product.benefits) if product else set()
    return [benefit for benefit in Benefit if benefit.value in brought]


def better_products(order: Order) -> list[Better]:
    """The products one may go up to, each with what it adds, the smallest step first."""
    if order.product is None:
        return []
    own = set(benefits_of(order.product))
    steps = order.product.upgrades.filter(is_offered=True).order_by("rank", "pk")
    found = [Better(one, [benefit for benefit in benefits_of(one) if benefit not in own]) for one in steps]
    return sorted((better for better in found if better.adds), key=lambda better: len(better.adds))


@transaction.atomic
def say_use(order: Order, benefit: str, *, is_used: bool | None, by: Membership, now: datetime) -> bool:
    """Keep whether the customer uses the benefit; None takes the word back. Whether anything changed.

    Raises BenefitNotIncluded.
    """
    if benefit not in TO_SWITCH_ON or benefit not in benefits_of(order.product):
        raise BenefitNotIncluded(benefit)
    rows = BenefitUse.objects.for_partner(order.partner).filter(order=order, benefit=benefit)
    before = rows.values_list("is_used", flat=True).first()
    if before == is_used:
        return False
    if is_used is None:
        rows.delete()
    else:
        said = {"is_used": is_used, "at": now, "by": by}
        BenefitUse.objects.update_or_create(partner=order.partner, order=order, benefit=benefit, defaults=said)
    facts = {"benefit": str(benefit), "before": before, "after": is_used}
    activities.record("order.benefit_said", order, partner=order.partner, actor=by.user, at=now, **facts)
    return True
