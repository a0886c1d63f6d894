"""Misbehaviour on order, for tests and drills: each call of a method meets the next fault planned for it."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from certificates.authorities.base import (
    AccessDenied,
    AuthorityError,
    AuthorityUnavailable,
    BrokenAnswer,
    OrderRefused,
    OrderState,
    RateLimited,
)


class Fault(StrEnum):
    """What goes wrong; AFTER means that the authority has done it all the same."""

    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    SERVER_ERROR = "server_error"
    RATE_LIMITED = "rate_limited"
    ACCESS_DENIED = "access_denied"
    REFUSED = "refused"
    BROKEN_ANSWER_AFTER = "broken_answer_after"
    NOT_YET_VISIBLE = "not_yet_visible"
    WRONG_ORDER = "wrong_order"


_Errors = Mapping[Fault, Callable[[], AuthorityError]]

_BEFORE: _Errors = {
    Fault.TIMEOUT_BEFORE: lambda: AuthorityUnavailable("no answer in time"),
    Fault.SERVER_ERROR: lambda: AuthorityUnavailable("502 Bad Gateway"),
    Fault.RATE_LIMITED: lambda: RateLimited("request_limit_exceeded", timedelta(seconds=5)),
    Fault.ACCESS_DENIED: lambda: AccessDenied("access_denied|access_denied_invalid_key"),
    Fault.REFUSED: lambda: OrderRefused("invalid_value:csr"),
}
_AFTER: _Errors = {
    Fault.TIMEOUT_AFTER: lambda: AuthorityUnavailable("no answer in time"),
    Fault.BROKEN_ANSWER_AFTER: lambda: BrokenAnswer("201 with an unreadable body"),
}


class Faults:
    """A plan of faults by method name; without one, everything works."""

    def __init__(self) -> None:
        self._planned: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def plan(self, method: str, *faults: Fault) -> "Faults":
        """Let the next calls of `method` meet these faults, one each."""
        self._planned[method].extend(faults)
        return self

    def next(self, method: str) -> Fault | None:
        """Take the fault that this call meets."""
        planned = self._planned[method]
        return planned.popleft() if planned else None


class _Faulty(Protocol):
    faults: Faults


_S = TypeVar("_S", bound=_Faulty)
_P = ParamSpec("_P")
_R = TypeVar("_R")


def meets_faults(method: Callable[Concatenate[_S, _P], _R]) -> Callable[Concatenate[_S, _P], _R]:
    """Let a method of the embedded authority meet the faults planned under its name."""

    @wraps(method)
    def call(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        fault = self.faults.next(method.__name__)
        _raise(fault, _BEFORE)
        answer = method(self, *args, **kwargs)
        _raise(fault, _AFTER)
        return cast(_R, _spoilt(answer, fault))

    return call


def _raise(fault: Fault | None, errors: _Errors) -> None:
    if fault and (make := errors.get(fault)):
        error = make()
        raise error


def _spoilt(answer: Any, fault: Fault | None) -> Any:
    if fault is Fault.NOT_YET_VISIBLE:
        return None
    if fault is Fault.WRONG_ORDER and isinstance(answer, OrderState):
        return replace(answer, order_number="1", reference="somebody-else")
    return answer
