"""Imports in progress: the uploaded file, its staged lines, and the report of what became of each."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from certificates.models.customers import Customer
from certificates.states import AuthorityKind
from portal.access import PartnerManager, PartnerQuerySet
from portal.models import PartnerOwned, User


class ImportRun(PartnerOwned):
    """One upload on its way from file to report; it can be left and come back to."""

    class Format(models.TextChoices):
        ORDER_REPORT = "order_report", _("CertCentral order report")
        ORDERS_PAGE = "orders_page", _("CertCentral Orders page")
        MAPPED = "mapped", _("Other CSV, columns mapped by hand")
        PEM = "pem", _("Certificates (PEM)")

    class State(models.TextChoices):
        MAPPING = "mapping", _("Columns to be named")
        READING = "reading", _("Reading")
        PREVIEW = "preview", _("Ready to import")
        RUNNING = "running", _("Importing")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELED = "canceled", _("Cancelled")

    format = models.CharField(_("format"), max_length=12, choices=Format)
    authority = models.CharField(
        _("authority"), max_length=12, choices=AuthorityKind, default=AuthorityKind.CERTCENTRAL
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.READING)
    file_name = models.CharField(_("file"), max_length=255)
    # Below PORTAL_DATA_DIR/imports, under a name of ours; removed when the run is done
    stored_as = models.CharField(max_length=120, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    # {"our field": "their column"} where columns were mapped by hand; "date_order" says how its dates are written
    mapping = models.JSONField(default=dict, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("started"))
    claimed_until = models.DateTimeField(null=True, blank=True)
    # How often a worker took it up without reaching an end
    attempts = models.PositiveSmallIntegerField(default=0)
    # How far the present state has come, of 100
    percent = models.PositiveSmallIntegerField(default=0)
    # Lines up to this one have been applied; a worker that takes over goes on after it
    applied_through = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)
    # What came along with the orders, by what it is: {"customers": 3, "organizations": 2, "certificates": 5}
    brought = models.JSONField(default=dict, blank=True)
    # Why the whole run failed: {"code": …} and the facts its sentence names
    fault = models.JSONField(default=dict, blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.file_name


class ImportLine(models.Model):
    """One line of a file: what would become of it while the run is a preview, then what did, or why it was rejected."""

    class Outcome(models.TextChoices):
        CREATED = "created", _("Created")
        UPDATED = "updated", _("Updated")
        UNCHANGED = "unchanged", _("Unchanged")
        REJECTED = "rejected", _("Rejected")

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="lines")
    line = models.PositiveIntegerField(_("line"))
    number = models.CharField(_("order number"), max_length=40, blank=True)
    common_name = models.CharField(_("common name"), max_length=253, blank=True)
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome)
    # {"code": …, "column": …, "value": …} with a code of certificates.services.imports.reasons; empty where all is well
    reason = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("import line")
        verbose_name_plural = _("import lines")
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="import_line_once")]
        indexes = [models.Index(fields=["run", "outcome", "line"], name="import_line_by_outcome")]

    def __str__(self) -> str:
        return f"{self.run}:{self.line}"
