"""Orders that renew themselves, 30 days before their end; whatever hinders that is left for people to see."""

from __future__ import annotations

from datetime import date, datetime

import structlog
from django.conf import settings
from django.db import transaction

from certificates.models import Order, Request
from certificates.querysets import OrderQuerySet, RequestQuerySet
from certificates.remarks import Remark
from certificates.services.renewals import (
    AlreadyRenewed,
    BadRequest,
    ProductNotOffered,
    RenewalWindowClosed,
    RequestRefused,
    request_renewal,
)
from certificates.states import RequestKind
from portal import activities
from portal.access import across_partners, on_behalf_of
from portal.models import Partner, User

log = structlog.get_logger(__name__)
SOURCE = "auto_renew"


def renew_automatically(now: datetime) -> int:
    """Ask for the renewal of every order that is due for it; how many were asked. Asking twice changes nothing.

    Only where the person who switched it on may still renew, and once per order: after that it is a person's turn.
    """
    with across_partners():
        due = list(_due(now).select_related("partner", "product", "auto_renew_by__user"))
    return sum(_renew(order, now) for order in due if Remark.AUTO_RENEW_REFUSED not in order.remarks)


def stalled(partner: Partner) -> OrderQuerySet:
    """The partner's orders whose automatic renewal has stopped: its user is gone."""
    return Order.objects.for_partner(partner).auto_renew_stalled()


def late_requests(partner: Partner, *, today: date) -> RequestQuerySet:
    """The partner's renewals still unissued 7 days before the old end: somebody has to call."""
    return Request.objects.for_partner(partner).late(today)


def _due(now: datetime) -> OrderQuerySet:
    tried = Request.objects.filter(kind=RequestKind.RENEWAL, source=SOURCE).values("order")
    orders = Order.objects.filter(partner__is_active=True).exclude(pk__in=tried)
    return orders.due_for_auto_renewal(today=now.date(), days=settings.AUTO_RENEW_DAYS)


def _renew(order: Order, now: datetime) -> bool:
    member = order.auto_renew_by
    if member is None:
        return False
    with on_behalf_of(order.partner):
        try:
            _request(order, member.user, now)
        except AlreadyRenewed:
            return False
        except (RequestRefused, RenewalWindowClosed, BadRequest) as refusal:
            _say_why_not(order, refusal, now)
            return False
        except Exception:
            # One poisoned order must not stop the rest; the next sweep tries it again.
            log.exception("auto_renew_failed", order=order.pk)
            return False
    return True


def _request(order: Order, actor: User, now: datetime) -> None:
    if order.product is None:
        raise ProductNotOffered
    request_renewal(
        order,
        product=order.product,
        term_years=order.term_years,
        names=order.names,
        csr=order.csr,
        actor=actor,
        source=SOURCE,
        now=now,
    )


def _say_why_not(order: Order, refusal: Exception, now: datetime) -> None:
    reason = type(refusal).__name__
    log.warning("auto_renew_refused", order=order.number, reason=reason)
    with transaction.atomic():
        Order.objects.filter(pk=order.pk).update(remarks=[*order.remarks, Remark.AUTO_RENEW_REFUSED])
        activities.record("order.auto_renew_refused", order, partner=order.partner, at=now, reason=reason)
