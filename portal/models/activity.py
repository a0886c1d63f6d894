"""Who did what, on what, when: a list that only grows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.access import PartnerManager, PartnerQuerySet
from portal.models.base import PartnerOwned


class ActivityQuerySet(PartnerQuerySet["Activity"]):
    def about(self, subject: models.Model) -> ActivityQuerySet:
        """What was done to the row itself."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)


class Activity(PartnerOwned):
    """One deed. Rows are only ever added: the database refuses to change or delete one."""

    at = models.DateTimeField(_("when"))
    # Empty where the portal acted by itself.
    actor = models.ForeignKey("portal.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    verb = models.CharField(_("what"), max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(_("on what"), max_length=255)
    # {"before": {...}, "after": {...}} or other facts worth keeping; never a secret
    facts = models.JSONField(default=dict, blank=True)
    request_id = models.CharField(max_length=32, blank=True)

    objects = PartnerManager.from_queryset(ActivityQuerySet)()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["partner", "at", "id"], name="activity_by_time"),
            models.Index(fields=["partner", "subject_type", "subject_id", "-at"], name="activity_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_label}"
