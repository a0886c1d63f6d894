"""What orders, customers and contacts are found by, once an import has changed them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence

from certificates.models import Contact, Customer, Domain
from certificates.search.text import contact_text, customer_text, order_text
from portal.models import Partner

Texts = list[tuple[int, str]]


def of_contacts(partner: Partner, customers: Sequence[int]) -> Texts:
    """The search texts of these customers' contacts that have none, by contact."""
    contacts = Contact.objects.for_partner(partner).filter(customer__in=customers, search_text="")
    return [
        (pk, contact_text(name=name, email=email, phone=phone))
        for pk, name, email, phone in contacts.values_list("pk", "name", "email", "phone")
    ]


def of_order(pk: int, number: str, names: str, customer: str, reference: str, serial: str) -> tuple[int, str]:
    """The search text of an order; its names come as JSON."""
    return pk, order_text(number=number, names=json.loads(names), customer=customer, references=(reference, serial))


def of_customers(partner: Partner, customers: Sequence[int]) -> Texts:
    """The search texts of these customers, their domains and contacts included, by customer."""
    others: defaultdict[int, list[str]] = defaultdict(list)
    domains = Domain.objects.for_partner(partner).filter(customer__in=customers)
    contacts = Contact.objects.for_partner(partner).filter(customer__in=customers)
    for rows in (domains.values_list("customer", "name"), contacts.values_list("customer", "search_text")):
        for customer, text in rows.order_by("pk"):
            others[customer].append(text)
    found = Customer.objects.for_partner(partner).filter(pk__in=customers)
    return [
        (pk, customer_text(name=name, number=number, city=city, others=others[pk]))
        for pk, name, number, city in found.values_list("pk", "name", "number", "city")
    ]
