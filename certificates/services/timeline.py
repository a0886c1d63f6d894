"""One timeline of everything: what was issued, asked for, done, noted and, from the apps above, sent and said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from certificates.models import Certificate, Contact, Customer, Note, Order, Request
from certificates.x509.names import display_name
from portal import contributions
from portal.contributions import TimelineEvent
from portal.dates import date_format
from portal.deeds import tell
from portal.models import Activity, PartnerOwned

# What a note says itself, what certificates say themselves, and what only the audit needs.
_SAID_ELSEWHERE = ("order.noted", "customer.noted", "request.issued", "customer.viewed")
LIMIT = 50


def order_timeline(order: Order, *, limit: int = LIMIT) -> list[TimelineEvent]:
    """The newest events of an order, newest first, at most `limit`."""
    requests = Request.objects.for_partner(order.partner).filter(Q(order=order) | Q(result=order))
    return _newest(
        limit,
        certificate_events(order.certificates.all()),
        _notes(Note.objects.for_partner(order.partner).filter(order=order), limit),
        _activities(order, _about(order, requests), limit),
        _contributed("order", order),
        [TimelineEvent(order.placed_at, _("Ordered"), order.product_name)],
    )


def customer_timeline(customer: Customer, *, limit: int = LIMIT) -> list[TimelineEvent]:
    """The newest events of a customer, its orders and contacts, newest first, at most `limit`."""
    partner = customer.partner
    theirs = (model.objects.for_partner(partner).filter(customer=customer) for model in (Order, Request, Contact))
    issued = Certificate.objects.for_partner(partner).filter(customer=customer).order_by("-starts_at", "-pk")
    return _newest(
        limit,
        certificate_events(issued[:limit]),
        _notes(Note.objects.for_partner(partner).filter(customer=customer), limit),
        _activities(customer, _about(customer, *theirs), limit),
        _contributed("customer", customer),
    )


def _newest(limit: int, *sources: Iterable[TimelineEvent]) -> list[TimelineEvent]:
    return sorted(chain.from_iterable(sources), key=lambda event: event.at, reverse=True)[:limit]


def _contributed(page: str, subject: Order | Customer) -> Iterator[TimelineEvent]:
    for source in contributions.timelines.on(page):
        yield from source.events(subject)


def certificate_events(certificates: Iterable[Certificate]) -> Iterator[TimelineEvent]:
    titles = {
        Certificate.Kind.ORIGINAL: _("Certificate issued"),
        Certificate.Kind.REISSUE: _("Certificate reissued"),
        Certificate.Kind.DUPLICATE: _("Duplicate issued"),
    }
    for one in certificates:
        facts = {"name": one.common_name, "date": date_format(one.ends_on, "DATE_FORMAT")}
        detail = _("%(name)s, valid until %(date)s") % facts
        yield TimelineEvent(one.starts_at, titles[Certificate.Kind(one.kind)], detail, level="good")
        if one.revoked_at:
            yield TimelineEvent(one.revoked_at, _("Certificate revoked"), one.serial_number, level="bad")


def _notes(notes: QuerySet[Note], limit: int) -> Iterator[TimelineEvent]:
    for note in notes.select_related("author", "order").order_by("-at", "-pk")[:limit]:
        about = _("Note about order %(number)s") % {"number": note.order.number} if note.order else _("Note")
        yield TimelineEvent(note.at, about, note.text, actor=str(note.author), level="note")


def _about(*subjects: PartnerOwned | QuerySet[PartnerOwned]) -> Iterator[QuerySet[Activity]]:
    """Activities by what they are about, one query each: their index is by subject."""
    for subject in subjects:
        pk: Any = subject.order_by().values("pk") if isinstance(subject, QuerySet) else [subject.pk]
        model = subject.model if isinstance(subject, QuerySet) else type(subject)
        yield Activity.objects.filter(subject_type=model._meta.label_lower, subject_id__in=pk)


def _activities(subject: Order | Customer, about: Iterable[QuerySet[Activity]], limit: int) -> Iterator[TimelineEvent]:
    first, *others = (
        deeds.filter(partner=subject.partner).exclude(verb__in=_SAID_ELSEWHERE).select_related("actor").order_by()
        for deeds in about
    )
    found = list(first.union(*others, all=True).order_by("-at", "-id")[:limit])
    hosts = _hosts(subject, found) if isinstance(subject, Customer) else {}
    for deed in found:
        told, who = tell(deed), str(deed.actor or _("The portal"))
        host = hosts.get(deed.subject_id, "") if _is_of_order(deed) else ""
        detail = " · ".join(str(words) for words in (host, told.detail) if words)
        url = _address(deed) or (reverse("certificates:order", args=[deed.subject_id]) if host else "")
        yield TimelineEvent(deed.at, told.words, detail, actor=who, level=told.level, url=url)


def _hosts(customer: Customer, deeds: Iterable[Activity]) -> dict[int, str]:
    """Which of a customer's orders a deed is about, by primary key, as people read it."""
    about = [deed.subject_id for deed in deeds if _is_of_order(deed)]
    orders = Order.objects.for_partner(customer.partner).filter(pk__in=about)
    return {pk: display_name(name) for pk, name in orders.order_by().values_list("pk", "common_name")}


def _is_of_order(deed: Activity) -> bool:
    return bool(deed.subject_type == Order._meta.label_lower)


def _address(deed: Activity) -> str:
    """Where the request stands that an activity speaks of."""
    request = deed.subject_id if deed.subject_type == Request._meta.label_lower else deed.facts.get("request")
    return reverse("certificates:request", args=[request]) if request else ""
