"""The prices, terms and taxes in force for a partner on a day, loaded once, and what an order would be at them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from django.db.models import Q

from certificates.models import Customer, Order, Product
from certificates.rules import Level, parse_wildcard
from offers.models import (
    CustomerTerms,
    Price,
    SalesSettings,
    TaxRate,
)
from offers.rules.baskets import Basket, UnitPrices
from offers.rules.taxes import Buyer, Seller, Tax, Treatment, tax_for
from offers.services.vatnumbers import Form, form_of
from portal.models import Partner

# product, years, currency, price level, customer
_PriceKey: TypeAlias = tuple[int, int, str, int | None, int | None]


@dataclass(frozen=True)
class PriceBook:
    """What is in force for a partner on a day; asked for many orders, it asks the database nothing more."""

    partner: Partner
    on: date
    prices: Mapping[_PriceKey, UnitPrices]
    terms: Mapping[int, CustomerTerms]
    rates: Mapping[str, Decimal]
    settings: SalesSettings

    def unit_prices(
        self, product: Product | int, term_years: int, customer_id: int | None, currency: str
    ) -> UnitPrices | None:
        """The customer's own prices, else its level's, else the list's; None where there are none."""
        plan = (product if isinstance(product, int) else product.pk, term_years, currency)
        level = self.level_of(customer_id)
        keys: list[_PriceKey] = [(*plan, None, customer_id), (*plan, level, None), (*plan, None, None)]
        return next((self.prices[key] for key in keys if key in self.prices), None)

    def currency_of(self, customer_id: int | None) -> str:
        """ISO 4217: the customer's, or the partner's own."""
        terms = self.terms.get(customer_id or 0)
        return (terms.currency if terms else "") or self.partner.currency

    def level_of(self, customer_id: int | None) -> int | None:
        terms = self.terms.get(customer_id or 0)
        return terms.level_id if terms else None

    @property
    def floor_margin(self) -> Decimal:
        """The partner's own floor, as a share of the net price."""
        return Decimal(self.settings.floor_margin) / 100

    def tax_of(self, customer: Customer | None) -> Tax:
        """The tax a customer pays; one not known yet pays the partner's own. A VAT number of a wrong form is none."""
        return tax_for(Seller(self.settings.country, self.settings.vat_number), self._buyer(customer), self.rates)

    def _buyer(self, customer: Customer | None) -> Buyer:
        if customer is None:
            return Buyer("", "", Treatment.AUTOMATIC)
        terms = self.terms.get(customer.pk)
        treatment = Treatment(terms.tax_treatment) if terms else Treatment.AUTOMATIC
        is_wrong = form_of(customer.vat_number, customer.country) is Form.WRONG
        return Buyer(customer.country, "" if is_wrong else customer.vat_number, treatment)

    @cached_property
    def upgrades(self) -> frozenset[tuple[int, int]]:
        """Published upgrades, from product to product; one query, when first asked for."""
        pairs = Product.upgrades.through.objects.values_list("from_product_id", "to_product_id")
        return frozenset(pairs)


def price_book(partner: Partner, *, on: date, customers: Collection[int] | None = None) -> PriceBook:
    """Four queries; given some `customers` (primary keys), only what concerns them and everybody."""
    terms = CustomerTerms.objects.for_partner(partner)
    prices = Price.objects.for_partner(partner).holding(on)
    if customers is not None:
        terms = terms.filter(customer__in=customers)
        prices = prices.filter(Q(customer__isnull=True) | Q(customer__in=customers))
    return PriceBook(
        partner=partner,
        on=on,
        # The one that began last overwrites those before it.
        prices={_price_key(one): _unit_prices(one) for one in prices.order_by("valid_from", "pk")},
        terms={one.customer_id: one for one in terms},
        rates=dict(TaxRate.objects.for_partner(partner).values_list("country", "rate")),
        settings=SalesSettings.objects.for_partner(partner).first() or SalesSettings(partner=partner),
    )


def _price_key(one: Price) -> _PriceKey:
    return one.product_id, one.term_years, one.currency, one.level_id, one.customer_id


def _unit_prices(one: Price) -> UnitPrices:
    return UnitPrices(
        base=one.base,
        name=one.name_price,
        wildcard=one.wildcard_price,
        cost_base=one.cost_base,
        cost_name=one.cost_name,
        cost_wildcard=one.cost_wildcard,
    )


def renewal_basket(
    book: PriceBook, order: Order, product: Product, *, term_years: int, names: Sequence[str]
) -> Basket | None:
    """The order as it would be renewed; None where the list has no price for it."""
    basket = basket_of(book, product, term_years=term_years, names=names, customer_id=order.customer_id)
    if basket is None:
        return None
    present = order.product_id or 0
    present_prices = book.unit_prices(present, term_years, order.customer_id, basket.currency)
    return replace(
        basket,
        is_upgrade=product.pk != present and (present, product.pk) in book.upgrades,
        present_prices=present_prices,
        present_names=len(order.names),
        present_wildcards=sum(parse_wildcard(name) is not None for name in order.names),
        is_apart=not is_choice(book, order, product),
    )


def is_choice(book: PriceBook, order: Order, product: Product) -> bool:
    """Whether automatic offers may speak of a product for the order (offers.rules.ceilings)."""
    present = order.product
    if present is None or product.pk == present.pk or (present.pk, product.pk) in book.upgrades:
        return True
    if order.has_flagged_wildcard and product.level == Level.OV and product.allows_wildcard:
        return True
    return not present.is_offered and product.level == present.level


def basket_of(
    book: PriceBook, product: Product, *, term_years: int, names: Sequence[str], customer_id: int | None
) -> Basket | None:
    """What would be bought, at the prices that hold for the customer; None where the list has none."""
    currency = book.currency_of(customer_id)
    prices = book.unit_prices(product, term_years, customer_id, currency)
    if prices is None:
        return None
    return Basket(
        product=product.name_id,
        family=product.family,
        level=product.level,
        term_years=term_years,
        names=tuple(names),
        prices=prices,
        currency=currency,
    )
