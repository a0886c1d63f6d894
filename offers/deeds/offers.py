"""What was done about offers, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.rules import last_day
from certificates.wording import day
from portal.types import StrOrPromise

DEEDS: Mapping[str, tuple[StrOrPromise, str]] = {
    "offer.drafted": (gettext_lazy("Offer drafted"), ""),
    "offer.changed": (gettext_lazy("Draft of an offer changed"), ""),
    "offer.copied": (gettext_lazy("Offer copied"), ""),
    "offer.deleted": (gettext_lazy("Draft of an offer deleted"), "warn"),
    "offer.published": (gettext_lazy("Offer published"), "good"),
    "offer.paused": (gettext_lazy("Offer paused"), "warn"),
    "offer.resumed": (gettext_lazy("Offer resumed"), "good"),
    "offer.ended": (gettext_lazy("Offer ended"), "warn"),
    "offer.shortened": (gettext_lazy("End of an offer brought forward"), ""),
    "offer.renamed": (gettext_lazy("Offer renamed"), ""),
}


def describe(verb: str, facts: Mapping[str, Any]) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of an activity about an offer."""
    words, level = DEEDS[verb]
    if verb == "offer.shortened":
        end = last_day(datetime.fromisoformat(facts["ends_at"]))
        return words, _("It ends on %(date)s.") % {"date": day(end)}, level
    if verb == "offer.renamed":
        pairs = ((facts["before"].get(name), new) for name, new in facts["after"].items())
        return words, ", ".join(f"{old} → {new}" for old, new in pairs if old != new), level
    return words, "", level
