"""The partner's own messages: a list, writing one, changing it, taking it back; and what pages show of messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.forms.messages import MessageForm
from campaigns.models import Message, MessageMark, Notice
from campaigns.services import console
from campaigns.states import Channel, NoticeState
from campaigns.tables.messages import MessagesTable
from campaigns.wording.console import LEVELS, words_of
from certificates.models import Customer, Order
from certificates.views.expiring import Link
from portal import clock
from portal.access import PartnerRequest, requires
from portal.lists import Empty, ListPage, Sort

LIVE, LATER, OVER = "live", "later", "over"
_TABS = {LIVE: gettext_lazy("Shown"), LATER: gettext_lazy("Later"), OVER: gettext_lazy("Over")}
SHOWN = 6


@requires("messages.view")
class MessagesPage(ListPage):
    """Messages by whether customers see them now."""

    name = "messages"
    title = gettext_lazy("Messages")
    table_class = MessagesTable
    sorts = {"starts": Sort(("starts_at",))}
    default_sort = "-starts"
    template_name = "campaigns/messages/page.html"
    part_template_name = "campaigns/messages/list.html"

    @cached_property
    def now(self) -> datetime:
        return clock.now()

    @cached_property
    def tab(self) -> str:
        wanted = self.query.get("show", "")
        return wanted if wanted in _TABS else LIVE

    def get_queryset(self) -> QuerySet[Message]:
        rows: QuerySet[Message] = Message.objects.for_partner(self.request.partner).select_related("customer")
        return rows.filter(_in_tab(self.tab, self.now))

    def get_table_options(self) -> dict[str, Any]:
        return {"now": self.now, "read": read_by([message.pk for message in self.slice.rows])}

    def get_context_data(self) -> dict[str, Any]:
        return {"tabs": list(self._tabs()), "tabs_label": _("Which messages")}

    def _tabs(self) -> Iterator[Link]:
        for tab, label in _TABS.items():
            yield Link(f"tab-{tab}", label, self.address.but(show=tab), tab == self.tab, None)

    def get_empty(self) -> Empty:
        words = _("What you write here stands on top of your customers' own pages, until they put it away.")
        if "messages.edit" not in self.request.membership.permissions:
            return Empty(_("No messages here"), words, icon="chat-left-text")
        url, action = reverse("campaigns:message_new"), _("Write a message")
        return Empty(_("No messages here"), words, icon="chat-left-text", url=url, action=action)


def _in_tab(tab: str, now: datetime) -> Q:
    over = Q(withdrawn_at__isnull=False) | Q(expires_at__lte=now)
    if tab == OVER:
        return over
    return ~over & (Q(starts_at__gt=now) if tab == LATER else Q(starts_at__lte=now))


def read_by(keys: list[int]) -> Mapping[int, int]:
    """How many people have read each message."""
    marks = MessageMark.objects.filter(message__in=keys, read_at__isnull=False).order_by()
    return dict(marks.values("message").annotate(people=Count("pk")).values_list("message", "people"))


@requires("messages.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def message_new(request: PartnerRequest) -> HttpResponse:
    """Write one, to every customer or to the one that the address names."""
    message = Message(partner=request.partner, customer=_named_customer(request), starts_at=clock.now())
    form = MessageForm(request.POST or None, instance=message)
    if request.method == "POST" and form.is_valid():
        console.publish_message(form.save(commit=False), actor=request.user, now=clock.now())
        messages.success(request, _("The message is written."))
        return redirect("campaigns:messages")
    return _write(request, form, _("Write a message"))


@requires("messages.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def message_edit(request: PartnerRequest, pk: int) -> HttpResponse:
    """Change one; it says the new words from now on."""
    message = _message(request, pk)
    form = MessageForm(request.POST or None, instance=message)
    if request.method == "POST" and form.is_valid():
        console.change_message(form.save(commit=False), actor=request.user, now=clock.now())
        messages.success(request, _("The message is changed."))
        return redirect("campaigns:message", pk=message.pk)
    return _write(request, form, _("Change the message"))


def _named_customer(request: PartnerRequest) -> Customer | None:
    """The customer that the address names; without one the message is for all of them. Raises Http404."""
    named = request.GET.get("customer")
    mine = Customer.objects.for_partner(request.partner)
    return get_object_or_404(mine, pk=named if named.isascii() and named.isdigit() else 0) if named else None


def _write(request: PartnerRequest, form: MessageForm, title: str) -> HttpResponse:
    context = {"page_title": title, "form": form, "message_row": form.instance}
    return render(request, "campaigns/messages/form.html", context, status=422 if form.errors else 200)


@requires("messages.view")
@require_http_methods(["GET", "HEAD"])
def message(request: PartnerRequest, pk: int) -> HttpResponse:
    """One message as customers see it, and who has read it."""
    found = _message(request, pk)
    marks = MessageMark.objects.filter(message=found).select_related("user").order_by("-read_at")
    title, text = words_of(found)
    context = {
        "page_title": title,
        "text": text,
        "message_row": found,
        "level": LEVELS[found.urgency],
        "marks": marks[:50],
        "is_live": console.live_messages(request.partner, now=clock.now()).filter(pk=found.pk).exists(),
    }
    return render(request, "campaigns/messages/message.html", context)


@requires("messages.edit")
@require_POST
def message_withdraw(request: PartnerRequest, pk: int) -> HttpResponse:
    """Out of every console; a press brings it back."""
    found = _message(request, pk)
    if console.withdraw_message(found, actor=request.user, now=clock.now()):
        undo = reverse("campaigns:message_restore", args=[pk])
        messages.success(request, _("The message is taken back."), extra_tags=f"undo:{undo}")
    return redirect("campaigns:message", pk=pk)


@requires("messages.edit")
@require_POST
def message_restore(request: PartnerRequest, pk: int) -> HttpResponse:
    found = _message(request, pk)
    if console.restore_message(found, actor=request.user, now=clock.now()):
        messages.success(request, _("The message is shown again."))
    return redirect("campaigns:message", pk=pk)


def _message(request: PartnerRequest, pk: int) -> Message:
    rows = Message.objects.for_partner(request.partner).select_related("customer", "partner", "created_by")
    return get_object_or_404(rows, pk=pk)


# What pages of the house show


def order_panel(_request: HttpRequest, order: Order) -> Mapping[str, Any] | None:
    """What the customer's console says about the order, and who of them has seen it."""
    shown = console.shown_notices(order.customer, now=clock.now()).filter(order=order).order_by("-due_at", "-pk")
    notices = [(one, _seen(one)) for one in shown.prefetch_related("marks__user")[:SHOWN]]
    return {"notices": notices} if notices else None


def _seen(notice: Notice) -> list[tuple[str, MessageMark]]:
    return [(str(mark.user), mark) for mark in notice.marks.all()]


def customer_panel(_request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """The messages that stand in the customer's console."""
    rows = console.live_messages(customer.partner, now=clock.now()).filter(Q(customer=None) | Q(customer=customer))
    own = [(one, *words_of(one), LEVELS[one.urgency]) for one in rows.order_by("-starts_at", "-pk")[:SHOWN]]
    calendar = Notice.objects.for_partner(customer.partner).filter(
        customer=customer, channel=Channel.CONSOLE, state=NoticeState.SENT
    )
    return {"customer": customer, "own": own, "has_notices": calendar.exists()}
