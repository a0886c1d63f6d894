"""Look after customers and their contacts: who they are, whose they are, and how they are reached."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction

from certificates.models import Contact, Customer
from certificates.services import renewal_links, search
from certificates.states import EmailState
from portal import activities
from portal.models import Activity, Membership, Partner, User
from portal.roles import Role

# A person who comes back to the same customer within this time is on the same call.
SAME_LOOK_UP = timedelta(hours=1)
VIEWED = "customer.viewed"

Row = TypeVar("Row", Customer, Contact)


class AddressTaken(Exception):
    """Another contact of the customer has this e-mail address."""


def create_customer(partner: Partner, *, values: Mapping[str, Any], actor: User, now: datetime) -> Customer:
    """A customer made by hand; `values` are fields of the model."""
    with transaction.atomic():
        customer = Customer.objects.create(partner=partner, key=f"manual:{secrets.token_hex(8)}", **values)
        search.index_customer(customer)
        activities.record("customer.created", customer, partner=partner, actor=actor, at=now)
    return customer


def change_customer(customer: Customer, *, values: Mapping[str, Any], actor: User, now: datetime) -> bool:
    """Write what differs; whether anything did."""
    with transaction.atomic():
        changed = _write(customer, values)
        if changed:
            search.index_customer(customer)
            activities.record(
                "customer.changed", customer, partner=customer.partner, actor=actor, at=now, **_words(changed)
            )
        if "name" in changed:
            search.index_orders_of(customer)
    return bool(changed)


def add_contact(customer: Customer, *, values: Mapping[str, Any], actor: User | None, now: datetime) -> Contact:
    """A further person at the customer; raises AddressTaken."""
    try:
        with transaction.atomic():
            contact = Contact.objects.create(partner=customer.partner, customer=customer, **values)
            search.index_contact(contact)
            activities.record("contact.added", contact, partner=customer.partner, actor=actor, at=now)
    except IntegrityError as clash:
        raise AddressTaken from clash
    return contact


def correct_contact(contact: Contact, *, values: Mapping[str, Any], actor: User, now: datetime) -> bool:
    """Write what differs; whether anything did. Raises AddressTaken.

    A new address is trusted until it bounces, and what was sent to the old one opens no renewal any more.
    """
    try:
        with transaction.atomic():
            return _correct(contact, values, actor, now)
    except IntegrityError as clash:
        raise AddressTaken from clash


def _correct(contact: Contact, values: Mapping[str, Any], actor: User, now: datetime) -> bool:
    before = contact.email
    if values.get("email", before).lower() != before.lower():
        values = {**values, "email_state": EmailState.OK, "email_state_reason": "", "email_state_at": now}
        renewal_links.close_address(contact, before, now=now)
    changed = _write(contact, values)
    if changed:
        search.index_contact(contact)
        activities.record("contact.corrected", contact, partner=contact.partner, actor=actor, at=now, **_words(changed))
    return bool(changed)


def note_look_up(customer: Customer, membership: Membership, *, now: datetime) -> bool:
    """Write down that support looked at the customer, once per person and hour; whether it was written."""
    if membership.role != Role.SUPPORT:
        return False
    recent = Activity.objects.for_partner(customer.partner).about(customer).filter(at__gt=now - SAME_LOOK_UP)
    if recent.filter(verb=VIEWED, actor=membership.user).exists():
        return False
    activities.record(VIEWED, customer, partner=customer.partner, actor=membership.user, at=now)
    return True


def _write(row: Row, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Store the values that differ; each as it was and as it is."""
    changed = {name: (getattr(row, name), value) for name, value in values.items() if getattr(row, name) != value}
    for name, (_before, after) in changed.items():
        setattr(row, name, after)
    row.save(update_fields=list(changed))
    return changed


def _words(changed: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    plain = {name: (_plain(before), _plain(after)) for name, (before, after) in changed.items()}
    return {
        "before": {name: before for name, (before, _after) in plain.items()},
        "after": {name: after for name, (_before, after) in plain.items()},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | models.Model):
        return str(value)
    return value
