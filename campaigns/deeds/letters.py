"""What was done about letters, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.choices import Language
from portal.types import StrOrPromise

DEEDS: Mapping[str, tuple[StrOrPromise, str]] = {
    "letter.written": (gettext_lazy("Letter written"), ""),
    "letter.used": (gettext_lazy("Letter put in use"), "good"),
    "letter.stopped": (gettext_lazy("Letter no longer in use"), "warn"),
    "letter.copied": (gettext_lazy("Letter copied"), ""),
    "letter.archived": (gettext_lazy("Letter archived"), "warn"),
    "letter.restored": (gettext_lazy("Letter taken out of the archive"), "good"),
}


def describe(verb: str, facts: Mapping[str, Any]) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of an activity about a letter."""
    words, level = DEEDS[verb]
    return words, _detail(facts), level


def _detail(facts: Mapping[str, Any]) -> str:
    if "number" not in facts:
        return ""
    language = facts.get("language", "")
    name = Language(language).label if language in Language.values else str(language)
    return _("Version %(number)s, %(language)s") % {"number": facts["number"], "language": name}
