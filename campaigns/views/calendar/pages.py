"""A partner's calendars, and one of them: its timeline, its steps, its hours, and what a year of it brings."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaigns.models import Calendar
from campaigns.rules.ladder import DEFAULT_LADDER
from campaigns.services import calendars as deeds
from campaigns.services.foreseeing import followers, reach_of, reader_zones
from campaigns.views.calendar.drawing import boards, falls
from campaigns.views.calendar.shown import day_of, grouped, hours_facts, segment_facts, shown_steps, years
from portal import clock
from portal.access import PartnerRequest, requires

_MOST_ZONES = 4


@requires("calendar.view")
@require_safe
def calendar(request: PartnerRequest) -> HttpResponse:
    """The calendar that is asked first; where there is none, the usual ladder and the press that takes it."""
    first = Calendar.objects.for_partner(request.partner).select_related("partner").first()
    if first is not None:
        return _shown(request, first)
    context = {
        "page_title": _("Calendar"),
        "boards": boards(list(enumerate(DEFAULT_LADDER)), every_lane=False),
        "falls": falls(DEFAULT_LADDER),
    }
    return render(request, "campaigns/calendar/none.html", context)


@requires("calendar.view")
@require_safe
def calendar_one(request: PartnerRequest, pk: int) -> HttpResponse:
    return _shown(request, calendar_of(request, pk))


def calendar_of(request: PartnerRequest, pk: int) -> Calendar:
    """The partner's calendar, or 404."""
    found: Calendar = get_object_or_404(Calendar.objects.for_partner(request.partner).select_related("partner"), pk=pk)
    return found


def _shown(request: PartnerRequest, chosen: Calendar) -> HttpResponse:
    today = clock.today()
    every = list(Calendar.objects.for_partner(request.partner))
    in_use = [one for one in every if one.is_active]
    counts = followers(request.partner, in_use, today=today)
    rungs = [deeds.rung_of(step) for step in deeds.steps_of(chosen)]
    reach = reach_of(chosen, in_use, today=today)
    context = {
        "page_title": _("Calendar"),
        "calendar": chosen,
        "orders": grouped(counts.get(chosen.pk, 0)),
        "unfollowed": counts.get(None, 0),
        "boards": boards(list(enumerate(rungs)), every_lane=False),
        "falls": falls(rungs),
        "steps": shown_steps(request.partner, rungs),
        "segment": segment_facts(chosen),
        "hours": hours_facts(chosen),
        "day": day_of(chosen),
        "zones": reader_zones(request.partner, most=_MOST_ZONES),
        "years": years(rungs, reach),
        "reach": grouped(reach.orders),
        "last_change": deeds.last_change(chosen),
        **_list(every, chosen, counts),
    }
    return render(request, "campaigns/calendar/page.html", context)


def _list(every: list[Calendar], chosen: Calendar, counts: dict[int | None, int]) -> dict[str, Any]:
    """All calendars as tabs, and what can be done with the chosen one among them."""
    place = [one.pk for one in every].index(chosen.pk)
    return {
        "tabs": [_tab(one, chosen, counts) for one in every],
        "tabs_label": _("Calendars, in the order in which they are asked"),
        "is_first": place == 0,
        "is_last": place == len(every) - 1,
        "is_one_of_many": len(every) > 1,
        "is_used": deeds.is_used(chosen),
    }


def _tab(one: Calendar, chosen: Calendar, counts: dict[int | None, int]) -> dict[str, Any]:
    label = one.name if one.is_active else _("%(name)s (off)") % {"name": one.name}
    return {
        "label": label,
        "url": reverse("campaigns:calendar_one", args=[one.pk]),
        "count": grouped(counts.get(one.pk, 0)) if one.is_active else None,
        "current": one.pk == chosen.pk,
    }
