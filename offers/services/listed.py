"""A partner's list prices for one buyer on one day, read once so that many sums cost no further query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from certificates.models import Customer
from offers.rules.baskets import Basket
from offers.rules.prices import price
from offers.services.price_book import PriceBook, price_book
from portal.models import Partner


@dataclass(frozen=True, slots=True)
class PriceList:
    """What a buyer pays by the list, or by what was agreed with them, offers left out, in one currency."""

    book: PriceBook
    customer_id: int | None

    @property
    def currency(self) -> str:
        return self.book.currency_of(self.customer_id)

    @property
    def is_empty(self) -> bool:
        return not self.book.prices

    def price(self, product: int, years: int, names: Sequence[str]) -> Decimal | None:
        """For the whole term, tax excluded; None without a price."""
        prices = self.book.unit_prices(product, years, self.customer_id, self.currency)
        if prices is None:
            return None
        basket = Basket(
            product="",
            family="",
            level="",
            term_years=years,
            names=tuple(names),
            prices=prices,
            currency=self.currency,
        )
        return price(basket).net


def price_list(partner: Partner, *, customer: Customer | None = None, today: date) -> PriceList:
    """The prices for the customer, or for anybody."""
    customer_id = customer.pk if customer else None
    return PriceList(price_book(partner, on=today, customers=[customer_id] if customer_id else []), customer_id)
