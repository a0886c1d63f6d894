"""Customers: the list, the page from which support answers the telephone, and its forms."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from certificates import wording
from certificates.filters import ME, CustomerFilters
from certificates.forms.customers import ContactForm, CustomerForm, NoteForm, OwnerForm
from certificates.models import Certificate, Contact, Customer, Domain, Order, Organization, Reply, Request
from certificates.querysets import DUE_DAYS, RECENT_DAYS, CustomerQuerySet, OrderQuerySet
from certificates.services import customers, marks, notes
from certificates.services.colleagues import colleagues_of
from certificates.services.timeline import customer_timeline
from certificates.tables.customers import FIELDS, CustomersTable
from certificates.views.orders import MORE_EVENTS, panels_of
from certificates.views.saved_views import SavableListPage
from certificates.wording import Pill
from portal import clock
from portal.access import PartnerRequest, requires
from portal.lists import Empty, Sort
from portal.lists.filters import Chip
from portal.types import StrOrPromise

# Rows of each kind that the page shows; the lists hold the rest.
SHOWN = 25
SHOWN_ORDERS = 12
SHOWN_EVENTS = 12
_EITHER = ["GET", "HEAD", "POST"]


@requires("customers.view")
class CustomersPage(SavableListPage):
    """Every customer, with what it has and whether somebody there can be reached."""

    name = "customers"
    title = gettext_lazy("Customers")
    table_class = CustomersTable
    filters_class = CustomerFilters
    sorts = {"name": Sort(("name",))}
    default_sort = "name"
    export_permission = "customers.export"
    template_name = "certificates/customers/list.html"

    def get_queryset(self) -> CustomerQuerySet:
        partner = self.request.partner
        orders, contacts = Order.objects.for_partner(partner), Contact.objects.for_partner(partner)
        return Customer.objects.for_partner(partner).with_outlook(orders, contacts, today=clock.today())

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.values_list(*FIELDS, *self.annotated_names, named=True)

    def get_table_options(self) -> dict[str, Any]:
        return {"today": clock.today()}

    def get_quick_filters(self) -> list[Chip]:
        return [] if "owner" in self.query else [Chip(_("Mine"), self.address.but(owner=ME))]

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        words = _("Customers come with the orders you import; you can also add one by hand.")
        if "customers.edit" not in self.request.membership.permissions:
            return Empty(_("No customers yet"), words, icon="building")
        url = reverse("certificates:customer_new")
        return Empty(_("No customers yet"), words, icon="building", url=url, action=_("Add a customer"))


@requires("customers.view")
@require_safe
def customer(request: PartnerRequest, pk: int) -> HttpResponse:
    """Everything about one customer; that support looked is written down."""
    found = _customer(request, pk)
    customers.note_look_up(found, request.membership, now=clock.now())
    return _page(request, found, NoteForm())


def _customer(request: PartnerRequest, pk: int) -> Customer:
    rows = Customer.objects.for_partner(request.partner).select_related("partner", "owner__user")
    return get_object_or_404(rows, pk=pk)


def _page(request: PartnerRequest, customer: Customer, note_form: NoteForm, *, status: int = 200) -> HttpResponse:
    everything = "all" in request.GET.getlist("timeline")
    limit = MORE_EVENTS if everything else SHOWN_EVENTS
    events = customer_timeline(customer, limit=limit + 1)
    orders, has_more_orders = _cut(_orders(customer), to=SHOWN_ORDERS)
    said = _answers(customer, orders)
    elsewhere, has_more_elsewhere = _cut(_elsewhere(customer), to=SHOWN)
    people = colleagues_of(customer)
    context = {
        "customer": customer,
        "contacts": [(one, wording.reachability(one.contact)) for one in people if one.contact][: 2 * SHOWN],
        "only_members": [one.member for one in people if one.contact is None],
        "with_due": set(_due(customer).values_list("contact", flat=True)),
        "orders": [(one, wording.host(one), _end(one), said.get(one.pk)) for one in orders],
        "has_more_orders": has_more_orders,
        "requests": _requests(customer),
        "validations": _validations(customer),
        "elsewhere": [(one, _ending(one)) for one in elsewhere],
        "has_more_elsewhere": has_more_elsewhere,
        "note_form": note_form,
        "owner_form": _owner_form(request, customer),
        "timeline": events[:limit],
        "has_older_events": len(events) > limit and not everything,
        "panels": panels_of(request, "customer", customer),
    }
    return render(request, "certificates/customers/customer.html", context, status=status)


def _cut(rows: Any, *, to: int) -> tuple[list[Any], bool]:
    found = list(rows[: to + 1])
    return found[:to], len(found) > to


def _orders(customer: Customer) -> Any:
    """Those that end next first, then those that have ended, the latest first."""
    orders = Order.objects.for_partner(customer.partner).filter(customer=customer)
    return orders.by_urgency(today=clock.today())


def _answers(customer: Customer, orders: Iterable[Order]) -> dict[int, Pill]:
    """What the customer has said of these orders instead of renewing them."""
    unrenewed = [one.pk for one in orders if one.renewal_mark not in wording.MARKS]
    found = Reply.objects.for_partner(customer.partner).filter(order__in=unrenewed)
    return {one.order_id: wording.reply(one) for one in found.silencing(today=clock.today())}


def _due(customer: Customer) -> OrderQuerySet:
    """What could be renewed soon: the contacts of these orders can be sent a link."""
    today = clock.today()
    mine: OrderQuerySet = Order.objects.for_partner(customer.partner).filter(customer=customer, contact__isnull=False)
    within = (-RECENT_DAYS, DUE_DAYS)
    return mine.issued().unrenewed().not_put_off(today=today).expiring(today=today, within=within).order_by()


def _elsewhere(customer: Customer) -> Any:
    """Certificates that the partner did not sell: they could be consolidated here."""
    certificates = Certificate.objects.for_partner(customer.partner).filter(customer=customer)
    return certificates.movable().order_by("ends_on", "pk")


def _end(order: Order) -> Pill:
    return wording.order_end(order, today=clock.today()) or wording.status(order)


def _ending(certificate: Certificate) -> Pill:
    return wording.ending((certificate.ends_on - clock.today()).days)


def _requests(customer: Customer) -> list[tuple[Request, Pill]]:
    found = Request.objects.for_partner(customer.partner).filter(customer=customer)
    return [(one, wording.request_state(one)) for one in found.select_related("requested_by", "product")[:5]]


def _validations(customer: Customer) -> list[tuple[StrOrPromise, StrOrPromise, Pill]]:
    """Name, kind and urgency of every validation, those that lapse first before the others."""
    today = clock.today()
    organizations = Organization.objects.for_partner(customer.partner).filter(customer=customer)[:SHOWN]
    domains = Domain.objects.for_partner(customer.partner).filter(customer=customer)[:SHOWN]
    ends: list[tuple[Any, StrOrPromise, StrOrPromise]] = []
    for one in organizations:
        ends.append((one.ov_validated_until, one.name, _("Organisation, OV")))
        if one.ev_validated_until:
            ends.append((one.ev_validated_until, one.name, _("Organisation, EV")))
    ends += [(one.validated_until, one.name, _("Domain")) for one in domains]
    ends.sort(key=lambda end: (end[0] is None, end[0]) if end[0] else (True, today))
    return [(name, kind, wording.validation(until, today=today)) for until, name, kind in ends]


def _owner_form(request: PartnerRequest, customer: Customer) -> OwnerForm | None:
    if "customers.assign" not in request.membership.permissions:
        return None
    return OwnerForm(initial={"owner": customer.owner_id}, partner=request.partner)


# What people do


def _back(customer: Customer) -> HttpResponseRedirect:
    return redirect("certificates:customer", pk=customer.pk)


@requires("customers.note")
@require_POST
def customer_note(request: PartnerRequest, pk: int) -> HttpResponse:
    customer = _customer(request, pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, customer, form, status=422)
    notes.write_note(customer, **form.cleaned_data, author=request.user, now=clock.now())
    messages.success(request, _("The note is kept."))
    return _back(customer)


@requires("customers.assign")
@require_POST
def customer_owner(request: PartnerRequest, pk: int) -> HttpResponse:
    customer = _customer(request, pk)
    form = OwnerForm(request.POST, partner=request.partner)
    if not form.is_valid():
        messages.error(request, _("This person cannot own a customer. Nothing was changed."))
        return _back(customer)
    rows = Customer.objects.for_partner(request.partner).filter(pk=customer.pk)
    owner = form.cleaned_data["owner"]
    if marks.assign_owner(rows, owner=owner, actor=request.user):
        words = _("%(customer)s now belongs to %(owner)s.") if owner else _("%(customer)s now belongs to nobody.")
        messages.success(request, words % {"customer": customer.name, "owner": owner})
    return _back(customer)


@requires("customers.edit")
@require_http_methods(_EITHER)
def customer_new(request: PartnerRequest) -> HttpResponse:
    """A customer made by hand, until an import or an order brings more."""
    form = CustomerForm(request.POST or None, initial={"language": request.partner.language})
    if form.is_valid():
        made = customers.create_customer(request.partner, values=form.cleaned_data, actor=request.user, now=clock.now())
        messages.success(request, _("%(customer)s is added. Who can be reached there?") % {"customer": made.name})
        return redirect("certificates:contact_new", pk=made.pk)
    return _form(request, form, title=_("Add a customer"))


@requires("customers.edit")
@require_http_methods(_EITHER)
def customer_edit(request: PartnerRequest, pk: int) -> HttpResponse:
    """The form writes on a copy: what was typed must not stand on the row before it is valid."""
    customer = _customer(request, pk)
    form = CustomerForm(request.POST or None, instance=copy(customer))
    if form.is_valid():
        customers.change_customer(customer, values=form.cleaned_data, actor=request.user, now=clock.now())
        messages.success(request, _("%(customer)s is saved.") % {"customer": customer.name})
        return _back(customer)
    return _form(request, form, title=_("Edit customer"), customer=customer)


@requires("contacts.edit")
@require_http_methods(_EITHER)
def contact_new(request: PartnerRequest, pk: int) -> HttpResponse:
    customer = _customer(request, pk)
    initial = {"language": customer.language, "time_zone": request.partner.time_zone}
    form = ContactForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            made = customers.add_contact(customer, values=form.cleaned_data, actor=request.user, now=clock.now())
        except customers.AddressTaken:
            form.add_error("email", _address_taken())
        else:
            messages.success(request, _("%(contact)s is added.") % {"contact": made})
            return _back(customer)
    return _form(request, form, title=_("Add a contact"), customer=customer)


@requires("contacts.edit")
@require_http_methods(_EITHER)
def contact_edit(request: PartnerRequest, pk: int) -> HttpResponse:
    """Correct what a caller spells out; a corrected address is written to again."""
    rows = Contact.objects.for_partner(request.partner).select_related("partner", "customer__partner")
    contact = get_object_or_404(rows, pk=pk)
    form = ContactForm(request.POST or None, instance=copy(contact))
    if form.is_valid():
        try:
            customers.correct_contact(contact, values=form.cleaned_data, actor=request.user, now=clock.now())
        except customers.AddressTaken:
            form.add_error("email", _address_taken())
        else:
            messages.success(request, _("%(contact)s is saved.") % {"contact": contact})
            return _back(contact.customer)
    return _form(request, form, title=_("Correct a contact"), customer=contact.customer, contact=contact)


def _address_taken() -> str:
    return _("Another contact of this customer has this address already. Correct that one instead.")


def _form(request: PartnerRequest, form: Any, *, title: str, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound else 200
    context = {"form": form, "page_title": title, **context}
    return render(request, "certificates/customers/form.html", context, status=status)
