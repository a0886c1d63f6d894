"""What is done to a calendar with one press."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.services import calendars as deeds
from campaigns.views.calendar.pages import calendar_of
from portal import clock
from portal.access import PartnerRequest, requires


@requires("calendar.edit")
@require_POST
def calendar_start(request: PartnerRequest) -> HttpResponse:
    """Take the usual ladder for every order, where there is no calendar yet."""
    deeds.ensure_calendar(request.partner)
    messages.success(request, _("From now on your customers hear of what ends. Change the calendar as you like."))
    return redirect("campaigns:calendar")


@requires("calendar.edit")
@require_POST
def calendar_copy(request: PartnerRequest, pk: int) -> HttpResponse:
    calendar = calendar_of(request, pk)
    name = _("%(name)s, copy") % {"name": calendar.name[:60]}
    try:
        copy = deeds.copy_calendar(calendar, name=name, actor=request.user, now=clock.now())
    except deeds.NameTaken:
        messages.error(request, _("There is a calendar called “%(name)s” already. Rename it first.") % {"name": name})
        return redirect("campaigns:calendar_one", pk=pk)
    messages.success(request, _("This is a copy, and it is off. Say for which orders it is, then switch it on."))
    return redirect("campaigns:calendar_edit", pk=copy.pk)


@requires("calendar.edit")
@require_POST
def calendar_switch(request: PartnerRequest, pk: int) -> HttpResponse:
    calendar, on = calendar_of(request, pk), request.POST.get("on", request.GET.get("on")) == "1"
    if deeds.switch_calendar(calendar, on=on, actor=request.user, now=clock.now()):
        undo = f"undo:{reverse('campaigns:calendar_switch', args=[pk])}?on={int(not on)}"
        words = _("The calendar is on.") if on else _("The calendar is off: its orders follow the next one that fits.")
        messages.success(request, words, extra_tags=undo)
    return redirect("campaigns:calendar_one", pk=pk)


@requires("calendar.edit")
@require_POST
def calendar_move(request: PartnerRequest, pk: int) -> HttpResponse:
    """One place earlier, or later."""
    by = 1 if request.POST.get("by") == "later" else -1
    deeds.move_calendar(calendar_of(request, pk), by=by, actor=request.user, now=clock.now())
    return redirect("campaigns:calendar_one", pk=pk)


@requires("calendar.edit")
@require_POST
def calendar_undo(request: PartnerRequest, pk: int) -> HttpResponse:
    change = request.POST.get("change", request.GET.get("change", ""))
    try:
        key = int(change) if change.isdecimal() else 0
        deeds.undo_change(calendar_of(request, pk), key, actor=request.user, now=clock.now())
    except deeds.NothingToUndo:
        messages.warning(request, _("There is nothing to undo: something else was done to the calendar since."))
    except deeds.NameTaken:
        messages.error(request, _("Another calendar has its former name now. Rename that one first."))
    else:
        messages.success(request, _("The last change is undone: the calendar says what it said before."))
    return redirect("campaigns:calendar_one", pk=pk)


@requires("calendar.edit")
@require_POST
def calendar_delete(request: PartnerRequest, pk: int) -> HttpResponse:
    calendar = calendar_of(request, pk)
    try:
        deeds.delete_calendar(calendar, actor=request.user, now=clock.now())
    except deeds.CalendarUsed:
        messages.error(request, _("Something was planned by this calendar, so it stays. You can switch it off."))
        return redirect("campaigns:calendar_one", pk=pk)
    messages.success(request, _("The calendar “%(name)s” is deleted.") % {"name": calendar.name})
    return redirect("campaigns:calendar")
