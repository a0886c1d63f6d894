"""A customer's own people: who is known there, and who of them may sign in. Nobody reaches another customer's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from certificates.models import Contact, Customer
from certificates.services import customers
from certificates.services.calendars import end_calendar
from certificates.services.forwarding import end_handed_on
from portal import activities, signing_in
from portal.models import Link, Membership, User
from portal.roles import Role
from portal.services import people
from portal.services.people import Invitation

# So many people of one customer are listed.
MOST = 500


class Oneself(Exception):
    """Nobody takes away their own way in."""


class NobodyToWrite(Exception):
    """Without an address of their own nobody can sign in."""


class ShutOut(Exception):
    """The person was told not to sign in any more; that is taken back by who may, not by a letter."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody at the customer: a contact who gets letters, a member who may sign in, or both."""

    contact: Contact | None
    member: Membership | None

    @property
    def name(self) -> str:
        return str(self.contact or self.member)

    @property
    def email(self) -> str:
        return self.contact.email if self.contact else self.member.user.email if self.member else ""


def colleagues_of(customer: Customer) -> list[Colleague]:
    """Every contact by name, with the way in where there is one; then those who only sign in."""
    members = {one.user.email.lower(): one for one in members_of(customer)}
    contacts = Contact.objects.for_partner(customer.partner).filter(customer=customer).order_by("name", "pk")
    known = [Colleague(contact, members.pop(contact.email.lower(), None)) for contact in contacts[:MOST]]
    return [*known, *(Colleague(None, member) for member in members.values())]


def members_of(customer: Customer) -> list[Membership]:
    """Who may sign in for the customer, by address."""
    members = Membership.objects.for_partner(customer.partner).active().filter(customer=customer, role=Role.CUSTOMER)
    return list(members.select_related("user").order_by("user__email"))


def add_colleague(
    customer: Customer, *, values: Mapping[str, Any], may_sign_in: bool, actor: User, now: datetime
) -> Contact:
    """A further contact, let in at once where that is wished.

    Raises AddressTaken, and of the sign-in NobodyToWrite, AlreadyMember and BelongsElsewhere.
    """
    with transaction.atomic():
        contact = customers.add_contact(customer, values=values, actor=actor, now=now)
        if may_sign_in:
            let_in(contact, actor=actor, now=now)
    return contact


def let_in(contact: Contact, *, actor: User, now: datetime) -> Membership:
    """Invite the contact to sign in. Raises NobodyToWrite, AlreadyMember and BelongsElsewhere."""
    return people.invite_customer(
        _invitation(contact), partner=contact.partner, customer_id=contact.customer_id, actor=actor, now=now
    )


@transaction.atomic
def send_sign_in_link(contact: Contact, *, actor: User, now: datetime) -> Membership:
    """Write the contact a letter that lets in with one press; whoever could not sign in before can from now on.

    Raises NobodyToWrite, BelongsElsewhere, and ShutOut of somebody who may not come back by this.
    """
    member, is_new = people.customer_member(
        _invitation(contact), partner=contact.partner, customer_id=contact.customer_id
    )
    if not (member.is_active and member.user.is_active):
        raise ShutOut
    activities.record(
        "contact.sign_in_link_sent", contact, partner=contact.partner, actor=actor, at=now, to=contact.email, new=is_new
    )
    signing_in.send_link(member, now=now)
    return member


def _invitation(contact: Contact) -> Invitation:
    if not contact.email:
        raise NobodyToWrite
    first, _space, last = contact.name.partition(" ")
    return Invitation(
        email=contact.email,
        role=Role.CUSTOMER,
        first_name=first[:150],
        last_name=last[:150],
        language=contact.language,
        time_zone=contact.time_zone,
    )


@transaction.atomic
def shut_out(member: Membership, *, by: Membership, now: datetime) -> None:
    """Let the person sign in no longer: sessions, calendar address, opened quotes and links handed on end with it.

    Raises Oneself.
    """
    if member.pk == by.pk:
        raise Oneself
    people.deactivate(member, actor=by.user, now=now)
    end_calendar(member, now=now)
    end_handed_on(member, now=now)
    opened = Link.objects.for_partner(member.partner).filter(source=link_source(member)).unrevoked()
    opened.update(revoked_at=now)


def link_source(member: Membership) -> str:
    """Marks the links that were made for this person's own browser."""
    return f"home:{member.pk}"
