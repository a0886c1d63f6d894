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
from campaigns.wording.console import Told, tell
from certificates.models import Customer
from certificates.visits import VisitRequest
from portal import clock
from portal.lists.links import came_from
from portal.models import User


def home_panel(request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """What needs to be seen, the urgent first."""
    items, _put_away = _told(request, customer)
    return {"items": items} if items else None


def messages_panel(request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """The same above the letters, with what was put away."""
    items, put_away = _told(request, customer)
    return {"items": items, "put_away": put_away} if items or put_away else None


def _told(request: HttpRequest, customer: Customer) -> tuple[list[Told], list[Told]]:
    """What stands there, and what this person has put away."""
    items = console.console_of(customer, _user(request), now=clock.now())
    return [tell(one) for one in items if not one.is_dismissed], [tell(one) for one in items if one.is_dismissed]


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
    shown = console.console_of(visit.customer, user, now=clock.now())
    for item in (one for one in shown if one.key == key and one.is_dismissed == dismissed):
        deed(item, user)
        if words:
            messages.success(request, words, extra_tags=f"undo:{undo}" if undo else "")
    return HttpResponseRedirect(came_from(request, otherwise=reverse("certificates:home")))
