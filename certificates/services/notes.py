"""Leave a note about a customer or an order: never edited, always with its author and moment."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from certificates.models import Customer, Note, Order
from portal import activities
from portal.models import User


class EmptyNote(ValueError):
    """A note says something."""


def write_note(
    customer: Customer, *, text: str, author: User, now: datetime, order: Order | None = None, spoke: bool = False
) -> Note:
    """Keep the note; `spoke` says that the author reached the customer, which counts as the last contact.

    Raises EmptyNote.
    """
    text = text.strip()
    if not text:
        raise EmptyNote
    with transaction.atomic():
        note = Note.objects.create(
            partner=customer.partner, customer=customer, order=order, author=author, text=text, at=now
        )
        if spoke:
            Customer.objects.for_partner(customer.partner).filter(pk=customer.pk).update(last_contacted_at=now)
        subject = order or customer
        verb = f"{subject._meta.model_name}.noted"
        activities.record(verb, subject, partner=customer.partner, actor=author, at=now, spoke=spoke)
    return note
