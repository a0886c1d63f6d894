"""Who may do what: one matrix of resource, action and role that drives navigation, views and the tests."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    ACCOUNT_MANAGER = "account_manager"
    SUPPORT = "support"
    CUSTOMER = "customer"


_A, _M, _S, _C = Role.ADMINISTRATOR, Role.ACCOUNT_MANAGER, Role.SUPPORT, Role.CUSTOMER
_STAFF = frozenset({_A, _M, _S})
_SALES = frozenset({_A, _M})
_HEAD = frozenset({_A})

MATRIX: Mapping[str, Mapping[str, frozenset[Role]]] = MappingProxyType(
    {
        "dashboard": {"view": _STAFF},
        "search": {"view": _STAFF},
        # notices: switch an order's renewal notices; renew: place at the authority; mark: renewed elsewhere;
        # resend: send a customer the link to a renewal, hand one on, take one back
        "orders": {
            "view": _STAFF,
            "export": _STAFF,
            "notices": _SALES,
            "renew": _SALES,
            "mark": _SALES,
            "note": _STAFF,
            "resend": _STAFF,
            "download": _STAFF,
        },
        "requests": {"view": _STAFF, "place": _SALES, "retry": _SALES, "approve": _HEAD},
        "domains": {"view": _STAFF, "export": _STAFF},
        "organizations": {"view": _STAFF, "export": _STAFF},
        "customers": {"view": _STAFF, "export": _STAFF, "edit": _SALES, "assign": _SALES, "note": _STAFF},
        # Support corrects what a caller spells out: a name, a number, an address.
        # let_in: send a contact the letter that signs in
        "contacts": {"edit": _STAFF, "let_in": _STAFF},
        # resend: send a quote's letter again, hand on its link, have its document drawn anew
        "quotes": {"view": _STAFF, "export": _STAFF, "edit": _SALES, "resend": _STAFF},
        "views": {"save": _STAFF},
        "imports": {"view": _SALES, "run": _SALES},
        # which incentives there are, and what they have brought; they are a house rule
        "offers": {"view": _STAFF, "export": _STAFF, "edit": _HEAD},
        # what plans cost, and for whom; costs: what they cost us, and the margins
        "prices": {"view": _STAFF, "export": _STAFF, "costs": _SALES, "edit": _HEAD},
        # when which word goes out is a house rule, and so are the words themselves
        "calendar": {"view": _STAFF, "edit": _HEAD},
        "letters": {"view": _STAFF, "edit": _HEAD},
        # note: what came of a call
        "calls": {"view": _STAFF, "note": _STAFF},
        "banners": {"view": _STAFF, "edit": _SALES},
        "messages": {"view": _STAFF, "edit": _SALES},
        # edit: hold, release, try again
        "outbox": {"view": _STAFF, "export": _STAFF, "edit": _SALES},
        "authority": {"view": _STAFF, "edit": _HEAD},
        "settings": {"view": _HEAD, "edit": _HEAD},
        # release: answer the question about a mass of letters, and stop all by hand
        "sending": {"view": _HEAD, "release": _HEAD},
        "people": {"view": _HEAD, "edit": _HEAD},
        "activity": {"view": _HEAD},
        # what is sold, side by side, and the selector that recommends from it
        "products": {"view": _STAFF | {_C}},
        # renew: order under the own customer's name; edit: colleagues, letters wanted, what is in use
        "home": {"view": frozenset({_C}), "renew": frozenset({_C}), "edit": frozenset({_C})},
    }
)


def may(role: str, permission: str) -> bool:
    """Whether the role holds "resource.action"; an unknown permission is a mistake and raises KeyError."""
    resource, action = permission.split(".")
    return role in MATRIX[resource][action]


@cache
def permissions_of(role: str) -> frozenset[str]:
    """Everything the role may do, as "resource.action"."""
    return frozenset(
        f"{resource}.{action}"
        for resource, actions in MATRIX.items()
        for action, roles in actions.items()
        if role in roles
    )
