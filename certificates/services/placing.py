"""Place what was asked for at the authority: exactly once, whoever dies in between and whatever answer gets lost.

A request is claimed by one conditional UPDATE and held for a lease. `sent_at` is committed before the authority is
called, so that whoever comes next knows that a call may have arrived, and looks it up before calling again. Nothing
here runs inside a transaction while the authority is asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from certificates.authorities import authority_for
from certificates.authorities.base import Authority, AuthorityError, BrokenAnswer, OrderState, RateLimited
from certificates.authorities.base import NotConnected as LeadsNowhere
from certificates.models import Request
from certificates.querysets import RequestQuerySet
from certificates.services import recording
from certificates.services.connections import connection_to
from certificates.services.refusals import NotConnected
from certificates.services.specs import order_spec, reissue_spec
from certificates.states import RequestKind, RequestState
from portal.crashpoints import reach

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)


def place_request(pk: int, *, now: datetime) -> None:
    """Take the request one step on; returns at once where somebody else holds it or nothing is to be done.

    It ends placed, failed with its error, or queued for another try with the error kept on it.
    """
    reach("request_unclaimed")
    request = _claim(pk, now)
    if request is None:
        return
    reach("request_claimed")
    try:
        authority = authority_of(request)
    except (NotConnected, LeadsNowhere) as error:
        _put_back_or_fail(request, str(error) or "not connected", now)
    else:
        _attempt(request, authority, now)


def authority_of(request: Request) -> Authority:
    """The authority it goes to; raises NotConnected of either kind."""
    return authority_for(connection_to(request.partner, request.authority))


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 5 s, 10 s, 20 s … at most 15 minutes."""
    doublings = min(max(attempts - 1, 0), 10)
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << doublings))


def _claim(pk: int, now: datetime) -> Request | None:
    requests = Request.objects.filter(pk=pk).claimable(now)
    lease = {"claimed_until": now + settings.CLAIM_LEASE, "attempts": F("attempts") + 1}
    if not requests.update(state=RequestState.PLACING, **lease):
        return None
    related = ("partner", "order", "product", "organization", "customer")
    return Request.objects.select_related(*related).get(pk=pk)


def held(request: Request) -> RequestQuerySet:
    """The row, as long as this worker's claim on it has not passed to another."""
    mine: RequestQuerySet = Request.objects.filter(
        pk=request.pk, state=RequestState.PLACING, claimed_until=request.claimed_until
    )
    return mine


def _attempt(request: Request, authority: Authority, now: datetime) -> None:
    if request.sent_at is None:
        _send_or_drop(request, authority, now)
        return
    try:
        found = _look_up(request, authority)
    except AuthorityError as error:
        # An earlier call may have arrived, so no error met while looking may end the request.
        _put_back(request, error, now)
        return
    if found:
        _record(request, found, now)
    elif now < request.sent_at + authority.settle_time:
        _put_back_until(request, request.sent_at + authority.settle_time)
    else:
        _send_or_drop(request, authority, now)


def _send_or_drop(request: Request, authority: Authority, now: datetime) -> None:
    """Nothing stands at the authority: place it, or let it go where somebody asked for that."""
    if request.cancel_asked_at:
        recording.record_end(request, held(request), RequestState.CANCELED, now=now)
    else:
        _send(request, authority, now)


def _send(request: Request, authority: Authority, now: datetime) -> None:
    if not held(request).update(sent_at=now):
        return
    reach("request_sent")
    try:
        answer = _checked(request, _ask(request, authority))
    except AuthorityError as error:
        if error.retry:
            _put_back(request, error, now)
        else:
            recording.record_end(request, held(request), RequestState.FAILED, error=error.message, now=now)
        return
    reach("request_accepted")
    _record(request, answer, now)


def _ask(request: Request, authority: Authority) -> OrderState:
    if request.kind == RequestKind.REISSUE:
        return authority.reissue(reissue_spec(request))
    return authority.place(order_spec(request))


def _look_up(request: Request, authority: Authority) -> OrderState | None:
    since = request.requested_at
    if request.kind == RequestKind.REISSUE:
        return authority.find_reissue(reissue_spec(request), since=since)
    found = authority.find(order_spec(request), since=since)
    return _checked(request, found) if found else None


def _checked(request: Request, answer: OrderState) -> OrderState:
    """The answer, if it speaks of this request; raises BrokenAnswer."""
    if request.kind == RequestKind.REISSUE:
        expected = request.order is not None and answer.order_number == request.order.number
    else:
        expected = answer.reference == request.reference
    if not expected:
        raise BrokenAnswer("the answer speaks of another order")
    return answer


def _record(request: Request, answer: OrderState, now: datetime) -> None:
    if recording.record_placed(request, held(request), answer, now=now):
        recording.record_answer(request, answer, now=now)


def _put_back(request: Request, error: AuthorityError, now: datetime) -> None:
    wait = pause(request.attempts)
    if isinstance(error, RateLimited) and error.retry_after:
        wait = max(wait, error.retry_after)
    _put_back_until(request, now + wait, error=error.message)


def _put_back_until(request: Request, due_at: datetime, *, error: str = "") -> None:
    held(request).update(state=RequestState.QUEUED, claimed_until=None, due_at=due_at, last_error=error)


def _put_back_or_fail(request: Request, error: str, now: datetime) -> None:
    """Without a connection: what was never sent fails, what may have arrived waits until it can be looked up."""
    if request.sent_at:
        _put_back_until(request, now + pause(request.attempts), error=error)
    else:
        recording.record_end(request, held(request), RequestState.FAILED, error=error, now=now)
