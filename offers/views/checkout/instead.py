"""What a renew page says where there is nothing to press: in hand already, too early, too late, or not possible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateformat import time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from certificates.models import Order, Request
from certificates.rules import RenewalWindowClosed, last_day, utc_date
from certificates.services.refusals import OrderNotRenewable
from certificates.states import RequestKind
from certificates.wording import day, host, request_state
from offers.wording import renewal as wording
from portal import clock
from portal.access import PartnerRequest
from portal.dates import date_format
from portal.types import StrOrPromise


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where the ways out of such a page lead for its reader: labels with addresses, None where there is no such page.

    `anew` orders a new certificate in the place of one whose renewal is over; `refusal` says why something is not done.
    """

    frame: str
    asked: Callable[[Request], str]
    back: tuple[StrOrPromise, str] | None = None
    reissue: tuple[StrOrPromise, str] | None = None
    anew: tuple[StrOrPromise, str] | None = None
    refusal: Callable[[Exception], str] = wording.refusal


def staff_doors(order: Order) -> Doors:
    """As the house goes."""
    anew = f"{reverse('offers:request_certificate')}?customer={order.customer_id}&after={order.pk}"
    return Doors(
        frame="base.html",
        asked=lambda request: reverse("certificates:request", args=[request.pk]),
        back=(_("Back to the order"), reverse("certificates:order", args=[order.pk])),
        reissue=(_("Reissue"), reverse("offers:reissue", args=[order.pk])),
        anew=(_("Request a certificate"), anew),
    )


def in_hand(
    request: PartnerRequest, order: Order, existing: Request, *, doors: Doors | None = None, status: int = 200
) -> HttpResponse:
    """Somebody pressed before: who, when, and how far it has come."""
    words, action = _("Already renewed: asked for by %(person)s, %(time)s."), _("See what came of it")
    if existing.is_open:
        words, action = _("Already in hand since %(time)s by %(person)s."), _("See how far it is")
    doors = doors or staff_doors(order)
    facts = {"time": _moment(existing), "person": existing.person or _("the portal")}
    return _say(
        request,
        order,
        doors,
        page_title=_title(order, reissue=existing.kind == RequestKind.REISSUE),
        heading=words % facts,
        text=_("One is enough: pressing again orders nothing."),
        state=request_state(existing),
        actions=[(action, doors.asked(existing), "")],
        status=status,
    )


def outside_window(request: PartnerRequest, order: Order, closed: RenewalWindowClosed, *, doors: Doors) -> HttpResponse:
    """When the renewal opens, or when it closed, and what can be done instead."""
    if clock.now() < closed.opens_at:
        return _too_early(request, order, closed, doors)
    facts = {"closed": day(last_day(closed.closes_at)), "end": day(order.ends_on) if order.ends_on else ""}
    return _say(
        request,
        order,
        doors,
        heading=_("The renewal closed on %(closed)s.") % facts,
        text=_(
            "The order ended on %(end)s. Its days are over, and so is the time to renew it: request a new certificate."
        )
        % facts,
        actions=[(*doors.anew, "")] if doors.anew else [],
    )


def _too_early(request: PartnerRequest, order: Order, closed: RenewalWindowClosed, doors: Doors) -> HttpResponse:
    facts = {"opens": day(utc_date(closed.opens_at)), "end": day(order.ends_on) if order.ends_on else ""}
    return _say(
        request,
        order,
        doors,
        heading=_("The renewal opens on %(opens)s.") % facts,
        text=_("The order runs until %(end)s. It can be renewed from %(opens)s on; until then, reissues are free.")
        % facts,
        actions=[(*doors.reissue, "btn-secondary")] if doors.reissue else [],
    )


def not_renewable(
    request: PartnerRequest,
    order: Order,
    refusal: OrderNotRenewable,
    *,
    doors: Doors | None = None,
    reissue: bool = False,
) -> HttpResponse:
    """Why the order, as it is, is not renewed or reissued."""
    doors = doors or staff_doors(order)
    heading = _("This order cannot be reissued now.") if reissue else _("This order cannot be renewed now.")
    title = _title(order, reissue=reissue)
    return _say(request, order, doors, page_title=title, heading=heading, text=doors.refusal(refusal))


def not_connected(request: PartnerRequest, refusal: OrderNotRenewable) -> HttpResponse:
    """Nothing can be ordered, as no authority is connected."""
    context = {
        "page_title": _("Request a certificate"),
        "heading": _("Nothing can be ordered yet."),
        "text": wording.refusal(refusal),
    }
    return render(request, "offers/instead.html", {"frame": "base.html", **context})


def _say(request: PartnerRequest, order: Order, doors: Doors, *, status: int = 200, **context: Any) -> HttpResponse:
    """Heading, text and actions on a page of their own; `actions` are label, address and look."""
    actions: list[tuple[StrOrPromise, str, str]] = context.pop("actions", [])
    if doors.back:
        actions = [*actions, (*doors.back, "btn-secondary")]
    context = {"order": order, "frame": doors.frame, "page_title": _title(order), **context}
    return render(request, "offers/instead.html", {**context, "actions": actions}, status=status)


def _title(order: Order, *, reissue: bool = False) -> str:
    words = _("Reissue %(host)s") if reissue else _("Renew %(host)s")
    return words % {"host": host(order)}


def _moment(existing: Request) -> str:
    """The time of the press, with its date unless that is today."""
    when = localtime(existing.requested_at)
    if when.date() == localtime(clock.now()).date():
        return time_format(when, "H:i")
    return date_format(when, "DATETIME_FORMAT")
