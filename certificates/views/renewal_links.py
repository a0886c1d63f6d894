"""What staff do with links to renewals: send one, hand one on, take one back; and what pages show of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from certificates import wording
from certificates.models import Contact, Customer, Order
from certificates.querysets import OrderQuerySet
from certificates.services import replies
from certificates.services.letters import renewals as renewal_letters
from certificates.services.letters.renewals import NobodyToWriteTo, NothingDue, TooManyLetters
from certificates.services.renewal_links import PURPOSE, subject_key
from certificates.states import RenewalMark
from certificates.wording import Pill
from portal import clock
from portal.access import PartnerRequest, requires
from portal.contributions import Done
from portal.lists.links import came_from
from portal.models import Link

SHOWN = 6


# What pages show


def order_panel(request: HttpRequest, order: Order) -> Mapping[str, Any] | None:
    """The contact's links and answer, while the order can be renewed, or has either."""
    now = clock.now()
    found = list(renewal_letters.links_about(order)[: SHOWN + 1])
    answer = replies.standing_reply(order)
    is_open = order.is_live and order.renewal_mark == RenewalMark.NONE
    if not (is_open or found or answer):
        return None
    return {
        "order": order,
        "is_open": is_open,
        "contact": order.contact,
        "can_write": _can_write(order),
        "links": [(one, standing(one, now)) for one in found[:SHOWN]],
        "has_more": len(found) > SHOWN,
        "reply": answer,
        "answer": wording.reply(answer) if answer else None,
    }


def customer_panel(_request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """Links to all that one of the customer's contacts has due; those to a single order stand on its page."""
    now = clock.now()
    found = list(renewal_letters.links_of(customer)[: SHOWN + 1])
    if not found:
        return None
    return {"links": [(one, standing(one, now)) for one in found[:SHOWN]], "has_more": len(found) > SHOWN}


def standing(link: Link, now: datetime) -> Pill:
    """Whether a link still opens anything."""
    if link.revoked_at:
        return Pill("plain", _("Taken back"))
    if not link.is_open(now):
        return Pill("plain", _("Expired"))
    return Pill("good", _("Opened")) if link.opened_count else Pill("note", _("Not opened yet"))


def _can_write(order: Order) -> bool:
    try:
        renewal_letters.reader_of(order)
    except NobodyToWriteTo:
        return False
    return True


# What people do


@requires("orders.resend")
@require_POST
def order_link_send(request: PartnerRequest, pk: int) -> HttpResponse:
    """The letter with the link, to the order's contact."""
    order = _order(request, pk)
    _send(request, order)
    return _back(request, reverse("certificates:order", args=[order.pk]))


@requires("orders.resend")
@require_POST
def contact_link_send(request: PartnerRequest, pk: int) -> HttpResponse:
    """The letter with the link to all that the contact has due."""
    rows = Contact.objects.for_partner(request.partner).select_related("partner", "customer")
    contact = get_object_or_404(rows, pk=pk)
    _send(request, contact)
    return _back(request, reverse("certificates:customer", args=[contact.customer_id]))


@requires("orders.resend")
@require_POST
def order_link_copy(request: PartnerRequest, pk: int) -> HttpResponse:
    """A new link, shown this once, to be dictated or handed on."""
    order = _order(request, pk)
    try:
        address = renewal_letters.copy_renewal_link(order, actor=request.user, now=clock.now())
    except (NobodyToWriteTo, NothingDue) as refused:
        messages.error(request, _refusal(refused))
        return _back(request, reverse("certificates:order", args=[order.pk]))
    context = {
        "page_title": _("The customer's link"),
        "crumbs": [(order.number, reverse("certificates:order", args=[order.pk])), (_("The customer's link"), "")],
        "order": order,
        "host": wording.host(order),
        "address": address,
    }
    response = render(request, "certificates/links/copied.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


@requires("orders.resend")
@require_POST
def link_take_back(request: PartnerRequest, pk: int) -> HttpResponse:
    """End a link, and those that its reader handed on."""
    link = get_object_or_404(Link.objects.for_partner(request.partner), pk=pk, purpose=PURPOSE)
    ended = renewal_letters.take_back_link(link, actor=request.user, now=clock.now())
    if ended:
        words = ngettext(
            "%(count)s link is taken back: it opens nothing any more.",
            "%(count)s links are taken back: they open nothing any more.",
            ended,
        )
        messages.success(request, words % {"count": ended})
    return _back(request, _page_of(link))


def send_links(request: PartnerRequest, orders: OrderQuerySet) -> Done:
    """Write to the contacts of the selected orders, a letter each."""
    try:
        sent = renewal_letters.send_renewal_links(orders, partner=request.partner, actor=request.user, now=clock.now())
    except TooManyLetters as many:
        words = _("This would write to %(count)s contacts at once. Select fewer: %(most)s at most.")
        return Done(words % {"count": many.count, "most": renewal_letters.MOST_LETTERS})
    words = ngettext("%(count)s letter is on its way.", "%(count)s letters are on their way.", sent.letters)
    told = words % {"count": sent.letters}
    if sent.left_out:
        rest = ngettext(
            "%(count)s order was left out: nobody can be written to, letters are off, or it is too early or late.",
            "%(count)s orders were left out: nobody can be written to, letters are off, or it is too early or late.",
            sent.left_out,
        )
        told = f"{told} {rest % {'count': sent.left_out}}"
    return Done(told)


def _order(request: PartnerRequest, pk: int) -> Order:
    rows = Order.objects.for_partner(request.partner).select_related("partner", "customer", "contact", "product")
    order: Order = get_object_or_404(rows, pk=pk)
    return order


def _send(request: PartnerRequest, about: Order | Contact) -> None:
    try:
        letter = renewal_letters.send_renewal_link(about, actor=request.user, now=clock.now())
    except (NobodyToWriteTo, NothingDue) as refused:
        messages.error(request, _refusal(refused))
    else:
        messages.success(request, _("The link is on its way to %(email)s.") % {"email": letter.to_email})


def _refusal(refused: Exception) -> str:
    if isinstance(refused, NobodyToWriteTo):
        return _("There is nobody to write to: name a contact with an address that works. Nothing was sent.")
    return _("Nothing can be renewed today. Nothing was sent.")


def _page_of(link: Link) -> str:
    kind, key = subject_key(link)
    if kind == "order":
        return reverse("certificates:order", args=[key])
    contact = Contact.objects.for_partner(link.partner).filter(pk=key).first()
    if contact is None:
        return reverse("certificates:customers")
    return reverse("certificates:customer", args=[contact.customer_id])


def _back(request: PartnerRequest, otherwise: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(came_from(request, otherwise=otherwise))
