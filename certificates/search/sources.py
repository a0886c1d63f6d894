"""What the one box finds here: customers, contacts, orders and certificates, each by one query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from certificates.models import Certificate, Contact, Customer, Order
from certificates.search.text import fold, serial_needle
from certificates.wording import day
from certificates.x509.names import display_name
from portal.contributions import SearchHit
from portal.models import Partner


def find_customers(partner: Partner, text: str, limit: int) -> list[SearchHit]:
    found = Customer.objects.for_partner(partner).matching(text).select_related("owner__user")
    hits = [_customer_hit(customer, text) for customer in found.order_by("name", "pk")[:limit]]
    return _exact_first(hits)


def _customer_hit(customer: Customer, text: str) -> SearchHit:
    return SearchHit(
        title=customer.name,
        detail=_joined(customer.number, customer.city, str(customer.owner or "")),
        url=reverse("certificates:customer", args=[customer.pk]),
        icon="building",
        is_exact=_is(text, customer.number, customer.name),
    )


def find_contacts(partner: Partner, text: str, limit: int) -> list[SearchHit]:
    found = Contact.objects.for_partner(partner).matching(text).select_related("customer")
    hits = [_contact_hit(contact, text) for contact in found.order_by("-pk")[:limit]]
    return _exact_first(hits)


def _contact_hit(contact: Contact, text: str) -> SearchHit:
    return SearchHit(
        title=str(contact),
        detail=_joined(contact.customer.name, contact.email, contact.phone),
        url=f"{reverse('certificates:customer', args=[contact.customer_id])}#contact-{contact.pk}",
        icon="person",
        is_exact=_is(text, contact.email),
    )


def find_orders(partner: Partner, text: str, limit: int) -> list[SearchHit]:
    """The newest first: of a host that was renewed for years, the order that counts."""
    found = Order.objects.for_partner(partner).matching(text).select_related("customer")
    hits = [_order_hit(order, text) for order in found.order_by("-placed_at", "-pk")[:limit]]
    return _exact_first(hits)


def _order_hit(order: Order, text: str) -> SearchHit:
    ends = _("ends %(date)s") % {"date": day(order.ends_on)} if order.ends_on else order.get_status_display()
    return SearchHit(
        title=display_name(order.common_name),
        detail=_joined(order.number, order.product_name, order.customer.name, ends),
        url=reverse("certificates:order", args=[order.pk]),
        icon="file-earmark-lock",
        is_exact=_is(text, order.number),
    )


def find_certificates(partner: Partner, text: str, limit: int) -> list[SearchHit]:
    """By the beginning of the serial number; nothing is asked where the text cannot be one."""
    serial = serial_needle(text)
    if not serial:
        return []
    found = Certificate.objects.for_partner(partner).numbered(text).select_related("customer")
    hits = [_certificate_hit(certificate, serial) for certificate in found.order_by("serial_number", "pk")[:limit]]
    return _exact_first(hits)


def _certificate_hit(certificate: Certificate, serial: str) -> SearchHit:
    """A certificate stands on the page of its order, or where it has none on its customer's."""
    name, pk = ("order", certificate.order_id) if certificate.order_id else ("customer", certificate.customer_id)
    return SearchHit(
        title=certificate.serial_number,
        detail=_joined(display_name(certificate.common_name), certificate.customer.name, day(certificate.ends_on)),
        url=f"{reverse(f'certificates:{name}', args=[pk])}#certificate-{certificate.pk}",
        icon="shield-check",
        is_exact=certificate.serial_number == serial,
    )


def _is(text: str, *names: str) -> bool:
    return fold(text.strip()) in {fold(name) for name in names if name}


def _exact_first(hits: Iterable[SearchHit]) -> list[SearchHit]:
    return sorted(hits, key=lambda hit: not hit.is_exact)


def _joined(*parts: str) -> str:
    return " · ".join(_filled(parts))


def _filled(parts: Iterable[str]) -> Iterator[str]:
    return (part for part in parts if part)
