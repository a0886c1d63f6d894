"""What each of a customer's orders asks of its customer today, and what needs somebody there before all else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates import rules, wording
from certificates.models import Installation, Order, Reply, Request
from certificates.rules import CustomerStep, NoRule, Underway
from certificates.services import planning
from certificates.states import RequestState
from certificates.visits import Visit
from portal import contributions
from portal.types import StrOrPromise

# A new certificate is asked after for so long; and so many requests of one customer are looked at.
INSTALLED_WITHIN = timedelta(days=60)
_MOST = 500
_PRESSED: Mapping[CustomerStep, StrOrPromise] = {
    CustomerStep.GIVE_KEY: gettext_lazy("Give the key"),
    CustomerStep.PROVE: gettext_lazy("Prove the domain"),
    CustomerStep.RENEW: gettext_lazy("Renew"),
    CustomerStep.REISSUE: gettext_lazy("Reissue"),
    CustomerStep.INSTALL: gettext_lazy("Install it"),
}


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one next action of a row: what to press, or why there is nothing to press today."""

    step: CustomerStep
    label: StrOrPromise = ""
    url: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for the customer: of which host, in a sentence, and where it is done."""

    host: str
    words: StrOrPromise
    label: StrOrPromise
    url: str


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the next steps of a customer's orders depend on, fetched at once, however many orders there are."""

    now: datetime
    book: Mapping[str, planning.Rules]
    permissions: frozenset[str]
    underway: Mapping[int, Request] = field(default_factory=dict)
    waiting: tuple[Request, ...] = ()
    fresh: Mapping[int, Request] = field(default_factory=dict)
    replies: Mapping[int, Reply] = field(default_factory=dict)


def standing_of(visit: Visit, *, now: datetime) -> Standing:
    """What is known of the orders that this visit may see."""
    asked = list(visit.requests().open().select_related("order").order_by("-requested_at", "-pk")[:_MOST])
    waiting = tuple(one for one in asked if underway_of(one) is not Underway.OURS)
    # what waits for the customer is said before what does not
    by_order = {pk: one for one in (*reversed(asked), *waiting) for pk in (one.order_id, one.result_id) if pk}
    replies = Reply.objects.for_partner(visit.partner).filter(order__customer=visit.customer, withdrawn_at=None)
    return Standing(
        now=now,
        book=planning.rulebook(visit.partner),
        permissions=visit.membership.permissions if visit.membership else frozenset(),
        underway=by_order,
        waiting=waiting,
        fresh=_fresh(visit, now),
        replies={reply.order_id: reply for reply in replies},
    )


def underway_of(request: Request) -> Underway:
    """Whom an open request waits for."""
    if request.state == RequestState.WAITING_KEY:
        return Underway.KEY
    needs_proof = request.state == RequestState.PLACED and any(not step["done"] for step in request.steps)
    return Underway.PROOF if needs_proof else Underway.OURS


def _fresh(visit: Visit, now: datetime) -> dict[int, Request]:
    """Orders whose present certificate came lately, at the customer's wish, and is not known to be installed."""
    lately = visit.requests().filter(state=RequestState.ISSUED, finished_at__gte=now - INSTALLED_WITHIN)
    found = {one.result_id: one for one in lately.order_by("finished_at", "pk")[:_MOST] if one.result_id}
    installed = Installation.objects.for_partner(visit.partner).filter(
        certificate__order__in=found, certificate__is_current=True
    )
    done = {one.certificate.order_id for one in installed.select_related("certificate") if one.is_done}
    return {pk: request for pk, request in found.items() if pk not in done}


# Of one order


