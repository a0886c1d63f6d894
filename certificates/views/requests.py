"""A request's own page, and what people decide about it: approve, refuse, try again, let go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from certificates.models import Certificate, Request
from certificates.remarks import Remark
from certificates.rules import RenewalWindowClosed, last_day
from certificates.services import deciding, validating
from certificates.services.downloads import formats_of
from certificates.services.refusals import AlreadyInHand, MovedOn
from certificates.states import RequestKind, RequestState
from certificates.views.orders import FORMAT_WORDS, panels_of
from certificates.wording import answers, day, progress, request_state
from certificates.x509.names import display_name
from portal import clock
from portal.access import PartnerRequest, requires
from portal.lists.links import came_from
from portal.types import StrOrPromise

_RELATED = (
    "partner",
    "customer",
    "order",
    "result",
    "product",
    "organization",
    "requested_by",
    "decided_by",
)


@requires("requests.view")
@require_safe
def request(http: PartnerRequest, pk: int) -> HttpResponse:
    """How far it has come; the page looks for news by itself until there will be none."""
    asked = _find(http, pk)
    certificate = _issued(asked)
    context = {
        "asked": asked,
        "page_title": title(asked),
        "names": [display_name(name) for name in asked.names],
        "state": request_state(asked),
        "headline": progress.headline(asked),
        "steps": progress.steps_of(asked),
        "proofs": asked.steps if asked.state == RequestState.PLACED else [],
        "poll_seconds": progress.poll_seconds(asked, clock.now()),
        "waits_here": validating.waits_for_organization(asked),
        "downloads": _downloads(certificate) if certificate else [],
        "certificate": certificate,
        "promised_end": _promised_end(asked),
        "end_differs": asked.result is not None and Remark.END_DIFFERS in asked.result.remarks,
        "panels": panels_of(http, "request", asked),
        **_possible(asked),
    }
    return render(http, "certificates/requests/request.html", context)


def title(asked: Request) -> str:
    words = {
        RequestKind.RENEWAL: _("Renewal of %(host)s"),
        RequestKind.REISSUE: _("Reissue of %(host)s"),
        RequestKind.NEW: _("New order for %(host)s"),
    }[RequestKind(asked.kind)]
    return words % {"host": display_name(asked.common_name)}


def _find(http: PartnerRequest, pk: int) -> Request:
    requests = Request.objects.for_partner(http.partner).select_related(*_RELATED)
    return get_object_or_404(requests, pk=pk)


def _promised_end(asked: Request) -> date | None:
    told = asked.promise.get("order_ends_on")
    return date.fromisoformat(told) if told else None


def _issued(asked: Request) -> Certificate | None:
    """The certificate that came of it, once it has."""
    if asked.state != RequestState.ISSUED or asked.result is None:
        return None
    certificates = Certificate.objects.for_partner(asked.partner).filter(order=asked.result)
    return certificates.current().first()


def _downloads(certificate: Certificate) -> list[tuple[str, StrOrPromise]]:
    offered = formats_of(certificate)
    return [(form.value, words) for form, words in FORMAT_WORDS.items() if form in offered]


def _possible(asked: Request) -> dict[str, bool]:
    """What may be decided about it now."""
    return {
        "can_approve": asked.state == RequestState.WAITING_APPROVAL,
        "can_retry": asked.state == RequestState.FAILED,
        "is_retry_in_vain": asked.state == RequestState.FAILED and answers.will_be_refused_again(asked.last_error),
        "can_cancel": asked.is_open and not asked.cancel_asked_at,
    }


# What people decide


@requires("requests.approve")
@require_POST
def request_approve(http: PartnerRequest, pk: int) -> HttpResponseRedirect:
    """Let it go to the authority."""
    return _decide(http, pk, deciding.approve_request, _("Approved: it is placed at the authority in a moment."))


@requires("requests.approve")
@require_POST
def request_reject(http: PartnerRequest, pk: int) -> HttpResponseRedirect:
    """Refuse it; the reason is shown to whoever asked."""
    reason = " ".join(http.POST.get("reason", "").split())[:500]
    done = _("Refused. The order stands in the lists again.")
    return _decide(http, pk, lambda asked, **who: deciding.reject_request(asked, reason=reason, **who), done)


@requires("requests.retry")
@require_POST
def request_retry(http: PartnerRequest, pk: int) -> HttpResponseRedirect:
    return _decide(http, pk, deciding.retry_request, _("The request is being tried again."))


@requires("requests.place")
@require_POST
def request_cancel(http: PartnerRequest, pk: int) -> HttpResponseRedirect:
    """Drop it at once where nobody was asked yet; else the authority is told, and decides."""
    return _decide(http, pk, deciding.cancel_request, _("It is cancelled, or will be as soon as the authority agrees."))


@requires("requests.place")
@require_POST
def request_validate(http: PartnerRequest, pk: int) -> HttpResponseRedirect:
    """Play the embedded authority's staff: validate the organisation."""
    return _decide(http, pk, validating.validate_here, _("The embedded authority has validated the organisation."))


def _decide(http: PartnerRequest, pk: int, decide: Callable[..., Any], done: str) -> HttpResponseRedirect:
    asked = _find(http, pk)
    try:
        decide(asked, actor=http.user, now=clock.now())
    except MovedOn:
        messages.warning(http, _("It has moved on meanwhile, so nothing was changed. This is how it stands now."))
    except AlreadyInHand as already:
        messages.warning(http, _("Another request has taken its place: this one is followed instead."))
        return redirect("certificates:request", pk=already.request.pk)
    except RenewalWindowClosed as closed:
        words = _("The time to renew this order ended on %(date)s. Request a new certificate instead.")
        messages.error(http, words % {"date": day(last_day(closed.closes_at))})
    else:
        messages.success(http, done)
    return redirect(came_from(http, otherwise=reverse("certificates:request", args=[asked.pk])))
