"""Where a partner's product selector may be framed, and whether it tells prices there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from offers.models import SalesSettings
from portal import activities
from portal.models import Partner, User


def embedding_of(partner: Partner) -> SalesSettings:
    """The partner's row, or the defaults of one that was never stored."""
    return SalesSettings.objects.for_partner(partner).first() or SalesSettings(partner=partner)


@transaction.atomic
def change_embedding(
    partner: Partner, *, origins: Sequence[str], prices: bool, actor: User, now: datetime
) -> SalesSettings:
    """Store the list of origins and the switch; written down where something differs."""
    SalesSettings.objects.get_or_create(partner=partner)
    row = SalesSettings.objects.for_partner(partner).select_for_update().get()
    before = {"origins": row.embed_origins, "prices": row.embed_prices}
    after = {"origins": list(origins), "prices": prices}
    if before != after:
        row.embed_origins, row.embed_prices = list(origins), prices
        row.save(update_fields=["embed_origins", "embed_prices"])
        activities.record(
            "selector.embedding", partner, partner=partner, actor=actor, at=now, before=before, after=after
        )
    return row
