"""Letters in words: which step sends one, its parts, and the variables that stand ready."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from campaigns.library import LIBRARY
from campaigns.models import Step
from campaigns.rules.keys import Part
from campaigns.services.events import AUTO_RENEW_AHEAD, QUOTE_AHEAD
from campaigns.services.facts import VALIDATIONS_LAPSE_DAYS
from portal.types import StrOrPromise

PARTS: Mapping[str, StrOrPromise] = {
    "subject": gettext_lazy("Subject"),
    "preheader": gettext_lazy("Preheader"),
    "body": pgettext_lazy("below a subject", "Letter"),
}
BLOCKS: Mapping[Part, StrOrPromise] = {
    Part.ESSENTIALS: gettext_lazy("The essentials of every order, as a table"),
    Part.BUTTON: gettext_lazy("The one button"),
    Part.NO_DAY_LOST: gettext_lazy("That no day is lost, with the customer's own figures"),
    Part.WARNING: gettext_lazy("What a browser would warn of, as a picture"),
    Part.SAVINGS: gettext_lazy("What the customer can save"),
    Part.BENEFITS: gettext_lazy("What the product brings"),
    Part.INSTRUCTIONS: gettext_lazy("How it is done on the customer's server"),
    Part.AUTOMATION: gettext_lazy("How not to think of it again"),
}


def letter_name(key: str, own: str = "") -> str:
    """What a letter is called: in the library, else by the partner whose `own` it is."""
    return str(LIBRARY[key].name) if key in LIBRARY else own or key


def step_words(step: Step) -> str:
    """When a step is due: "60 days before", "15 % of life left"."""
    if step.days is None:
        return _("at %(share)s %% of its life") % {"share": step.share}
    if step.days == 0:
        return _("on the last day")
    if step.days < 0:
        return ngettext("%(days)s day before", "%(days)s days before", -step.days) % {"days": -step.days}
    return ngettext("%(days)s day after", "%(days)s days after", step.days) % {"days": step.days}


def event_words(key: str) -> str:
    """What sends a letter that hangs on an event; nothing where none does."""
    if key not in _EVENTS:
        return ""
    words, days = _EVENTS[key]
    return str(words) % {"days": days}


_EVENTS: Mapping[str, tuple[StrOrPromise, int]] = {
    "digest": (gettext_lazy("when several orders are due at once"), 0),
    "auto_renew": (gettext_lazy("%(days)s days before it renews itself"), AUTO_RENEW_AHEAD),
    "validation_needed": (gettext_lazy("%(days)s days before a validation ends"), VALIDATIONS_LAPSE_DAYS),
    "quote_expiring": (gettext_lazy("%(days)s days before a quote ends"), QUOTE_AHEAD),
    "not_installed": (
        gettext_lazy("%(days)s days after the issue"),
        settings.NOT_INSTALLED_AFTER.days,
    ),
}
