"""The console messages on a customer's own pages: shown on top, read, put away, and shown again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.services import console
from campaigns.services.console import Item
from campaigns.wording.console import tell
from certificates.models import Customer
from certificates.visits import VisitRequest
from portal import clock
from portal.lists.links import came_from
from portal.models import User


def home_panel(request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """What needs to be seen, the urgent first."""
    items = console.console_of(customer, _user(request), now=clock.now())
    return {"items": [tell(one) for one in items]} if items else None


def messages_panel(request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """The same above the letters, with what was put away."""
    now, user = clock.now(), _user(request)
    items = console.console_of(customer, user, now=now)
    put_away = console.console_of(customer, user, now=now, dismissed=True)
    if not (items or put_away):
        return None
    return {"items": [tell(one) for one in items], "put_away": [tell(one) for one in put_away]}


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


@require_POST
def message_read(request: VisitRequest, key: str) -> HttpResponse:
    """Its reader has seen it."""
    return _act(request, key, lambda item, user: console.mark_read(item, user, now=clock.now()))


@require_POST
def message_dismiss(request: VisitRequest, key: str) -> HttpResponse:
    """Its reader wants it gone; a press brings it back."""
    undo = reverse("campaigns:home_message_again", args=[key])
    return _act(
        request,
        key,
        lambda item, user: console.dismiss(item, user, now=clock.now()),
        words=_("The message is put away. It stands under Messages."),
        undo=undo,
    )


@require_POST
def message_again(request: VisitRequest, key: str) -> HttpResponse:
    """It is shown on top again."""
    return _act(request, key, console.show_again, dismissed=True, words=_("The message is shown again."))


def _act(
    request: VisitRequest,
    key: str,
    deed: Callable[[Item, User], None],
    *,
    dismissed: bool = False,
    words: str = "",
    undo: str = "",
) -> HttpResponse:
    """Do it to the message of that key, where the person still sees it; what has gone meanwhile is no mistake."""
    visit, user = request.visit, _user(request)
    shown = console.console_of(visit.customer, user, now=clock.now(), dismissed=dismissed)
    for item in (one for one in shown if one.key == key):
        deed(item, user)
        if words:
            messages.success(request, words, extra_tags=f"undo:{undo}" if undo else "")
    return HttpResponseRedirect(came_from(request, otherwise=reverse("certificates:home")))
