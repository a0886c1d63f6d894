"""What banners say beside the partner's own words, and what was done about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.rules.countdown import Left
from portal.types import StrOrPromise

DEEDS: Mapping[str, tuple[StrOrPromise, str]] = {
    "banner.made": (gettext_lazy("Banner made"), "good"),
    "banner.changed": (gettext_lazy("Banner changed"), ""),
    "banner.shown": (gettext_lazy("Banner shown"), "good"),
    "banner.hidden": (gettext_lazy("Banner hidden"), "warn"),
}


def days_words(left: Left, language: str) -> str:
    """ "12 days left", or that this is the last one."""
    with translation.override(language):
        if not left.days:
            return _("The last day")
        return ngettext("%(count)s day left", "%(count)s days left", left.days) % {"count": left.days}


def describe(verb: str, facts: Mapping[str, Any]) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of an activity about a banner."""
    words, level = DEEDS[verb]
    return words, str(facts.get("name", "")), level
