"""The letter that brings a contact the link to a renewal, or to all that they have due, with the essentials in it.

It proposes nothing and shows no price: a service letter, sent because somebody of the house was asked for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from certificates import letters, rules
from certificates.models import Contact, Customer, OptOut, Order
from certificates.querysets import OrderQuerySet
from certificates.rules import NoRule, RenewalPlan, RenewalWindowClosed
from certificates.services import planning, renewal_links
from certificates.services.preferences import opt_outs_of, wanting
from certificates.services.refusals import OrderNotRenewable, RequestRefused
from certificates.states import EmailState, RenewalMark
from portal import activities
from portal.access import PartnerQuerySet
from portal.mail import outbox
from portal.models import Link, OutgoingMail, Partner, User
from portal.models.mail import MailPurpose

# Pressed for many orders at once, so many contacts are written to.
MOST_LETTERS = 200
_RELATED = ("partner", "customer", "contact", "product")
_UNREACHABLE = (EmailState.BOUNCED, EmailState.COMPLAINED)


class NobodyToWriteTo(RequestRefused):
    """There is no contact, none with an address, or letters to it come back."""


class NothingDue(RequestRefused):
    """There is nothing that could be renewed today."""


class TooManyLetters(RequestRefused):
    """`count` contacts would be written to at once."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


@dataclass(frozen=True, slots=True)
class Sent:
    """How many letters were queued, and how many of the orders asked about stand in none."""

    letters: int
    left_out: int


def send_renewal_link(about: Order | Contact, *, actor: User | None, now: datetime) -> OutgoingMail:
    """Queue the letter: about one order, to its contact, or about all that a contact has due.

    Asked again within the minute it is the same letter. Raises NobodyToWriteTo, NothingDue.
    """
    orders = [about] if isinstance(about, Order) else due_orders(about, now=now)
    return _send_to(about, orders, actor=actor, now=now)


def send_renewal_links(orders: OrderQuerySet, *, partner: Partner, actor: User, now: datetime) -> Sent:
    """One letter to each contact of these orders, about all that they have due, as far as notices are on and wanted.

    Raises TooManyLetters.
    """
    by_contact: Counter[int | None] = Counter(orders.order_by().values_list("contact", flat=True))
    left_out = by_contact.pop(None, 0)
    if len(by_contact) > MOST_LETTERS:
        raise TooManyLetters(len(by_contact))
    contacts = Contact.objects.for_partner(partner).filter(
        pk__in=list(filter(None, by_contact)), customer__notices_enabled=True
    )
    written = set()
    for contact in wanting(contacts).select_related("partner", "customer").order_by("pk"):
        with suppress(NobodyToWriteTo, NothingDue):
            _send_to(contact, due_orders(contact, now=now).filter(notices_enabled=True), actor=actor, now=now)
            written.add(contact.pk)
    return Sent(len(written), left_out + sum(count for key, count in by_contact.items() if key not in written))


def copy_renewal_link(order: Order, *, actor: User, now: datetime) -> str:
    """A new link for the order's contact, to be dictated or handed on; that it was made is written down.

    Raises NobodyToWriteTo where nobody is named whose link it would be, and NothingDue.
    """
    if order.contact is None or not order.contact.email:
        raise NobodyToWriteTo
    if not _plans(order.partner, [order], now=now):
        raise NothingDue
    with transaction.atomic():
        facts = {"to": order.contact.email}
        activities.record("order.link_made", order, partner=order.partner, actor=actor, at=now, **facts)
        return _link(order, order.contact, now, source="copied")


def take_back_link(link: Link, *, actor: User, now: datetime) -> int:
    """End a link, and those that were forwarded from it; how many were open."""
    with transaction.atomic():
        ended = renewal_links.take_back(link, now=now)
        about = subject_of(link)
        if ended and about is not None:
            verb = f"{about._meta.model_name}.link_taken_back"
            activities.record(verb, about, partner=link.partner, actor=actor, at=now, to=link.audience, links=ended)
    return ended


