"""What was done about calendars, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.wording.calendar import differences
from portal.types import StrOrPromise

DEEDS: Mapping[str, tuple[StrOrPromise, str]] = {
    "calendar.created": (gettext_lazy("Calendar created"), "good"),
    "calendar.changed": (gettext_lazy("Calendar changed"), ""),
    "calendar.restored": (gettext_lazy("Last change of a calendar undone"), "warn"),
    "calendar.copied": (gettext_lazy("Calendar copied"), ""),
    "calendar.moved": (gettext_lazy("Order of calendars changed"), ""),
    "calendar.switched_on": (gettext_lazy("Calendar switched on"), "good"),
    "calendar.switched_off": (gettext_lazy("Calendar switched off"), "warn"),
    "calendar.deleted": (gettext_lazy("Calendar deleted"), "warn"),
}
# More of them than this are no detail any more.
_MOST = 4


def describe(verb: str, facts: Mapping[str, Any]) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of an activity about a calendar."""
    words, level = DEEDS[verb]
    if "before" in facts:
        return words, _changes(facts), level
    if verb == "calendar.moved":
        return words, _("It is asked as number %(place)s of %(of)s.") % facts, level
    return words, "", level


def _changes(facts: Mapping[str, Any]) -> str:
    found = differences(facts["before"], facts["after"], {})
    told = [{"added": "+ ", "removed": "\N{MINUS SIGN} "}.get(one.kind, "") + one.words for one in found]
    return " · ".join(told[:_MOST] + (["…"] if len(told) > _MOST else []))
