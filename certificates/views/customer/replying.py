"""Not now, or no longer needed: what a customer answers instead of renewing, and takes back again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from certificates import wording
from certificates.forms.answers import NotNeededForm, NotNowForm
from certificates.models import Order, Reply
from certificates.services import replies
from certificates.services.replies import Choice, DayNotOffered, NothingToAnswer, Voice
from certificates.visits import VisitRequest
from portal import clock

_RELATED = ("partner", "customer", "contact", "product")


@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: VisitRequest, pk: int) -> HttpResponseBase:
    """Show what may be answered, and what was; a POST answers, once."""
    order = order_of(request, pk)
    try:
        choice = replies.choice_of(order, now=clock.now())
        if request.method == "POST":
            return _answered(request, order, choice)
    except NothingToAnswer:
        return _page(request, order, None, status=409 if request.method == "POST" else 200)
    return _page(request, order, choice)


@require_POST
def reply_undo(request: VisitRequest, pk: int) -> HttpResponseBase:
    """Take the answer back."""
    order = order_of(request, pk)
    if replies.take_back(order, voice=voice_of(request), now=clock.now()):
        messages.success(request, _("Your answer is taken back: we will remind you as before."))
    return redirect(request.visit.url("certificates:reply", order.pk))


def order_of(request: VisitRequest, pk: int) -> Order:
    """An order that this visit may see. Raises Http404."""
    order: Order = get_object_or_404(request.visit.orders().select_related(*_RELATED), pk=pk)
    return order


def voice_of(request: VisitRequest) -> Voice:
    """The person whose visit it is."""
    return Voice(name=request.visit.name, actor=request.visit.actor)


def _answered(request: VisitRequest, order: Order, choice: Choice) -> HttpResponseBase:
    later = request.POST.get("answer") == Reply.Kind.NOT_NOW
    form = NotNowForm(request.POST, choice=choice) if later else NotNeededForm(request.POST)
    if not form.is_valid():
        return _page(request, order, choice, status=422, **{"not_now" if later else "not_needed": form})
    typed, voice, now = form.cleaned_data, voice_of(request), clock.now()
    try:
        if later:
            replies.put_off(order, until=typed["until"], voice=voice, now=now)
        else:
            replies.decline(order, reason=typed["reason"], words=typed["words"], voice=voice, now=now)
    except DayNotOffered:  # midnight has passed since the form was read
        return _page(request, order, choice, status=409)
    undo = request.visit.url("certificates:reply_undo", order.pk)
    messages.success(request, _("Thank you: your answer is kept."), extra_tags=f"undo:{undo}")
    return redirect(request.visit.url("certificates:reply", order.pk))


def _page(
    request: VisitRequest, order: Order, choice: Choice | None, *, status: int = 200, **forms: Any
) -> HttpResponse:
    visit, standing = request.visit, replies.standing_reply(order)
    context = {
        "order": order,
        "visit": visit,
        "host": wording.host(order),
        "end": wording.order_end(order, today=clock.today()),
        "standing": standing,
        "answer": wording.reply(standing) if standing else None,
        "choice": choice,
        "not_now": NotNowForm(choice=choice) if choice else None,
        "not_needed": NotNeededForm(),
        "undo_url": visit.url("certificates:reply_undo", order.pk),
        "renew_url": visit.url("offers:renew", order.pk),
        **forms,
    }
    return render(request, "certificates/customer/reply.html", context, status=status)
