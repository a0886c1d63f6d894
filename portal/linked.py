"""Pages behind links: a browser that has opened a link holds a cookie for it, and each page asks the row again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation

from portal import clock, links
from portal.access import across_partners, on_behalf_of, public
from portal.choices import Language
from portal.limits import Limit, network_of
from portal.models import Link, Membership, Partner
from portal.models.links import HANDLE_LENGTH

View = Callable[..., HttpResponseBase]

_HANDLE = re.compile(rf"[0-9a-f]{{{HANDLE_LENGTH}}}")
# A browser that holds as many links begins anew: its cookies must fit into a request.
MOST_COOKIES = 20
# Of one network, and of all networks together on one partner's host.
GUESSES = Limit("link", amount=20)
GUESSES_EVERYWHERE = Limit("link-host", amount=300)


class LinkedRequest(HttpRequest):
    """A request of somebody who holds a link, as `linked` hands it to views."""

    link: Link
    partner: Partner
    membership: Membership | None
    memberships: list[Membership]
    LANGUAGE_CODE: str


def linked(purpose: str) -> Callable[[View], View]:
    """Let a view be used by whoever has opened a link of the purpose; it is called with (request, …) and no handle.

    The address names the link by its `handle`. The partner's scope is open, in the reader's language and the partner's
    zone; whoever is signed in stays so. Without such a link: the page that says where to get another, 404.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, handle: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            link = admitted(request, purpose=purpose, handle=handle, now=clock.now())
            if link is None:
                return refusal(request)
            request.link, request.partner = link, link.partner
            with on_behalf_of(link.partner), _as_read_by(request, link):
                response = view(request, *args, **kwargs)
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        return public(guarded)

    return decorate


def admit(request: HttpRequest, response: HttpResponseBase, link: Link) -> None:
    """Let this browser use the link for a few hours; it is signed in to nothing."""
    held = [name for name in request.COOKIES if _is_ours(name)]
    for name in held if len(held) >= MOST_COOKIES else ():
        response.delete_cookie(name)
    response.set_cookie(
        _cookie(link.handle),
        signing.dumps(link.pk, salt=_salt(link.purpose)),
        max_age=settings.LINK_COOKIE_SECONDS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def admitted(request: HttpRequest, *, purpose: str, handle: str, now: datetime) -> Link | None:
    """The link of that handle which this browser has opened within the last hours, if it still opens anything."""
    proof = request.COOKIES.get(_cookie(handle), "")
    try:
        pk = signing.loads(proof, salt=_salt(purpose), max_age=settings.LINK_COOKIE_SECONDS)
    except signing.BadSignature:
        return None
    with across_partners():
        link = Link.objects.select_related("partner").filter(pk=pk, purpose=purpose).first()
    owner = links.partner_of_host(request.get_host())
    return link if link and link.handle == handle and links.opens(link, owner=owner, now=now) else None


def refusal(request: Any) -> HttpResponse:
    """The one page for every link that opens nothing, whatever the reason."""
    request.partner = getattr(request, "partner", None) or links.partner_of_host(request.get_host())
    response = render(request, "portal/link_closed.html", status=404)
    response.headers["Cache-Control"] = "no-store"
    return response


def guesses_too_often(request: HttpRequest) -> bool:
    """Whether this network has tried too many links that open nothing; where many networks guess, one try is many."""
    network = network_of(request)
    if GUESSES.is_reached(network):
        return True
    return GUESSES_EVERYWHERE.is_reached(request.get_host()) and Limit(GUESSES.name, amount=1).is_reached(network)


def count_guess(request: HttpRequest) -> None:
    """A link of this network has opened nothing."""
    GUESSES.count(network_of(request))
    GUESSES_EVERYWHERE.count(request.get_host())


@contextmanager
def _as_read_by(request: Any, link: Link) -> Iterator[None]:
    """In the language and the zone of whoever reads; of strangers the link knows more than their browser."""
    structlog.contextvars.bind_contextvars(partner=link.partner.slug)
    if request.user.is_authenticated:
        yield
        return
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) in Language.values
    language = translation.get_language() if chosen else link.language or link.partner.language
    with translation.override(language), timezone.override(ZoneInfo(link.partner.time_zone)):
        request.LANGUAGE_CODE = translation.get_language()
        yield


def _cookie(handle: str) -> str:
    return f"{settings.LINK_COOKIE_PREFIX}{handle}"


def _is_ours(name: str) -> bool:
    """Whether we may have set the cookie; one of an odder name could not even be deleted."""
    handle = name.removeprefix(settings.LINK_COOKIE_PREFIX)
    return handle != name and _HANDLE.fullmatch(handle) is not None


def _salt(purpose: str) -> str:
    return f"portal.links.{purpose}"
