"""Views of a list that somebody wants to come back to."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.access import PartnerManager, PartnerQuerySet
from portal.models import Membership, PartnerOwned


class SavedView(PartnerOwned):
    """A named state of a list: everything that stands in its URL. `is_shared` shows it to colleagues."""

    owner = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    is_shared = models.BooleanField(_("for all colleagues"), default=False)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_view_once_per_name"),
        ]

    def __str__(self) -> str:
        return self.name
