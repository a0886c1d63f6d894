"""Customers before their pages: browsers that have opened a link, or signed in."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from django.test import Client

from certificates.models import Contact, Order
from certificates.services.renewal_links import make_contact_link, make_order_link
from portal import clock
from portal.models import Link
from tests.factories import TODAY, make_contact, make_customer, make_member, make_order

EMAIL = "lena@granit-phare.example"


def make_due(partner: Any, *, days: int = 20, **fields: Any) -> Order:
    """An order that ends in so many days, with Lena as its contact, whose customer an account manager owns."""
    customer = fields.pop("customer", None)
    if customer is None:
        customer = make_customer(partner, owner=make_member(partner))
    contact = fields.pop("contact", None) or make_contact(customer, "Lena Roth", email=EMAIL)
    return make_order(partner, customer=customer, contact=contact, ends_on=TODAY + timedelta(days=days), **fields)


def open_order_link(client: Client, order: Order, *, email: str = EMAIL) -> str:
    """Open a link to the order in this browser; its handle."""
    return opened(client, make_order_link(order, email=email, language="en", now=clock.now()))


def open_contact_link(client: Client, contact: Contact) -> str:
    """Open a link to all that the contact has due; its handle."""
    return opened(client, make_contact_link(contact, now=clock.now()))


def opened(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 302, url
    return newest_link().handle if not (found := re.search(r"/r/([0-9a-f]+)/", response["Location"])) else found[1]


def newest_link() -> Link:
    link: Link = Link.objects.latest("pk")
    return link


def link_in(text: str) -> str:
    """The one address of a link in a letter."""
    (address,) = set(re.findall(r"https?://[^\s\"]+/l/[\w-]+/", text))
    return str(address)


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)
