"""What people decide about a request on its way: approve, reject, try again, let go."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from certificates.models import Order, Request
from certificates.services import planning, replies
from certificates.services.recording import record_end
from certificates.services.refusals import AlreadyMoved, AlreadyReissuing, AlreadyRenewed, MovedOn
from certificates.services.renewals import first_state, moves_of, promise_of, reissues_of, renewals_of, wake_worker
from certificates.states import RenewalMark, RequestKind, RequestState
from certificates.x509 import read_csr
from portal import activities
from portal.models import User


def approve_request(request: Request, *, actor: User, now: datetime) -> None:
    """Send a waiting request on its way; raises MovedOn."""
    with transaction.atomic():
        waiting = Request.objects.filter(pk=request.pk, state=RequestState.WAITING_APPROVAL)
        _moved(request, waiting.update(state=RequestState.QUEUED, decided_by=actor, due_at=now))
        _note("request.approved", request, actor, now)
        wake_worker(request)


def reject_request(request: Request, *, actor: User, now: datetime, reason: str = "") -> None:
    """Refuse a waiting request, and say why; raises MovedOn."""
    waiting = Request.objects.filter(pk=request.pk, state=RequestState.WAITING_APPROVAL)
    with transaction.atomic():
        ended = record_end(request, waiting, RequestState.REJECTED, now=now, error=reason, decided_by=actor)
        _moved(request, ended)
        _note("request.refused", request, actor, now, reason=reason)


def give_key(request: Request, *, csr: str, actor: User | None, now: datetime) -> None:
    """Send a request on its way that waited for the key of its server; raises BadRequest, MovedOn.

    Whoever gives it, the one who asked decides whether an administrator still has to approve.
    """
    facts = read_csr(csr)
    waiting = Request.objects.filter(pk=request.pk, state=RequestState.WAITING_KEY)
    state = first_state(request.partner, request.requested_by)
    with transaction.atomic():
        _moved(request, waiting.update(csr=facts.pem, state=state, due_at=now))
        _note("request.key_given", request, actor, now)
        wake_worker(request)


def retry_request(request: Request, *, actor: User, now: datetime) -> None:
    """Queue a failed request again, with the promise of today.

    Raises MovedOn, RenewalWindowClosed, and AlreadyRenewed, AlreadyReissuing or AlreadyMoved where another one has
    taken its place.
    """
    failed = Request.objects.filter(pk=request.pk, state=RequestState.FAILED)
    changes: dict[str, Any] = {"state": RequestState.QUEUED, "due_at": now, "attempts": 0, "finished_at": None}
    if request.kind == RequestKind.RENEWAL:
        changes["promise"] = _promise_of_today(request, now)
    try:
        with transaction.atomic():
            _lock_order(request)
            _moved(request, failed.update(**changes, cancel_asked_at=None))
            _take_order_in_hand(request, now)
            _note("request.retried", request, actor, now)
            wake_worker(request)
    except IntegrityError:
        _refuse_twice(request)
        raise


def cancel_request(request: Request, *, actor: User, now: datetime) -> bool:
    """Let a request go, at once where nobody has been asked yet (True); else the authority is told (False).

    Raises MovedOn once it has ended.
    """
    unsent = Request.objects.filter(pk=request.pk).filter(
        Q(state__in=[RequestState.WAITING_KEY, RequestState.WAITING_APPROVAL])
        | Q(state=RequestState.QUEUED, sent_at=None)
    )
    with transaction.atomic():
        dropped = record_end(request, unsent, RequestState.CANCELED, now=now)
        if not dropped:
            _moved(request, Request.objects.filter(pk=request.pk).open().update(cancel_asked_at=now, due_at=now))
        _note("request.cancel_asked", request, actor, now)
    return dropped


def _lock_order(request: Request) -> None:
    """The order before its request, as whoever renews or reissues it takes them: neither waits for the other."""
    if request.order_id:
        Order.objects.select_for_update(no_key=True).get(pk=request.order_id)


def _promise_of_today(request: Request, now: datetime) -> dict[str, Any]:
    plan = planning.renewal_plan(
        _order_of(request),
        start=now,
        term_years=request.term_years,
        product=request.product,
        rules=planning.rules_for(request.partner, request.authority),
    )
    return promise_of(plan)


def _take_order_in_hand(request: Request, now: datetime) -> None:
    """The old order leaves the lists again, unless it has been renewed in another way since."""
    if request.kind == RequestKind.RENEWAL:
        order = _order_of(request)
        free = Order.objects.filter(pk=order.pk, renewal_mark=RenewalMark.NONE)
        _moved(request, free.update(renewal_mark=RenewalMark.IN_HAND))
        replies.withdraw_for_renewal(order, now=now)


def _refuse_twice(request: Request) -> None:
    if request.moves:
        if existing := moves_of(request.moves).first():
            raise AlreadyMoved(existing)
        return
    order = _order_of(request)
    renewal = request.kind == RequestKind.RENEWAL
    existing = (renewals_of(order) if renewal else reissues_of(order)).first()
    if existing:
        raise (AlreadyRenewed if renewal else AlreadyReissuing)(existing)


def _order_of(request: Request) -> Order:
    if request.order is None:
        raise MovedOn(request)
    return request.order


def _moved(request: Request, changed: int | bool) -> None:  # noqa: FBT001 - a count of rows, or whether one changed
    if not changed:
        request.refresh_from_db()
        raise MovedOn(request)


def _note(verb: str, request: Request, actor: User | None, now: datetime, **facts: Any) -> None:
    activities.record(verb, request, partner=request.partner, actor=actor, at=now, **facts)
