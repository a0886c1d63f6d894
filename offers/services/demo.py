"""What the demo sells: a price list with a level, taxes, terms, and offers in every state; all of it sample data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from certificates.models import Customer, Product, Request
from certificates.rules import utc_date
from offers.models import CustomerTerms, Offer, Price, PriceLevel, SalesSettings, TaxRate
from offers.models.offers import OfferStatus
from offers.services.previewing import preview_offer
from offers.services.renewing import price_requests
from offers.services.valuing import value_orders
from portal.models import Partner

# A year in euro for the first name, by product; further names and wildcards are shares of it.
_BASE: Mapping[str, int] = {
    "ssl_dv_rapidssl": 29,
    "wildcard_dv_rapidssl": 149,
    "ssl_dv_thawte": 49,
    "ssl_dv_geotrust_flex": 79,
    "ssl_basic": 199,
    "ssl_ev_basic": 299,
    "ssl_thawte_webserver": 169,
    "ssl_ev_thawte_webserver": 289,
    "ssl_geotrust_truebizid": 189,
    "ssl_ev_geotrust_truebizid": 309,
    "ssl_securesite_flex": 299,
    "ssl_ev_securesite_flex": 549,
    "ssl_securesite_pro": 499,
    "ssl_ev_securesite_pro": 799,
}
_BY_LEVEL = {"dv": 79, "ov": 299, "ev": 549}
# What remains of each year's price on a longer plan, in percent
_OF_YEARS = {1: 100, 2: 185, 3: 260}
_COST = 60
_GOLD = 92
_RATES = {"FR": "20.00", "DE": "19.00", "BE": "21.00", "IT": "22.00", "ES": "21.00", "NL": "21.00"}
_VAT_NUMBERS = {"DE": "DE136695976"}
# In francs the same figures are a little higher.
_CHF = 105


def seed(partner: Partner, now: datetime) -> None:
    """Make it once, for the demo's partner whose scope is open; values and prices of requests follow from it."""
    since = date(utc_date(now).year - 1, 1, 1)
    SalesSettings.objects.update_or_create(partner=partner, defaults=_settings())
    TaxRate.objects.bulk_create(
        TaxRate(partner=partner, country=country, rate=Decimal(rate)) for country, rate in _RATES.items()
    )
    gold = PriceLevel.objects.create(partner=partner, name="Gold", rank=1)
    _price_list(partner, since, currency=partner.currency, percent=100)
    _price_list(partner, since, currency=partner.currency, percent=_GOLD, level=gold)
    _price_list(partner, since, currency="CHF", percent=_CHF)
    _terms(partner, gold)
    _offers(partner, now)
    value_orders(partner, now=now)
    newest = Request.objects.for_partner(partner).order_by("-pk").first()
    price_requests(partner, after=0, through=newest.pk if newest else 0)


def _settings() -> dict[str, Any]:
    return {
        "country": "FR",
        "vat_number": "FR40303265045",
        "floor_margin": Decimal(5),
        "quote_days": 30,
        "terms_en": "Payable within 30 days of the invoice. The renewal is placed at the authority once accepted.",
        "terms_fr": "Paiement à 30 jours date de facture. La commande est passée dès votre accord.",
        "legal_footer": "Relais Partner SAS · 12 quai des Essais, 69002 Lyon, France",
        "embed_origins": ["https://www.relais.example"],
        "embed_prices": True,
    }


def _price_list(partner: Partner, since: date, *, currency: str, percent: int, level: PriceLevel | None = None) -> None:
    Price.objects.bulk_create(
        Price(
            partner=partner,
            product=product,
            term_years=years,
            currency=currency,
            level=level,
            valid_from=since,
            **_amounts(product, years, percent),
        )
        for product in Product.objects.filter(is_offered=True)
        for years in range(1, min(product.max_years, 3) + 1)
    )


def _amounts(product: Product, years: int, percent: int) -> dict[str, Decimal]:
    """Base, names and wildcards, and what they cost the partner, whatever the customer pays."""
    base = Decimal(_BASE.get(product.name_id, _BY_LEVEL[product.level]) * _OF_YEARS[years]) / 100
    shares = {"base": Decimal(1), "name": Decimal("0.15"), "wildcard": Decimal("0.60")}
    sold = {name: _coins(base * share * percent / 100) for name, share in shares.items()}
    cost = {name: _coins(base * share) * _COST / 100 for name, share in shares.items()}
    return {
        "base": sold["base"],
        "name_price": sold["name"],
        "wildcard_price": sold["wildcard"],
        "cost_base": cost["base"],
        "cost_name": cost["name"],
        "cost_wildcard": cost["wildcard"],
    }


