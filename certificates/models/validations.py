"""Domains and organisations with the ends of their validation: an expired one holds a renewal up."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from certificates.models.customers import Customer
from certificates.querysets import DomainQuerySet, OrganizationQuerySet
from certificates.states import AuthorityKind, ValidationLevel
from portal.access import PartnerManager
from portal.models import PartnerOwned


class Organization(PartnerOwned):
    """A legal entity as the authority validated it. Dates are the last valid day; empty is not known."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="organizations")
    authority = models.CharField(_("authority"), max_length=12, choices=AuthorityKind)
    number = models.CharField(_("organisation number"), max_length=60)
    name = models.CharField(_("name"), max_length=200)
    address = models.CharField(_("address"), max_length=255, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    state = models.CharField(_("state"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    ov_validated_until = models.DateField(_("OV valid until"), null=True, blank=True)
    ev_validated_until = models.DateField(_("EV valid until"), null=True, blank=True)

    objects = PartnerManager.from_queryset(OrganizationQuerySet)()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "authority", "number"], name="organization_once_per_number"),
        ]
        indexes = [
            models.Index(fields=["partner", "name", "id"], name="organization_by_name"),
            models.Index(fields=["partner", "ov_validated_until", "id"], name="organization_by_ov_end"),
            models.Index(fields=["partner", "ev_validated_until", "id"], name="organization_by_ev_end"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def next_end(self) -> date | None:
        """The validation that ends first, of those that are known."""
        return min((end for end in (self.ov_validated_until, self.ev_validated_until) if end), default=None)

    def validated_until(self, level: str) -> date | None:
        """The last day of the validation that the level needs."""
        return self.ev_validated_until if level == ValidationLevel.EV else self.ov_validated_until


class Domain(PartnerOwned):
    """A registrable domain of a customer, with the end of its control validation (DCV)."""

    class Method(models.TextChoices):
        DNS_TXT = "dns-txt-token", _("DNS TXT record")
        DNS_CNAME = "dns-cname-token", _("DNS CNAME record")
        HTTP = "http-token", _("File on the web server")
        EMAIL = "email", _("E-mail")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="domains")
    organization = models.ForeignKey(
        Organization, on_delete=models.SET_NULL, null=True, blank=True, related_name="domains"
    )
    authority = models.CharField(_("authority"), max_length=12, choices=AuthorityKind)
    name = models.CharField(_("domain"), max_length=253)
    method = models.CharField(_("validated by"), max_length=20, choices=Method, blank=True)
    validated_until = models.DateField(_("valid until"), null=True, blank=True)

    objects = PartnerManager.from_queryset(DomainQuerySet)()

    class Meta:
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "authority", "name"], name="domain_once_per_name"),
        ]
        indexes = [
            models.Index(fields=["partner", "name", "id"], name="domain_by_name"),
            models.Index(fields=["partner", "validated_until", "id"], name="domain_by_end"),
        ]

    def __str__(self) -> str:
        return self.name
