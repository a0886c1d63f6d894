"""What every page on which one orders says about the price."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language

from certificates.models import Product
from offers.views.checkout.shown import Prices
from offers.wording.sums import code_words, each_costs, for_customers, sum_of


def price_context(prices: Prices, product: Product, term_years: int) -> dict[str, Any]:
    """For `offers/price.html`: the sum in words, what became of a code, and the quote that locks the price."""
    price = prices.chosen
    if price is None:
        return {"sum": None}
    return {
        "sum": sum_of(price, product=product, term_years=term_years, settings=prices.settings),
        "code_words": code_words(price.coded) if price.coded else "",
        "code_counts": price.coded is not None and price.coded.refusal is None,
        "locked": price.locked,
    }


def customers_price_context(prices: Prices, product: Product, term_years: int) -> dict[str, Any]:
    """The same for customers, with what each name costs and the terms of sale that hold."""
    context, price, language = price_context(prices, product, term_years), prices.chosen, get_language() or "en"
    if price is None:
        return context
    told = for_customers(context["sum"], price.tax, tax_name=prices.settings.tax_name(language))
    names = each_costs(prices.units, price.priced.currency) if prices.units else ""
    return {**context, "sum": told, "names_words": names, "terms_of_sale": prices.settings.terms(language)}
