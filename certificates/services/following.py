"""Ask the authority how far a placed request has come, and write down what it says."""

from __future__ import annotations

from contextlib import suppress
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
from certificates.services.refusals import NotConnected
from certificates.states import RequestState

LONGEST_WAIT = timedelta(minutes=15)


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
