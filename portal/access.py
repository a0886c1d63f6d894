"""Tenants never meet: rows are reached through a scope, views state their permission, a stranger meets a 404."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import resolve_url
from django.utils.decorators import method_decorator
from django_scopes import ScopedManager, scope, scopes_disabled

from portal.roles import may

if TYPE_CHECKING:
    from portal.models import Membership, Partner, User

M = TypeVar("M", bound=models.Model)
V = TypeVar("V", bound=Callable[..., Any])


class PartnerQuerySet(models.QuerySet[M]):
    """Rows that belong to one partner each."""

    def for_partner(self, partner: Partner) -> Self:
        return self.filter(partner=partner)


def scoped(manager: type[models.Manager[M]]) -> Any:
    """That manager, refusing every query outside an open scope (typed Any: the class is made at run time)."""
    return ScopedManager(partner="partner", _manager_class=manager)


class PartnerRequest(HttpRequest):
    """A request of a signed-in person of one partner, as `requires` hands it to views."""

    user: User
    partner: Partner
    membership: Membership
    htmx: Any


def requires(permission: str) -> Callable[[V], V]:
    """Let a view (function or class) be used by those who hold the permission; the URL walk reads it.

    Signed out: to the sign-in page. No membership or the wrong role: 403, before any row is looked up.
    """

    def decorate(view: V) -> V:
        if isinstance(view, type):
            guarded = method_decorator(requires(permission), name="dispatch")(view)
            guarded.permission = permission
            return guarded

        @wraps(view)
        def guarded_view(request: PartnerRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            if request.membership is None or not may(request.membership.role, permission):
                raise PermissionDenied(permission)
            return view(request, *args, **kwargs)

        guarded_view.permission = permission  # type: ignore[attr-defined]
        return guarded_view  # type: ignore[return-value]

    return decorate


def _to_sign_in(request: HttpRequest) -> HttpResponseRedirect:
    query = QueryDict(mutable=True)
    query["next"] = request.get_full_path()
    return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{query.urlencode(safe='/')}")


def public(view: V) -> V:
    """Mark a view that anybody may open; the URL walk fails on a view that is neither public nor guarded."""
    view.permission = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: V) -> V:
    """Let a view be used by every signed-in person, whatever the role."""

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        return view(request, *args, **kwargs)

    guarded_view.permission = "signed_in"  # type: ignore[attr-defined]
    return guarded_view  # type: ignore[return-value]


@contextmanager
def on_behalf_of(partner: Partner) -> Iterator[None]:
    """The scope in which a task or command works for one partner."""
    with scope(partner=partner):
        yield


# Sweeps look over all partners for work; what they find is then handled on behalf of its own partner.
across_partners = scopes_disabled
