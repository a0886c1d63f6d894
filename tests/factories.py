"""Plain functions that make real rows: each needs nothing, and takes whatever a test cares about."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django_scopes import scopes_disabled

from certificates.models import (
    AuthorityConnection,
    Certificate,
    Contact,
    Customer,
    Domain,
    Order,
    Organization,
    Product,
    Request,
)
from certificates.states import AuthorityKind, OrderStatus, RequestKind
from portal.models import Membership, Partner, User
from portal.roles import Role

_numbers = itertools.count(7_100_001)
TODAY = date(2026, 11, 22)


def midnight(day: date) -> datetime:
    """The first moment of the day, UTC."""
    return datetime.combine(day, datetime.min.time(), UTC)


def make_partner(name: str = "Relais Partner", **fields: Any) -> Partner:
    return Partner.objects.create(name=name, slug=fields.pop("slug", f"partner-{next(_numbers)}"), **fields)


def make_user(email: str = "", **fields: Any) -> User:
    fields.setdefault("first_name", "Claire")
    fields.setdefault("last_name", "Martin")
    return User.objects.create_user(email or f"person{next(_numbers)}@partner.example", "a long pass phrase", **fields)


def make_member(partner: Partner, role: str = Role.ACCOUNT_MANAGER, **fields: Any) -> Membership:
    user = fields.pop("user", None) or make_user(fields.pop("email", ""))
    with scopes_disabled():
        return Membership.objects.create(partner=partner, user=user, role=role, **fields)


def make_customer(partner: Partner, name: str = "Granit Phare SA", **fields: Any) -> Customer:
    fields.setdefault("key", f"manual:{next(_numbers)}")
    fields.setdefault("search_text", name.lower())
    with scopes_disabled():
        return Customer.objects.create(partner=partner, name=name, **fields)


def make_contact(customer: Customer, name: str = "Søren O'Neil", **fields: Any) -> Contact:
    fields.setdefault("email", f"it{next(_numbers)}@customer.example")
    with scopes_disabled():
        return Contact.objects.create(partner_id=customer.partner_id, customer=customer, name=name, **fields)


def product(name_id: str = "ssl_securesite_flex") -> Product:
    """A product of the catalogue."""
    return Product.objects.get(name_id=name_id)


def make_organization(customer: Customer, name: str = "", **fields: Any) -> Organization:
    fields.setdefault("number", str(next(_numbers)))
    fields.setdefault("authority", AuthorityKind.SANDBOX)
    fields.setdefault("country", "FR")
    fields.setdefault("ov_validated_until", TODAY + timedelta(days=200))
    with scopes_disabled():
        return Organization.objects.create(
            partner_id=customer.partner_id, customer=customer, name=name or customer.name, **fields
        )


def make_domain(customer: Customer, name: str = "granit-phare.example", **fields: Any) -> Domain:
    fields.setdefault("authority", AuthorityKind.SANDBOX)
    fields.setdefault("validated_until", TODAY + timedelta(days=120))
    with scopes_disabled():
        return Domain.objects.create(partner_id=customer.partner_id, customer=customer, name=name, **fields)


def make_order(
    partner: Partner, *, ends_on: date | None = None, certificate_ends_on: date | None = None, **fields: Any
) -> Order:
    """An issued one-year order; `ends_on` is its last day, its certificate ends with it unless told otherwise."""
    ends_on = ends_on or TODAY + timedelta(days=20)
    certificate_ends_on = certificate_ends_on or ends_on
    fields.setdefault("customer", None)
    fields["customer"] = fields["customer"] or make_customer(partner)
    chosen = fields.setdefault("product", product())
    number = fields.setdefault("number", str(next(_numbers)))
    ends_at, certificate_ends_at = (midnight(day + timedelta(days=1)) for day in (ends_on, certificate_ends_on))
    common_name = fields.setdefault("common_name", "www.granit-phare.example")
    defaults = {
        "product_name": chosen.name if chosen else "",
        "authority": AuthorityKind.SANDBOX,
        "status": OrderStatus.ISSUED,
        "names": [common_name],
        "placed_at": ends_at - timedelta(days=365),
        "starts_at": ends_at - timedelta(days=365),
        "ends_at": ends_at,
        "ends_on": ends_on,
        "certificate_starts_at": certificate_ends_at - timedelta(days=199),
        "certificate_ends_at": certificate_ends_at,
        "certificate_ends_on": certificate_ends_on,
        "search_text": f"{number} {common_name} {fields['customer'].name}".lower(),
    }
    with scopes_disabled():
        return Order.objects.create(partner=partner, **(defaults | fields))


def make_certificate(order: Order, **fields: Any) -> Certificate:
    """The order's present certificate, without its PEM."""
    defaults = {
        "is_current": True,
        "serial_number": f"{next(_numbers):032X}",
        "common_name": order.common_name,
        "names": order.names,
        "starts_at": order.certificate_starts_at,
        "ends_at": order.certificate_ends_at,
        "ends_on": order.certificate_ends_on,
    }
    with scopes_disabled():
        return Certificate.objects.create(
            partner_id=order.partner_id, customer_id=order.customer_id, order=order, **(defaults | fields)
        )


def make_certificate_elsewhere(
    customer: Customer, host: str = "shop.granit-phare.example", **fields: Any
) -> Certificate:
    """What the customer bought at another authority: without an order, it ends in 40 days."""
    defaults = {
        "serial_number": f"{next(_numbers):032X}",
        "issuer_name": "Another CA",
        "common_name": host,
        "names": [host],
        "starts_at": midnight(TODAY - timedelta(days=325)),
        "ends_at": midnight(TODAY + timedelta(days=41)),
        "ends_on": TODAY + timedelta(days=40),
    }
    with scopes_disabled():
        return Certificate.objects.create(
            partner_id=customer.partner_id, customer_id=customer.pk, **(defaults | fields)
        )


def make_connection(partner: Partner, kind: str = AuthorityKind.SANDBOX, **fields: Any) -> AuthorityConnection:
    fields.setdefault("is_default", True)
    with scopes_disabled():
        return AuthorityConnection.objects.create(partner=partner, kind=kind, name="Embedded authority", **fields)


def make_request(order: Order, kind: str = RequestKind.RENEWAL, **fields: Any) -> Request:
    """A queued request of the kind; for a new order (kind NEW) the order only lends its customer and names."""
    now = fields.pop("now", midnight(TODAY))
    defaults = {
        "authority": order.authority,
        "customer_id": order.customer_id,
        "order": None if kind == RequestKind.NEW else order,
        "product": order.product or product(),
        "common_name": order.common_name,
        "names": order.names,
        "csr": "-----BEGIN CERTIFICATE REQUEST-----",
        "requested_at": now,
        "due_at": now,
    }
    with scopes_disabled():
        return Request.objects.create(partner_id=order.partner_id, kind=kind, **(defaults | fields))
