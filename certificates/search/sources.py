"""What the one box finds here: customers, contacts, orders and certificates, each by one query of the few columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from certificates.models import Certificate, Contact, Customer, Order
from certificates.search.text import fold, serial_needle
from certificates.states import LIVE_ORDER_STATES, OrderStatus, RenewalMark
from certificates.wording import readable, short_day
from portal import clock
from portal.contributions import SearchHit
from portal.models import Partner

_OWNER = ("owner__user__first_name", "owner__user__last_name")
_CUSTOMER = ("pk", "name", "number", "city", *_OWNER)
_CONTACT = ("pk", "name", "email", "phone", "customer_id", "customer__name")
_ORDER = ("pk", "number", "common_name", "product_name", "customer__name", "ends_on", "status", "renewal_mark")
_CERTIFICATE = ("pk", "serial_number", "common_name", "ends_on", "customer__name", "customer_id", "order_id")


def find_customers(partner: Partner, text: str, limit: int) -> list[SearchHit]:
    found = Customer.objects.for_partner(partner).matching(text).order_by("name", "pk")
    return _exact_first(_customer_hit(row, text) for row in found.values_list(*_CUSTOMER, named=True)[:limit])


def _customer_hit(customer: Any, text: str) -> SearchHit:
    owner = f"{customer.owner__user__first_name or ''} {customer.owner__user__last_name or ''}".strip()
    return SearchHit(
        title=customer.name,
        detail=_joined(customer.number, customer.city, owner),
        url=reverse("certificates:customer", args=[customer.pk]),
        icon="building",
        is_exact=_is(text, customer.number, customer.name),
    )


def find_contacts(partner: Partner, text: str, limit: int) -> list[SearchHit]:
    found = Contact.objects.for_partner(partner).matching(text).order_by("-pk")
    return _exact_first(_contact_hit(row, text) for row in found.values_list(*_CONTACT, named=True)[:limit])


def _contact_hit(contact: Any, text: str) -> SearchHit:
    return SearchHit(
        title=contact.name or contact.email,
        detail=_joined(contact.customer__name, contact.email, contact.phone),
        url=f"{reverse('certificates:customer', args=[contact.customer_id])}#contact-{contact.pk}",
        icon="person",
        is_exact=_is(text, contact.email),
    )


def find_orders(partner: Partner, text: str, limit: int) -> list[SearchHit]:
    """The nearest end first among orders that still ask for something; then the rest, the newest first."""
    found = Order.objects.for_partner(partner).matching(text)
    today = clock.today()
    # Two questions that each walk an index: one order over both would sort all that a common word finds.
    parts = (
        found.pressing(today=today).order_by("ends_on", "pk"),
        found.not_pressing(today=today).order_by("-placed_at", "-pk"),
    )
    rows = [row for part in parts for row in part.values_list(*_ORDER, named=True)[:limit]]
    return _exact_first(_order_hit(row, text) for row in rows[:limit])


def _order_hit(order: Any, text: str) -> SearchHit:
    """A host name is exact for the order that holds it now, not for those it was renewed from."""
    holds_now = order.status in LIVE_ORDER_STATES and order.renewal_mark != RenewalMark.RENEWED
    ends = _("ends %(date)s") % {"date": short_day(order.ends_on)} if order.ends_on else OrderStatus(order.status).label
    return SearchHit(
        title=readable(order.common_name),
        detail=_joined(order.number, order.product_name, order.customer__name, str(ends)),
        url=reverse("certificates:order", args=[order.pk]),
        icon="file-earmark-lock",
        is_exact=_is(text, order.number) or (holds_now and _is(text, order.common_name, readable(order.common_name))),
    )


def find_certificates(partner: Partner, text: str, limit: int) -> list[SearchHit]:
    """By the beginning of the serial number; nothing is asked where the text cannot be one."""
    serial = serial_needle(text)
    if not serial:
        return []
    found = Certificate.objects.for_partner(partner).numbered(text).order_by("serial_number", "pk")
    return _exact_first(_certificate_hit(row, serial) for row in found.values_list(*_CERTIFICATE, named=True)[:limit])


def _certificate_hit(certificate: Any, serial: str) -> SearchHit:
    """A certificate stands on the page of its order, or where it has none on its customer's."""
    name, pk = ("order", certificate.order_id) if certificate.order_id else ("customer", certificate.customer_id)
    return SearchHit(
        title=certificate.serial_number,
        detail=_joined(readable(certificate.common_name), certificate.customer__name, short_day(certificate.ends_on)),
        url=f"{reverse(f'certificates:{name}', args=[pk])}#certificate-{certificate.pk}",
        icon="shield-check",
        is_exact=certificate.serial_number == serial,
    )


def all_customers(text: str) -> str:
    """The list of every customer that the text finds."""
    return _address("customers", text)


def all_orders(text: str) -> str:
    """The list of every order that the text finds."""
    return _address("orders", text)


def _address(name: str, text: str) -> str:
    return f"{reverse(f'certificates:{name}')}?{urlencode({'q': text})}"


def _is(text: str, *names: str) -> bool:
    return fold(text.strip()) in {fold(name) for name in names if name}


def _exact_first(hits: Iterable[SearchHit]) -> list[SearchHit]:
    return sorted(hits, key=lambda hit: not hit.is_exact)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
