"""What every row of a partner has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from portal.models.partners import Partner


class PartnerOwned(models.Model):
    """A row of exactly one partner, for ever. Its links to other such rows stay inside that partner.

    The database enforces it (`portal.sql.guard_tenants`): composite foreign keys on PostgreSQL, triggers on SQLite.
    """

    partner: models.ForeignKey[Partner] = models.ForeignKey(
        "portal.Partner",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("partner"),
        editable=False,
    )

    class Meta:
        abstract = True