def next_step(order: Order, standing: Standing) -> NextStep:
    """The one thing to do about the order, by `rules.customer_step`; where its authority has no rules, nothing."""
    try:
        action = planning.what_next(order, now=standing.now, rules=standing.book.get(order.authority, ()))
    except NoRule:
        return NextStep(CustomerStep.NOTHING, words=_("Nothing to do"))
    request, reply = standing.underway.get(order.pk), standing.replies.get(order.pk)
    step = rules.customer_step(
        action,
        underway=underway_of(request) if request else None,
        to_install=order.pk in standing.fresh,
        is_unneeded=reply is not None and reply.kind == Reply.Kind.NOT_NEEDED,
    )
    return NextStep(
        step,
        label=_PRESSED.get(step, ""),
        url=_url(step, order, standing),
        words=_words(step, reply, action.opens_at, standing.now),
    )


def reissue_address(order: Order, standing: Standing) -> str:
    """Where the order is reissued ahead of time, for a lost key or other names; empty where nothing can be."""
    can_be = order.is_live and order.renewal_mark not in wording.MARKS and order.pk not in standing.underway
    return _from_above(CustomerStep.REISSUE, order, standing.permissions) if can_be else ""


def _url(step: CustomerStep, order: Order, standing: Standing) -> str:
    if step in (CustomerStep.GIVE_KEY, CustomerStep.PROVE, CustomerStep.FOLLOW):
        request = standing.underway.get(order.pk)
        return _request_url(request) if request else ""
    if step is CustomerStep.INSTALL:
        return _request_url(standing.fresh[order.pk])
    return _from_above(step, order, standing.permissions)


def _from_above(step: CustomerStep, order: Order, permissions: frozenset[str]) -> str:
    """Where an app above does it: renewing and reissuing have prices and forms of their own."""
    for action in contributions.row_actions.on("home"):
        if action.key == step and action.permission in permissions:
            return action.url(order) or ""
    return ""


def _request_url(request: Request) -> str:
    return reverse("certificates:home_request", args=[request.pk])


def _words(step: CustomerStep, reply: Reply | None, opens_at: datetime | None, now: datetime) -> str:
    told = {"date": wording.day(rules.utc_date(opens_at)) if opens_at else ""}
    if step is CustomerStep.RENEWAL_OPENS:
        return _("Renewal opens on %(date)s") % told
    if step is CustomerStep.REISSUE_OPENS:
        return _("Reissue from %(date)s, free") % told
    if step is CustomerStep.FOLLOW:
        return _("On its way")
    if step is CustomerStep.CLOSED:
        return _("The time to renew it is over")
    return _answered(step, reply, rules.utc_date(now))


def _answered(step: CustomerStep, reply: Reply | None, today: date) -> str:
    if reply and reply.kind == Reply.Kind.NOT_NEEDED and step is CustomerStep.NOTHING:
        return _("You no longer need it")
    if reply and reply.until and reply.until > today:
        return _("Put off until %(date)s") % {"date": wording.day(reply.until)}
    return _("Nothing to do") if step is CustomerStep.NOTHING else ""


# Before all else


def needs_of(standing: Standing) -> list[Need]:
    """What waits for the customer and cannot go on without: keys, proofs, then certificates to install."""
    return [*_asked(standing.waiting), *(_to_install(request) for request in standing.fresh.values())]


def _asked(waiting: Iterable[Request]) -> Iterator[Need]:
    keys_first = sorted(waiting, key=lambda one: underway_of(one) is not Underway.KEY)
    for request in keys_first:
        host, url = wording.readable(request.common_name), _request_url(request)
        if underway_of(request) is Underway.KEY:
            words = _("It is ordered and waits for a key request.")
            yield Need(host, words, _PRESSED[CustomerStep.GIVE_KEY], url)
        else:
            words = _("The authority waits for a proof before it issues the certificate.")
            yield Need(host, words, _PRESSED[CustomerStep.PROVE], url)


def _to_install(request: Request) -> Need:
    host, words = wording.readable(request.common_name), _("The new certificate is ready for its server.")
    return Need(host, words, _PRESSED[CustomerStep.INSTALL], _request_url(request))
