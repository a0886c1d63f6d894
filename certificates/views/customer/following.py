"""What a customer has asked for, followed from the press until its certificate is on its server."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from certificates import news, progress
from certificates.models import Certificate, Installation, Request
from certificates.states import RequestState
from certificates.views.requests import title
from certificates.visits import VisitRequest
from certificates.wording import request_state
from certificates.x509.names import display_name
from portal import clock

_RELATED = ("partner", "customer", "order", "result", "product", "requested_by")


@require_safe
def followed(http: VisitRequest, pk: int) -> HttpResponse:
    """How far it has come; the page looks for news by itself until there will be none."""
    return page(http, find(http, pk))


def find(http: VisitRequest, pk: int) -> Request:
    """What was asked for, if this visit may see it. Raises Http404."""
    return get_object_or_404(http.visit.requests().select_related(*_RELATED), pk=pk)


def issued(asked: Request) -> Certificate | None:
    """The certificate that came of it, once it has."""
    if asked.state != RequestState.ISSUED or asked.result is None:
        return None
    certificates = Certificate.objects.for_partner(asked.partner).filter(order=asked.result)
    return certificates.current().first()


def page(http: VisitRequest, asked: Request, *, status: int = 200, **more: Any) -> HttpResponse:
    certificate = issued(asked)
    installation = installation_of(certificate) if certificate else None
    context = {
        "asked": asked,
        "visit": http.visit,
        "page_title": title(asked),
        "names": [display_name(name) for name in asked.names],
        "state": request_state(asked),
        "headline": news.headline_for_customer(asked),
        "steps": news.steps_for_customer(asked, installation),
        "proofs": asked.steps if asked.state == RequestState.PLACED else [],
        "poll_seconds": progress.poll_seconds(asked, clock.now()),
        "certificate": certificate,
        "installation": installation,
        "promised_end": _promised_end(asked),
        **more,
    }
    return render(http, "certificates/customer/request.html", context, status=status)


def installation_of(certificate: Certificate) -> Installation | None:
    """What is known about it on its servers, if anything is."""
    return Installation.objects.for_partner(certificate.partner).filter(certificate=certificate).first()


def _promised_end(asked: Request) -> date | None:
    told = asked.promise.get("order_ends_on")
    return date.fromisoformat(told) if told else None
