"""What a journey asks the database beside what it sees, whatever partner's scope is open."""

from __future__ import annotations

from django.urls import reverse
from django_scopes import scopes_disabled

from certificates.models import Order, Request
from certificates.services.renewal_links import make_order_link
from offers.models import Quote
from offers.services.quotes import make_quote_link
from portal import clock
from portal.access import on_behalf_of


def order_of(number: str) -> Order:
    with scopes_disabled():
        found: Order = Order.objects.select_related("partner", "customer", "product").get(number=number)
    return found


def requests_for(order: Order) -> list[Request]:
    with scopes_disabled():
        return list(Request.objects.filter(order_id=order.pk).select_related("result"))


def address(name: str, order: Order) -> str:
    return reverse(name, args=[order.pk])


def way_in(quote: Quote) -> str:
    """The path of a new link to the quote."""
    with on_behalf_of(quote.partner):
        return "/l/" + make_quote_link(quote, now=clock.now()).partition("/l/")[2]


def way_to_renew(order: Order, *, email: str = "it@granit-phare.example", language: str = "en") -> str:
    """The path of a new link to the order's renewal."""
    with on_behalf_of(order.partner):
        return "/l/" + make_order_link(order, email=email, language=language, now=clock.now()).partition("/l/")[2]
