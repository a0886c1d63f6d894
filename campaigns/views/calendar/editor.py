"""A calendar while it is written: drawn, foreseen, and held against what stands, before anything is saved."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import blake2b
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.forms.calendar import CalendarForm, letter_choices, letter_names, steps_form, with_one_more
from campaigns.models import Calendar
from campaigns.rules.ladder import DEFAULT_LADDER, Rung, remarks
from campaigns.services import calendars as deeds
from campaigns.services.foreseeing import reach_of
from campaigns.states import Channel as StoredChannel
from campaigns.views.calendar.drawing import boards, falls
from campaigns.views.calendar.pages import calendar_of
from campaigns.views.calendar.shown import grouped, years
from campaigns.wording.calendar import CHANNEL_ICONS, REMARKS, differences, named
from portal import clock
from portal.access import PartnerRequest, requires

_EITHER = ["GET", "HEAD", "POST"]


@dataclass
class Draft:
    """A calendar as its row says it, or as somebody types it; nothing of it is stored."""

    request: PartnerRequest
    calendar: Calendar
    data: Any = None

    @cached_property
    def standing(self) -> list[Rung]:
        if self.calendar._state.adding:
            return list(DEFAULT_LADDER)
        return [deeds.rung_of(step) for step in deeds.steps_of(self.calendar)]

    @cached_property
    def letters(self) -> Any:
        return letter_choices(self.request.partner)

    @cached_property
    def form(self) -> CalendarForm:
        return CalendarForm(self.data, calendar=self.calendar)

    @cached_property
    def steps(self) -> Any:
        return steps_form(self.data, rungs=self.standing, letters=self.letters)

    @cached_property
    def is_valid(self) -> bool:
        return self.data is None or bool(self.form.is_valid() & self.steps.is_valid())

    @cached_property
    def rungs(self) -> list[tuple[int, Rung]]:
        """The steps that can stand, with the numbers of their rows."""
        if self.data is None:
            return list(enumerate(self.standing))
        self.steps.is_valid()
        return [pair for pair in self.steps.typed if not self.steps.forms[pair[0]].errors]

    @property
    def ladder(self) -> list[Rung]:
        return [rung for _number, rung in self.rungs]

    @cached_property
    def as_typed(self) -> Calendar:
        """The row with what was typed as far as it can be read, not saved."""
        kept = self.calendar
        copy = Calendar(pk=kept.pk, partner=kept.partner, position=kept.position, is_active=kept.is_active)
        deeds.with_terms(copy, deeds.terms_in(deeds.snapshot(kept, [])))
        if self.data is not None and self.form.is_valid():
            deeds.with_terms(copy, self.form.terms)
        return copy

    @cached_property
    def said(self) -> dict[str, Any]:
        return deeds.snapshot(self.as_typed, self.ladder)

    @property
    def before(self) -> dict[str, Any]:
        return deeds.snapshot(self.calendar, self.standing)

    @property
    def mark(self) -> str:
        """Stands for all that is said: who saves has seen what it brings."""
        return blake2b(json.dumps(self.said, sort_keys=True).encode(), digest_size=12).hexdigest()


@requires("calendar.edit")
@require_http_methods(_EITHER)
def calendar_new(request: PartnerRequest) -> HttpResponse:
    """The usual ladder for a segment yet to be said."""
    return _edit(request, Calendar(partner=request.partner), _("New calendar"))


@requires("calendar.edit")
@require_http_methods(_EITHER)
def calendar_edit(request: PartnerRequest, pk: int) -> HttpResponse:
    calendar = calendar_of(request, pk)
    return _edit(request, calendar, _("Change “%(name)s”") % {"name": calendar.name})


def _edit(request: PartnerRequest, calendar: Calendar, title: str) -> HttpResponse:
    if request.method != "POST":
        return _page(request, Draft(request, calendar), title)
    channel = request.POST.get("add", "")
    if channel in StoredChannel.values:
        return _page(request, Draft(request, calendar, with_one_more(request.POST, channel)), title)
    draft = Draft(request, calendar, request.POST)
    if "look" in request.POST:
        return _page(request, draft, title)
    if not draft.is_valid:
        return _page(request, draft, title, status=422)
    if request.POST.get("foreseen") != draft.mark:
        return _page(request, draft, title, is_to_confirm=True)
    return _saved(request, draft, title)


def _saved(request: PartnerRequest, draft: Draft, title: str) -> HttpResponse:
    """Where to go once it is saved; the page again, with all that was typed, where it could not be."""
    calendar, terms, now = draft.calendar, draft.form.terms, clock.now()
    try:
        if calendar._state.adding:
            saved = deeds.create_calendar(request.partner, terms, draft.ladder, actor=request.user, now=now)
        else:
            version = request.POST.get("version", "")
            saved = deeds.change_calendar(calendar, terms, draft.ladder, version=version, actor=request.user, now=now)
    except deeds.NameTaken:
        draft.form.add_error("name", _("Another calendar is called so."))
        return _page(request, draft, title, status=422)
    except deeds.ChangedMeanwhile as clash:
        newer = Draft(request, clash.calendar, request.POST)
        return _page(request, newer, title, status=409, clash=clash)
    change = deeds.last_change(saved)
    undo = f"undo:{reverse('campaigns:calendar_undo', args=[saved.pk])}?change={change.pk}" if change else ""
    messages.success(request, _("The calendar is saved. What is planned follows it from now on."), extra_tags=undo)
    return redirect("campaigns:calendar_one", pk=saved.pk)


def _page(
    request: PartnerRequest,
    draft: Draft,
    title: str,
    *,
    status: int = 200,
    is_to_confirm: bool = False,
    clash: deeds.ChangedMeanwhile | None = None,
) -> HttpResponse:
    is_told = draft.data is not None and clash is None and draft.calendar.pk is not None
    context = {
        "page_title": title,
        "calendar": draft.calendar,
        "form": draft.form,
        "steps": draft.steps,
        "boards": boards(draft.rungs, every_lane=True),
        "channels": [(one.value, one.label, CHANNEL_ICONS[one.value]) for one in StoredChannel],
        "version": draft.data.get("version", "") if is_told else _version(draft.calendar),
        "has_errors": status == 422,
        "is_to_confirm": is_to_confirm,
        "clash": clash,
        **_foreseen(draft, clock.today()),
    }
    return render(request, "campaigns/calendar/editor.html", context, status=status)


def _version(calendar: Calendar) -> str:
    return deeds.version_of(calendar) if calendar.pk else ""


@requires("calendar.edit")
@require_POST
def calendar_preview(request: PartnerRequest) -> HttpResponse:
    """What the calendar typed so far would bring in a year; nothing is stored."""
    pk = request.POST.get("calendar", "")
    calendar = calendar_of(request, int(pk)) if pk.isdecimal() else Calendar(partner=request.partner)
    context = _foreseen(Draft(request, calendar, request.POST), clock.today())
    return render(request, "campaigns/calendar/preview.html", context | {"is_fragment": True})


def _foreseen(draft: Draft, today: date) -> dict[str, Any]:
    reach = reach_of(draft.as_typed, deeds.calendars_of(draft.request.partner), today=today)
    is_saved = draft.calendar.pk is not None
    said = remarks(draft.ladder)
    return {
        "problems": _problems(draft),
        "years": years(draft.ladder, reach),
        "reach": grouped(reach.orders),
        "falls": falls(draft.ladder),
        "changes": differences(draft.before, draft.said, letter_names(draft.letters)) if is_saved else [],
        "is_saved": is_saved,
        "falls_silent": deeds.falling_silent(draft.calendar, draft.ladder) if is_saved else 0,
        "remarks": [(named(draft.ladder[number]), REMARKS[one]) for number, one in said.items()],
        "mark": draft.mark if draft.is_valid else "",
    }


def _problems(draft: Draft) -> list[str]:
    """What keeps it from being saved, but that it has no name yet."""
    if draft.is_valid:
        return []
    form, words = draft.form, _("%(label)s: %(value)s")
    found = [
        words % {"label": form[name].label, "value": error}
        for name, errors in form.errors.items()
        for error in errors
        if name in form.fields and not (name == "name" and not form.data.get("name"))
    ]
    for row in draft.steps.forms:
        label = dict(StoredChannel.choices).get(row["channel"].value(), "")
        gone = draft.steps._should_delete_form(row)
        found += (
            [] if gone else [words % {"label": label, "value": e} for errors in row.errors.values() for e in errors]
        )
    return [*found, *map(str, draft.steps.non_form_errors())]
