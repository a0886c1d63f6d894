"""The letters of a partner side by side: what goes out in each language, which steps send it, what is to translate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe

from campaigns.services.shelf import Shelved, shelf
from campaigns.wording.letters import event_words, step_words
from certificates.views.expiring import Link
from portal.access import PartnerRequest, requires
from portal.choices import Language
from portal.lists import Empty, Total

ALL, TO_TRANSLATE, ARCHIVED = "all", "to-translate", "archived"
_SHOWN: Mapping[str, Callable[[Shelved], bool]] = {
    ALL: lambda letter: letter.archived_at is None or letter.built_in is not None,
    TO_TRANSLATE: lambda letter: letter.archived_at is None and bool(letter.untranslated),
    ARCHIVED: lambda letter: letter.archived_at is not None,
}
_TABS = {
    ALL: gettext_lazy("Letters"),
    TO_TRANSLATE: gettext_lazy("Missing translations"),
    ARCHIVED: gettext_lazy("Archived"),
}


@requires("letters.view")
@require_safe
def letters(request: PartnerRequest) -> HttpResponse:
    """The built-in letters and the partner's own; `show` chooses among all, those to translate, and the archive."""
    known = shelf(request.partner)
    show = request.GET.get("show", ALL) if request.GET.get("show") in _SHOWN else ALL
    rows = [letter for letter in known if _SHOWN[show](letter)]
    context = {
        "page_title": _("Letters"),
        "rows": [(letter, _sent(letter)) for letter in rows],
        "languages": Language.choices,
        "tabs": _tabs(known, show),
        "tabs_label": _("Which letters"),
        "shows_archive": show == ARCHIVED,
        "empty": None if rows else _empty(show),
        "has_address": bool(request.partner.postal_address.strip()),
    }
    return render(request, "campaigns/letters/page.html", context)


def _sent(letter: Shelved) -> list[str]:
    """When it goes out, in words: by an event, by steps of the calendar."""
    event = event_words(letter.key)
    return [*([event] if event else ()), *dict.fromkeys(map(step_words, letter.steps))]


def _tabs(known: Sequence[Shelved], shown: str) -> list[Link]:
    found = []
    for show, label in _TABS.items():
        number = sum(map(_SHOWN[show], known))
        url = reverse("campaigns:letters") + (f"?show={show}" if show != ALL else "")
        found.append(Link(f"tab-{show}", label, url, show == shown, Total(number, limit=number)))
    return found


def _empty(show: str) -> Empty:
    everything: dict[str, Any] = {"url": reverse("campaigns:letters"), "action": _("Show all letters")}
    if show == TO_TRANSLATE:
        words = _("Every letter that you have written speaks all languages of your readers.")
        return Empty(pgettext("letters", "Nothing to translate"), words, icon="translate", **everything)
    return Empty(
        pgettext("letters", "Nothing is archived"),
        _("A letter that you no longer want can be put away here."),
        icon="archive",
        **everything,
    )
