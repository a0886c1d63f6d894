"""Ask for a renewal, a reissue or a new order: stored once, with what the person was told, before anyone is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from certificates.models import AuthorityConnection, Certificate, Customer, Order, Organization, Product, Request
from certificates.querysets import RequestQuerySet
from certificates.rules import Level, RenewalPlan, RenewalWindowClosed, last_day
from certificates.services import planning, replies
from certificates.services.connections import default_connection, reissue_connection, renewal_connection
from certificates.services.refusals import (
    AlreadyInHand,
    AlreadyMoved,
    AlreadyOrdered,
    AlreadyReissuing,
    AlreadyRenewed,
    NamesNotHeld,
    NotConnected,
    Obstacle,
    OneNameOnly,
    OrderNotRenewable,
    OrganizationMissing,
    ProductNotOffered,
    RequestRefused,
    TermNotOffered,
    WildcardRefused,
)
from certificates.services.wishes import Wish, check_offered, read_wish
from certificates.states import LIVE_ORDER_STATES, RENEWING_STATES, RenewalMark, RequestKind, RequestState
from certificates.x509 import BadRequest
from portal import activities
from portal.models import Membership, Partner, User
from portal.roles import Role
from portal.wakeups import nudge

__all__ = [
    "Agreed",
    "AlreadyInHand",
    "AlreadyMoved",
    "AlreadyOrdered",
    "AlreadyReissuing",
    "AlreadyRenewed",
    "BadRequest",
    "NamesNotHeld",
    "NotConnected",
    "Obstacle",
    "OneNameOnly",
    "OrderNotRenewable",
    "OrganizationMissing",
    "ProductNotOffered",
    "RenewalWindowClosed",
    "RequestRefused",
    "TermNotOffered",
    "WildcardRefused",
    "check_reissuable",
    "check_renewable",
    "moves_of",
    "reissues_of",
    "renewals_of",
    "request_new",
    "request_reissue",
    "request_renewal",
]

# The same new order asked for again within this time is a form that was sent twice.
SAME_PRESS = timedelta(minutes=10)
# Marks that bar a renewal without a request of ours behind them.
_OBSTACLES = {RenewalMark.ELSEWHERE: Obstacle.MARKED_ELSEWHERE, RenewalMark.RENEWED: Obstacle.RENEWED}


@dataclass(frozen=True, slots=True)
class Agreed:
    """The price that was agreed, tax excluded; the new order takes it over."""

    price: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Who asked, when, from where, under which order number of the customer's own, and at which price."""

    actor: User | None
    now: datetime
    source: str = "staff"
    asked_by: str = ""
    purchase_order: str = ""
    agreed: Agreed | None = None


def request_renewal(
    order: Order,
    *,
    product: Product,
    term_years: int,
    names: Sequence[str],
    csr: str | None,
    actor: User | None,
    source: str = "staff",
    asked_by: str = "",
    now: datetime,
    purchase_order: str = "",
    agreed: Agreed | None = None,
) -> Request:
    """Store the renewal of an order, once; a worker places it at the authority.

    `asked_by` names whoever asked without being signed in, behind the link of a letter. Without a `csr` (None) it waits
    until somebody gives it one (`give_key`). Raises RenewalWindowClosed, AlreadyRenewed, OrderNotRenewable,
    OrganizationMissing, ProductNotOffered, TermNotOffered, WildcardRefused, OneNameOnly and BadRequest.
    """
    check_offered(product, term_years=term_years)
    wish = read_wish(product, names=names, csr=csr, term_years=term_years)
    press = Press(actor=actor, now=now, source=source, asked_by=asked_by, purchase_order=purchase_order, agreed=agreed)
    return _once(lambda: _store_renewal(order, wish, press), AlreadyRenewed, lambda: renewals_of(order))


def request_reissue(
    order: Order,
    *,
    names: Sequence[str],
    csr: str,
    actor: User | None,
    now: datetime,
    source: str = "staff",
    asked_by: str = "",
) -> Request:
    """Store the free reissue of an order's certificate; one at a time is open.

    Raises AlreadyReissuing, OrderNotRenewable, ProductNotOffered, WildcardRefused, OneNameOnly and BadRequest.
    """
    if order.product is None:
        raise ProductNotOffered
    wish = read_wish(order.product, names=names, csr=csr, term_years=order.term_years)
    press = Press(actor=actor, now=now, source=source, asked_by=asked_by)
    return _once(lambda: _store_reissue(order, wish, press), AlreadyReissuing, lambda: reissues_of(order))


