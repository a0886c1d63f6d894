"""What a customer says on the telephone instead of renewing, taken down by staff, and taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from certificates import wording
from certificates.forms.answers import NotNeededForm, NotNowForm, SpeakerForm
from certificates.models import Order, Reply
from certificates.services import replies
from certificates.services.replies import Choice, DayNotOffered, NothingToAnswer, Voice
from portal import clock
from portal.access import PartnerRequest, requires


@requires("orders.note")
@require_http_methods(["GET", "HEAD", "POST"])
def order_answer(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Take down "not now" or "no longer needed", in the name of whoever said so."""
    order = _order(request, pk)
    try:
        choice = replies.choice_of(order, now=clock.now())
        if request.method == "POST":
            return _taken_down(request, order, choice)
    except NothingToAnswer:
        messages.error(request, _("There is nothing to answer: it is renewed, or can no longer be renewed."))
        return redirect("certificates:order", order.pk)
    return _page(request, order, choice)


@requires("orders.note")
@require_POST
def order_answer_undo(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Take the answer that stands back."""
    order = _order(request, pk)
    voice = Voice(name=str(request.user), actor=request.user)
    if replies.take_back(order, voice=voice, now=clock.now()):
        messages.success(request, _("The answer is taken back: the order is spoken of again."))
    return redirect("certificates:order", order.pk)


def _taken_down(request: PartnerRequest, order: Order, choice: Choice) -> HttpResponseBase:
    later = request.POST.get("answer") == Reply.Kind.NOT_NOW
    form = NotNowForm(request.POST, choice=choice) if later else NotNeededForm(request.POST)
    speaker = SpeakerForm(request.POST)
    if not (form.is_valid() & speaker.is_valid()):
        return _page(
            request, order, choice, status=422, speaker=speaker, **{"not_now" if later else "not_needed": form}
        )
    typed, now = form.cleaned_data, clock.now()
    voice = Voice(name=speaker.cleaned_data["name"], actor=request.user, taken_down=True)
    try:
        if later:
            replies.put_off(order, until=typed["until"], voice=voice, now=now)
        else:
            replies.decline(order, reason=typed["reason"], words=typed["words"], voice=voice, now=now)
    except DayNotOffered:  # midnight has passed since the form was read
        return _page(request, order, choice, status=409)
    undo = reverse("certificates:order_answer_undo", args=[order.pk])
    messages.success(request, _("The customer's answer is kept."), extra_tags=f"undo:{undo}")
    return redirect("certificates:order", order.pk)


def _order(request: PartnerRequest, pk: int) -> Order:
    rows = Order.objects.for_partner(request.partner).select_related("partner", "customer", "contact", "product")
    order: Order = get_object_or_404(rows, pk=pk)
    return order


def _page(request: PartnerRequest, order: Order, choice: Choice, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "page_title": _("What the customer says"),
        "crumbs": [
            (order.number, reverse("certificates:order", args=[order.pk])),
            (_("What the customer says"), ""),
        ],
        "order": order,
        "host": wording.host(order),
        "choice": choice,
        "speaker": SpeakerForm(initial={"name": order.contact.name if order.contact else ""}),
        "not_now": NotNowForm(choice=choice),
        "not_needed": NotNeededForm(),
        **forms,
    }
    return render(request, "certificates/orders/answer.html", context, status=status)
