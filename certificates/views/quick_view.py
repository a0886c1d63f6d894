"""Quick View: the essentials of an order beside the list, and the switch of its renewal notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from certificates import rules, wording
from certificates.models import Order
from certificates.rules import ActionKind, NoRule, RenewalPlan, RenewalWindowClosed, Window
from certificates.services import customers, marks, planning
from certificates.services.planning import Rules, ValidationCode, ValidationFact
from certificates.services.refusals import OrderNotRenewable
from certificates.services.timeline import order_timeline
from certificates.states import RenewalMark
from certificates.tables.pieces import notices_switch
from certificates.wording import Pill, installed
from portal import clock, contributions
from portal.access import PartnerRequest, requires
from portal.drawings import Part
from portal.lists.links import came_from
from portal.types import StrOrPromise

_EVENTS = 5


@dataclass(frozen=True, slots=True)
class DaysPicture:
    """What a renewal today keeps: one sentence and the parts of the bar."""

    sentence: str
    parts: Sequence[Part]


@requires("orders.view")
@require_safe
def quick_view(request: PartnerRequest, pk: int) -> HttpResponse:
    """One order at a glance; a whole page where no script opens the drawer."""
    order = get_object_or_404(_orders(request), pk=pk)
    now = clock.now()
    customers.note_look_up(order.customer, request.membership, now=now)
    template = "panel" if request.htmx else "page"
    return render(request, f"certificates/quick_view/{template}.html", _context(request, order, now))


def _orders(request: PartnerRequest) -> Any:
    related = ("partner", "customer__owner__user", "contact", "product", "organization", "auto_renew_by__user")
    return Order.objects.for_partner(request.partner).select_related(*related)


def _context(request: PartnerRequest, order: Order, now: datetime) -> dict[str, Any]:
    today = now.date()
    book = planning.rules_for(request.partner, order.authority)
    window = _window(order, now, book)
    next_step = _next_step(order, now, book)
    permissions = request.membership.permissions
    return {
        "page_title": _("Order %(number)s") % {"number": order.number},
        "crumbs": [(_("Expiring certificates"), reverse("certificates:expiring")), (order.number, "")],
        "order": order,
        "host": wording.host(order),
        "end": wording.order_end(order, today=today),
        "term": wording.years(order.term_years),
        "advice": wording.advice(order, next_step, window, today=today) if next_step else None,
        "window": window,
        "window_words": _window_words(window, now) if window else "",
        "can_renew": window is not None and _is_open(window, now) and order.renewal_mark == RenewalMark.NONE,
        "can_reissue": next_step is not None and next_step.kind is ActionKind.REISSUE,
        "validations": [_validation(fact) for fact in planning.validation_state(order, today=today)],
        "reachability": wording.reachability(order.contact) if order.contact else None,
        "days": _days(order, now, book),
        "installation": installed.told_after(order),
        "timeline": order_timeline(order, limit=_EVENTS),
        "row_actions": _row_actions(order, permissions),
        "panels": _panels(request, order),
        "notices_switch": _switch(order) if "orders.notices" in permissions else "",
    }


def _switch(order: Order) -> str:
    url = reverse("certificates:order_notices", args=[order.pk])
    label = _("Renewal notices for order %(number)s") % {"number": order.number}
    return notices_switch(url, order.pk, on=order.notices_enabled, label=label)


def _window(order: Order, now: datetime, book: Rules) -> Window | None:
    """When the renewal may be placed; None where the order has no end, or its authority no rules."""
    try:
        return planning.renewal_window(order, now=now, rules=book)
    except (OrderNotRenewable, NoRule):
        return None


def _next_step(order: Order, now: datetime, book: Rules) -> rules.NextAction | None:
    try:
        return planning.what_next(order, now=now, rules=book)
    except NoRule:
        return None


def _is_open(window: Window, now: datetime) -> bool:
    return window.opens_at <= now < window.closes_at


def _window_words(window: Window, now: datetime) -> str:
    opens, closes = rules.utc_date(window.opens_at), rules.last_day(window.closes_at)
    if now < window.opens_at:
        return _("opens on %(date)s") % {"date": wording.day(opens)}
    if now >= window.closes_at:
        return _("closed on %(date)s") % {"date": wording.day(closes)}
    return _("open until %(date)s") % {"date": wording.day(closes)}


def _validation(fact: ValidationFact) -> Pill:
    """What the authority has proved, or still has to, in words."""
    facts = {"name": fact.name, "date": wording.day(fact.until) if fact.until else ""}
    level, words = {
        ValidationCode.ORGANIZATION_VALID: ("good", _("Organisation valid to %(date)s")),
        ValidationCode.ORGANIZATION_LAPSED: ("bad", _("Organisation lapsed on %(date)s")),
        ValidationCode.ORGANIZATION_UNKNOWN: ("warn", _("Validation of the organisation is not known")),
        ValidationCode.ORGANIZATION_MISSING: ("warn", _("No organisation is known")),
        ValidationCode.DOMAIN_VALID: ("good", _("%(name)s valid to %(date)s")),
        ValidationCode.DOMAIN_LAPSED: ("bad", _("%(name)s lapsed on %(date)s")),
        ValidationCode.DOMAIN_UNKNOWN: ("plain", _("%(name)s: validation not known")),
    }[fact.code]
    return Pill(level, words % facts)


def _days(order: Order, now: datetime, book: Rules) -> DaysPicture | None:
    """A renewal today, or on the day its window opens; nothing once it has closed."""
    window = _window(order, now, book)
    if window is None or order.renewal_mark != RenewalMark.NONE:
        return None
    start = max(now, window.opens_at)
    try:
        plan = planning.renewal_plan(order, start=start, term_years=order.term_years, rules=book)
    except RenewalWindowClosed:
        return None
    return DaysPicture(_days_sentence(plan, opens=start if start > now else None), wording.days_of(plan))


def _days_sentence(plan: RenewalPlan, *, opens: datetime | None) -> str:
    end = wording.day(rules.last_day(plan.order_end))
    if opens is not None:
        words = _("Renewed on any day from %(opens)s on, the new order runs to %(end)s.")
        return words % {"opens": wording.day(rules.utc_date(opens)), "end": end}
    first = _("Renewed today, the new order runs to %(end)s.") % {"end": end}
    return f"{first} {_kept(plan)}"


def _kept(plan: RenewalPlan) -> str:
    if plan.lost_days:
        words = ngettext(
            "This authority does not add the %(days)s day left.",
            "This authority does not add the %(days)s days left.",
            plan.lost_days,
        )
        return words % {"days": plan.lost_days}
    if hours := wording.hours_kept(plan):
        return _("Carried over: %(time)s.") % {"time": wording.time_kept(plan.carried_days, hours)}
    if not plan.carried_days:
        return _("Nothing is left to carry over.")
    words = ngettext("%(days)s day is carried over.", "%(days)s days are carried over.", plan.carried_days)
    return words % {"days": plan.carried_days}


def _row_actions(order: Order, permissions: frozenset[str]) -> list[tuple[StrOrPromise, str]]:
    """The buttons that other apps add to a row of the list, where they apply."""
    actions = [one for one in contributions.row_actions.on("expiring") if one.permission in permissions]
    urls = ((action.label, action.url(order)) for action in actions)
    return [(label, url) for label, url in urls if url]


def _panels(request: PartnerRequest, order: Order) -> list[tuple[str, Mapping[str, Any]]]:
    found = []
    for panel in contributions.panels.on("quick_view"):
        if not panel.permission or panel.permission in request.membership.permissions:
            context = panel.context(request, order)
            if context is not None:
                found.append((panel.template, context))
    return found


@requires("orders.notices")
@require_POST
def order_notices(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Switch an order's renewal notices: `on` is 1 or 0, in the form or, for the way back, in the address."""
    order = get_object_or_404(Order.objects.for_partner(request.partner), pk=pk)
    wanted = request.POST.get("on", request.GET.get("on", ""))
    if wanted not in ("0", "1"):
        return HttpResponseBadRequest()
    enabled = wanted == "1"
    itself = Order.objects.for_partner(request.partner).filter(pk=pk)
    if marks.switch_notices(itself, enabled=enabled, actor=request.user):
        words = _("Renewal notices for %(name)s are on.") if enabled else _("Renewal notices for %(name)s are off.")
        undo = f"{request.path}?on={int(not enabled)}"
        messages.success(request, words % {"name": wording.host(order)}, extra_tags=f"undo:{undo}")
    order.notices_enabled = enabled
    if request.htmx:
        return render(request, "certificates/expiring/switch.html", {"switch": _switch(order)})
    return redirect(came_from(request, otherwise=reverse("certificates:expiring")))
