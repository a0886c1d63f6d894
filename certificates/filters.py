"""The filters of the lists: of orders, customers, domains and organisations."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from time import monotonic
from typing import Any, ClassVar, TypeAlias, TypeVar

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from certificates.models import Certificate, Contact, Customer, Installation, Order, Product, Reply
from certificates.querysets import CustomerQuerySet, DomainQuerySet, OrderQuerySet, OrganizationQuerySet
from certificates.states import OrderStatus, RenewalMark, ValidationLevel
from portal import clock
from portal.access import PartnerRequest
from portal.lists import AnyOf, ListFilters, one_of
from portal.models import Membership, Partner
from portal.roles import Role, may
from portal.types import StrOrPromise

Rows = TypeVar("Rows", bound=QuerySet[Any])
Validated: TypeAlias = DomainQuerySet | OrganizationQuerySet

ME, NOBODY, NONE = "me", "nobody", "none"
LAST_CONTACT: tuple[tuple[str, StrOrPromise], ...] = (
    ("7", _("Within 7 days")),
    ("not30", _("Not for 30 days")),
    ("not90", _("Not for 90 days")),
    ("never", _("Never")),
)
# Notices about an order are sent unless they are off for it, or for its whole customer.
NOTICES_ON = Q(notices_enabled=True, customer__notices_enabled=True)
# The catalogue is the same for all partners and changes rarely; menus may be a minute behind it.
_CATALOGUE_SECONDS = 60


def catalogue() -> tuple[tuple[str, str, str], ...]:
    """Name id, name and brand of every product."""
    return _catalogue(int(monotonic() // _CATALOGUE_SECONDS))


@cache
def _catalogue(_minute: int) -> tuple[tuple[str, str, str], ...]:
    return tuple(Product.objects.values_list("name_id", "name", "family"))


def products() -> list[tuple[str, str]]:
    return [(name_id, name) for name_id, name, _family in catalogue()]


def brands() -> list[tuple[str, str]]:
    return [(family, family) for family in dict.fromkeys(family for _id, _name, family in catalogue())]


def account_managers(partner: Partner) -> list[tuple[int, str]]:
    """The people who may own a customer, by name."""
    roles = [role.value for role in Role if may(role, "orders.renew")]
    members = Membership.objects.for_partner(partner).active().filter(role__in=roles).select_related("user")
    return sorted(((member.pk, str(member)) for member in members), key=lambda one: one[1].casefold())


def owner_choices(request: PartnerRequest) -> list[tuple[str, StrOrPromise]]:
    """Mine, nobody's, or that of a colleague."""
    colleagues = account_managers(request.partner)
    others = ((str(pk), name) for pk, name in colleagues if pk != request.membership.pk)
    return [(ME, _("Mine")), (NOBODY, _("Nobody")), *others]


def contacted(rows: Rows, value: str, column: str) -> Rows:
    """Rows by how long ago the customer was spoken to: a choice of LAST_CONTACT."""
    if value == "never":
        return rows.filter(**{f"{column}__isnull": True})
    now = clock.now()
    if value == "7":
        return rows.filter(**{f"{column}__gte": now - timedelta(days=7)})
    since = now - timedelta(days=int(value.removeprefix("not")))
    return rows.filter(Q(**{f"{column}__lt": since}) | Q(**{f"{column}__isnull": True}))


def day_filter(label: StrOrPromise, field_name: str, lookup: str) -> django_filters.DateFilter:
    """Rows from or until a day, chosen from a calendar."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return django_filters.DateFilter(label=label, field_name=field_name, lookup_expr=lookup, widget=widget)


class OrderFilters(ListFilters):
    """By words, customer, product, brand, level, owner, notices, last contact, wildcard and the customer's answer."""

    rare: ClassVar[tuple[str, ...]] = ("brand", "level", "wildcard", "answer")

    q = django_filters.CharFilter(label=_("Contains"), method="filter_words")
    customer = django_filters.CharFilter(label=_("Customer"), method="filter_customer")
    product = AnyOf(label=_("Product"), field_name="product__name_id", choices=products)
    brand = AnyOf(label=_("Brand"), field_name="product__family", choices=brands)
    level = AnyOf(label=_("Level"), field_name="product__level", choices=ValidationLevel.choices)
    owner = one_of([], label=_("Owner"), method="filter_owner")
    notices = one_of([("on", _("On")), ("off", _("Off"))], label=_("Notices"), method="filter_notices")
    contact = one_of(LAST_CONTACT, label=_("Last contact"), method="filter_contact")
    wildcard = one_of([("yes", _("Yes")), ("no", _("No"))], label=_("Wildcard"), method="filter_wildcard")
    answer = one_of([*Reply.Kind.choices, (NONE, _("None"))], label=_("Customer's answer"), method="filter_answer")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["owner"].extra["choices"] = lambda: owner_choices(self.request)

    def words(self, name: str, value: Any) -> StrOrPromise:
        return _("Mine") if (name, value) == ("owner", ME) else super().words(name, value)

    def filter_words(self, orders: OrderQuerySet, _name: str, value: str) -> OrderQuerySet:
        return orders.matching(value)

    def filter_customer(self, orders: OrderQuerySet, _name: str, value: str) -> OrderQuerySet:
        customers = Customer.objects.for_partner(self.request.partner).matching(value)
        return orders.filter(customer__in=customers)

    def filter_owner(self, orders: OrderQuerySet, _name: str, value: str) -> OrderQuerySet:
        if value == NOBODY:
            return orders.filter(customer__owner__isnull=True)
        return orders.filter(customer__owner=self.request.membership.pk if value == ME else int(value))

    def filter_notices(self, orders: OrderQuerySet, _name: str, value: str) -> OrderQuerySet:
        return orders.filter(NOTICES_ON if value == "on" else ~NOTICES_ON)

    def filter_contact(self, orders: OrderQuerySet, _name: str, value: str) -> OrderQuerySet:
        return contacted(orders, value, "customer__last_contacted_at")

    def filter_wildcard(self, orders: OrderQuerySet, _name: str, value: str) -> OrderQuerySet:
        holds_one = Q(common_name__startswith="*.") | Q(names__icontains='"*.')
        return orders.filter(holds_one if value == "yes" else ~holds_one)

    def filter_answer(self, orders: OrderQuerySet, _name: str, value: str) -> OrderQuerySet:
        return orders.unanswered() if value == NONE else orders.answered(value)


