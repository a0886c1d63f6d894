"""Ask the authority how far a placed request has come, and write down what it says."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from certificates.authorities.base import (
    Authority,
    AuthorityError,
    BrokenAnswer,
    OrderRefused,
    OrderState,
    RateLimited,
)
from certificates.authorities.base import NotConnected as LeadsNowhere
from certificates.models import Request
from certificates.services.placing import authority_of
from certificates.services.recording import record_answer
from certificates.services.refusals import MovedOn, NotConnected
from certificates.states import RequestState

LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What came of looking again: how many things are proved that were not, and how many are still open."""

    proved: int
    still_open: int
    is_issued: bool


def follow_request(pk: int, *, now: datetime) -> None:
    """Ask once after a placed request that is due; an error is kept on it, and it is asked after again."""
    request = _take_turn(pk, now)
    if request is None:
        return
    try:
        answer = _ask(request, authority_of(request))
    except (AuthorityError, NotConnected, LeadsNowhere) as error:
        _keep_error(request, error, now)
    else:
        record_answer(request, answer, now=now)


def recheck_request(request: Request, *, now: datetime) -> Rechecked:
    """Have the authority look for the proofs of a placed request at once.

    Raises MovedOn, AuthorityError and NotConnected of either kind; an error leaves the request as it was.
    """
    if request.state != RequestState.PLACED:
        raise MovedOn(request)
    answer = authority_of(request).recheck(request.authority_number)
    if answer.order_number != request.authority_number:
        raise BrokenAnswer("the answer speaks of another order")
    before = _open_steps(request)
    record_answer(request, answer, now=now)
    request.refresh_from_db()
    after = 0 if request.state == RequestState.ISSUED else _open_steps(request)
    return Rechecked(max(before - after, 0), after, request.state == RequestState.ISSUED)


def _open_steps(request: Request) -> int:
    return sum(not step["done"] for step in request.steps)


def next_look(request: Request, now: datetime) -> datetime:
    """Often at first, then ever more seldom: after a tenth of its age, at least a sweep, at most 15 minutes."""
    age = now - request.requested_at
    return now + min(LONGEST_WAIT, max(timedelta(seconds=settings.SWEEP_SECONDS), age / 10))


def _take_turn(pk: int, now: datetime) -> Request | None:
    """Move the due date on; of several workers only one moves it from where it stood."""
    related = ("partner", "order", "result", "product", "customer")
    request: Request | None = Request.objects.filter(pk=pk).awaiting_authority(now).select_related(*related).first()
    if request is None:
        return None
    mine = Request.objects.filter(pk=pk, state=RequestState.PLACED, due_at=request.due_at)
    return request if mine.update(due_at=next_look(request, now)) else None


def _ask(request: Request, authority: Authority) -> OrderState:
    if request.cancel_asked_at:
        # A refusal says that it is too late; what has become of the order is read next.
        with suppress(OrderRefused):
            authority.cancel(request.authority_number, note="Cancelled by the partner")
    answer = authority.status(request.authority_number)
    if answer.order_number != request.authority_number:
        raise BrokenAnswer("the answer speaks of another order")
    return answer


def _keep_error(request: Request, error: Exception, now: datetime) -> None:
    changes = {"last_error": getattr(error, "message", str(error))}
    if isinstance(error, RateLimited) and error.retry_after:
        changes["due_at"] = max(next_look(request, now), now + error.retry_after)
    Request.objects.filter(pk=request.pk, state=RequestState.PLACED).update(**changes)
