"""A partner's list prices for one buyer on one day, read once so that many sums cost no further query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q

from certificates.models import Customer
from certificates.rules import parse_wildcard
from offers.models import CustomerTerms, Price
from offers.rules.money import rounded
from portal.models import Partner


@dataclass(frozen=True, slots=True)
class PriceList:
    """The prices in force by product and term, in one currency."""

    currency: str
    prices: Mapping[tuple[int, int], Price]

    def price(self, product: int, years: int, names: Sequence[str]) -> Decimal | None:
        """Base + host names x name price + wildcards x wildcard price, tax excluded; None without a price."""
        found = self.prices.get((product, years))
        if found is None:
            return None
        wildcards = sum(parse_wildcard(name) is not None for name in names)
        parts = (found.base, (len(names) - wildcards) * found.name_price, wildcards * found.wildcard_price)
        return sum((rounded(part, self.currency) for part in parts), Decimal(0))


def price_list(partner: Partner, *, customer: Customer | None = None, today: date) -> PriceList:
    """The customer's own price before its level's, before the list's; of each the one that began last."""
    terms = CustomerTerms.objects.for_partner(partner).filter(customer=customer).first() if customer else None
    currency = (terms.currency if terms else "") or partner.currency
    level = terms.level_id if terms else None
    for_whom = Q(level__isnull=True, customer__isnull=True)
    if level:
        for_whom |= Q(level=level)
    if customer:
        for_whom |= Q(customer=customer)
    prices = Price.objects.for_partner(partner).holding(today).filter(for_whom, currency=currency)
    # The last one written down wins: the list's, over it the level's, over it the customer's, each by its date.
    ranked = sorted(prices, key=lambda one: (one.customer_id is not None, one.level_id is not None, one.valid_from))
    return PriceList(currency, {(one.product_id, one.term_years): one for one in ranked})
