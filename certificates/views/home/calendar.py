"""The calendar of one's certificates: its page at home, and the file behind an address that calendars ask for."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from certificates.services import calendars
from certificates.visits import VisitRequest
from portal import clock, linked, links
from portal.access import on_behalf_of, public
from portal.models import Link, Membership

_FILE = "certificates.ics"


@require_http_methods(["GET", "HEAD", "POST"])
def home_calendar(request: VisitRequest) -> HttpResponse:
    """Whether there is an address; a POST makes a new one and shows it, once."""
    member, now = _member(request), clock.now()
    address = calendars.make_calendar(member, now=now) if request.method == "POST" else ""
    context = {
        "page_title": _("Calendar"),
        "address": address,
        "subscribe": address.replace("https://", "webcal://", 1).replace("http://", "webcal://", 1),
        "calendar": calendars.calendar_of(member, now=now),
    }
    response = render(request, "certificates/home/calendar.html", context)
    if address:
        response.headers["Cache-Control"] = "private, no-store"
    return response


@require_POST
def home_calendar_end(request: VisitRequest) -> HttpResponse:
    """Let the address open nothing any more."""
    if calendars.end_calendar(_member(request), now=clock.now()):
        messages.success(request, _("The address of your calendar has ended."))
    return redirect("certificates:home_calendar")


def _member(request: VisitRequest) -> Membership:
    if request.membership is None:
        raise PermissionDenied
    return request.membership


@public
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The dates as a file: nobody is signed in by it, no cookie is set, nothing is counted."""
    response = _opened(request, token)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _opened(request: HttpRequest, token: str) -> HttpResponse:
    if linked.guesses_too_often(request):
        return render(request, "429.html", status=429)
    now = clock.now()
    link = links.open_link(token, host=request.get_host(), now=now)
    content = _content(link) if link and link.purpose == calendars.PURPOSE else None
    if content is None:
        linked.count_guess(request)
        return linked.refusal(request)
    disposition = {"Content-Disposition": f'inline; filename="{_FILE}"'}
    return HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=disposition)


def _content(link: Link) -> bytes | None:
    """The file in its reader's language; None once that person may sign in no longer."""
    with on_behalf_of(link.partner):
        member = calendars.reader_of(link)
        if member is None:
            return None
        with translation.override(member.user.language):
            return calendars.calendar_file(member, now=clock.now())
