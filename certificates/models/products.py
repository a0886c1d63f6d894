"""The catalogue: products, what they bring, and what one may upgrade to."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from certificates.states import ValidationLevel


class Product(models.Model):
    """One certificate product of the catalogue, shared by all partners; prices are each partner's own."""

    name_id = models.SlugField(_("name id"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    family = models.CharField(_("brand"), max_length=60)
    level = models.CharField(_("level"), max_length=2, choices=ValidationLevel)
    allows_wildcard = models.BooleanField(_("allows wildcards"), default=True)
    allows_names = models.BooleanField(_("allows several names"), default=True)
    max_years = models.PositiveSmallIntegerField(_("longest plan in years"), default=3)
    # Codes of certificates.catalogue.Benefit
    benefits = models.JSONField(_("benefits"), default=list, blank=True)
    # Sample figures until the authority confirms them; shown as such.
    warranty_usd = models.PositiveIntegerField(_("warranty in US dollars, unconfirmed"), null=True, blank=True)
    upgrades = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="upgraded_from")
    is_offered = models.BooleanField(_("offered"), default=True)
    rank = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["rank", "name"]
        constraints = [
            models.CheckConstraint(
                name="product_ev_holds_no_wildcard",
                condition=~models.Q(level=ValidationLevel.EV, allows_wildcard=True),
            ),
            models.CheckConstraint(name="product_plan_years", condition=models.Q(max_years__range=(1, 6))),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def needs_wildcard(self) -> bool:
        """Whether it is sold for wildcards alone: DigiCert says so in the product's id."""
        return self.name_id.startswith("wildcard_")
