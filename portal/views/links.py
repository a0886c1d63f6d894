"""Where links of letters arrive: a GET shows the way and changes nothing, a POST says that a person was there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from portal import clock, linked, links
from portal.access import public


@public
@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Exchange the token for a cookie and lead to the clean address; nobody is counted, no row is changed."""
    response = _exchange(request, token)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _exchange(request: HttpRequest, token: str) -> HttpResponseBase:
    if linked.guesses_too_often(request):
        return render(request, "429.html", status=429)
    link = links.open_link(token, host=request.get_host(), now=clock.now())
    if link is None:
        linked.count_guess(request)
        return linked.refusal(request)
    response = HttpResponseRedirect(links.purposes[link.purpose].url(link))
    linked.admit(request, response, link)
    return response


@public
@require_POST
def seen(request: HttpRequest, purpose: str, handle: str) -> HttpResponseBase:
    """Count that a person has read the page; its script says so after the first key, press or turn of the wheel."""
    return linked.linked(purpose)(_count)(request, handle)


def _count(request: Any) -> HttpResponse:
    links.count_opening(request.link, now=clock.now())
    return HttpResponse(status=204)
