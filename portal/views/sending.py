"""Sending as a whole: what keeps letters back, the question about an unusual mass, and a stop by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from portal import clock
from portal.access import PartnerRequest, requires
from portal.mail import alarms, guard
from portal.models import OutgoingMail, SendingHold

SAMPLES, ANSWERED = 5, 10


@requires("sending.view")
@require_safe
def sending(request: PartnerRequest) -> HttpResponse:
    """What waits and why, and the answers given lately."""
    now = clock.now()
    holds = SendingHold.objects.for_partner(request.partner).select_related("held_by", "answered_by")
    kept = guard.kept(request.partner, now)
    waiting = OutgoingMail.objects.for_partner(request.partner).unsent().exclude(waits="")
    context = {
        "holds": holds.filter(answer="").order_by("since", "pk"),
        "answered": holds.exclude(answer="")[:ANSWERED],
        "kept": kept.count(),
        "samples": kept.order_by("due_at", "pk")[:SAMPLES],
        "postponed": waiting.count(),
        "alarms": alarms.standing(request.partner),
    }
    return render(request, "portal/sending.html", context)


@requires("sending.release")
@require_POST
def hold(request: PartnerRequest) -> HttpResponseRedirect:
    """Stop all notices and offers of the house."""
    guard.hold_all(request.partner, actor=request.user, now=clock.now())
    messages.success(request, _("Notices and offers are stopped. Codes, quotes and answers still leave."))
    return redirect("portal:sending")


@requires("sending.release")
@require_POST
def release(request: PartnerRequest, pk: int) -> HttpResponseRedirect:
    """Send what waits."""
    try:
        letters = guard.release(_hold(request, pk), actor=request.user, now=clock.now())
    except guard.AlreadyAnswered:
        return _answered_before(request)
    words = ngettext("%(count)s letter is on its way.", "%(count)s letters are on their way.", letters)
    messages.success(request, words % {"count": letters})
    return redirect("portal:sending")


@requires("sending.release")
@require_POST
def refuse(request: PartnerRequest, pk: int) -> HttpResponseRedirect:
    """Do not send what waits."""
    try:
        letters = guard.refuse(_hold(request, pk), actor=request.user, now=clock.now())
    except guard.AlreadyAnswered:
        return _answered_before(request)
    words = ngettext("%(count)s letter will not be sent.", "%(count)s letters will not be sent.", letters)
    messages.success(request, words % {"count": letters})
    return redirect("portal:sending")


def dashboard(request: Any) -> dict[str, Any] | None:
    """What a person must see about sending; None while nothing is wrong."""
    holds = SendingHold.objects.for_partner(request.partner).filter(answer="").order_by("since", "pk")
    context = {"holds": list(holds), "alarms": alarms.standing(request.partner)}
    return context if any(context.values()) else None


def _hold(request: PartnerRequest, pk: int) -> SendingHold:
    return get_object_or_404(SendingHold.objects.for_partner(request.partner), pk=pk)


def _answered_before(request: PartnerRequest) -> HttpResponseRedirect:
    messages.warning(request, _("Somebody has answered this before you."))
    return redirect("portal:sending")
