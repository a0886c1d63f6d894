"""What needs somebody today: for each kind of work its first rows, how many there are, and where they all stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.urls import reverse
from django.utils.translation import gettext as _

from certificates import wording
from certificates.models import Contact, Domain, Order, Organization, Request
from certificates.querysets import CountOf
from certificates.states import RequestState
from certificates.wording import Pill
from portal.lists import Total
from portal.models import Membership, Partner
from portal.types import StrOrPromise

SHOWN = 5
COUNTED = 99
# Days ahead within which a reissue or a lapsing validation is today's work.
AHEAD = 30


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to do, whose it is, and how urgent."""

    title: str
    detail: str
    url: str
    pill: Pill | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One kind of work; it is counted up to one beyond COUNTED, and `url` shows all of it."""

    key: str
    title: StrOrPromise
    icon: str
    rows: Sequence[Row]
    count: int
    url: str = ""

    @property
    def total(self) -> Total:
        return Total(self.count, COUNTED)


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work before it is looked up: the rows in their order, and how one of them reads.

    `mine` tells the rows that are shown first, where there are too many to sort by it.
    """

    key: str
    title: StrOrPromise
    icon: str
    rows: QuerySet[Any]
    read: Callable[[Any], Row]
    url: str = ""
    mine: Q | None = None

    def first_rows(self) -> list[Any]:
        """The rows to show, mine before those of others; each part is read along the index of its order."""
        if self.mine is None:
            return list(self.rows[:SHOWN])
        mine = list(self.rows.filter(self.mine)[:SHOWN])
        missing = SHOWN - len(mine)
        return mine + list(self.rows.exclude(self.mine)[:missing]) if missing else mine


def agenda(membership: Membership, *, today: date) -> list[Card]:
    """The cards with something on them; one query counts all of them, one or two more read each."""
    works = list(_works(membership, today))
    counts = _counts(membership.partner, works)
    return [_card(work, counts[work.key]) for work in works if counts[work.key]]


def _counts(partner: Partner, works: Sequence[Work]) -> dict[str, int]:
    counted = {work.key: CountOf(work.rows.order_by().values("pk")[: COUNTED + 1]) for work in works}
    found: dict[str, int] = Partner.objects.filter(pk=partner.pk).annotate(**counted).values(*counted).get()
    return found


def _card(work: Work, count: int) -> Card:
    rows = [work.read(row) for row in work.first_rows()]
    return Card(work.key, work.title, work.icon, rows, count, work.url)


def _works(membership: Membership, today: date) -> Iterator[Work]:
    yield from _order_works(membership, today)
    yield from _request_works(membership, today)
    yield from _validation_works(membership.partner, today)
    yield from _contact_works(membership, today)


def _order_works(membership: Membership, today: date) -> Iterator[Work]:
    expiring = reverse("certificates:expiring")
    orders = Order.objects.for_partner(membership.partner).select_related("customer__owner__user")
    ending = orders.issued().unrenewed().expiring(today=today, within=(-7, 7))
    reissues, stopped = orders.reissue_due(today=today, within=AHEAD), orders.auto_renew_stalled()
    yield Work(
        "ending",
        _("Ended or ending within 7 days"),
        "hourglass-split",
        ending.order_by("ends_on", "pk"),
        lambda order: _order_row(order, membership, wording.order_end(order, today=today)),
        expiring,
        mine=Q(customer__owner=membership),
    )
    yield Work(
        "reissues",
        _("Reissues due, free"),
        "arrow-repeat",
        reissues.order_by("certificate_ends_on", "pk"),
        lambda order: _order_row(order, membership, wording.certificate_end(order, today=today)),
        f"{expiring}?show=certificates&tab=30",
        mine=Q(customer__owner=membership),
    )
    yield Work(
        "stopped",
        _("Automatic renewal has stopped"),
        "pause-circle",
        stopped.mine_first(membership, "ends_on"),
        lambda order: _order_row(order, membership, wording.order_end(order, today=today)),
    )


def _order_row(order: Order, membership: Membership, pill: Pill | None) -> Row:
    """Whose customer it is stands with those of colleagues."""
    owner = order.customer.owner
    colleague = [str(owner)] if owner and owner != membership else []
    detail = " · ".join([order.customer.name, order.number, *colleague])
    return Row(wording.host(order), detail, reverse("certificates:order", args=[order.pk]), pill)


def _request_works(membership: Membership, today: date) -> Iterator[Work]:
    requests = Request.objects.for_partner(membership.partner).select_related("customer")
    url = reverse("certificates:requests")
    late = Q(pk__in=requests.late(today).values("pk"))
    failed = requests.filter(Q(state=RequestState.FAILED) | late).order_by("requested_at", "pk")
    yield Work("failed", _("Requests failed or late"), "exclamation-octagon", failed, _request_row, url)
    if "requests.approve" in membership.permissions:
        waiting = requests.filter(state=RequestState.WAITING_APPROVAL).order_by("requested_at", "pk")
        yield Work("approvals", _("Requests waiting for your approval"), "person-check", waiting, _request_row, url)


def _request_row(request: Request) -> Row:
    url = reverse("certificates:request", args=[request.pk])
    return Row(str(request), request.customer.name, url, wording.request_state(request))


def _validation_works(partner: Partner, today: date) -> Iterator[Work]:
    due = Order.objects.for_partner(partner).due(today=today)
    organizations = Organization.objects.for_partner(partner).select_related("customer")
    domains = Domain.objects.for_partner(partner).select_related("customer")
    query = "?ends=30&held=yes"
    yield Work(
        "organizations",
        _("Organisations whose validation lapses before a renewal"),
        "building-check",
        organizations.lapsing(today=today, within=AHEAD).holding_up(due).order_by("ov_validated_until", "pk"),
        lambda one: _validation_row(one.name, one.customer, one.next_end, today),
        f"{reverse('certificates:organizations')}{query}",
    )
    yield Work(
        "domains",
        _("Domains whose validation lapses before a renewal"),
        "globe2",
        domains.lapsing(today=today, within=AHEAD).holding_up(due).order_by("validated_until", "pk"),
        lambda one: _validation_row(one.name, one.customer, one.validated_until, today),
        f"{reverse('certificates:domains')}{query}",
    )


def _validation_row(name: str, customer: Any, until: date | None, today: date) -> Row:
    url = reverse("certificates:customer", args=[customer.pk])
    return Row(wording.readable(name), customer.name, url, wording.validation(until, today=today))


def _contact_works(membership: Membership, today: date) -> Iterator[Work]:
    contacts = Contact.objects.for_partner(membership.partner).select_related("customer")
    due = Order.objects.for_partner(membership.partner).due(today=today).filter(customer=OuterRef("customer"))
    bounced = contacts.unreachable().filter(Exists(due))
    mine_first = Case(When(customer__owner=membership, then=0), default=1)
    yield Work(
        "bounced",
        _("Contacts whose letters come back, with an order due"),
        "envelope-x",
        bounced.order_by(mine_first, "pk"),
        _contact_row,
    )


def _contact_row(contact: Contact) -> Row:
    url = f"{reverse('certificates:customer', args=[contact.customer_id])}#contact-{contact.pk}"
    return Row(str(contact), f"{contact.customer.name} · {contact.email}", url, wording.reachability(contact))
