"""What offers give for more than an order holds today: a better product, a longer plan, further names.

Only what the offer itself asks for is changed, so that the advice is one step: with 20 % off the upgrade, and 5 % off
two years, that is the upgrade for the present term, and two years of the present product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, Self

from offers.rules.baskets import Basket
from offers.rules.discounts import OfferKind, OfferTerms
from offers.rules.prices import Priced

# What an offer of these kinds asks to change, and nothing else
_ASKED = {
    OfferKind.UPGRADE_SAME_PRICE: "product",
    OfferKind.UPGRADE_PERCENT: "product",
    OfferKind.LONGER_PLAN: "years",
    OfferKind.EXTRA_NAMES: "names",
}
KINDS = frozenset(_ASKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One thing an offer gives, tax excluded: the product (its name_id and name), the years, or the names added.

    What stays as it is, is empty or zero. `saving` is what the offer takes off `price`, the list price; `is_whole` says
    that nothing limits it.
    """

    offer: int
    kind: str
    product: str = ""
    name: str = ""
    years: int = 0
    names: int = 0
    price: Decimal
    saving: Decimal
    is_whole: bool = True

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "price": str(self.price), "saving": str(self.saving)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{**stored, "price": Decimal(stored["price"]), "saving": Decimal(stored["saving"])})


FIELDS = tuple(field.name for field in fields(Alternative))


def alternatives(
    present: Basket, priced: Mapping[Basket, Priced], offers: Mapping[int, OfferTerms], sold: Mapping[str, str]
) -> list[Alternative]:
    """Of what may be bought instead of the `present` basket, the cheapest for each offer, the largest share first.

    `priced` holds the prices, the present one's too: an offer that counts there already is nothing more. `sold` names
    the products by their name_ids; one that is missing is not advised.
    """
    counts = set(priced[present].offers)
    found: dict[int, Alternative] = {}
    for one in _each(present, priced, offers, sold):
        known = found.get(one.offer)
        if one.offer not in counts and (known is None or _net(one) < _net(known)):
            found[one.offer] = one
    return sorted(found.values(), key=lambda one: (-one.saving / one.price, one.offer))


def _each(
    present: Basket, priced: Mapping[Basket, Priced], offers: Mapping[int, OfferTerms], sold: Mapping[str, str]
) -> Iterator[Alternative]:
    for basket, price in priced.items():
        changed = _changed(present, basket)
        for line in price.lines:
            terms = offers.get(line.offer or 0)
            if terms and line.amount and changed == _ASKED.get(terms.kind) and basket.product in sold:
                yield Alternative(
                    offer=terms.id,
                    kind=terms.kind.value,
                    product=basket.product if changed == "product" else "",
                    name=sold[basket.product] if changed == "product" else "",
                    years=basket.term_years if changed == "years" else 0,
                    names=line.quantity if changed == "names" else 0,
                    price=price.subtotal,
                    saving=-line.amount,
                    is_whole=not line.is_limited,
                )


def _changed(present: Basket, basket: Basket) -> str:
    """What is another in the basket: "product", "years" or "names"; "product years" where it is more than one thing."""
    changes = {
        "product": basket.product != present.product,
        "years": basket.term_years != present.term_years,
        "names": len(basket.names) != len(present.names),
    }
    return " ".join(name for name, is_changed in changes.items() if is_changed)


def _net(one: Alternative) -> Decimal:
    return one.price - one.saving
