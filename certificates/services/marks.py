"""What people say of orders: renewed elsewhere, notices on or off, whose customer it is, renewed by itself or not."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from certificates.models import Customer, Order
from certificates.querysets import CustomerQuerySet, OrderQuerySet
from certificates.remarks import Remark
from certificates.rules import utc_date
from certificates.services import planning
from certificates.services.refusals import AlreadyRenewed, Obstacle, OrderNotRenewable, TooEarlyToMark
from certificates.services.renewals import renewals_of
from certificates.states import LIVE_ORDER_STATES, RenewalMark
from portal import activities
from portal.models import Membership, User


def mark_renewed_elsewhere(order: Order, *, actor: User, now: datetime) -> None:
    """Take an order out of the lists: its customer renewed it somewhere else.

    Allowed from the opening of its renewal window on, and after its end. Raises TooEarlyToMark, AlreadyRenewed and
    OrderNotRenewable.
    """
    if order.ends_at is None or order.status not in LIVE_ORDER_STATES:
        raise OrderNotRenewable(Obstacle.NOT_ISSUED)
    rules = planning.rules_for(order.partner, order.authority)
    opens_on = utc_date(planning.renewal_window(order, now=now, rules=rules).opens_at)
    if utc_date(now) < opens_on:
        raise TooEarlyToMark(opens_on)
    if not _change_mark(order, RenewalMark.NONE, RenewalMark.ELSEWHERE, actor=actor, now=now):
        _refuse_to_mark(order)


def unmark_renewed(order: Order, *, actor: User, now: datetime) -> bool:
    """Take the mark back; whether it stood there."""
    return _change_mark(order, RenewalMark.ELSEWHERE, RenewalMark.NONE, actor=actor, now=now)


def switch_notices(orders: OrderQuerySet, *, enabled: bool, actor: User) -> int:
    """Switch the renewal notices of all these orders; how many were the other way round."""
    with transaction.atomic():
        changing = list(orders.filter(notices_enabled=not enabled))
        activities.record_each("order.notices_switched", changing, actor=actor, on=enabled)
        return Order.objects.filter(pk__in=[order.pk for order in changing]).update(notices_enabled=enabled)


def assign_owner(customers: CustomerQuerySet, *, owner: Membership | None, actor: User) -> int:
    """Give all these customers to one account manager, or to nobody; how many had another."""
    with transaction.atomic():
        changing = list(customers.exclude(owner=owner) if owner else customers.filter(owner__isnull=False))
        name = str(owner.user) if owner else ""
        activities.record_each("customer.owner_assigned", changing, actor=actor, owner=name)
        return Customer.objects.filter(pk__in=[customer.pk for customer in changing]).update(owner=owner)


def switch_auto_renew(order: Order, *, on: bool, membership: Membership, now: datetime) -> None:
    """Let the order renew itself 30 days before its end, as long as this member may renew; or stop that."""
    by = membership if on else None
    remarks = [remark for remark in order.remarks if remark != Remark.AUTO_RENEW_REFUSED]
    with transaction.atomic():
        mine = Order.objects.for_partner(order.partner).filter(pk=order.pk)
        mine.update(auto_renew=on, auto_renew_by=by, remarks=remarks)
        activities.record(
            "order.auto_renew_switched", order, partner=order.partner, actor=membership.user, at=now, on=on
        )


def _change_mark(order: Order, before: RenewalMark, after: RenewalMark, *, actor: User, now: datetime) -> bool:
    with transaction.atomic():
        marked = Order.objects.for_partner(order.partner).filter(pk=order.pk, renewal_mark=before)
        if not marked.update(renewal_mark=after):
            return False
        facts = {"before": before.value, "after": after.value}
        activities.record("order.renewal_marked", order, partner=order.partner, actor=actor, at=now, **facts)
    return True


def _refuse_to_mark(order: Order) -> None:
    if existing := renewals_of(order).select_related("requested_by").first():
        raise AlreadyRenewed(existing)
    raise OrderNotRenewable(Obstacle.RENEWED)
