"""The account manager hears that a customer's contact wants no more notices: the next end may go unnoticed there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import ngettext

from campaigns.services import team_news
from certificates import wording
from certificates.models import Contact, Order
from portal import links
from portal.mail import letters, outbox
from portal.models import Membership, OutgoingMail, Partner, User
from portal.models.mail import MailPurpose
from portal.roles import Role

# Of many orders the letter names so many.
SHOWN = 12


def tell_partner(mail: OutgoingMail, contact: Contact, orders: Sequence[Order], *, now: datetime) -> None:
    """Queue one letter to the customer's owner, or to the administrators where nobody owns the customer.

    The partner's team channels are told too; who stops, resumes and stops again is told of twice.
    """
    key = f"letters-stopped:{mail.pk}:{now.isoformat()}"
    with translation.override(contact.partner.language):
        team_news.letters_stopped(contact, _headline(contact, len(orders)), key=key, now=now)
    for person in _who_cares(contact):
        words = _words(person, contact, orders)
        outbox.enqueue(
            key=f"{key}:{person.pk}",
            partner=contact.partner,
            purpose=MailPurpose.SERVICE,
            to_email=person.email,
            to_name=person.get_full_name(),
            words=words,
            now=now,
        )


def _who_cares(contact: Contact) -> list[User]:
    owner: Membership | None = contact.customer.owner
    if owner and owner.is_active and owner.user.is_active:
        return [owner.user]
    heads = Membership.objects.active().filter(partner=contact.partner, role=Role.ADMINISTRATOR.value)
    return [one.user for one in heads.select_related("user").order_by("pk")]


def _words(person: User, contact: Contact, orders: Sequence[Order]) -> letters.Words:
    partner: Partner = contact.partner
    with translation.override(person.language):
        facts = {
            "person": person,
            "headline": _headline(contact, len(orders)),
            "contact": contact,
            "hosts": [f"{wording.host(order)} · {order.number}" for order in orders[:SHOWN]],
            "further": max(len(orders) - SHOWN, 0),
            "url": links.address(partner, reverse("certificates:customer", args=[contact.customer_id])),
        }
    return letters.render("emails/letters_stopped", facts, language=person.language, partner=partner)


def _headline(contact: Contact, count: int) -> str:
    words = ngettext(
        "%(person)s wants no more notices about %(count)s order",
        "%(person)s wants no more notices about %(count)s orders",
        count,
    )
    return words % {"person": str(contact), "count": count}
