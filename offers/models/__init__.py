"""What renewals cost, what makes them cheaper, and the quotes that say so."""

from offers.models.documents import QuoteBatch, QuoteDocument
from offers.models.offers import Offer, Reach, Redemption
from offers.models.prices import CustomerTerms, Price, PriceLevel
from offers.models.quotes import Quote, QuoteLine
from offers.models.sales import Sale, SalesSettings, TaxRate, Valuation, Watermark

__all__ = [
    "CustomerTerms",
    "Offer",
    "Price",
    "PriceLevel",
    "Quote",
    "QuoteBatch",
    "QuoteDocument",
    "QuoteLine",
    "Reach",
    "Redemption",
    "Sale",
    "SalesSettings",
    "TaxRate",
    "Valuation",
    "Watermark",
]
