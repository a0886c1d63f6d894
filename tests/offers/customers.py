"""Customers in front of their own pages: with the link of a letter, and signed in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from certificates.models import Customer, Order
from certificates.services.renewal_links import make_order_link
from portal import clock
from portal.access import on_behalf_of
from portal.models import Link, Membership
from portal.roles import Role
from tests import factories

READER = "awa.diallo@granit-phare.example"


def path_of(address: str) -> str:
    """The path of a link, without the host it was made for."""
    return "/l/" + address.partition("/l/")[2]


def order_link(order: Order, *, email: str = READER, language: str = "en") -> str:
    """The path of a new link to the renewal of the order."""
    with on_behalf_of(order.partner):
        return path_of(make_order_link(order, email=email, language=language, now=clock.now()))


@dataclass(frozen=True)
class Reader:
    """A browser that has opened a link to one order, and the clean address it was led to."""

    client: Client
    link: Link
    url: str

    def get(self, **query: str) -> HttpResponse:
        return self.client.get(self.url, query)  # type: ignore[return-value]

    def typed(self, **changes: Any) -> dict[str, Any]:
        return typed(self.client, self.url, **changes)

    def send(self, **changes: Any) -> HttpResponse:
        return self.client.post(self.url, self.typed(**changes))  # type: ignore[return-value]


def reader_of(order: Order, *, email: str = READER, language: str = "en", client: Client | None = None) -> Reader:
    """Somebody who opens a new link to the order."""
    client = client or Client()
    url = client.get(order_link(order, email=email, language=language))["Location"]
    with on_behalf_of(order.partner):
        link = Link.objects.filter(subject=f"order:{order.pk}").latest("pk")
    return Reader(client, link, url)


def typed(client: Client, url: str, **changes: Any) -> dict[str, Any]:
    """The form as the page offers it, with some fields changed."""
    chosen: dict[str, str] = {key: str(changes[key]) for key in ("product", "term_years", "code") if key in changes}
    shown = client.get(url, chosen).content.decode()
    names = re.search(r'<textarea name="names"[^>]*>\s*([^<]*)</textarea>', shown)
    return {
        "product": _checked(shown, "product"),
        "term_years": _checked(shown, "term_years") or "1",
        "names": names[1].strip() if names else "",
        "key": _checked(shown, "key"),
        "csr": "",
        "purchase_order": "",
        "told": _value(shown, "told"),
    } | changes


def _checked(shown: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)" checked', shown)
    return found[1] if found else ""


def _value(shown: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', shown)
    return found[1] if found else ""


def make_person(customer: Customer, email: str = READER) -> Membership:
    """A contact of the customer who can sign in."""
    return factories.make_member(customer.partner, Role.CUSTOMER, customer=customer, user=factories.make_user(email))


def at_home(member: Membership) -> Client:
    """The browser of somebody who has signed in."""
    client = Client()
    client.force_login(member.user)
    return client


def home_url(order: Order) -> str:
    return reverse("offers:home_renew", args=[order.pk])
