"""What every row of a partner has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models, router
from django.utils.translation import gettext_lazy as _

from portal import sql

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

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:  # noqa: FBT001, FBT002  Django's own signature
        using = using or router.db_for_write(type(self), instance=self)
        with sql.guards_ask_at_the_end(type(self), using):
            return super().delete(using=using, keep_parents=keep_parents)
