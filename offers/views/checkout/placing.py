"""A new order with whoever it is for: customer, organisation and request are made together or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from certificates.models import Customer, Organization
from certificates.rules import Level
from certificates.services.connections import default_connection
from certificates.services.customers import create_customer
from certificates.services.organizations import create_organization
from offers.forms.renewal import NewOrderForm
from offers.services.renewing import Ordered, new_at_price
from portal.models import Partner, User


def order_new(
    partner: Partner, form: NewOrderForm, *, customer: Customer | None, actor: User, now: datetime, told: str
) -> Ordered:
    """Ask for what the valid form says at the price that was told (`renewing.told_price`).

    Raises what `new_at_price` raises, and then nothing was made.
    """
    values = form.cleaned_data

    def buyer() -> Customer:
        return customer or create_customer(partner, values={"name": values["customer_name"]}, actor=actor, now=now)

    return new_at_price(
        partner,
        customer=buyer,
        organization=lambda made: _organization(made, values),
        known=customer,
        product=values["product"],
        names=form.wish_names,
        csr=form.wish_csr_pem,
        term_years=values["term_years"],
        actor=actor,
        now=now,
        purchase_order=values["purchase_order"],
        code=values["code"],
        told=told,
    )


def _organization(customer: Customer, values: Mapping[str, Any]) -> Organization | None:
    """The one chosen, or the one just described; a product without organisation needs none."""
    if values["product"].level == Level.DV:
        return None
    chosen: Organization | None = values.get("organization")
    return chosen or create_organization(
        customer,
        authority=default_connection(customer.partner).kind,
        name=values["organization_name"],
        city=values["organization_city"],
        country=values["organization_country"],
    )