def _coins(amount: Decimal) -> Decimal:
    """To whole euro, but for small sums."""
    return amount.quantize(Decimal(1) if amount >= 20 else Decimal("0.10"), ROUND_HALF_UP).quantize(Decimal("0.01"))


def _terms(partner: Partner, gold: PriceLevel) -> None:
    """The customer with forty certificates is a golden one; one pays in francs, some by VAT number, one is exempt."""
    golden, swiss, *others = Customer.objects.for_partner(partner).order_by("pk")
    CustomerTerms.objects.create(partner=partner, customer=golden, level=gold)
    CustomerTerms.objects.create(partner=partner, customer=swiss, currency="CHF")
    for one in others:
        one.vat_number = _VAT_NUMBERS.get(one.country, "")
    Customer.objects.bulk_update(others, ["vat_number"])
    CustomerTerms.objects.create(
        partner=partner,
        customer=others[-1],
        tax_treatment=CustomerTerms.TaxTreatment.EXEMPT,
        exemption_reason="International organisation",
    )


def _offers(partner: Partner, now: datetime) -> None:
    """One for renewing early, one for raising the product, one that is over, one to come, one by code, and a draft."""
    begun = now - timedelta(days=20)
    _offer(
        partner,
        now,
        name="Spring thanks",
        words_en="5% off for all who renew before the summer",
        words_fr="5 % de remise pour tout renouvellement avant l'été",
        percent=Decimal(5),
        starts_at=now - timedelta(days=280),
        ends_at=now - timedelta(days=130),
    )
    _offer(
        partner,
        now,
        name="Early bird",
        words_en="10% off OV certificates, more than 30 days before the end",
        words_fr="10 % de remise sur les certificats OV, plus de 30 jours avant la fin",
        percent=Decimal(10),
        levels=["ov"],
        days_until=30,
        starts_at=now - timedelta(days=56),
        ends_at=now + timedelta(days=70),
    )
    _offer(
        partner,
        now,
        name="Secure Site Pro upgrade",
        words_en="20% off the upgrade to Secure Site Pro",
        words_fr="20 % de remise sur le passage à Secure Site Pro",
        kind=Offer.Kind.UPGRADE_PERCENT,
        percent=Decimal(20),
        upgrade_targets=["ssl_securesite_pro"],
        products=["ssl_securesite_flex"],
        starts_at=begun,
        redemption_limit=25,
    )
    _offer(
        partner,
        now,
        name="Two years and more",
        words_en="5% off plans of two years and more",
        words_fr="5 % de remise sur les plans de deux ans et plus",
        kind=Offer.Kind.LONGER_PLAN,
        percent=Decimal(5),
        min_term_years=2,
        stacks=True,
        starts_at=now + timedelta(days=14),
    )
    _offer(
        partner,
        now,
        name="Autumn code",
        words_en="15% off with the code AUTUMN15",
        words_fr="15 % de remise avec le code AUTUMN15",
        percent=Decimal(15),
        code="AUTUMN15",
        redemption_limit=50,
        customer_limit=3,
        starts_at=begun,
        ends_at=now + timedelta(days=40),
    )
    _offer(
        partner,
        now,
        name="EV, first renewal",
        percent=Decimal(10),
        levels=["ev"],
        first_renewal=True,
        state=Offer.State.DRAFT,
        starts_at=now + timedelta(days=30),
    )


def _offer(partner: Partner, now: datetime, **terms: Any) -> None:
    """With what was foreseen of it, where it is live."""
    terms.setdefault("state", Offer.State.PUBLISHED)
    published = None if terms["state"] == Offer.State.DRAFT else min(now, terms["starts_at"])
    offer = Offer(partner=partner, published_at=published, **terms)
    if offer.status(now) is OfferStatus.LIVE:
        offer.forecast = preview_offer(offer, now=now).to_json()
    offer.save()