def request_new(
    customer: Customer,
    *,
    product: Product,
    organization: Organization | None,
    names: Sequence[str],
    csr: str | None,
    term_years: int,
    actor: User | None,
    now: datetime,
    purchase_order: str = "",
    source: str = "staff",
    agreed: Agreed | None = None,
    moves: Certificate | None = None,
) -> Request:
    """Store a new order for a customer; without a `csr` (None) it waits until somebody gives it one.

    With `moves` it takes the place of that certificate of another authority, once. Raises AlreadyMoved,
    AlreadyOrdered, NotConnected, OrganizationMissing, ProductNotOffered, TermNotOffered, WildcardRefused, OneNameOnly
    and BadRequest.
    """
    check_offered(product, term_years=term_years)
    wish = read_wish(product, names=names, csr=csr, term_years=term_years)
    press = Press(actor=actor, now=now, source=source, purchase_order=purchase_order, agreed=agreed)
    if moves is None:
        with transaction.atomic():
            _refuse_twice(AlreadyOrdered, _same_orders(customer.partner, wish, press))
            return _store_new(customer, organization, wish, press)
    return _once(
        lambda: _store_new(customer, organization, wish, press, moves=_lock_unmoved(moves)),
        AlreadyMoved,
        lambda: moves_of(moves),
    )


def check_reissuable(order: Order) -> AuthorityConnection:
    """Where the order would be reissued; raises OrderNotRenewable."""
    _refuse_unless_issued(order)
    return reissue_connection(order)


def renewals_of(order: Order) -> RequestQuerySet:
    """The order's renewals that are intended, placed or issued: at most one."""
    return Request.objects.for_partner(order.partner).renewing().filter(order_id=order.pk)


def reissues_of(order: Order) -> RequestQuerySet:
    """The order's open reissues: at most one."""
    return Request.objects.for_partner(order.partner).open().filter(order_id=order.pk, kind=RequestKind.REISSUE)


def moves_of(certificate: Certificate) -> RequestQuerySet:
    """New orders, open or issued, that take the place of another authority's certificate: at most one."""
    mine: RequestQuerySet = Request.objects.for_partner(certificate.partner).filter(moves=certificate)
    return mine.filter(state__in=RENEWING_STATES)


def renewal_promise(order: Order, wish: Wish, connection: AuthorityConnection, *, now: datetime) -> dict[str, Any]:
    """What a renewal at this moment gives; raises RenewalWindowClosed."""
    plan = planning.renewal_plan(
        order,
        start=now,
        term_years=wish.term_years,
        product=wish.product,
        rules=planning.rules_for(order.partner, connection.kind),
    )
    return promise_of(plan)


def promise_of(plan: RenewalPlan) -> dict[str, Any]:
    """What the person was told, as it is kept with the request: dates are last days, numbers are whole days."""
    return {
        "order_ends_on": last_day(plan.order_end).isoformat(),
        "order_days": plan.order_days,
        "term_days": plan.term_days,
        "carried_days": plan.carried_days,
        "lost_days": plan.lost_days,
        "certificate_ends_on": last_day(plan.certificate_end).isoformat(),
        "certificate_days": plan.certificate_days,
        "collected_later_days": plan.collected_later_days,
    }


def first_state(partner: Partner, actor: User | None) -> RequestState:
    """Where a request with a key begins: with an administrator, if the partner wants that, unless one is asking."""
    if not partner.approval_required or _is_administrator(partner, actor):
        return RequestState.QUEUED
    return RequestState.WAITING_APPROVAL


def wake_worker(request: Request) -> None:
    """Let a worker take the request up as soon as it is committed; the sweep would find it anyway."""
    from certificates.tasks import place_request_task  # tasks call services

    nudge(place_request_task, request.pk)


def _store_renewal(order: Order, wish: Wish, press: Press) -> Request:
    order = _lock(order)
    _refuse_twice(AlreadyRenewed, renewals_of(order))
    check_renewable(order)
    connection = renewal_connection(order)
    request = _store(
        wish,
        press,
        connection,
        kind=RequestKind.RENEWAL,
        customer_id=order.customer_id,
        order=order,
        organization=_organization(wish.product, planning.organization_of(order)),
        promise=renewal_promise(order, wish, connection, now=press.now),
    )
    Order.objects.for_partner(order.partner).filter(pk=order.pk).update(renewal_mark=RenewalMark.IN_HAND)
    replies.withdraw_for_renewal(order, now=press.now)
    _note("order.renewal_requested", order, request, press, **request.promise)
    return request


def _store_reissue(order: Order, wish: Wish, press: Press) -> Request:
    order = _lock(order)
    _refuse_twice(AlreadyReissuing, reissues_of(order))
    request = _store(
        wish,
        press,
        check_reissuable(order),
        kind=RequestKind.REISSUE,
        customer_id=order.customer_id,
        order=order,
        organization=order.organization,
        promise=_reissue_promise(order, now=press.now),
    )
    _note("order.reissue_requested", order, request, press)
    return request


