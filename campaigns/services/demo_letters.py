"""The demo's own letter: in use in English in its second version, and still to be finished in French."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from campaigns import library
from campaigns.services.letters import put_in_use, save_version
from portal.models import Membership, Partner
from portal.roles import Role

KEY = "win_back"


def seed_letters(partner: Partner, now: datetime) -> None:
    """Written by the administrator some days ago."""
    author = Membership.objects.for_partner(partner).filter(role=Role.ADMINISTRATOR).first()
    if author is None:
        return
    english, french = (library.source(KEY, language) for language in ("en", "fr"))
    first = replace(english, subject="{{ order.host }}: shall we take it up again?")
    second = replace(first, body=f"{first.body}\n\nP.S. One call is enough: {{{{ support_phone }}}}.")
    begun = replace(french, subject="{{ order.host }} : on reprend ?")
    for language, source, days in (("en", first, 12), ("en", second, 9), ("fr", begun, 9)):
        at = now - timedelta(days=days)
        version = save_version(partner, KEY, source, language=language, actor=author.user, now=at)
        if language == "en":
            put_in_use(version, actor=author.user, now=at)
