"""Whether an issued certificate is where it belongs: on the customer's word, or seen on the live host."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from certificates.models.orders import Certificate
from portal.access import PartnerManager, PartnerQuerySet
from portal.models import PartnerOwned


class Installation(PartnerOwned):
    """What is known about one certificate on its servers. Without a row, nobody has said or looked.

    `said_at` is the customer's word. `state` is what the last look at the live host found: the certificate itself,
    another one (`served_…` say which), or nothing that answers (`problem` says why, as a code).
    """

    class State(models.TextChoices):
        UNKNOWN = "unknown", _("Not looked at")
        SERVED = "served", _("Installed")
        OTHER = "other", _("The server still shows another certificate")
        UNREACHABLE = "unreachable", _("The server does not answer")

    certificate = models.OneToOneField(Certificate, on_delete=models.CASCADE, related_name="installation")
    said_at = models.DateTimeField(_("said to be installed"), null=True, blank=True)
    said_by = models.CharField(_("said by"), max_length=254, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.UNKNOWN)
    host = models.CharField(_("host"), max_length=253, blank=True)
    checked_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    served_sha256 = models.CharField(max_length=64, blank=True)
    served_serial = models.CharField(_("serial number served"), max_length=64, blank=True)
    served_ends_on = models.DateField(_("the one served expires"), null=True, blank=True)
    problem = models.CharField(max_length=40, blank=True)
    # A worker looks again from then on; empty once nothing more is to be looked at.
    check_due_at = models.DateTimeField(null=True, blank=True)
    # The one quiet reminder, sent by an app above: on from then, empty where none is to be sent
    remind_due_at = models.DateTimeField(null=True, blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installations")
        indexes = [
            models.Index(
                fields=["check_due_at", "id"],
                name="installation_due",
                condition=models.Q(check_due_at__isnull=False),
            ),
            models.Index(
                fields=["remind_due_at", "id"],
                name="installation_to_remind",
                condition=models.Q(remind_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.certificate}: {self.get_state_display()}"

    @property
    def is_done(self) -> bool:
        """Whether the certificate is in its place, as far as anybody knows."""
        return self.said_at is not None or self.state == self.State.SERVED
