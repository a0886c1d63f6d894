"""Price lists: what a plan costs by product and term, for everybody, for a level of customers, or for one of them."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from certificates.models import Customer, Product
from offers.querysets import PriceQuerySet
from offers.rules.taxes import Treatment
from portal.access import PartnerManager, PartnerQuerySet
from portal.choices import Currency
from portal.models import PartnerOwned

_NOT_NEGATIVE = [MinValueValidator(Decimal(0))]


class PriceLevel(PartnerOwned):
    """A group of customers with prices of their own, such as "Gold" or "Public sector"."""

    name = models.CharField(_("name"), max_length=60)
    rank = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("price level")
        verbose_name_plural = _("price levels")
        ordering = ["rank", "name"]
        constraints = [models.UniqueConstraint(fields=["partner", "name"], name="price_level_once_per_name")]

    def __str__(self) -> str:
        return self.name


class Price(PartnerOwned):
    """What a plan of so many years costs from a day on, tax excluded: a base, and a price for each name it holds.

    Without level and customer it is the list price. The most particular one wins: the customer's own, then its
    level's, then the list's; among these the one that began last.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", verbose_name=_("product"))
    term_years = models.PositiveSmallIntegerField(_("years"), default=1)
    currency = models.CharField(_("currency"), max_length=3, choices=Currency)
    level = models.ForeignKey(
        PriceLevel, on_delete=models.CASCADE, null=True, blank=True, related_name="prices", verbose_name=_("level")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    base = models.DecimalField(_("base price"), max_digits=12, decimal_places=2, validators=_NOT_NEGATIVE)
    name_price = models.DecimalField(
        _("per host name"), max_digits=12, decimal_places=2, default=Decimal(0), validators=_NOT_NEGATIVE
    )
    wildcard_price = models.DecimalField(
        _("per wildcard"), max_digits=12, decimal_places=2, default=Decimal(0), validators=_NOT_NEGATIVE
    )
    # What the partner pays the authority for the same; unknown where empty.
    cost_base = models.DecimalField(
        _("cost, base"), max_digits=12, decimal_places=2, null=True, blank=True, validators=_NOT_NEGATIVE
    )
    cost_name = models.DecimalField(
        _("cost per host name"), max_digits=12, decimal_places=2, null=True, blank=True, validators=_NOT_NEGATIVE
    )
    cost_wildcard = models.DecimalField(
        _("cost per wildcard"), max_digits=12, decimal_places=2, null=True, blank=True, validators=_NOT_NEGATIVE
    )
    valid_from = models.DateField(_("valid from"))
    # The last day on which it holds; open without one
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects = PartnerManager.from_queryset(PriceQuerySet)()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["product__rank", "term_years", "valid_from", "pk"]
        constraints = [
            models.UniqueConstraint(
                "partner",
                "product",
                "term_years",
                "currency",
                Coalesce("level", 0),
                Coalesce("customer", 0),
                "valid_from",
                name="price_once_per_day",
            ),
            models.CheckConstraint(
                name="price_of_level_or_customer", condition=Q(level__isnull=True) | Q(customer__isnull=True)
            ),
            models.CheckConstraint(
                name="price_is_not_negative", condition=Q(base__gte=0, name_price__gte=0, wildcard_price__gte=0)
            ),
            models.CheckConstraint(name="price_term_years", condition=Q(term_years__range=(1, 6))),
            models.CheckConstraint(
                name="price_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("valid_from")),
            ),
        ]
        indexes = [models.Index(fields=["partner", "product", "term_years"], name="price_by_product")]

    def __str__(self) -> str:
        return f"{self.product} {self.term_years}"


class CustomerTerms(PartnerOwned):
    """What was agreed with one customer about prices and tax; without a row, the house's own terms hold."""

    class TaxTreatment(models.TextChoices):
        AUTOMATIC = Treatment.AUTOMATIC, _("By country and VAT number")
        EXEMPT = Treatment.EXEMPT, _("Exempt")
        STANDARD = Treatment.STANDARD, _("Always our own rate")

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="terms")
    level = models.ForeignKey(
        PriceLevel,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="customers",
        verbose_name=_("price level"),
    )
    currency = models.CharField(_("currency"), max_length=3, choices=Currency, blank=True)
    tax_treatment = models.CharField(_("tax"), max_length=9, choices=TaxTreatment, default=TaxTreatment.AUTOMATIC)
    exemption_reason = models.CharField(_("reason of the exemption"), max_length=200, blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("customer's terms")
        verbose_name_plural = _("customers' terms")
        constraints = [
            models.CheckConstraint(
                name="customer_terms_exemption_has_reason",
                condition=~Q(tax_treatment=Treatment.EXEMPT) | ~Q(exemption_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}"