def _store_new(
    customer: Customer,
    organization: Organization | None,
    wish: Wish,
    press: Press,
    *,
    moves: Certificate | None = None,
) -> Request:
    partner = customer.partner
    plan = planning.new_order_plan(partner, wish.product, start=press.now, term_years=wish.term_years)
    request = _store(
        wish,
        press,
        default_connection(partner),
        kind=RequestKind.NEW,
        customer_id=customer.pk,
        organization=_organization(wish.product, organization),
        moves=moves,
        promise=promise_of(plan),
    )
    _note("request.made", request, request, press)
    return request


def _same_orders(partner: Partner, wish: Wish, press: Press) -> RequestQuerySet:
    """New orders of the last minutes for the same names and key; whoever else asks for one now has to wait."""
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    recent: RequestQuerySet = Request.objects.for_partner(partner).filter(
        kind=RequestKind.NEW, state__in=RENEWING_STATES, requested_at__gt=press.now - SAME_PRESS
    )
    return recent.filter(product=wish.product, names=list(wish.names), csr=wish.csr_pem)


def _store(wish: Wish, press: Press, connection: AuthorityConnection, **fields: Any) -> Request:
    request = Request.objects.create(
        partner=connection.partner,
        state=first_state(connection.partner, press.actor) if wish.csr else RequestState.WAITING_KEY,
        authority=connection.kind,
        product=wish.product,
        common_name=wish.common_name,
        names=list(wish.names),
        csr=wish.csr_pem,
        term_years=wish.term_years,
        purchase_order=press.purchase_order,
        price=press.agreed.price if press.agreed else None,
        currency=press.agreed.currency if press.agreed else "",
        source=press.source,
        requested_by=press.actor,
        asked_by=press.asked_by[:200],
        requested_at=press.now,
        due_at=press.now,
        **fields,
    )
    wake_worker(request)
    return request


def _note(verb: str, subject: Order | Request, request: Request, press: Press, **facts: Any) -> None:
    facts |= {"request": request.pk, "product": request.product.name_id, "source": press.source}
    if press.asked_by:
        facts["by"] = press.asked_by
    activities.record(verb, subject, partner=subject.partner, actor=press.actor, at=press.now, **facts)


def _once(store: Callable[[], Request], already: type[AlreadyInHand], mine: Callable[[], RequestQuerySet]) -> Request:
    """Store in one transaction; where the database knows better than the check, say who was first."""
    try:
        with transaction.atomic():
            return store()
    except IntegrityError:
        _refuse_twice(already, mine())
        raise


def _lock(order: Order) -> Order:
    """The order as it stands, held until the end of the transaction (on SQLite the transaction itself holds)."""
    return Order.objects.for_partner(order.partner).select_for_update(no_key=True).get(pk=order.pk)


def _lock_unmoved(certificate: Certificate) -> Certificate:
    """The certificate, held as `_lock` holds an order; raises AlreadyMoved."""
    rows = Certificate.objects.for_partner(certificate.partner).select_related("partner")
    held: Certificate = rows.select_for_update(of=("self",), no_key=True).get(pk=certificate.pk)
    _refuse_twice(AlreadyMoved, moves_of(held))
    return held


def _refuse_twice(already: type[AlreadyInHand], requests: RequestQuerySet) -> None:
    if existing := requests.select_related("requested_by").first():
        raise already(existing)


def check_renewable(order: Order) -> None:
    """Whether the order, as it is, may be renewed; raises OrderNotRenewable. Its window is another question."""
    if obstacle := _OBSTACLES.get(RenewalMark(order.renewal_mark)):
        raise OrderNotRenewable(obstacle)
    _refuse_unless_issued(order)


def _refuse_unless_issued(order: Order) -> None:
    if order.status not in LIVE_ORDER_STATES:
        raise OrderNotRenewable(Obstacle.NOT_ISSUED)


def _organization(product: Product, organization: Organization | None) -> Organization | None:
    if product.level == Level.DV:
        return None
    if organization is None:
        raise OrganizationMissing
    return organization


def _reissue_promise(order: Order, *, now: datetime) -> dict[str, Any]:
    plan = planning.reissue_plan(order, start=now)
    return {
        "certificate_days": plan.days,
        "certificate_ends_on": last_day(plan.ends_at).isoformat(),
        "days_left_to_collect": plan.days_left_to_collect,
        # By this the new certificate will be told from the old one.
        "replaces": order.certificates.current().values_list("serial_number", flat=True).first() or "",
    }


def _is_administrator(partner: Partner, user: User | None) -> bool:
    members = Membership.objects.for_partner(partner).active()
    return members.filter(user=user, role=Role.ADMINISTRATOR).exists()
