"""A customer with orders that can be quoted, and quotes at each stage of their life."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django_scopes import scopes_disabled

from certificates.models import Contact, Customer, Order
from certificates.states import ContactRole
from offers.models import Quote
from offers.services import quotes
from portal.models import Membership, Partner
from tests import factories
from tests.certificates.services.work import TEN
from tests.factories import TODAY
from tests.offers.factories import make_prices, make_settings, make_tax_rate


def make_shop(partner: Partner) -> Partner:
    """A partner with prices for everything, 20 % tax in France, and a connection."""
    with scopes_disabled():
        if not partner.currency:
            partner.currency = "EUR"
    make_settings(partner, terms_en="Payable within 30 days.", terms_fr="Paiement à 30 jours.")
    make_tax_rate(partner)
    make_prices(partner)
    return partner


def make_buyer(partner: Partner, name: str = "Granit Phare SA", **fields: Any) -> Customer:
    """A French customer with an organisation and a buyer to write to."""
    customer = factories.make_customer(partner, name, country="FR", **fields)
    factories.make_organization(customer)
    make_reader(customer)
    return customer


def make_reader(customer: Customer, **fields: Any) -> Contact:
    return factories.make_contact(customer, "Elise Roy", role=ContactRole.BUYER, **fields)


def make_due_order(customer: Customer, *, ends_in: int = 20, **fields: Any) -> Order:
    """An order whose renewal is open."""
    ends_on: date = TODAY + timedelta(days=ends_in)
    with scopes_disabled():
        organization = customer.organizations.first()
    return factories.make_order(
        customer.partner, customer=customer, ends_on=ends_on, organization=organization, **fields
    )


def sent_quote(orders: list[Order], actor: Membership, **options: Any) -> Quote:
    quote = quotes.draft_quote(orders, actor=actor.user, now=TEN)
    return quotes.send_quote(quote, actor=actor.user, now=TEN, **options)
