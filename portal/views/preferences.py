"""Language, theme and the partner one works for: chosen by a press, remembered with the person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from portal.access import public, signed_in
from portal.choices import Language, Theme
from portal.middleware import SESSION_MEMBERSHIP
from portal.models import User


def _back(request: HttpRequest) -> str:
    """Where the person came from, if that was here."""
    target = request.POST.get("next") or request.headers.get("Referer", "")
    here = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if target and here else "/"


@public
@require_POST
def change(request: HttpRequest) -> HttpResponseRedirect:
    """Set `language` or `theme`: on the person, or in a cookie for strangers."""
    response = HttpResponseRedirect(_back(request))
    language, theme = request.POST.get("language", ""), request.POST.get("theme", "")
    if language in Language.values:
        _remember(request, response, field="language", value=language, cookie=settings.LANGUAGE_COOKIE_NAME)
    if theme in Theme.values:
        _remember(request, response, field="theme", value=theme, cookie="theme")
    return response


def _remember(request: HttpRequest, response: Any, *, field: str, value: str, cookie: str) -> None:
    if isinstance(request.user, User):
        User.objects.filter(pk=request.user.pk).update(**{field: value})
    response.set_cookie(cookie, value, max_age=365 * 24 * 3600, samesite="Lax", secure=settings.HTTPS, httponly=True)


@signed_in
@require_POST
def switch_partner(request: HttpRequest) -> HttpResponseRedirect:
    """Work for another of one's partners; a membership that is not one's own is ignored."""
    chosen = request.POST.get("membership", "")
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
        request.session[SESSION_MEMBERSHIP] = int(chosen)
    return HttpResponseRedirect("/")
