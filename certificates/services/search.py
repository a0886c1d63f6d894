"""Ask every search source at once, and keep the words by which customers and orders are found up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from certificates.models import Contact, Customer, Domain, Order
from certificates.search.text import SHORTEST_SEARCH, contact_text, customer_text, order_text
from portal import contributions
from portal.contributions import SearchHit, SearchSource
from portal.models import Partner
from portal.types import StrOrPromise

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Group:
    """What one source found; `is_cut` says that there may be more, and `more` is where they all are."""

    label: StrOrPromise
    hits: Sequence[SearchHit]
    is_cut: bool = False
    more: str = ""


def is_searchable(text: str) -> bool:
    return len(text.strip()) >= SHORTEST_SEARCH


def find(partner: Partner, text: str, *, limit: int) -> list[Group]:
    """The groups in which something was found, each with at most `limit` hits."""
    if not is_searchable(text):
        return []
    found = ((source, source.find(partner, text, limit + 1)) for source in contributions.searches.items)
    return [_group(source, hits, text, limit) for source, hits in found if hits]


def _group(source: SearchSource, hits: Sequence[SearchHit], text: str, limit: int) -> Group:
    more = source.more(text) if source.more else ""
    return Group(source.label, hits[:limit], is_cut=len(hits) > limit, more=more)


def only_exact_hit(groups: Sequence[Group]) -> SearchHit | None:
    """The one hit whose name is exactly what was typed; None where there are several."""
    exact = {hit.url: hit for group in groups for hit in group.hits if hit.is_exact}
    return next(iter(exact.values())) if len(exact) == 1 else None


def index_contact(contact: Contact) -> None:
    """Keep what the contact, and through it its customer, is found by."""
    text = contact_text(name=contact.name, email=contact.email, phone=contact.phone)
    Contact.objects.for_partner(contact.partner).filter(pk=contact.pk).update(search_text=text)
    index_customer(contact.customer)


def index_customer(customer: Customer) -> None:
    """Keep what the customer is found by: name, number, city, domains and contacts."""
    domains = Domain.objects.for_partner(customer.partner).filter(customer=customer).values_list("name", flat=True)
    contacts = Contact.objects.for_partner(customer.partner).filter(customer=customer)
    people = contacts.values_list("search_text", flat=True)
    text = customer_text(name=customer.name, number=customer.number, city=customer.city, others=[*domains, *people])
    Customer.objects.for_partner(customer.partner).filter(pk=customer.pk).update(search_text=text)


def index_orders_of(customer: Customer) -> None:
    """Keep what the customer's orders are found by, once the customer has another name."""
    orders = Order.objects.for_partner(customer.partner).filter(customer=customer)
    rows = orders.only("number", "names", "customer_reference", "search_text").iterator(chunk_size=_BATCH)
    while batch := list(islice(rows, _BATCH)):
        for order in batch:
            order.search_text = text_of(order, customer)
        orders.bulk_update(batch, ["search_text"])


def text_of(order: Order, customer: Customer) -> str:
    return order_text(
        number=order.number, names=order.names, customer=customer.name, references=(order.customer_reference,)
    )
