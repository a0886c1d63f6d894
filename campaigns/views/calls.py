"""Calls: today's list, one call with its script, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from campaigns.filters.calls import CallFilters
from campaigns.forms.calls import AttemptForm
from campaigns.models import Attempt, Call
from campaigns.querysets import CallQuerySet
from campaigns.services import attempts, calls, scripts
from campaigns.services.attempts import AnotherCallOpen, CallIsOver, NothingToUndo, SomebodyElseCalled
from campaigns.services.scripts import MOST_TOPICS
from campaigns.tables.calls import FIELDS, CallsTable
from campaigns.wording import calls as wording
from campaigns.wording.calls import Line
from certificates import wording as said
from certificates.filters import ME
from certificates.forms.customers import NoteForm
from certificates.models import Contact, Customer, Order
from certificates.services import customers, notes
from certificates.views.expiring import Link
from certificates.views.saved_views import SavableListPage
from portal import clock
from portal.access import PartnerRequest, requires
from portal.choices import Language
from portal.lists import Empty, Sort, Total
from portal.lists.filters import Chip
from portal.lists.links import came_from
from portal.types import StrOrPromise

TODAY, LATER, DONE = "today", "later", "done"
TABS: Mapping[str, StrOrPromise] = {
    TODAY: gettext_lazy("Today"),
    LATER: gettext_lazy("Later"),
    DONE: gettext_lazy("Done"),
}
_COUNTED = 1001


@requires("calls.view")
class CallsPage(SavableListPage):
    """Calls by when they are to be made; today's most pressing and dearest first."""

    name = "calls"
    title = gettext_lazy("Calls")
    table_class = CallsTable
    filters_class = CallFilters
    export_permission = "calls.view"
    template_name = "campaigns/calls/page.html"
    part_template_name = "campaigns/calls/list.html"
    # "first" is no column: what presses before what is dear.
    sorts = {
        "first": Sort(("weight",)),
        "ends": Sort(("next_end",), nullable=True),
        "value": Sort(("whole_worth",)),
        "customer": Sort(("customer__name",)),
        "last": Sort(("last_at",), nullable=True),
        "due": Sort(("due_on",)),
        "ended": Sort(("ended_at",), nullable=True),
    }

    @cached_property
    def tab(self) -> str:
        wanted = self.query.get("tab", "")
        return wanted if wanted in TABS else TODAY

    def get_default_sort(self) -> str:
        return {TODAY: "-first", LATER: "due", DONE: "-ended"}[self.tab]

    def get_queryset(self) -> CallQuerySet:
        return self.of_tab(self.tab)

    def of_tab(self, tab: str) -> CallQuerySet:
        rows: CallQuerySet = Call.objects.for_partner(self.request.partner)
        today = clock.today()
        return {TODAY: rows.due(today), LATER: rows.later(today), DONE: rows.ended()}[tab]

    def _with_columns(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return super()._with_columns(outlook(rows))

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.values_list(*FIELDS, *self.annotated_names, named=True)

    def get_table_options(self) -> dict[str, Any]:
        return table_options(self.request)

    def get_quick_filters(self) -> list[Chip]:
        return [] if "owner" in self.query else [Chip(_("Mine"), self.address.but(owner=ME))]

    def get_context_data(self) -> dict[str, Any]:
        return {
            **super().get_context_data(),
            "tabs": list(self._tabs()),
            "tabs_label": _("Which calls"),
            "ways": wording.WAYS if self.tab == TODAY and "calls.note" in self.request.membership.permissions else (),
            "form": AttemptForm(today=clock.today()),
            "sheet_url": f"{reverse('campaigns:call_sheet')}?{self.address.but(tab=None).removeprefix('?')}",
        }

    def _tabs(self) -> Iterator[Link]:
        for tab, label in TABS.items():
            count = Total(self.of_tab(tab).order_by().values("pk")[:_COUNTED].count())
            yield Link(f"tab-{tab}", label, self.address.but(tab=tab, sort=None), tab == self.tab, count)

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        if self.tab == DONE:
            return Empty(_("No call is done yet"), icon="telephone")
        if self.tab == LATER:
            return Empty(_("No call waits for another day"), icon="telephone")
        return Empty(
            _("No calls today"),
            _("Steps of the calendar, letters that come back and late renewals open calls; so can you, on a customer."),
            icon="telephone",
            url=reverse("certificates:customers"),
            action=_("Customers"),
        )


def outlook(rows: Any) -> QuerySet[Any]:
    """The calls with all that the table reads of them."""
    found: QuerySet[Any] = rows.with_outlook(clock.today()).with_last_attempt()
    return found


def table_options(request: PartnerRequest) -> dict[str, Any]:
    return {
        "now": clock.now(),
        "office": calls.office_of(request.partner),
        "permissions": request.membership.permissions,
    }


# One call


@requires("calls.view")
@require_safe
def call(request: PartnerRequest, pk: int) -> HttpResponse:
    """The script with the facts filled in, whom to ring, and what was said before."""
    found = _call(request, pk)
    customers.note_look_up(found.customer, request.membership, now=clock.now())
    wanted = request.GET.get("outcome", "")
    form = AttemptForm(today=clock.today(), initial={"outcome": wanted})
    return _page(request, found, form)


def _call(request: PartnerRequest, pk: int) -> Call:
    rows = Call.objects.for_partner(request.partner)
    related = ("partner", "customer__partner", "customer__owner__user", "contact")
    found: Call = get_object_or_404(rows.select_related(*related), pk=pk)
    return found


def _page(
    request: PartnerRequest, call: Call, form: AttemptForm, *, note_form: NoteForm | None = None, status: int = 200
) -> HttpResponse:
    now = clock.now()
    topics = scripts.topics_of([call], now=now).get(call.pk, [])
    lines = _lines(call)
    last = attempts.last_attempt(call)
    language = _language(request, call)
    context = {
        "page_title": _("Call to %(customer)s") % {"customer": call.customer.name},
        "crumbs": [(_("Calls"), reverse("campaigns:calls")), (call.customer.name, "")],
        "call": call,
        "customer": call.customer,
        "cause": wording.cause(call.cause),
        "standing": wording.standing(call),
        "is_open": call.state == Call.State.OPEN,
        "topics": topics[:MOST_TOPICS],
        "first": topics[0] if topics else None,
        "left_out": len(topics[MOST_TOPICS:]),
        "orders_words": wording.orders(len(topics)),
        "worth": wording.sums(scripts.worth_of(topics)),
        "has_renewal": any(topic.plan for topic in topics),
        "lines": lines,
        "asked": next((one for one in lines if one.contact.pk == call.contact_id), None),
        "script_language": language,
        "script_languages": [(code, label, code == language) for code, label in Language.choices],
        "before": scripts.what_was_before(call, now=now),
        "form": form,
        "ways": wording.WAYS,
        "seen": last.pk if last else 0,
        "last": last,
        "note_form": note_form or NoteForm(),
    }
    return render(request, "campaigns/calls/call.html", context, status=status)


def _lines(call: Call) -> list[Line]:
    """Everybody at the customer with a number, the one to ask for first; then those with a wrong one."""
    people = Contact.objects.for_partner(call.partner).filter(customer=call.customer_id).exclude(phone="")
    right = set(calls.with_wrong_numbers_left_out(people).values_list("pk", flat=True))
    office, now = calls.office_of(call.partner), clock.now()
    told = [
        wording.line(one, call.customer, office=office, now=now, is_wrong=one.pk not in right)
        for one in people.order_by("name", "pk")[:20]
    ]
    return sorted(told, key=lambda one: (one.is_wrong, one.contact.pk != call.contact_id))


def _language(request: PartnerRequest, call: Call) -> str:
    """As asked for, else that of whoever is rung."""
    wanted = request.GET.get("lang", "")
    spoken: str = call.contact.language if call.contact else call.customer.language
    return wanted if wanted in Language.values else spoken


# What came of it


@requires("calls.note")
@require_POST
def call_attempt(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Note an outcome; `seen` in the address is the last attempt that the page or the list had shown."""
    found = _call(request, pk)
    form = AttemptForm(request.POST, today=clock.today())
    if not form.is_valid():
        return _page(request, found, form, status=422)
    seen = request.GET.get("seen", "")
    try:
        attempt = attempts.record_attempt(
            found,
            form.said(),
            seen=int(seen) if seen.isdecimal() and len(seen) < 19 else 0,
            actor=request.user,
            now=clock.now(),
        )
    except SomebodyElseCalled as other:
        messages.warning(request, wording.not_noted(other.attempt))
    except CallIsOver:
        messages.warning(request, _("This call has settled by itself: nothing is left to speak of."))
    else:
        undo = reverse("campaigns:call_undo", args=[found.pk])
        messages.success(request, wording.noted(attempt, _call(request, pk)), extra_tags=f"undo:{undo}")
    if request.htmx:
        return _row(request, found)
    return redirect("campaigns:calls")


def _row(request: PartnerRequest, call: Call) -> HttpResponse:
    """The row of the list as it is now, with the messages."""
    rows = outlook(Call.objects.for_partner(request.partner).filter(pk=call.pk))
    table = CallsTable(list(rows.values_list(*FIELDS, named=True)), request=None, **table_options(request))
    return render(request, "campaigns/calls/row.html", {"table": table})


@requires("calls.note")
@require_POST
def call_undo(request: PartnerRequest, pk: int) -> HttpResponse:
    """Take the last outcome back."""
    found = _call(request, pk)
    try:
        attempts.undo_attempt(found, actor=request.user, now=clock.now())
    except NothingToUndo:
        messages.warning(request, _("This can no longer be taken back."))
    except AnotherCallOpen:
        messages.warning(request, _("Another call to this customer is open by now, so this one stays done."))
    else:
        messages.success(request, _("Taken back: everything is as it was."))
    return HttpResponseRedirect(came_from(request, otherwise=reverse("campaigns:calls")))


@requires("calls.note")
@require_POST
def call_contact(request: PartnerRequest, pk: int) -> HttpResponse:
    """Ask for somebody else."""
    found = _call(request, pk)
    people = Contact.objects.for_partner(request.partner).filter(customer=found.customer_id)
    chosen = get_object_or_404(people, pk=_number(request.POST.get("contact", "")))
    calls.ask_for(found, chosen, actor=request.user, now=clock.now())
    return redirect("campaigns:call", pk=found.pk)


@requires("calls.note")
@require_POST
def call_note(request: PartnerRequest, pk: int) -> HttpResponse:
    """A note about the customer, kept from the page of the call."""
    found = _call(request, pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, found, AttemptForm(today=clock.today()), note_form=form, status=422)
    notes.write_note(found.customer, **form.cleaned_data, author=request.user, now=clock.now())
    messages.success(request, _("The note is kept."))
    return redirect("campaigns:call", pk=found.pk)


@requires("calls.note")
@require_POST
def call_open(request: PartnerRequest, pk: int) -> HttpResponse:
    """Ask for a call to the customer: about one order, or about all that is due."""
    rows = Customer.objects.for_partner(request.partner).select_related("partner")
    customer = get_object_or_404(rows, pk=pk)
    now = clock.now()
    about: Any = calls.due_of(customer, now=now)
    if "order" in request.POST:
        mine = Order.objects.for_partner(request.partner).filter(customer=customer)
        about = [get_object_or_404(mine, pk=_number(request.POST["order"]))]
    opened = calls.open_by_staff(customer, actor=request.user, now=now, orders=about)
    messages.success(request, _("%(customer)s stands in the list of calls.") % {"customer": customer.name})
    return redirect("campaigns:call", pk=opened.pk)


def _number(text: str) -> int:
    """A key as it was posted; 0, which no row has, for anything else."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def last_outcomes(rows: QuerySet[Attempt]) -> list[tuple[Attempt, said.Pill]]:
    """The newest attempts, each with its pill."""
    found = rows.filter(undone_at=None).select_related("by", "contact", "call").order_by("-at", "-pk")[:3]
    return [(one, wording.outcome(one.outcome, promised_on=one.promised_on)) for one in found]
