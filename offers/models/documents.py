"""Documents that a worker draws: the PDF of a quote, and many of them in one archive."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from certificates.models import Customer
from portal.access import PartnerManager, PartnerQuerySet
from portal.models import PartnerOwned, User


class WorkState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Being made")
    DONE = "done", _("Ready")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", pgettext_lazy("of work", "Cancelled")


class QuoteDocument(PartnerOwned):
    """The PDF of one sent quote, drawn from its snapshot. Claimed by one worker at a time, like every effect."""

    quote = models.OneToOneField("offers.Quote", on_delete=models.CASCADE, related_name="document")
    state = models.CharField(max_length=8, choices=WorkState, default=WorkState.WAITING)
    # Below the documents' folder, under a name of ours
    stored_as = models.CharField(max_length=120, blank=True)
    size = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()
    drawn_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("document of a quote")
        verbose_name_plural = _("documents of quotes")
        constraints = [
            models.CheckConstraint(
                name="quote_document_done_has_file", condition=~Q(state=WorkState.DONE) | ~Q(stored_as="")
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], name="quote_document_due", condition=Q(state__in=["waiting", "running"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quote}"


class QuoteBatch(PartnerOwned):
    """Quotes for many orders at once, with their PDFs in one ZIP; it can be left and come back to."""

    class Grouping(models.TextChoices):
        CUSTOMER = "customer", _("One quote per customer")
        ORDER = "order", _("One quote per order")

    class Delivery(models.TextChoices):
        MAIL = "mail", _("Send each quote by e-mail")
        ARCHIVE = "archive", _("Only make the documents")

    state = models.CharField(max_length=8, choices=WorkState, default=WorkState.WAITING)
    grouping = models.CharField(_("quotes"), max_length=8, choices=Grouping, default=Grouping.CUSTOMER)
    delivery = models.CharField(_("delivery"), max_length=7, choices=Delivery, default=Delivery.ARCHIVE)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    # Primary keys of the orders chosen, in the list's order
    orders = models.JSONField(default=list)
    # {"order pk": code of a refusal} of those that could not be quoted
    left_out = models.JSONField(default=dict, blank=True)
    code = models.CharField(_("offer code"), max_length=40, blank=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    stored_as = models.CharField(max_length=120, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("batch of quotes")
        verbose_name_plural = _("batches of quotes")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d} {self.total}"
