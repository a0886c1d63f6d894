"""The embedded authority's own books: its keys, the orders it took and every certificate it signed.

They stand for somebody else's database: no partner, no foreign key to our own tables, reached through
`certificates.authorities.sandbox` only.
"""

from django.db import models


class SandboxAuthority(models.Model):
    """The root and the issuing CA of this installation; `slot` is unique, so there is one pair."""

    slot = models.CharField(max_length=20, unique=True, default="main")
    root_certificate = models.TextField()
    root_key = models.BinaryField(help_text="PKCS#8, encrypted by portal.vault")
    issuing_certificate = models.TextField()
    issuing_key = models.BinaryField(help_text="PKCS#8, encrypted by portal.vault")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Embedded authority {self.slot}"


class SandboxOrder(models.Model):
    """An order as the authority took it; a reference may occur twice, as at the real one."""

    class Status(models.TextChoices):
        PENDING = "pending", "pending"
        ISSUED = "issued", "issued"
        REISSUE_PENDING = "reissue_pending", "reissue pending"
        REVOKED = "revoked", "revoked"
        CANCELED = "canceled", "canceled"
        REJECTED = "rejected", "rejected"

    account = models.CharField(max_length=64)
    # The number of an order that was sold elsewhere and is continued here; others are numbered by their row.
    adopted_number = models.CharField(max_length=64, blank=True)
    reference = models.CharField(max_length=64)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    product_name_id = models.CharField(max_length=64)
    family = models.CharField(max_length=64, blank=True)
    level = models.CharField(max_length=2)
    organization = models.JSONField(null=True, blank=True)
    organization_validated_until = models.DateTimeField(null=True, blank=True)
    term_years = models.PositiveSmallIntegerField(null=True, blank=True)
    term_days = models.PositiveIntegerField(null=True, blank=True)
    renewal_of = models.CharField(max_length=64, blank=True)
    renewal_of_ends_at = models.DateTimeField(null=True, blank=True)
    dcv_method = models.CharField(max_length=40, blank=True)
    auto_renew = models.BooleanField(default=False)
    locale = models.CharField(max_length=10, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True, help_text="exclusive")
    placed_at = models.DateTimeField()
    note = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "reference"], name="sandbox_order_reference")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "adopted_number"],
                name="sandbox_order_adopted_once",
                condition=~models.Q(adopted_number=""),
            ),
            models.CheckConstraint(
                name="sandbox_order_one_term",
                condition=models.Q(term_years__isnull=False, term_days__isnull=True)
                | models.Q(term_years__isnull=True, term_days__isnull=False),
            ),
            models.CheckConstraint(
                name="sandbox_order_ends_after_start",
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("starts_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"Embedded authority's order {self.pk} ({self.reference})"


class SandboxCertificate(models.Model):
    """A certificate asked for under an order, first or reissued, from the request to its revocation."""

    class Status(models.TextChoices):
        PENDING = "pending", "pending"
        ISSUED = "issued", "issued"
        REVOKED = "revoked", "revoked"
        CANCELED = "canceled", "canceled"

    order = models.ForeignKey(SandboxOrder, on_delete=models.CASCADE, related_name="certificates")
    reference = models.CharField(max_length=64, help_text="the order's own, or that of its reissue")
    is_reissue = models.BooleanField(default=False)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    csr = models.TextField()
    common_name = models.CharField(max_length=255)
    names = models.JSONField(default=list)
    requested_at = models.DateTimeField()
    issue_after = models.DateTimeField()
    serial_number = models.CharField(max_length=40, unique=True, null=True, blank=True)
    thumbprint = models.CharField(max_length=40, blank=True, db_index=True)
    pem = models.TextField(blank=True)
    valid_from = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True, help_text="exclusive: notAfter + 1 s")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="sandbox_certificate_signed_once_issued",
                condition=models.Q(status__in=["pending", "canceled"])
                | (models.Q(serial_number__isnull=False) & models.Q(ends_at__gt=models.F("valid_from"))),
            ),
        ]

    def __str__(self) -> str:
        return f"Embedded authority's certificate {self.serial_number or self.pk}"
