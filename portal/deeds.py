"""Activities in words: the ground's own, and through `contributions` those of every app above."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal import contributions
from portal.contributions import ActivityWords
from portal.models import Activity, Partner
from portal.models.people import MembershipRole
from portal.types import StrOrPromise


@dataclass(frozen=True, slots=True)
class Told:
    """An activity for reading: what was done, what it changed, and the colour of its mark."""

    words: StrOrPromise
    detail: StrOrPromise = ""
    level: str = ""


DEEDS: Mapping[str, Told] = {
    "person.invited": Told(gettext_lazy("Person invited")),
    "person.role_changed": Told(gettext_lazy("Role changed"), level="note"),
    "person.deactivated": Told(gettext_lazy("Access ended"), level="warn"),
    "person.reactivated": Told(gettext_lazy("Access given again")),
    "person.calendar_made": Told(gettext_lazy("Address of a calendar made")),
    "sending.stopped": Told(gettext_lazy("Far more letters than usual were stopped"), level="warn"),
    "sending.held": Told(gettext_lazy("Notices and offers stopped by hand"), level="warn"),
    "sending.released": Told(gettext_lazy("Letters that had waited were sent")),
    "sending.refused": Told(gettext_lazy("Letters that had waited were not sent"), level="warn"),
    "settings.changed": Told(gettext_lazy("Settings changed")),
    "settings.logo_changed": Told(gettext_lazy("Logo changed")),
}


def tell(activity: Activity) -> Told:
    """The activity in the reader's language; a verb nobody has words for stands for itself."""
    for source in contributions.activity_words.items:
        if activity.verb in source.verbs:
            return Told(*source.describe(activity.verb, activity.facts))
    return Told(activity.verb)


def _describe(verb: str, facts: Mapping[str, Any]) -> tuple[StrOrPromise, StrOrPromise, str]:
    deed = DEEDS[verb]
    details = {
        "person.role_changed": _roles,
        "person.invited": _role,
        "settings.changed": _fields,
        "sending.stopped": _letters,
        "sending.released": _letters,
        "sending.refused": _letters,
    }
    detail = details[verb](facts) if verb in details else ""
    return deed.words, detail, deed.level


def _roles(facts: Mapping[str, Any]) -> str:
    return f"{_role_name(facts['before']['role'])} → {_role_name(facts['after']['role'])}"


def _role(facts: Mapping[str, Any]) -> str:
    return _role_name(facts["after"]["role"])


def _role_name(role: str) -> str:
    return str(MembershipRole(role).label)


def _letters(facts: Mapping[str, Any]) -> str:
    words = ngettext("%(count)s letter", "%(count)s letters", facts["letters"])
    return words % {"count": facts["letters"]}


def _fields(facts: Mapping[str, Any]) -> str:
    labels = {field.name: field.verbose_name for field in Partner._meta.concrete_fields}
    names = [str(labels.get(name, name)) for name in facts["after"]]
    return _("Changed: %(fields)s") % {"fields": ", ".join(names)}


WORDS = ActivityWords(verbs=frozenset(DEEDS), describe=_describe)
