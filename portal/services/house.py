"""How a partner presents itself: its settings and its logo, changed by an administrator and written down."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from portal import activities
from portal.models import Partner, User


@transaction.atomic
def change_settings(partner: Partner, values: Mapping[str, Any], *, actor: User, now: datetime) -> list[str]:
    """Store what differs; returns the names of the fields that did."""
    changed = [name for name, value in values.items() if getattr(partner, name) != value]
    if not changed:
        return []
    before = {name: getattr(partner, name) for name in changed}
    for name in changed:
        setattr(partner, name, values[name])
    partner.save(update_fields=changed)
    after = {name: values[name] for name in changed}
    activities.record("settings.changed", partner, partner=partner, actor=actor, at=now, before=before, after=after)
    return changed


@transaction.atomic
def change_logo(partner: Partner, png: bytes | None, *, actor: User, now: datetime) -> None:
    """Keep the picture (see `portal.pictures`) as the logo, or have none; the old file goes once this is certain."""
    storage, old = partner.logo.storage, partner.logo.name
    if png is None:
        partner.logo = ""
    else:
        # a name of its own, so that browsers may keep it
        partner.logo.save(f"{partner.slug}-{secrets.token_hex(6)}.png", ContentFile(png), save=False)
    partner.save(update_fields=["logo"])
    activities.record("settings.logo_changed", partner, partner=partner, actor=actor, at=now, removed=png is None)
    if old:
        transaction.on_commit(lambda: storage.delete(old))
