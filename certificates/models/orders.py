"""Orders and certificates: two things with two ends (a plan is paid for, certificates are issued under it)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certificates import rules
from certificates.models.customers import Contact, Customer
from certificates.models.products import Product
from certificates.models.validations import Organization
from certificates.querysets import CertificateQuerySet, OrderQuerySet
from certificates.states import (
    LIVE_ORDER_STATES,
    AuthorityKind,
    CertificateStatus,
    OrderStatus,
    RenewalMark,
)
from portal.access import PartnerManager
from portal.models import Membership, PartnerOwned


class Order(PartnerOwned):
    """A plan: what the customer pays for. Its end asks for a renewal; its certificate's end for a reissue.

    Periods are half-open in UTC: `ends_at` is the first moment after the order, `ends_on` the date of its last
    second (the same moment, stored for lists). The `certificate_…` columns mirror the present certificate, so that
    one indexed table answers both lists.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders", verbose_name=_("customer"))
    organization = models.ForeignKey(
        Organization, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders"
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("contact"),
    )
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="orders")
    product_name = models.CharField(_("product"), max_length=120)

    authority = models.CharField(_("authority"), max_length=12, choices=AuthorityKind)
    number = models.CharField(_("order number"), max_length=40)
    customer_reference = models.CharField(_("customer's reference"), max_length=120, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=OrderStatus)
    authority_status = models.CharField(max_length=60, blank=True)

    common_name = models.CharField(_("common name"), max_length=253)
    # Every DNS name, the common name first, as A-labels in lower case
    names = models.JSONField(_("names"), default=list, blank=True)
    term_years = models.PositiveSmallIntegerField(_("validity in years"), default=1)
    placed_at = models.DateTimeField(_("ordered"))
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    ends_on = models.DateField(_("expires"), null=True, blank=True)
    # The source did not say when the order ends; a better source will.
    end_is_inferred = models.BooleanField(default=False)
    certificate_starts_at = models.DateTimeField(null=True, blank=True)
    certificate_ends_at = models.DateTimeField(null=True, blank=True)
    certificate_ends_on = models.DateField(_("certificate expires"), null=True, blank=True)

    renewal_mark = models.CharField(_("renewal"), max_length=10, choices=RenewalMark, default=RenewalMark.NONE)
    successor_number = models.CharField(_("renewed by order"), max_length=40, blank=True)
    predecessor = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="successor"
    )

    notices_enabled = models.BooleanField(_("renewal notices"), default=True)
    auto_renew = models.BooleanField(_("automatic renewal"), default=False)
    # Who switched it on; when this person leaves, auto-renew stops, and pages say so loudly.
    auto_renew_by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # What the source said last; a choice made here stands until the source says something else.
    source_notices_enabled = models.BooleanField(null=True, blank=True, editable=False)
    source_auto_renew = models.BooleanField(null=True, blank=True, editable=False)
    additional_emails = models.JSONField(default=list, blank=True)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)

    csr = models.TextField(blank=True)
    server_platform = models.CharField(_("server"), max_length=60, blank=True)
    dcv_method = models.CharField(max_length=20, blank=True)
    division = models.CharField(_("division"), max_length=120, blank=True)
    # What the source said that was kept but needs a look, e.g. "ev_wildcard": codes of certificates.remarks.Remark
    remarks = models.JSONField(default=list, blank=True)
    search_text = models.TextField(default="", editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PartnerManager.from_queryset(OrderQuerySet)()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["ends_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "authority", "number"], name="order_once_per_number"),
            models.CheckConstraint(
                name="order_ends_after_it_starts",
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=models.F("starts_at")),
            ),
            models.CheckConstraint(
                name="order_end_has_its_date",
                condition=Q(ends_at__isnull=True, ends_on__isnull=True)
                | Q(ends_at__isnull=False, ends_on__isnull=False),
            ),
            models.CheckConstraint(
                name="order_certificate_end_has_its_date",
                condition=Q(certificate_ends_at__isnull=True, certificate_ends_on__isnull=True)
                | Q(certificate_ends_at__isnull=False, certificate_ends_on__isnull=False),
            ),
            models.CheckConstraint(
                name="live_order_has_an_end",
                condition=~Q(status__in=LIVE_ORDER_STATES) | Q(ends_at__isnull=False),
            ),
        ]
        indexes = [
            # The Expiring page, by order and by certificate: read in order, counted in the index alone; lives, too.
            models.Index(
                fields=["partner", "renewal_mark", "ends_on", "id", "status", "customer", "notices_enabled"],
                name="order_expiring",
            ),
            models.Index(
                fields=[
                    "partner",
                    "renewal_mark",
                    "certificate_ends_on",
                    "id",
                    "status",
                    "ends_on",
                    "certificate_starts_at",
                ],
                name="order_certificate_expiring",
            ),
            models.Index(fields=["partner", "ends_on", "id"], name="order_by_end"),
            models.Index(fields=["partner", "-placed_at", "-id"], name="order_by_placing"),
            models.Index(fields=["partner", "common_name", "id"], name="order_by_name"),
            models.Index(fields=["customer", "ends_on"], name="order_by_customer"),
            models.Index(
                fields=["partner", "renewal_mark", "ends_on"],
                name="order_renewing_itself",
                condition=Q(auto_renew=True),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_ORDER_STATES

    @property
    def level(self) -> rules.Level | None:
        return rules.Level(self.product.level) if self.product else None

    @property
    def family(self) -> str:
        return self.product.family if self.product else ""

    @property
    def has_flagged_wildcard(self) -> bool:
        """An EV order that holds a wildcard, which no authority may issue: renew as OV or with listed names."""
        return rules.refuses_wildcard(self.level) and rules.holds_wildcard(self.names)

    def days_left(self, today: date) -> int | None:
        """Days from today to the order's last day; negative once it has ended, None before it was issued."""
        return (self.ends_on - today).days if self.ends_on else None

    def certificate_days_left(self, today: date) -> int | None:
        """Days from today to the present certificate's last day."""
        return (self.certificate_ends_on - today).days if self.certificate_ends_on else None


class Certificate(PartnerOwned):
    """One X.509 certificate, usually issued under an order; without one, a candidate to consolidate."""

    class Kind(models.TextChoices):
        ORIGINAL = "original", _("Original")
        REISSUE = "reissue", _("Reissue")
        DUPLICATE = "duplicate", _("Duplicate")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="certificates")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, blank=True, related_name="certificates")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.ORIGINAL)
    status = models.CharField(_("status"), max_length=10, choices=CertificateStatus, default=CertificateStatus.ISSUED)
    is_current = models.BooleanField(default=False)
    number = models.CharField(_("certificate number"), max_length=40, blank=True)
    # Upper-case hexadecimal without leading zeros, as people read it to support
    serial_number = models.CharField(_("serial number"), max_length=64, blank=True)
    thumbprint = models.CharField(_("SHA-1 thumbprint"), max_length=40, blank=True)
    sha256 = models.CharField(_("SHA-256 fingerprint"), max_length=64, blank=True)
    common_name = models.CharField(_("common name"), max_length=253)
    names = models.JSONField(default=list, blank=True)
    issuer_name = models.CharField(_("issuer"), max_length=200, blank=True)
    key_type = models.CharField(_("key"), max_length=20, blank=True)
    starts_at = models.DateTimeField(_("valid from"))
    ends_at = models.DateTimeField(_("valid until"))
    ends_on = models.DateField(_("expires"))
    revoked_at = models.DateTimeField(null=True, blank=True)
    pem = models.TextField(blank=True)
    chain = models.TextField(blank=True)

    objects = PartnerManager.from_queryset(CertificateQuerySet)()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], name="certificate_one_current_per_order", condition=Q(is_current=True)
            ),
            models.UniqueConstraint(
                fields=["partner", "sha256"], name="certificate_once_per_fingerprint", condition=~Q(sha256="")
            ),
            models.CheckConstraint(
                name="certificate_ends_after_it_starts", condition=Q(ends_at__gt=models.F("starts_at"))
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "serial_number"], name="certificate_by_serial"),
            models.Index(fields=["partner", "ends_on", "id"], name="certificate_by_end"),
        ]

    def __str__(self) -> str:
        return self.serial_number or self.common_name

    @property
    def last_second(self) -> datetime:
        """notAfter as the certificate states it (inclusive)."""
        return self.ends_at - timedelta(seconds=1)
