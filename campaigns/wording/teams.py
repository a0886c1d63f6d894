"""What a channel of the partner's team may hear of, and what was done about the channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from portal.types import StrOrPromise

# What a channel may want to hear of: the event's key, and the words for it
EVENTS: Mapping[str, StrOrPromise] = {
    "call.opened": gettext_lazy("Somebody has to be called: letters do not arrive, or a renewal is late"),
    "letters.stopped": gettext_lazy("A contact wants no more notices"),
    "sending.stopped": gettext_lazy("Letters are not sent: an unusual mass, or the mail server refuses them"),
}
DEEDS: Mapping[str, tuple[StrOrPromise, str]] = {
    "team.added": (gettext_lazy("Team channel added"), "good"),
    "team.changed": (gettext_lazy("Team channel changed"), ""),
    "team.dropped": (gettext_lazy("Team channel removed"), "warn"),
}


def describe(verb: str, facts: Mapping[str, Any]) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of an activity about a team channel."""
    words, level = DEEDS[verb]
    return words, str(facts.get("name", "")), level
