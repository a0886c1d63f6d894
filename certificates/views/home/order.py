"""One order as its customer sees it: its ends, its files, what was asked for, and what came with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from certificates import wording
from certificates.models import Certificate, Order, Reply, Request
from certificates.nextsteps import NextStep, next_step, reissue_address, standing_of
from certificates.overview import Overview, overview
from certificates.rules import CustomerStep
from certificates.services import benefits
from certificates.services.downloads import formats_of
from certificates.services.preferences import Scope, opt_outs_of
from certificates.services.story import story_of
from certificates.views.orders import FORMAT_WORDS, as_file, panels_of
from certificates.visits import Visit, VisitRequest
from certificates.wording import Pill
from certificates.wording.howto import HOW_TO, HowTo
from certificates.x509 import Format
from certificates.x509.names import display_name
from portal import clock
from portal.types import StrOrPromise

_RELATED = ("partner", "customer", "product", "predecessor")
SHOWN_REQUESTS = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A benefit of the checklist, with how one comes to it."""

    line: benefits.Line
    how: HowTo


@require_safe
def home_order(request: VisitRequest, pk: int) -> HttpResponse:
    """The customer's order, whatever its state."""
    order = _order(request, pk)
    now, today = clock.now(), clock.today()
    standing, certificates = standing_of(request.visit, now=now), list(order.certificates.all())
    glance = overview(order, certificates, standing.book.get(order.authority, ()), now=now)
    step = next_step(order, standing)
    reply = None if order.renewal_mark in wording.MARKS else standing.replies.get(order.pk)
    page: Any = request
    context = {
        "page_title": wording.host(order),
        "order": order,
        "glance": glance,
        "certificate_end": wording.certificate_end(order, today=today),
        "step": step,
        "reissue_url": "" if step.step is CustomerStep.REISSUE else reissue_address(order, standing),
        "sentence": _sentence(step, glance, reply),
        "reply": reply if step.words else None,
        "names": [display_name(name) for name in order.names],
        "certificates": [(one, _formats(one)) for one in certificates],
        "requests": _requests(request.visit, order),
        "benefits": [Shown(line, HOW_TO[line.benefit]) for line in benefits.checklist(order)],
        "better": benefits.better_products(order),
        "stopped": _stopped(request.visit, order, certificates),
        "current": next((one for one in certificates if one.is_current), None),
        "preferences_url": request.visit.url("certificates:preferences"),
        "timeline": story_of(order),
        "panels": panels_of(page, "home_order", order),
    }
    return render(request, "certificates/home/order.html", context)


def _order(request: VisitRequest, pk: int) -> Order:
    certificates = Certificate.objects.for_partner(request.partner).order_by("-starts_at", "-pk")
    orders = request.visit.orders().select_related(*_RELATED)
    return get_object_or_404(orders.prefetch_related(Prefetch("certificates", certificates)), pk=pk)


def _sentence(step: NextStep, glance: Overview, reply: Reply | None) -> StrOrPromise:
    """What the next step means, in a whole sentence."""
    own = {
        CustomerStep.GIVE_KEY: _("It is ordered and waits for a key request."),
        CustomerStep.PROVE: _("The authority waits for a proof before it issues the certificate."),
        CustomerStep.INSTALL: _("The new certificate is ready for its server."),
        CustomerStep.FOLLOW: _("It is on its way. You have nothing to do."),
    }
    if step.step in own:
        return own[step.step]
    if step.step is CustomerStep.NOTHING and reply is not None:
        return step.words
    return glance.advice.words if glance.advice else step.words


def _formats(certificate: Certificate) -> list[tuple[Format, StrOrPromise]]:
    offered = formats_of(certificate)
    return [(form, words) for form, words in FORMAT_WORDS.items() if form in offered]


def _requests(visit: Visit, order: Order) -> list[tuple[Request, Pill]]:
    found = visit.requests().filter(Q(order=order) | Q(result=order))
    return [(one, wording.request_state(one)) for one in found[:SHOWN_REQUESTS]]


def _stopped(visit: Visit, order: Order, certificates: list[Certificate]) -> set[str]:
    """Which letters about it the reader has stopped: by scope."""
    if visit.contact is None:
        return set()
    current = [one.pk for one in certificates if one.is_current]
    about = Q(order=order) | Q(certificate__in=current) | Q(scope=Scope.ALL)
    return set(opt_outs_of(visit.contact).filter(about).values_list("scope", flat=True))


@require_safe
def home_download(request: VisitRequest, pk: int, fmt: str) -> HttpResponse:
    """One of the customer's own certificates as a file; any other is not found."""
    own = Certificate.objects.for_partner(request.partner).filter(customer=request.visit.customer)
    return as_file(get_object_or_404(own, pk=pk), fmt)


@require_POST
def home_benefit(request: VisitRequest, pk: int) -> HttpResponse:
    """Say whether a benefit is in use: `used` is 1 or 0, or nothing, which takes the word back."""
    order = _order(request, pk)
    is_used = {"1": True, "0": False}.get(request.POST.get("used", ""))
    benefit, member = request.POST.get("benefit", ""), request.membership
    if member is None or benefit not in benefits.TO_SWITCH_ON:
        return redirect("certificates:home_order", order.pk)
    try:
        benefits.say_use(order, benefit, is_used=is_used, by=member, now=clock.now())
    except benefits.BenefitNotIncluded:
        messages.error(request, _("This does not come with the order's product."))
    else:
        words = {True: _("Noted: you use it."), False: _("Noted: you do not use it yet."), None: _("Taken back.")}
        messages.success(request, words[is_used])
    return redirect(f"{reverse('certificates:home_order', args=[order.pk])}#benefits")
