"""Visits of customers to their renew pages: where a link leads, that its reader was there, and the renewal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse

from certificates.models import Contact, Customer, Order, Request
from certificates.services.renewal_links import OF_PREFERENCES, OF_REISSUE, PURPOSE, request_of, subject_key
from certificates.visits import Visit
from offers.services.confirming import confirm_renewals
from offers.services.renewing import renew_at_price
from portal import activities, links
from portal.models import Link

VERB = "renewal.seen"


def page_of(link: Link) -> str:
    """The clean address that the link leads to: its request, its order, its reader's wishes, or all that is due."""
    if request := request_of(link):
        return reverse("certificates:link_request", args=[link.handle, request])
    if link.source.startswith(OF_PREFERENCES):
        return reverse("certificates:link_preferences", args=[link.handle])
    kind, key = subject_key(link)
    if kind == "order":
        is_reissue = link.source.startswith(OF_REISSUE)
        return reverse("offers:link_reissue" if is_reissue else "offers:link_renew", args=[link.handle, key])
    return reverse("offers:link_due", args=[link.handle])


def mark_seen(link: Link, now: datetime) -> None:
    """A person has read the page: write down the first time, where the partner's people look."""
    about = _subject_of(link)
    if about is not None and Link.objects.filter(pk=link.pk, first_opened_at=now).exists():
        activities.record(VERB, about, partner=link.partner, at=now, by=link.audience)


def _subject_of(link: Link) -> Order | Customer | None:
    """The order of the link, or the customer of its contact."""
    kind, key = subject_key(link)
    if kind == "order":
        order: Order | None = Order.objects.for_partner(link.partner).filter(pk=key).first()
        return order
    contacts = Contact.objects.for_partner(link.partner).select_related("customer")
    contact = contacts.filter(pk=key).first()
    return contact.customer if contact else None


def renew_for_visit(visit: Visit, order: Order, *, now: datetime, **wish: Any) -> Request:
    """Renew what the visit shows, and confirm it by letter; `wish` and what is raised are those of `renew_at_price`."""
    with transaction.atomic():
        ordered = renew_at_price(
            order, actor=visit.actor, source=visit.source, asked_by=visit.asked_by, now=now, **wish
        )
        confirm_renewals(visit, [ordered], now=now)
    return ordered.request


def register() -> None:
    """Let links lead to renewals."""
    links.purposes[PURPOSE] = links.Purpose(url=page_of, seen=mark_seen)
