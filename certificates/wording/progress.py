"""How far a request has come, step by step: recorded, approved, placed, validated, issued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from certificates.models import Request
from certificates.states import ENDED_STATES, RequestKind, RequestState
from certificates.wording import day
from certificates.wording.answers import told
from portal.types import StrOrPromise

# While nobody waits for a person, news come within seconds; later the page asks more seldom.
POLL_FAST, _SLOW = 2, 15
_ON_ITS_WAY = {RequestState.QUEUED, RequestState.PLACING}


class Stand(StrEnum):
    DONE = "good"
    NOW = "warn"
    TO_COME = "planned"
    ENDED = "bad"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `stand` is also the colour of its dot."""

    stand: Stand
    words: str
    detail: str = ""
    at: datetime | None = None

    @property
    def spoken(self) -> str:
        """What the dot says to those who do not see it."""
        return {
            Stand.DONE: _("Done"),
            Stand.NOW: _("Under way"),
            Stand.TO_COME: _("To come"),
            Stand.ENDED: _("Ended here"),
        }[self.stand]


def steps_of(request: Request) -> list[Step]:
    """The whole road; where the request left it, the rest is not shown."""
    return [
        *_recorded(request),
        *_approval(request),
        *_placing(request),
        *validation(request),
        *issuing(request),
        *_ended(request),
    ]


def headline(request: Request) -> str:
    """Where it stands, in one sentence; of a renewal that has ended also where its old order is."""
    if request.cancel_asked_at and request.is_open:
        return _("It is being cancelled: the authority is told, and its answer decides.")
    words = str(_HEADLINES[RequestState(request.state)])
    if request.kind == RequestKind.RENEWAL and request.state in ENDED_STATES:
        return " ".join((words, _("The old order stands in the lists again.")))
    return words


_HEADLINES: Mapping[RequestState, StrOrPromise] = {
    RequestState.WAITING_KEY: gettext_lazy("It is agreed, and waits for a key request from its server."),
    RequestState.WAITING_APPROVAL: gettext_lazy("It waits for an administrator. Nothing has been ordered yet."),
    RequestState.QUEUED: gettext_lazy("It is recorded and will be placed at the authority in a moment."),
    RequestState.PLACING: gettext_lazy("It is being placed at the authority."),
    RequestState.PLACED: gettext_lazy("The authority has it, and issues once everything below is proved."),
    RequestState.ISSUED: gettext_lazy("The certificate is issued."),
    RequestState.FAILED: gettext_lazy("It could not be placed. Nothing was ordered."),
    RequestState.REJECTED: gettext_lazy("It was rejected. Nothing more happens."),
    RequestState.CANCELED: gettext_lazy("It was cancelled. Nothing more happens."),
}
_WAITING_FOR_PEOPLE = {RequestState.WAITING_KEY, RequestState.WAITING_APPROVAL}


def poll_seconds(request: Request, now: datetime) -> int:
    """How often its page looks for news; 0 once there will be none."""
    if not request.is_open:
        return 0
    recent = now - request.requested_at < timedelta(minutes=2)
    return POLL_FAST if recent and request.state not in _WAITING_FOR_PEOPLE else _SLOW


def _recorded(request: Request) -> Iterator[Step]:
    by = _("by %(person)s") % {"person": request.person} if request.person else ""
    if request.source == "auto_renew":
        by = _("by itself, for %(person)s") % {"person": request.requested_by}
    yield Step(Stand.DONE, _("Recorded"), by, request.requested_at)


def _approval(request: Request) -> Iterator[Step]:
    if request.state == RequestState.WAITING_KEY:
        yield Step(Stand.NOW, _("Waiting for a key request"), _("Its server makes one; the key stays there."))
    elif request.state == RequestState.WAITING_APPROVAL:
        yield Step(Stand.NOW, _("Waiting for approval"), _("An administrator has to agree."))
    elif request.decided_by and request.state == RequestState.REJECTED:
        yield Step(Stand.ENDED, _("Refused"), _refusal(request))
    elif request.decided_by:
        yield Step(Stand.DONE, _("Approved"), _("by %(person)s") % {"person": request.decided_by})


def _refusal(request: Request) -> str:
    words = _("by %(person)s: %(reason)s") if request.last_error else _("by %(person)s")
    return words % {"person": request.decided_by, "reason": request.last_error}


def _placing(request: Request) -> Iterator[Step]:
    if request.authority_number:
        number = {"number": request.authority_number, "authority": request.get_authority_display()}
        yield Step(Stand.DONE, _("Placed at the authority"), _("%(authority)s, order %(number)s") % number)
    elif request.state in _ON_ITS_WAY:
        yield Step(Stand.NOW, _("Placing at the authority"), _attempts(request))
    elif request.state == RequestState.FAILED:
        yield Step(Stand.ENDED, _("Not placed"), told(request.last_error))
    elif request.state == RequestState.CANCELED:
        yield Step(Stand.ENDED, _("Cancelled"), _("Before anything was placed."))
    elif request.state in _WAITING_FOR_PEOPLE:
        yield Step(Stand.TO_COME, _("Place at the authority"))


def _attempts(request: Request) -> str:
    if not request.last_error:
        return ""
    words = ngettext(
        "%(count)s attempt so far; the last answer was: %(error)s",
        "%(count)s attempts so far; the last answer was: %(error)s",
        request.attempts,
    )
    return words % {"count": request.attempts, "error": told(request.last_error)}


def validation(request: Request) -> Iterator[Step]:
    """What has to be proved, from the placing on."""
    if request.state == RequestState.PLACED:
        open_steps = sum(not step["done"] for step in request.steps)
        words = ngettext("%(count)s thing to prove", "%(count)s things to prove", open_steps) % {"count": open_steps}
        yield Step(Stand.NOW, _("Validation"), words if open_steps else _("Everything is proved."))
    elif request.state == RequestState.ISSUED:
        yield Step(Stand.DONE, _("Validated"))
    elif request.is_open:
        yield Step(Stand.TO_COME, _("Validation"))


def issuing(request: Request) -> Iterator[Step]:
    """The certificate, come or to come."""
    if request.state == RequestState.ISSUED:
        ends_on = request.result.certificate_ends_on if request.result else None
        detail = _("Valid until %(date)s") % {"date": day(ends_on)} if ends_on else ""
        yield Step(Stand.DONE, _("Issued"), detail, request.finished_at)
    elif request.is_open:
        yield Step(Stand.TO_COME, _("Issue"))


def _ended(request: Request) -> Iterator[Step]:
    if request.authority_number and not request.is_open and request.state != RequestState.ISSUED:
        yield Step(Stand.ENDED, request.get_state_display(), told(request.last_error), request.finished_at)
