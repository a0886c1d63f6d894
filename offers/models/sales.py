"""The house's terms of sale, what every order is worth today, and what was agreed when one was placed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certificates.models import Customer, Order, Request
from offers.models.offers import Offer
from offers.querysets import ValuationQuerySet
from portal.access import PartnerManager, PartnerQuerySet
from portal.choices import Currency
from portal.models import PartnerOwned

_PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]


class SalesSettings(PartnerOwned):
    """How a partner sells; one row each, made when first needed. The counter of its quotes stands here."""

    country = models.CharField(_("country"), max_length=2, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    tax_name_en = models.CharField(_("name of the tax, English"), max_length=20, default="VAT")
    tax_name_fr = models.CharField(_("name of the tax, French"), max_length=20, default="TVA")
    floor_margin = models.DecimalField(
        _("no offer goes below this margin, percent"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=_PERCENT,
    )
    quote_prefix = models.CharField(_("quote numbers begin with"), max_length=10, default="Q", blank=True)
    quote_days = models.PositiveSmallIntegerField(_("a quote holds so many days"), default=30)
    # The last number taken, per year: {"2026": 42}; changed under the row's lock, at sending.
    quote_numbers = models.JSONField(default=dict, editable=False)
    terms_en = models.TextField(_("terms of sale, English"), blank=True)
    terms_fr = models.TextField(_("terms of sale, French"), blank=True)
    legal_footer = models.CharField(_("legal line at the foot of documents"), max_length=300, blank=True)
    # Origins such as "https://www.relais.example" that may frame the product selector
    embed_origins = models.JSONField(_("websites that may show the product selector"), default=list, blank=True)
    embed_prices = models.BooleanField(_("show prices there"), default=False)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("sales settings")
        verbose_name_plural = _("sales settings")
        constraints = [
            models.UniqueConstraint(fields=["partner"], name="sales_settings_once_per_partner"),
            models.CheckConstraint(name="sales_settings_floor", condition=Q(floor_margin__gte=0, floor_margin__lt=100)),
            models.CheckConstraint(name="sales_settings_quote_days", condition=Q(quote_days__range=(1, 365))),
        ]

    def __str__(self) -> str:
        return f"{self.partner}"

    def terms(self, language: str) -> str:
        """The terms of sale in the language, or in the one they were written in."""
        ours, theirs = (self.terms_fr, self.terms_en) if language == "fr" else (self.terms_en, self.terms_fr)
        return ours or theirs

    def tax_name(self, language: str) -> str:
        return self.tax_name_fr if language == "fr" else self.tax_name_en


class TaxRate(PartnerOwned):
    """The rate of tax that the partner charges to buyers of a country, in percent."""

    country = models.CharField(_("country"), max_length=2)
    rate = models.DecimalField(_("rate, percent"), max_digits=5, decimal_places=2, validators=_PERCENT)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        ordering = ["country"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "country"], name="tax_rate_once_per_country"),
            models.CheckConstraint(name="tax_rate_percent", condition=Q(rate__gte=0, rate__lte=100)),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.rate}"


class Valuation(PartnerOwned):
    """What renewing an order as it is would bring today: kept beside the order, so that lists sort and add it up.

    Refreshed by a sweep and after every change of prices, offers or orders; the price that binds is made afresh at
    the press. No row: no price is known.
    """

    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="valuation")
    currency = models.CharField(max_length=3, choices=Currency)
    subtotal = models.DecimalField(_("list price"), max_digits=12, decimal_places=2)
    discount = models.DecimalField(_("discount"), max_digits=12, decimal_places=2, default=Decimal(0))
    net = models.DecimalField(_("value"), max_digits=12, decimal_places=2)
    cost = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    # The offer that takes most off, for the chip
    offer = models.ForeignKey(Offer, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # What offers would give for a better product, a longer plan or further names (offers.services.alternatives)
    alternatives = models.JSONField(default=list, blank=True)
    # When it last changed
    valued_at = models.DateTimeField()

    objects = PartnerManager.from_queryset(ValuationQuerySet)()

    class Meta:
        verbose_name = _("value of an order")
        verbose_name_plural = _("values of orders")
        indexes = [
            models.Index(fields=["partner", "net"], name="valuation_by_net"),
            # What lists add up is read in the index alone.
            models.Index(fields=["order", "partner", "currency", "net", "discount"], name="valuation_sums"),
        ]

    def __str__(self) -> str:
        return f"{self.net} {self.currency}"


class Sale(PartnerOwned):
    """What was agreed when a renewal or a new order was asked for: the arithmetic as it stood at the press."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="sale")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="sales")
    quote_line = models.OneToOneField(
        "offers.QuoteLine", on_delete=models.PROTECT, null=True, blank=True, related_name="sale"
    )
    currency = models.CharField(max_length=3, choices=Currency)
    # offers.rules.prices.Priced as JSON
    arithmetic = models.JSONField()
    subtotal = models.DecimalField(max_digits=12, decimal_places=2)
    discount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    net = models.DecimalField(max_digits=12, decimal_places=2)
    cost = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    # {"code", "rate", "country", "amount"} as offers.rules.taxes had it for this customer on that day
    tax: Any = models.JSONField(default=dict)
    gross = models.DecimalField(max_digits=12, decimal_places=2)
    at = models.DateTimeField()
    # Whether what it used of offers is decided for good: issued, or given back
    settled = models.BooleanField(default=False, editable=False)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["partner", "-at"], name="sale_by_time"),
            models.Index(fields=["partner"], name="sale_unsettled", condition=Q(settled=False, discount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.request} {self.net}"


class Watermark(PartnerOwned):
    """How far the sweeps have come for a partner: what lies beyond has not been valued, or not been priced."""

    swept_at = models.DateTimeField(null=True, blank=True)
    # Until then it is written down which offers reach which orders
    reached_at = models.DateTimeField(null=True, blank=True)
    # Primary keys only grow, so what is new is found without looking at what is old.
    last_order = models.BigIntegerField(default=0)
    last_request = models.BigIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    # Counts changes of the price list; the values of all orders follow those up to the second number.
    prices_version = models.PositiveBigIntegerField(default=0)
    valued_version = models.PositiveBigIntegerField(default=0)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("watermark of the sweeps")
        verbose_name_plural = _("watermarks of the sweeps")
        constraints = [models.UniqueConstraint(fields=["partner"], name="watermark_once_per_partner")]

    def __str__(self) -> str:
        return f"{self.partner}"
