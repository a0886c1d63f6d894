"""The people of the demo and their pass phrase: shown at the start, made by `manage.py seed_demo`."""

from __future__ import annotations

from dataclasses import dataclass

from portal.models import User
from portal.roles import Role

PASS_PHRASE = "renew early, lose no day"  # noqa: S105  the demo's own, printed at every start
PARTNER_SLUG = "relais"


@dataclass(frozen=True, slots=True)
class SignIn:
    role: Role
    first_name: str
    last_name: str
    email: str
    language: str = "en"


PEOPLE: tuple[SignIn, ...] = (
    SignIn(Role.ACCOUNT_MANAGER, "Claire", "Martin", "claire.martin@relais.example"),
    SignIn(Role.ACCOUNT_MANAGER, "Hugo", "Petit", "hugo.petit@relais.example", "fr"),
    SignIn(Role.SUPPORT, "Sam", "Okafor", "sam.okafor@relais.example"),
    SignIn(Role.ADMINISTRATOR, "Nadia", "Bernard", "nadia.bernard@relais.example"),
    SignIn(Role.CUSTOMER, "Elise", "Roy", "elise.roy@karst-atelier.example", "fr"),
)


def sign_ins() -> list[str]:
    """One line per person of the demo who exists, for the terminal."""
    present = set(User.objects.filter(email__in=[one.email for one in PEOPLE]).values_list("email", flat=True))
    return [f"{one.role.replace('_', ' '):16} {one.email:34} {PASS_PHRASE}" for one in PEOPLE if one.email in present]
