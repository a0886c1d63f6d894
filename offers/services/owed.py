"""What offers still have to give for one thing: what was sold with them, and what open quotes promise of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from certificates.states import RequestState
from offers.models import Quote, QuoteLine, Sale
from offers.rules.prices import Priced

# What will not be served, nor be tried again
ENDED_UNSERVED = (RequestState.CANCELED, RequestState.REJECTED)
# Where the key of a subject ("order:17") stands in a sale, and in a line of a quote
_SOLD_BY = {"order": "request__order", "certificate": "request__moves", "request": "request"}
_QUOTED_BY = {"order": "order", "certificate": "certificate"}

Amounts = Mapping[int, Decimal]


@dataclass(frozen=True, slots=True)
class Owed:
    """Amounts by offer: of the sales that stand, and of the open quotes, the most of each."""

    sold: Amounts
    quoted: Amounts

    def __contains__(self, offer: int) -> bool:
        return offer in self.sold or offer in self.quoted

    def at_least(self, offer: int, amount: Decimal = Decimal(0)) -> Decimal:
        """What has to be kept of the offer where so much is asked for besides."""
        return max(amount, self.sold.get(offer, amount), self.quoted.get(offer, amount))


def owed_for(subject: str) -> Owed:
    """What is owed for a subject, "order:17", at the moment; ask once the offers are locked that it is about."""
    kind, _, key = subject.partition(":")
    sales = Sale.objects.filter(**{_SOLD_BY[kind]: key}).exclude(request__state__in=ENDED_UNSERVED)
    lines = QuoteLine.objects.filter(quote__in=Quote.objects.open())
    lines = lines.filter(**{_QUOTED_BY[kind]: key}) if kind in _QUOTED_BY else lines.none()
    return Owed(
        sold=_most(_standing(sales.values_list("request__state", "arithmetic"))),
        quoted=_most(lines.values_list("arithmetic", flat=True)),
    )


def amounts_by_offer(priced: Priced) -> Amounts:
    """What each offer takes off, above zero."""
    saved: defaultdict[int, Decimal] = defaultdict(Decimal)
    for line in priced.lines:
        if line.offer is not None:
            saved[line.offer] -= line.amount
    return {offer: amount for offer, amount in saved.items() if amount > 0}


def _standing(sales: Iterable[tuple[str, Any]]) -> list[Any]:
    """One that failed may be tried again at its price, until another is issued."""
    sales = list(sales)
    issued = [arithmetic for state, arithmetic in sales if state == RequestState.ISSUED]
    return issued or [arithmetic for _state, arithmetic in sales]


def _most(arithmetics: Iterable[Any]) -> Amounts:
    most: dict[int, Decimal] = {}
    for arithmetic in arithmetics:
        for offer, amount in amounts_by_offer(Priced.from_json(arithmetic)).items():
            most[offer] = max(amount, most.get(offer, amount))
    return most
