"""What customers and contacts are found by, written again after an import has changed them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from certificates.models import Contact, Customer, Domain
from certificates.search.text import contact_text, customer_text
from portal.models import Partner

_BATCH = 2_000


def refresh(partner: Partner, customers: Sequence[int]) -> None:
    """Write the search texts of these customers, and of their contacts that have none yet."""
    for first in range(0, len(customers), _BATCH):
        some = customers[first : first + _BATCH]
        _refresh_contacts(partner, some)
        _refresh_customers(partner, some)


def _refresh_contacts(partner: Partner, customers: Sequence[int]) -> None:
    contacts = Contact.objects.for_partner(partner).filter(customer__in=customers, search_text="")
    wordless = list(contacts.only("name", "email", "phone"))
    for contact in wordless:
        contact.search_text = contact_text(name=contact.name, email=contact.email, phone=contact.phone)
    Contact.objects.bulk_update(wordless, ["search_text"], batch_size=200)


def _refresh_customers(partner: Partner, customers: Sequence[int]) -> None:
    others: defaultdict[int, list[str]] = defaultdict(list)
    for rows, column in ((Domain.objects, "name"), (Contact.objects, "search_text")):
        found = rows.for_partner(partner).filter(customer__in=customers).order_by("pk")
        for customer, text in found.values_list("customer", column):
            others[customer].append(text)
    changed = []
    for customer in (
        Customer.objects.for_partner(partner).filter(pk__in=customers).only("name", "number", "city", "search_text")
    ):
        text = customer_text(name=customer.name, number=customer.number, city=customer.city, others=others[customer.pk])
        if text != customer.search_text:
            customer.search_text = text
            changed.append(customer)
    Customer.objects.bulk_update(changed, ["search_text"], batch_size=200)
