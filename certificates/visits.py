"""How customers come to their pages: signed in, or by the link of a letter; what they may see is the same question.

A page is written once and has two addresses. `by_link` serves it to whoever opened a renewal link, under a handle;
`at_home` to the customer's signed-in contacts. Both put a `Visit` on the request, and the page asks nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from certificates.models import Contact, Customer, Order, Request
from certificates.querysets import OrderQuerySet, RequestQuerySet
from certificates.services.forwarding import asked_by
from certificates.services.renewal_links import PURPOSE, SHOWN_AFTER, SHOWN_BEFORE, subject_key
from portal import clock, linked, links
from portal.access import requires
from portal.models import Link, Membership, Partner, User

View = Callable[..., HttpResponseBase]
_SAFE = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody at the customer's, and what they may see and order.

    `name` is how they are called where they asked for something; `actor` is None behind a link, which signs nobody in.
    `contact` is the contact whose address it is, where there is one. `is_watched`: somebody of the partner's own staff
    looks on, and presses nothing.
    """

    partner: Partner
    customer: Customer
    name: str
    email: str
    contact: Contact | None = None
    actor: User | None = None
    membership: Membership | None = None
    link: Link | None = None
    is_watched: bool = False

    @property
    def source(self) -> str:
        """Where what they ask for comes from, as `Request.source` keeps it: "home", or "link:17"."""
        return f"link:{self.link.pk}" if self.link else "home"

    @property
    def asked_by(self) -> str:
        """Who asked, for what nobody signed in for; empty where `actor` says so."""
        return "" if self.actor else self.name

    @property
    def invited_by(self) -> str:
        """Who handed the link on to its reader, if somebody at the customer's did."""
        return asked_by(self.link) if self.link else ""

    def orders(self) -> OrderQuerySet:
        """What they may see: at home all of the customer's; by link its one order, or the contact's due ones."""
        mine: OrderQuerySet = Order.objects.for_partner(self.partner).filter(customer=self.customer)
        if self.link is None:
            return mine
        kind, key = subject_key(self.link)
        if kind == "order":
            return mine.filter(pk=key)
        today = clock.today()
        return mine.filter(contact=key, ends_on__range=(today - SHOWN_AFTER, today + SHOWN_BEFORE))

    def due(self, today: date) -> OrderQuerySet:
        """Of these, what may be renewed or will be soon, and is not renewed: what ends first comes first."""
        last = today + timedelta(days=90)
        return self.orders().issued().unrenewed().filter(ends_on__lte=last, ends_on__gte=today - SHOWN_AFTER)

    def requests(self) -> RequestQuerySet:
        """What was asked for, as far as they may see it."""
        mine: RequestQuerySet = Request.objects.for_partner(self.partner).filter(customer=self.customer)
        if self.link is None:
            return mine
        shown = self.orders().values("pk")
        return mine.filter(Q(order__in=shown) | Q(result__in=shown))

    def url(self, name: str, *args: Any) -> str:
        """The address of a page under the door they came by: url("offers:renew", 17)."""
        app, _colon, page = name.partition(":")
        if self.link is None:
            return reverse(f"{app}:home_{page}", args=args)
        return reverse(f"{app}:link_{page}", args=(self.link.handle, *args))


class VisitRequest(HttpRequest):
    """A request of a customer, as `by_link` and `at_home` hand it to views."""

    visit: Visit
    partner: Partner
    membership: Membership | None
    htmx: Any


def by_link(view: View) -> View:
    """Serve the page behind a renewal link; called with (request, …) and no handle. What acts counts as a visit."""

    @linked.linked(PURPOSE)
    @wraps(view)
    def opened(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        visit = _visit_by_link(request)
        if visit is None:
            return linked.refusal(request)
        request.visit = visit
        if request.method not in _SAFE:
            if visit.is_watched:
                raise PermissionDenied
            links.count_opening(request.link, now=clock.now())
        return view(request, *args, **kwargs)

    return opened


def at_home(permission: str) -> Callable[[View], View]:
    """Serve the page to the customer's own contacts who are signed in and hold the permission, such as "home.view"."""

    def decorate(view: View) -> View:
        @requires(permission)
        @wraps(view)
        def entered(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request.visit = _visit_at_home(request, permission)
            return view(request, *args, **kwargs)

        return entered

    return decorate


def _visit_at_home(request: Any, permission: str) -> Visit:
    membership: Membership = request.membership
    customer: Customer | None = membership.customer
    if customer is None:
        raise PermissionDenied(permission)
    customer.partner = request.partner  # known already
    user: User = request.user
    return Visit(
        partner=request.partner,
        customer=customer,
        name=str(user),
        email=user.email,
        contact=_contact(customer, user.email),
        actor=user,
        membership=membership,
    )


def _visit_by_link(request: Any) -> Visit | None:
    """Whose visit it is; None once the order or contact that the link speaks of is gone."""
    link: Link = request.link
    kind, key = subject_key(link)
    rows = Order.objects if kind == "order" else Contact.objects
    found = rows.for_partner(link.partner).select_related("customer").filter(pk=key).first()
    if found is None:
        return None
    contact = _contact(found.customer, link.audience)
    return Visit(
        partner=link.partner,
        customer=found.customer,
        name=contact.name if contact and contact.name else link.audience,
        email=link.audience,
        contact=contact,
        link=link,
        is_watched=any(one.is_staff and one.partner_id == link.partner_id for one in request.memberships),
    )


def _contact(customer: Customer, email: str) -> Contact | None:
    return Contact.objects.for_partner(customer.partner).filter(customer=customer, email__iexact=email).first()
