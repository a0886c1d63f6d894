"""What a customer has asked for, followed from the press until its certificate is on its server."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from certificates.authorities.base import AuthorityError
from certificates.authorities.base import NotConnected as LeadsNowhere
from certificates.models import Certificate, Installation, Order, Request
from certificates.services.following import Rechecked, recheck_request
from certificates.services.refusals import MovedOn, NotConnected
from certificates.services.seals import bears_seal, seal_address, seal_path
from certificates.states import ENDED_STATES, RequestKind, RequestState
from certificates.views.customer.guides import files_for, guide_context
from certificates.views.requests import title
from certificates.visits import VisitRequest
from certificates.wording import installed, news, progress, request_state
from certificates.wording.guides import GUIDES, fillings, guide_for, guide_of
from certificates.x509.names import display_name
from portal import clock
from portal.limits import Limit

_RELATED = ("partner", "customer", "order", "result__partner", "result__product", "product", "requested_by")
# Each one is a question to the authority.
RECHECKS = Limit("recheck", amount=3)


@require_safe
def followed(http: VisitRequest, pk: int) -> HttpResponse:
    """How far it has come; the page looks for news by itself until there will be none."""
    return page(http, find(http, pk))


@require_POST
def recheck(http: VisitRequest, pk: int) -> HttpResponseBase:
    """Ask the authority again at once, a few times a minute, and say what came of it."""
    asked = find(http, pk)
    if RECHECKS.is_reached(str(asked.pk)):
        return page(http, asked, status=429, asks_too_often=True)
    RECHECKS.count(str(asked.pk))
    try:
        came = recheck_request(asked, now=clock.now())
    except MovedOn:
        pass
    except (AuthorityError, NotConnected, LeadsNowhere):
        messages.warning(http, _("The authority cannot be asked just now. We ask again by ourselves."))
    else:
        _tell(http, came)
    return redirect(http.visit.url("certificates:request", asked.pk))


def _tell(http: VisitRequest, came: Rechecked) -> None:
    if came.is_issued:
        messages.success(http, _("Everything is proved, and the certificate is issued."))
    elif came.proved:
        words = ngettext("%(count)s more thing is proved.", "%(count)s more things are proved.", came.proved)
        messages.success(http, words % {"count": came.proved})
    elif came.still_open:
        messages.info(http, _("Nothing new was found. A DNS record can take an hour until everybody sees it."))
    else:
        messages.info(http, _("Everything is proved; the authority has not issued it yet."))


def find(http: VisitRequest, pk: int) -> Request:
    """What was asked for, if this visit may see it. Raises Http404."""
    asked: Request = get_object_or_404(http.visit.requests().select_related(*_RELATED), pk=pk)
    return asked


def issued(asked: Request) -> Certificate | None:
    """The certificate that came of it, once it has."""
    if asked.state != RequestState.ISSUED or asked.result is None:
        return None
    certificates = Certificate.objects.for_partner(asked.partner).filter(order=asked.result)
    return certificates.current().select_related("partner", "order").first()


def page(http: VisitRequest, asked: Request, *, status: int = 200, **more: Any) -> HttpResponse:
    certificate, now = issued(asked), clock.now()
    installation = installed.installation_of(certificate) if certificate else None
    is_looking = installed.is_being_looked_at(installation, now=now)
    context = {
        "asked": asked,
        "visit": http.visit,
        "page_title": title(asked),
        "names": [display_name(name) for name in asked.names],
        "state": request_state(asked),
        "headline": news.headline_for_customer(asked),
        "steps": news.steps_for_customer(asked, installation),
        "poll_seconds": progress.POLL_FAST if is_looking else progress.poll_seconds(asked, now),
        "is_looking": is_looking,
        "promise": _promise(asked),
        **_to_do(http, asked),
        **(_to_install(http, asked, certificate, installation) if certificate else {}),
        **more,
    }
    return render(http, "certificates/customer/request.html", context, status=status)


def _to_do(http: VisitRequest, asked: Request) -> dict[str, Any]:
    """What it waits for, if it waits for the customer."""
    if asked.state == RequestState.WAITING_KEY:
        return {"key_url": http.visit.url("offers:key", asked.pk)}
    if asked.state == RequestState.PLACED:
        recheck_url = http.visit.url("certificates:request_recheck", asked.pk)
        return {"proofs": asked.steps, "recheck_url": recheck_url}
    if asked.state in ENDED_STATES and asked.kind == RequestKind.RENEWAL and asked.order:
        may_again = http.visit.due(clock.today()).filter(pk=asked.order.pk).exists()
        return {"again_url": http.visit.url("offers:renew", asked.order.pk)} if may_again else {}
    return {}


def _to_install(
    http: VisitRequest, asked: Request, certificate: Certificate, known: Installation | None
) -> dict[str, Any]:
    """The files, the guide of the chosen server, and what is known about the installation."""
    order, visit = certificate.order, http.visit
    guide = guide_of(http.GET.get("server", "")) or guide_for(order.server_platform if order else "")
    return {
        "certificate": certificate,
        "servers": [(one, f"?server={one.server}#install") for one in GUIDES],
        **guide_context(guide, fillings(certificate.names, thumbprint=certificate.thumbprint)),
        **files_for(certificate, guide, lambda form: visit.url("certificates:request_download", asked.pk, form)),
        "seal": _seal_of(order) if order else None,
        "installation": known,
        "installation_pill": installed.pill(known) if known else None,
        "installation_words": installed.sentence(known) if known else "",
        "installed_url": visit.url("certificates:request_installed", asked.pk),
        "look_url": visit.url("certificates:request_look", asked.pk) if asked.partner.checks_live_hosts else "",
    }


def _seal_of(order: Order) -> tuple[str, str] | None:
    """Where the seal is drawn here, and for other sites; None where there is none to show."""
    return (seal_path(order), seal_address(order)) if bears_seal(order, now=clock.now()) else None


def _promise(asked: Request) -> dict[str, Any]:
    """What the new order gives, unless nothing comes of it."""
    if asked.state in ENDED_STATES:
        return {}
    told = asked.promise.get("order_ends_on")
    ends_on = date.fromisoformat(told) if told else None
    return {"ends_on": ends_on, "carried_days": asked.promise.get("carried_days")}
