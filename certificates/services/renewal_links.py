"""Links to the renewal of one order, or of all that a contact has due: for one reader, revocable, good for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from certificates.models import Contact, Order
from portal import links
from portal.links import NewLink
from portal.models import Link

PURPOSE = "renew"
# Of a contact's orders a link shows those whose ends lie within these days of today, renewed or not.
SHOWN_BEFORE, SHOWN_AFTER = timedelta(days=90), timedelta(days=30)
# A link opens its page for so long after the end of its order; one to all due orders for so long after it was made.
READABLE, READABLE_FOR_ALL = timedelta(days=60), timedelta(days=120)
# Links whose source begins so lead to a request of the order, to its reissue, or to what its reader wants to hear of.
OF_REQUEST, OF_REISSUE, OF_PREFERENCES = "request:", "reissue:", "preferences:"


def to_order(order: Order, *, email: str, language: str, now: datetime, source: str = "") -> NewLink:
    """A link to the renewal of this order alone, for whoever reads that mail; many are stored at once."""
    return NewLink(
        purpose=PURPOSE,
        subject=f"order:{order.pk}",
        audience=email.lower(),
        language=language,
        expires_at=max(order.ends_at or now, now) + READABLE,
        source=source,
    )


def to_contact(contact: Contact, *, now: datetime, source: str = "") -> NewLink:
    """A link to whatever this contact has due on the day it is opened."""
    return NewLink(
        purpose=PURPOSE,
        subject=f"contact:{contact.pk}",
        audience=contact.email.lower(),
        language=contact.language,
        expires_at=now + READABLE_FOR_ALL,
        source=source,
    )


def make_order_link(order: Order, *, email: str, language: str, now: datetime, source: str = "") -> str:
    """The address of a new link to the renewal of this order alone, for whoever reads that mail."""
    wanted = to_order(order, email=email, language=language, now=now, source=source)
    return links.make_links([wanted], partner=order.partner, now=now)[0]


def request_of(link: Link) -> int | None:
    """The key of the request that the link was made to follow, if it was."""
    key = link.source.removeprefix(OF_REQUEST)
    return int(key) if key != link.source and key.isdigit() else None


def make_contact_link(contact: Contact, *, now: datetime, source: str = "") -> str:
    """The address of a new link to whatever this contact has due on the day it is opened."""
    return links.make_links([to_contact(contact, now=now, source=source)], partner=contact.partner, now=now)[0]


def forward_link(link: Link, *, email: str, language: str, now: datetime, order: Order | None = None) -> str:
    """The address of a link of a colleague's own, to the same orders or one of them, for no longer than the first."""
    return links.make_link(
        partner=link.partner,
        purpose=PURPOSE,
        subject=f"order:{order.pk}" if order else link.subject,
        audience=email.lower(),
        language=language,
        expires_at=link.expires_at,
        source=f"forward:{link.pk}",
        now=now,
    )


def take_back(link: Link, *, now: datetime) -> int:
    """Take back a link and all that were forwarded from it, by whomever; how many were open."""
    found, level = [link.pk], [link.pk]
    mine = Link.objects.for_partner(link.partner)
    while level:
        sources = [f"forward:{pk}" for pk in level]
        level = list(mine.filter(source__in=sources).exclude(pk__in=found).values_list("pk", flat=True))
        found += level
    return mine.filter(pk__in=found).unrevoked().update(revoked_at=now)


def close_address(contact: Contact, email: str, *, now: datetime) -> int:
    """End what was sent to an address that is the contact's no longer: it may have been somebody else's all along.

    The orders are those of the contact's customer; what was handed on from such a link ends with it. How many links
    there were.
    """
    orders = Order.objects.for_partner(contact.partner).filter(customer=contact.customer_id)
    subjects = [f"contact:{contact.pk}", *(f"order:{pk}" for pk in orders.values_list("pk", flat=True))]
    sent = Link.objects.for_partner(contact.partner).filter(purpose=PURPOSE, subject__in=subjects)
    mine = sent.filter(audience=email.lower()).unrevoked()
    return sum(take_back(link, now=now) for link in mine)


def subject_key(link: Link) -> tuple[str, int]:
    """What a link speaks of: ("order", 17) or ("contact", 5)."""
    kind, _colon, key = link.subject.partition(":")
    return kind, int(key)
