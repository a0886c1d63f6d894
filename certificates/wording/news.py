"""How far a request has come, in the words of whoever ordered: what happens, what is asked of them, whom to call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.models import Installation, Request
from certificates.states import ENDED_STATES, RequestState
from certificates.wording.progress import Stand, Step, issuing, validation
from portal.types import StrOrPromise

_ON_ITS_WAY = {RequestState.QUEUED, RequestState.PLACING}


def steps_for_customer(request: Request, installation: Installation | None) -> list[Step]:
    """From the press to the server; where the request left the road, the rest is not shown."""
    return [
        *_ordered(request),
        *_ordering(request),
        *validation(request),
        *issuing(request),
        *_using(request, installation),
    ]


def headline_for_customer(request: Request) -> str:
    """Where it stands, in one sentence."""
    if request.cancel_asked_at and request.is_open:
        return _("It is being cancelled.")
    words = _HEADLINES[RequestState(request.state)]
    return str(words) % {"partner": request.partner.name}


_HEADLINES: Mapping[RequestState, StrOrPromise] = {
    RequestState.WAITING_KEY: gettext_lazy("It is ordered. The certificate is made once you hand in a key request."),
    RequestState.WAITING_APPROVAL: gettext_lazy("%(partner)s looks at it first. You have nothing to do."),
    RequestState.QUEUED: gettext_lazy("It is ordered, and on its way to the certificate authority."),
    RequestState.PLACING: gettext_lazy("It is ordered, and on its way to the certificate authority."),
    RequestState.PLACED: gettext_lazy("The certificate is issued as soon as everything below is proved."),
    RequestState.ISSUED: gettext_lazy("Your new certificate is ready."),
    RequestState.FAILED: gettext_lazy(
        "It did not work out, and nothing was ordered. %(partner)s knows, and puts it right with you."
    ),
    RequestState.REJECTED: gettext_lazy("It was not ordered. %(partner)s can tell you why."),
    RequestState.CANCELED: gettext_lazy("It was cancelled. Nothing more happens."),
}


def _ordered(request: Request) -> Iterator[Step]:
    by = _("by %(person)s") % {"person": request.person} if request.person else ""
    yield Step(Stand.DONE, _("Ordered"), by, request.requested_at)


def _ordering(request: Request) -> Iterator[Step]:
    """Up to the authority."""
    if request.state == RequestState.WAITING_KEY:
        yield Step(Stand.NOW, _("Waiting for a key request"), _("Its server makes one; the key stays there."))
    elif request.state == RequestState.WAITING_APPROVAL:
        yield Step(Stand.NOW, _("Waiting for %(partner)s") % {"partner": request.partner.name})
    elif request.state in _ON_ITS_WAY:
        yield Step(Stand.NOW, _("On its way to the certificate authority"))
    elif request.authority_number:
        number = {"number": request.authority_number}
        yield Step(Stand.DONE, _("With the certificate authority"), _("order %(number)s") % number)
    if request.state in ENDED_STATES:
        yield Step(Stand.ENDED, request.get_state_display(), "", request.finished_at)


def _using(request: Request, installation: Installation | None) -> Iterator[Step]:
    if request.state == RequestState.ISSUED and installation and installation.is_done:
        yield Step(Stand.DONE, _("Installed on your server"), "", installation.said_at or installation.checked_at)
    elif request.state == RequestState.ISSUED:
        yield Step(Stand.NOW, _("Install it on your server"))
    elif request.is_open:
        yield Step(Stand.TO_COME, _("Install it on your server"))
