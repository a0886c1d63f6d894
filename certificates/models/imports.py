"""Imports in progress: the uploaded file, its staged lines, and the report of what became of each."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from certificates.models.customers import Customer
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
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.READING)
    file_name = models.CharField(_("file"), max_length=255)
    # Below PORTAL_DATA_DIR/imports, under a name of ours; removed when the run is done
    stored_as = models.CharField(max_length=120, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    # {"our field": "their column"} where columns were mapped by hand
    mapping = models.JSONField(default=dict, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("started"))
    claimed_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.file_name


class ImportLine(models.Model):
    """One line of a file: staged, then created, updated, unchanged or rejected with its reason."""

    class Outcome(models.TextChoices):
        STAGED = "staged", _("Read")
        CREATED = "created", _("Created")
        UPDATED = "updated", _("Updated")
        UNCHANGED = "unchanged", _("Unchanged")
        REJECTED = "rejected", _("Rejected")

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="lines")
    line = models.PositiveIntegerField(_("line"))
    number = models.CharField(_("order number"), max_length=40, blank=True)
    common_name = models.CharField(_("common name"), max_length=253, blank=True)
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome, default=Outcome.STAGED)
    # A code of certificates.services.imports.reasons with its facts: {"code": …, "column": …, "value": …}
    reason = models.JSONField(default=dict, blank=True)
    record = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("import line")
        verbose_name_plural = _("import lines")
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="import_line_once")]
        indexes = [models.Index(fields=["run", "outcome", "line"], name="import_line_by_outcome")]

    def __str__(self) -> str:
        return f"{self.run}:{self.line}"
