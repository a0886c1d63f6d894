"""What the partner's own team is told, in the partner's language, and what was done about its channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.mail.alarms import Alarm
from portal.models import MailAlarm
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


def alarm_words(alarm: Alarm) -> str:
    """What keeps letters from leaving, in one sentence."""
    match alarm.kind:
        case MailAlarm.Kind.MASS:
            count = int(alarm.facts.get("letters", 0))
            words = ngettext(
                "%(count)s letter waits for an administrator: that is far more than usual.",
                "%(count)s letters wait for an administrator: that is far more than usual.",
                count,
            )
            return words % {"count": count}
        case MailAlarm.Kind.UNREACHABLE:
            return _("The mail server cannot be reached. Letters wait, and none is lost.")
    return _("The mail server refuses letters. They wait, and none is lost.")


def describe(verb: str, facts: Mapping[str, Any]) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of an activity about a team channel."""
    words, level = DEEDS[verb]
    return words, str(facts.get("name", "")), level
