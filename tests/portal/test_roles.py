"""One matrix says who may do what: every word of permission in views, pages and entries stands in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import contributions
from portal.roles import MATRIX, Role, may, permissions_of

ROOT = Path(__file__).resolve().parents[2]
APPS = ("portal", "certificates", "offers", "campaigns")
PERMISSIONS = {f"{resource}.{action}" for resource, actions in MATRIX.items() for action in actions}
IN_TEMPLATE = re.compile(r"""["']([a-z_]+\.[a-z_]+)["']\s+(?:not\s+)?in\s+allowed""")


def asked_by_views() -> Iterator[str]:
    """The argument of every `requires(...)` and `at_home(...)`."""
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("requires", "at_home"):
                    # what `at_home` hands on to `requires` is named where `at_home` is called
                    yield from (str(one.value) for one in node.args[:1] if isinstance(one, ast.Constant))


def asked_by_templates() -> Iterator[str]:
    for path in (ROOT / "templates").rglob("*.html"):
        yield from IN_TEMPLATE.findall(path.read_text())


def asked_by_contributions() -> Iterator[str]:
    for slot in vars(contributions).values():
        for item in slot.items if isinstance(slot, contributions.Slot) else ():
            permission = getattr(item, "permission", "")
            if permission:
                yield permission


@pytest.mark.parametrize("asked", [asked_by_views, asked_by_templates, asked_by_contributions])
def test_every_permission_that_is_asked_for_exists(asked: object) -> None:
    words = set(asked())  # type: ignore[operator]

    assert words
    assert words - PERMISSIONS == set()


def test_every_role_may_do_something_and_nothing_is_for_nobody() -> None:
    assert all(permissions_of(role) for role in Role)
    assert [permission for permission in PERMISSIONS if not any(may(role, permission) for role in Role)] == []


@pytest.mark.parametrize("permission", ["orders.fly", "nothing.view"])
def test_unknown_permission_is_a_mistake(permission: str) -> None:
    with pytest.raises(KeyError):
        may(Role.ADMINISTRATOR, permission)


def test_support_changes_nothing_but_notes_and_contacts() -> None:
    changing = {"edit", "renew", "place", "mark", "notices", "approve", "retry", "run", "assign"}

    assert {one for one in permissions_of(Role.SUPPORT) if one.split(".")[1] in changing} == {"contacts.edit"}


def test_customers_see_their_home_and_what_is_sold() -> None:
    assert permissions_of(Role.CUSTOMER) == {"home.view", "home.renew", "home.edit", "products.view"}


def test_settings_people_and_record_are_the_administrators() -> None:
    for permission in ("settings.edit", "people.edit", "activity.view", "authority.edit", "requests.approve"):
        assert [role for role in Role if may(role, permission)] == [Role.ADMINISTRATOR]
