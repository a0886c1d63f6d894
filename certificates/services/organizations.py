"""Organisations made by hand, before the authority has validated them."""

from __future__ import annotations

import secrets

from certificates.models import Customer, Organization


def create_organization(customer: Customer, *, authority: str, name: str, city: str, country: str) -> Organization:
    """A legal entity the authority has not seen yet: its number is ours, and nothing is validated."""
    return Organization.objects.create(
        partner=customer.partner,
        customer=customer,
        authority=authority,
        number=f"new-{secrets.token_hex(6)}",
        name=name,
        city=city,
        country=country,
    )
