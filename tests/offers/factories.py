"""Plain functions that make prices, offers and quotes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django_scopes import scopes_disabled

from certificates.models import Customer, Order, Product
from offers.models import CustomerTerms, Offer, Price, PriceLevel, Quote, QuoteLine, SalesSettings, TaxRate
from portal.models import Partner
from tests.factories import TODAY, midnight, product


def make_price(partner: Partner, base: str = "200.00", **fields: Any) -> Price:
    """A list price in force since the year's first day: a base, nothing per name, unless told otherwise."""
    fields.setdefault("product", product())
    fields.setdefault("currency", partner.currency)
    fields.setdefault("valid_from", date(TODAY.year, 1, 1))
    with scopes_disabled():
        return Price.objects.create(partner=partner, base=Decimal(base), **fields)


def make_prices(partner: Partner, **fields: Any) -> None:
    """A list price for every product of the catalogue and every term it is sold for: 100, 150, 200 … a year."""
    for number, sold in enumerate(Product.objects.order_by("rank")):
        for years in range(1, sold.max_years + 1):
            make_price(
                partner,
                str((100 + 50 * number) * years),
                product=sold,
                term_years=years,
                name_price=Decimal(20 * years),
                wildcard_price=Decimal(90 * years),
                cost_base=Decimal((50 + 25 * number) * years),
                cost_name=Decimal(10 * years),
                cost_wildcard=Decimal(45 * years),
                **fields,
            )


def make_level(partner: Partner, name: str = "Gold", **fields: Any) -> PriceLevel:
    with scopes_disabled():
        return PriceLevel.objects.create(partner=partner, name=name, **fields)


def make_terms(customer: Customer, **fields: Any) -> CustomerTerms:
    with scopes_disabled():
        return CustomerTerms.objects.create(partner_id=customer.partner_id, customer=customer, **fields)


def make_settings(partner: Partner, **fields: Any) -> SalesSettings:
    fields.setdefault("country", "FR")
    with scopes_disabled():
        return SalesSettings.objects.update_or_create(partner=partner, defaults=fields)[0]


def make_tax_rate(partner: Partner, country: str = "FR", rate: str = "20.00") -> TaxRate:
    with scopes_disabled():
        return TaxRate.objects.create(partner=partner, country=country, rate=Decimal(rate))


def make_offer(partner: Partner, percent: str | None = "10", **fields: Any) -> Offer:
    """A published automatic offer, live since ten days before today."""
    fields.setdefault("name", "Renew early")
    fields.setdefault("words_en", "10% off for renewing early")
    fields.setdefault("words_fr", "10 % de remise pour un renouvellement anticipé")
    fields.setdefault("state", Offer.State.PUBLISHED)
    fields.setdefault("starts_at", midnight(TODAY - timedelta(days=10)))
    fields.setdefault("published_at", fields["starts_at"])
    with scopes_disabled():
        return Offer.objects.create(partner=partner, percent=Decimal(percent) if percent else None, **fields)


def make_draft_quote(*orders: Order, **fields: Any) -> Quote:
    """A draft with a line per order as it is, unpriced; services fill in the figures."""
    first = orders[0]
    fields.setdefault("currency", "EUR")
    fields.setdefault("reference_day", TODAY)
    fields.setdefault("valid_until", TODAY + timedelta(days=14))
    fields.setdefault("created_at", midnight(TODAY))
    with scopes_disabled():
        quote = Quote.objects.create(partner_id=first.partner_id, customer_id=first.customer_id, **fields)
        for position, order in enumerate(orders, start=1):
            QuoteLine.objects.create(
                partner_id=order.partner_id,
                quote=quote,
                position=position,
                order=order,
                organization=order.organization,
                product=order.product or product(),
                term_years=order.term_years,
                names=order.names,
            )
    return quote
