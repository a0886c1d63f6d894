"""What every page on which one orders says about the price."""

from __future__ import annotations

from typing import Any

from certificates.models import Product
from offers.views.checkout.shown import Prices
from offers.wording.sums import code_words, sum_of


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
