"""What every page's frame shows: the partner's brand, the sidebar, and what the person may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal import clock, contributions
from portal.choices import Language, Theme
from portal.lists.links import page_url
from portal.models import Membership, Partner
from portal.notices import Notice, notices_of
from portal.roles import Role
from portal.types import StrOrPromise

# The sidebar's groups in their order; entries without a group stand above them.
GROUPS: tuple[tuple[str, StrOrPromise], ...] = (
    ("", ""),
    ("certificates", _("Certificates")),
    ("customers", _("Customers")),
    ("campaigns", _("Campaigns")),
    ("offers", _("Offers")),
    ("house", pgettext_lazy("navigation", "House")),
)


@dataclass(slots=True)
class Entry:
    label: StrOrPromise
    url: str
    icon: str
    current: bool
    badge: int


@dataclass(slots=True)
class Group:
    label: StrOrPromise
    entries: list[Entry] = field(default_factory=list)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of base.html. The sidebar is computed only where a template shows it."""
    membership: Membership | None = getattr(request, "membership", None)
    return {
        "membership": membership,
        "partner": face_of(request),
        "house_notices": _notices(request),
        "is_stranger_here": _is_stranger_here(request),
        "shared_address": settings.PUBLIC_URL,
        "other_memberships": [one for one in getattr(request, "memberships", []) if one != membership],
        "allowed": membership.permissions if membership else frozenset(),
        "navigation": SimpleLazyObject(lambda: _navigation(request, membership)),
        "languages": Language.choices,
        "themes": Theme.choices,
        "theme": _theme(request),
        "frame_template": _frame_template(membership),
        "demo": settings.DEMO,
        "today": clock.today(),
    }


def face_of(request: HttpRequest) -> Partner | None:
    """Whose name, logo and colours the page wears: the partner's it speaks for, else those of the house it is in."""
    house: Partner | None = getattr(request, "house", None)
    return getattr(request, "partner", None) or (house if house and house.is_active else None)


def _notices(request: HttpRequest) -> Sequence[Notice]:
    """The notices of whose face the page wears, for its foot."""
    partner = face_of(request)
    return notices_of(partner, at_home=partner == getattr(request, "house", None)) if partner else ()


def _is_stranger_here(request: HttpRequest) -> bool:
    """Whether somebody has signed in at a partner's own address without belonging there."""
    in_house = getattr(request, "house", None) is not None and getattr(request, "membership", None) is None
    return in_house and request.user.is_authenticated


def _theme(request: HttpRequest) -> str:
    """The person's choice; a stranger's is in a cookie."""
    chosen = getattr(getattr(request, "user", None), "theme", "") or request.COOKIES.get("theme", "")
    return chosen if chosen in Theme.values else Theme.SYSTEM


def _frame_template(membership: Membership | None) -> str:
    """Staff work in the frame with the sidebar; customers and strangers see the quiet one."""
    staff = membership is not None and membership.role != Role.CUSTOMER
    return "base.html" if staff else "quiet.html"


def _navigation(request: HttpRequest, membership: Membership | None) -> list[Group]:
    if membership is None:
        return []
    groups = {key: Group(label) for key, label in GROUPS}
    allowed = [entry for entry in contributions.navigation.items if entry.permission in membership.permissions]
    here = _nearest(request.path, [page_url(entry.url_name) for entry in allowed])
    for entry in allowed:
        url = page_url(entry.url_name)
        badge = entry.badge(membership) if entry.badge else 0
        groups[str(entry.group)].entries.append(Entry(entry.label, url, entry.icon, url == here, badge))
    return [group for group in groups.values() if group.entries]


def _nearest(path: str, urls: list[str]) -> str:
    """The entry under which the page lies: /settings/people/7/ under People, not under Settings."""
    above = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(above, key=len, default="")
