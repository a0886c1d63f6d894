"""What every request carries: an id, the person's language and zone, a second factor, the house and its scope."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone, translation
from django_scopes import scope, scopes_disabled

from portal import hosts
from portal.choices import Language
from portal.models import Membership, User
from portal.roles import Role

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
            request.LANGUAGE_CODE = translation.get_language() or "en"
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response

    @staticmethod
    def _language(request: HttpRequest) -> str:
        if isinstance(request.user, User):
            return request.user.language
        cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        return cookie if cookie in Language.values else translation.get_language_from_request(request)


class PartnerScope:
    """Find the person's membership and open its partner's scope; without one, every partner query fails closed.

    On a partner's own host name, `request.house`, no membership of another partner counts.
    """

    # Probes of the machine itself, which must be answered whatever the database does.
    ASK_NOBODY = ("/livez", "/readyz")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.house = None if request.path in self.ASK_NOBODY else hosts.house_of(request.get_host())
        request.memberships = [one for one in memberships_of(request.user) if request.house in (None, one.partner)]
        request.membership = chosen_membership(request.memberships, request.session)
        request.partner = request.membership.partner if request.membership else None
        if request.path.startswith("/backoffice/") and request.user.is_superuser:
            with scopes_disabled():
                return self.get_response(request)
        if request.partner is None:
            return self.get_response(request)
        structlog.contextvars.bind_contextvars(partner=request.partner.slug)
        with scope(partner=request.partner):
            response = self.get_response(request)
        # What a partner sees is nobody else's: no cache on the way keeps it, and the browser asks again.
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def memberships_of(user: Any) -> list[Membership]:
    """The person's active memberships, oldest first, each with `has_second_factor`; none for strangers."""
    if not isinstance(user, User):
        return []
    second_factors = Authenticator.objects.filter(user=OuterRef("user"))
    with scopes_disabled():
        mine = Membership.objects.active().filter(user=user).select_related("partner")
        return list(mine.annotate(has_second_factor=Exists(second_factors)).order_by("pk"))


def chosen_membership(memberships: Sequence[Membership], session: SessionBase) -> Membership | None:
    """The membership chosen in this session, else the first."""
    chosen = session.get(SESSION_MEMBERSHIP) if memberships else None
    return next((one for one in memberships if one.pk == chosen), memberships[0] if memberships else None)


class SecondFactor:
    """Partner staff set up a second factor before anything else, unless the demo lifts it."""

    EXEMPT = ("/accounts/", "/brand/", "/embed/", "/preferences/", "/livez", "/readyz")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.must_enrol = settings.MFA_REQUIRED and _must_enrol(request)
        if request.must_enrol and not request.path.startswith(self.EXEMPT):
            return redirect("mfa_index")
        return self.get_response(request)


def _must_enrol(request: Any) -> bool:
    staff = [one for one in request.memberships if one.role != Role.CUSTOMER]
    if staff:
        return not staff[0].has_second_factor
    return bool(request.user.is_staff) and not is_mfa_enabled(request.user)
