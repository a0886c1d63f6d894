"""Tenants never meet: rows are reached through a scope, views state their permission, a stranger meets a 404."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import resolve_url
from django.utils.decorators import method_decorator
from django_scopes import scope, scopes_disabled
from django_scopes.manager import DisabledQuerySet
from django_scopes.state import get_scope

from portal import sql
from portal.roles import may

if TYPE_CHECKING:
    from portal.models import Membership, Partner, User

M = TypeVar("M", bound=models.Model)
V = TypeVar("V", bound=Callable[..., Any])


class PartnerQuerySet(models.QuerySet[M]):
    """Rows that belong to one partner each."""

    def for_partner(self, partner: Partner) -> Self:
        return self.filter(partner=partner)

    def delete(self) -> tuple[int, dict[str, int]]:
        with sql.guards_ask_at_the_end(self.model, self.db):
            return super().delete()

    # as Django marks its own: not for templates, and not for managers
    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class PartnerManager(models.Manager[M]):
    """Rows of the open scope's partner only; outside any scope every query raises `ScopeError`."""

    def get_queryset(self) -> models.QuerySet[M]:
        opened = get_scope()
        if not opened.get("_enabled", True):
            return super().get_queryset()
        if "partner" not in opened:
            refusal: models.QuerySet[M] = DisabledQuerySet(self.model, using=self._db, missing_scopes={"partner"})
            return refusal
        return super().get_queryset().filter(partner=opened["partner"])

    def all(self) -> models.QuerySet[M]:
        found = self.get_queryset()
        # a manager's own all() would hand the refusal out unasked; a copy of anything else would forget a prefetch
        return found.all() if isinstance(found, DisabledQuerySet) else found


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

    def guard(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: PartnerRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not cast(HttpRequest, request).user.is_authenticated:
                return _to_sign_in(request)
            if not _holds(request, permission):
                raise PermissionDenied(permission)
            return view(request, *args, **kwargs)

        return guarded

    return _decorator(guard, permission)


def _holds(request: PartnerRequest, permission: str) -> bool:
    membership: Membership | None = request.membership
    return membership is not None and may(membership.role, permission)


def public(view: V) -> V:
    """Mark a view that anybody may open; the URL walk fails on a view that is neither public nor guarded."""
    return _decorator(lambda unguarded: unguarded, "public")(view)


def signed_in(view: V) -> V:
    """Let a view be used by every signed-in person, whatever the role."""

    def guard(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return view(request, *args, **kwargs) if request.user.is_authenticated else _to_sign_in(request)

        return guarded

    return _decorator(guard, "signed_in")(view)


def _decorator(guard: Callable[[Any], Any], permission: str) -> Callable[[V], V]:
    """Apply the guard to a function, or to the dispatch of a class, and write the permission on it."""

    def decorate(view: V) -> V:
        guarded: Any = method_decorator(guard, name="dispatch")(view) if isinstance(view, type) else guard(view)
        guarded.permission = permission
        return cast(V, guarded)

    return decorate


def _to_sign_in(request: HttpRequest) -> HttpResponseRedirect:
    query = QueryDict(mutable=True)
    query["next"] = request.get_full_path()
    return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{query.urlencode(safe='/')}")


@contextmanager
def on_behalf_of(partner: Partner) -> Iterator[None]:
    """The scope in which a task or command works for one partner."""
    with scope(partner=partner):
        yield


# Sweeps look over all partners for work; what they find is then handled on behalf of its own partner.
across_partners = scopes_disabled