class AllOrdersFilters(OrderFilters):
    """The same, and by status, renewal, installation and the days on which an order ends."""

    rare = ("brand", "level", "wildcard", "notices", "contact", "answer", "installed")

    status = AnyOf(label=_("Status"), field_name="status", choices=OrderStatus.choices)
    renewal = AnyOf(label=_("Renewal"), field_name="renewal_mark", choices=RenewalMark.choices)
    ends_from = day_filter(_("Ends from"), "ends_on", "gte")
    ends_to = day_filter(_("Ends until"), "ends_on", "lte")
    installed = one_of([("yes", _("Yes")), ("no", _("No"))], label=_("Installed"), method="filter_installed")

    def filter_installed(self, orders: OrderQuerySet, _name: str, value: str) -> OrderQuerySet:
        known = Installation.objects.filter(certificate__order=OuterRef("pk"), certificate__is_current=True)
        done = Q(said_at__isnull=False) | Q(state=Installation.State.SERVED)
        return orders.filter(Exists(known.filter(done if value == "yes" else ~done).order_by()))


class CustomerFilters(ListFilters):
    """By words, owner, last contact, and what is missing."""

    q = django_filters.CharFilter(label=_("Contains"), method="filter_words")
    owner = one_of([], label=_("Owner"), method="filter_owner")
    contact = one_of(LAST_CONTACT, label=_("Last contact"), method="filter_contact")
    reachable = one_of(
        [("no", _("Nobody")), ("yes", _("Somebody"))], label=_("Can be reached"), method="filter_reachable"
    )
    orders = one_of(
        [("soon", _("One ends within 90 days")), ("none", _("None yet"))], label=_("Orders"), method="filter_orders"
    )
    elsewhere = one_of([("yes", _("Yes"))], label=_("Certificates elsewhere"), method="filter_elsewhere")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["owner"].extra["choices"] = lambda: owner_choices(self.request)

    def words(self, name: str, value: Any) -> StrOrPromise:
        return _("Mine") if (name, value) == ("owner", ME) else super().words(name, value)

    def filter_words(self, customers: CustomerQuerySet, _name: str, value: str) -> CustomerQuerySet:
        return customers.matching(value)

    def filter_owner(self, customers: CustomerQuerySet, _name: str, value: str) -> CustomerQuerySet:
        if value == NOBODY:
            return customers.filter(owner__isnull=True)
        return customers.filter(owner=self.request.membership.pk if value == ME else int(value))

    def filter_contact(self, customers: CustomerQuerySet, _name: str, value: str) -> CustomerQuerySet:
        return contacted(customers, value, "last_contacted_at")

    def filter_reachable(self, customers: CustomerQuerySet, _name: str, value: str) -> CustomerQuerySet:
        people = Contact.objects.for_partner(self.request.partner).reachable().filter(customer=OuterRef("pk"))
        return customers.filter(Exists(people) if value == "yes" else ~Exists(people))

    def filter_orders(self, customers: CustomerQuerySet, _name: str, value: str) -> CustomerQuerySet:
        orders = Order.objects.for_partner(self.request.partner).filter(customer=OuterRef("pk"))
        if value == "none":
            return customers.filter(~Exists(orders))
        soon = orders.issued().unrenewed().expiring(today=clock.today(), within=(0, 90))
        return customers.filter(Exists(soon))

    def filter_elsewhere(self, customers: CustomerQuerySet, _name: str, _value: str) -> CustomerQuerySet:
        others = Certificate.objects.for_partner(self.request.partner).movable()
        return customers.filter(Exists(others.filter(customer=OuterRef("pk"))))


VALIDATION_ENDS: tuple[tuple[str, StrOrPromise], ...] = (
    ("lapsed", _("Lapsed")),
    ("30", _("Lapsed or within 30 days")),
    ("90", _("Lapsed or within 90 days")),
    ("unknown", _("Not known")),
)


class ValidationFilters(ListFilters):
    """By words, customer, the end of the validation, and whether an order waits for it."""

    q = django_filters.CharFilter(label=_("Contains"), field_name="name", lookup_expr="icontains")
    customer = django_filters.CharFilter(label=_("Customer"), method="filter_customer")
    ends = one_of(VALIDATION_ENDS, label=_("Validation"), method="filter_ends")
    held = one_of([("yes", _("Yes"))], label=_("Needed within 90 days"), method="filter_held")

    def filter_customer(self, rows: Validated, _name: str, value: str) -> Validated:
        customers = Customer.objects.for_partner(self.request.partner).matching(value)
        return rows.filter(customer__in=customers)

    def filter_ends(self, rows: Validated, _name: str, value: str) -> Validated:
        if value == "unknown":
            return rows.unknown()
        return rows.lapsing(today=clock.today(), within=-1 if value == "lapsed" else int(value))

    def filter_held(self, rows: Validated, _name: str, _value: str) -> Validated:
        return rows.holding_up(Order.objects.for_partner(self.request.partner).due(today=clock.today()))
