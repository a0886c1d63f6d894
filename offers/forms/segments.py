"""How people narrow something to some of their customers' orders: what may be ticked, and how what is typed is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from certificates.models import Customer, Product
from portal.models import Membership, Partner
from portal.roles import Role

_MOST_CUSTOMERS = 500


def brand_choices() -> list[tuple[str, str]]:
    """The brands of the catalogue."""
    return [(family, family) for family in sorted(set(Product.objects.values_list("family", flat=True)))]


def owner_choices(partner: Partner) -> list[tuple[int, str]]:
    """Those of the partner's people who may own customers, by name."""
    sellers = Membership.objects.for_partner(partner).filter(
        role__in=[Role.ADMINISTRATOR, Role.ACCOUNT_MANAGER], is_active=True
    )
    return [(one.pk, str(one)) for one in sellers.select_related("user").order_by("user__last_name", "pk")]


def read_customers(partner: Partner, typed: str) -> list[int]:
    """The keys of customers named by number or name, one per line; raises ValidationError for nobody, or for two."""
    lines = list(dict.fromkeys(line.strip() for line in typed.splitlines() if line.strip()))
    if len(lines) > _MOST_CUSTOMERS:
        raise ValidationError(_("At most %(number)s customers."), params={"number": _MOST_CUSTOMERS})
    return [_customer(line, found) for line, found in _customers(partner, lines).items()]


def write_customers(partner: Partner, keys: Sequence[int]) -> str:
    """The same as lines of names."""
    if not keys:
        return ""
    names = Customer.objects.for_partner(partner).filter(pk__in=keys).order_by("name")
    return "\n".join(names.values_list("name", flat=True))


def _customer(line: str, found: list[int]) -> int:
    if not found:
        raise ValidationError(_("There is no customer “%(line)s”."), params={"line": line})
    if len(found) > 1:
        words = _("Several customers are called “%(line)s”. Write the customer number.")
        raise ValidationError(words, params={"line": line})
    return found[0]


def _customers(partner: Partner, lines: Iterable[str]) -> dict[str, list[int]]:
    """The keys of the customers that each line names, by its number or its very name."""
    found: dict[str, list[int]] = {line: [] for line in lines}
    customers = Customer.objects.for_partner(partner)
    for number, pk in customers.filter(number__in=found).exclude(number="").values_list("number", "pk"):
        found[number].append(pk)
    unnumbered = [line for line, keys in found.items() if not keys]
    for name, pk in customers.filter(name__in=unnumbered).values_list("name", "pk"):
        found[name].append(pk)
    return found


def read_countries(typed: str) -> list[str]:
    """Codes of two letters, each once; raises ValidationError."""
    codes = typed.replace(",", " ").upper().split()
    wrong = [code for code in codes if len(code) != 2 or not code.isascii() or not code.isalpha()]
    if wrong:
        raise ValidationError(_("“%(code)s” is no code of a country."), params={"code": wrong[0]})
    return list(dict.fromkeys(codes))
