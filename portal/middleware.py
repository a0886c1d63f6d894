"""What every request carries: an id, the person's language and zone, a second factor, and the partner's scope."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone, translation
from django_scopes import scope, scopes_disabled

from portal.choices import Language
from portal.models import Membership, User

GetResponse = Callable[[HttpRequest], HttpResponseBase]
SESSION_MEMBERSHIP = "membership"


class RequestId:
    """Name each request, in its log lines and in its answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response.headers["X-Request-Id"] = request_id
        return response


class PersonalLocale:
    """Speak the person's language and tell the time of their zone; strangers get what their browser asks for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        zone = request.user.time_zone if isinstance(request.user, User) else settings.TIME_ZONE
        with translation.override(self._language(request)), timezone.override(ZoneInfo(zone)):
            request.LANGUAGE_CODE = translation.get_language() or "en"  # type: ignore[attr-defined]
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)  # type: ignore[attr-defined]
        return response

    @staticmethod
    def _language(request: HttpRequest) -> str:
        if isinstance(request.user, User):
            return request.user.language
        cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        return cookie if cookie in Language.values else translation.get_language_from_request(request)


class SecondFactor:
    """Partner staff set up a second factor before anything else, unless the demo lifts it."""

    EXEMPT = ("/accounts/", "/static/", "/preferences/", "/livez", "/readyz")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.MFA_REQUIRED and self._must_enrol(request):
            return redirect("mfa_index")
        return self.get_response(request)

    def _must_enrol(self, request: HttpRequest) -> bool:
        if not isinstance(request.user, User) or request.path.startswith(self.EXEMPT):
            return False
        return _works_for_a_partner(request.user) and not is_mfa_enabled(request.user)


def _works_for_a_partner(user: User) -> bool:
    with scopes_disabled():
        return user.is_staff or Membership.objects.active().staff().filter(user=user).exists()


class PartnerScope:
    """Find the person's membership and open its partner's scope; without one, every partner query fails closed."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.membership = current_membership(request.user, request.session)
        request.partner = request.membership.partner if request.membership else None
        if request.path.startswith("/backoffice/") and request.user.is_superuser:
            with scopes_disabled():
                return self.get_response(request)
        if request.partner is None:
            return self.get_response(request)
        structlog.contextvars.bind_contextvars(partner=request.partner.slug)
        with scope(partner=request.partner):
            return self.get_response(request)


def current_membership(user: Any, session: SessionBase) -> Membership | None:
    """The membership chosen in this session, else the person's first active one; None for strangers."""
    if not isinstance(user, User):
        return None
    with scopes_disabled():
        mine = (
            Membership.objects.active().filter(user=user).select_related("partner", "customer").order_by("pk")
        )
        chosen = session.get(SESSION_MEMBERSHIP)
        memberships = list(mine)
    return next((one for one in memberships if one.pk == chosen), memberships[0] if memberships else None)