def due_orders(contact: Contact, *, now: datetime) -> OrderQuerySet:
    """What the letter to a contact is about: due as its link shows it, not put off, not given up, not unsubscribed."""
    today = rules.utc_date(now)
    mine: OrderQuerySet = Order.objects.for_partner(contact.partner).filter(contact=contact)
    shown = (today - renewal_links.SHOWN_AFTER, today + renewal_links.SHOWN_BEFORE)
    due = mine.issued().unrenewed().not_put_off(today=today).filter(ends_on__range=shown)
    due = due.exclude(pk__in=opt_outs_of(contact).filter(scope=OptOut.Scope.ORDER).values("order"))
    return due.select_related(*_RELATED).order_by("ends_on", "pk")


def reader_of(about: Order | Contact) -> Contact:
    """Whom the letter goes to. Raises NobodyToWriteTo."""
    contact = about.contact if isinstance(about, Order) else about
    if contact is None or not contact.email or contact.email_state in _UNREACHABLE:
        raise NobodyToWriteTo
    return contact


def links_about(order: Order) -> PartnerQuerySet[Link]:
    """Links that lead to the order, alone or among all that its contact has due; the newest first."""
    subjects = [f"order:{order.pk}"]
    if order.contact_id:
        subjects.append(f"contact:{order.contact_id}")
    return _links(order.partner, subjects)


def links_of(customer: Customer) -> PartnerQuerySet[Link]:
    """Links to all that one of the customer's contacts has due; the newest first."""
    contacts = Contact.objects.for_partner(customer.partner).filter(customer=customer).values_list("pk", flat=True)
    return _links(customer.partner, [f"contact:{pk}" for pk in contacts])


def _links(partner: Partner, subjects: Sequence[str]) -> PartnerQuerySet[Link]:
    mine = Link.objects.for_partner(partner).filter(purpose=renewal_links.PURPOSE, subject__in=subjects)
    return mine.order_by("-created_at", "-pk")


def subject_of(link: Link) -> Order | Contact | None:
    """What the link leads to, if that is still there."""
    kind, key = renewal_links.subject_key(link)
    rows = Order.objects if kind == "order" else Contact.objects
    found: Order | Contact | None = rows.for_partner(link.partner).filter(pk=key).first()
    return found


# The letter


def _send_to(about: Order | Contact, orders: Iterable[Order], *, actor: User | None, now: datetime) -> OutgoingMail:
    contact = reader_of(about)
    plans = _plans(about.partner, orders, now=now)
    if not plans:
        raise NothingDue
    with transaction.atomic():
        return _send(about, contact, plans, actor=actor, now=now)


def _send(
    about: Order | Contact,
    contact: Contact,
    plans: Mapping[Order, RenewalPlan],
    *,
    actor: User | None,
    now: datetime,
) -> OutgoingMail:
    key = f"renewal-link:{about._meta.model_name}:{about.pk}:{contact.pk}:{now:%Y%m%d%H%M}"
    if already := OutgoingMail.objects.filter(partner=about.partner, key=key).first():
        return already
    facts = {"to": contact.email, "orders": len(plans)}
    verb = f"{about._meta.model_name}.link_sent"
    activities.record(verb, about, partner=about.partner, actor=actor, at=now, **facts)
    url = _link(about, contact, now, source="sent")
    sender = str(actor) if actor else about.partner.name
    words = letters.renewal_link(contact, plans, url=url, sender=sender, now=now)
    return outbox.enqueue(
        key=key,
        partner=about.partner,
        purpose=MailPurpose.NOTICE,
        to_email=contact.email,
        to_name=contact.name,
        words=words,
        now=now,
    )


def _link(about: Order | Contact, contact: Contact, now: datetime, *, source: str) -> str:
    if isinstance(about, Contact):
        return renewal_links.make_contact_link(contact, now=now, source=source)
    return renewal_links.make_order_link(about, email=contact.email, language=contact.language, now=now, source=source)


def _plans(partner: Partner, orders: Iterable[Order], *, now: datetime) -> dict[Order, RenewalPlan]:
    """What a renewal today gives, of each that can be renewed."""
    book = planning.rulebook(partner)
    plans = {}
    for order in orders:
        if order.renewal_mark != RenewalMark.NONE or not order.is_live:
            continue
        try:
            plans[order] = planning.renewal_plan(
                order, start=now, term_years=order.term_years, rules=book.get(order.authority, ())
            )
        except (RenewalWindowClosed, NoRule, OrderNotRenewable):
            continue
    return plans
