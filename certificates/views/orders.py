"""All orders, the page of one, and what people do there: note, mark, switch, download."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from certificates import wording
from certificates.filters import ME, AllOrdersFilters
from certificates.forms.customers import NoteForm
from certificates.models import Certificate, Order, Request
from certificates.overview import overview
from certificates.querysets import OrderQuerySet
from certificates.remarks import Remark
from certificates.services import customers, marks, notes, planning
from certificates.services.downloads import download as packed
from certificates.services.downloads import formats_of
from certificates.services.refusals import AlreadyRenewed, NothingToDownload, OrderNotRenewable, TooEarlyToMark
from certificates.services.replies import standing_reply
from certificates.services.timeline import order_timeline
from certificates.tables.orders import FIELDS, OrdersTable
from certificates.views.saved_views import SavableListPage
from certificates.wording import installed
from certificates.x509 import Download, Format
from certificates.x509.names import display_name
from portal import clock, contributions
from portal.access import PartnerRequest, requires
from portal.lists import Empty, Sort
from portal.lists.filters import Chip
from portal.lists.links import came_from
from portal.types import StrOrPromise

MORE_EVENTS = 500
FORMAT_WORDS = {
    Format.SERVER: gettext_lazy("For the server: certificate and intermediates (PEM)"),
    Format.LEAF: gettext_lazy("Certificate alone (PEM)"),
    Format.CHAIN: gettext_lazy("Intermediates alone (PEM)"),
    Format.FULL: gettext_lazy("Whole chain with the root (PEM)"),
    Format.PKCS7: gettext_lazy("PKCS#7, as Windows and Java read it (P7B)"),
    Format.DER: gettext_lazy("Certificate alone, binary (DER)"),
}


@requires("orders.view")
class OrdersPage(SavableListPage):
    """Every order, whatever its state."""

    name = "orders"
    title = gettext_lazy("Orders")
    table_class = OrdersTable
    filters_class = AllOrdersFilters
    sorts = {
        "placed": Sort(("placed_at",)),
        "expires": Sort(("ends_on",), nullable=True),
        "name": Sort(("common_name",)),
    }
    default_sort = "-placed"
    export_permission = "orders.export"

    def get_queryset(self) -> OrderQuerySet:
        return Order.objects.for_partner(self.request.partner)

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.values_list(*FIELDS, *self.annotated_names, named=True)

    def get_table_options(self) -> dict[str, Any]:
        return {"today": clock.today()}

    def get_quick_filters(self) -> list[Chip]:
        return [] if "owner" in self.query else [Chip(_("Mine"), self.address.but(owner=ME))]

    def get_empty(self) -> Empty:
        return super().get_empty() if self.is_filtered else no_orders_yet(self.request)


def no_orders_yet(request: PartnerRequest) -> Empty:
    """What a new partner reads, and where the orders come from."""
    words = _("Import the order report of your authority: what was sold, and when it ends, stands here then.")
    if "imports.run" not in request.membership.permissions:
        return Empty(_("No orders yet"), words, icon="file-earmark-lock")
    return Empty(
        _("No orders yet"), words, icon="file-earmark-lock", url=reverse("certificates:imports"), action=_("Import")
    )


@requires("orders.view")
@require_safe
def order(request: PartnerRequest, pk: int) -> HttpResponse:
    """Everything about one order, and with it about its customer: that support looked is written down."""
    found = _order(request, pk)
    customers.note_look_up(found.customer, request.membership, now=clock.now())
    return _page(request, found, NoteForm())


def _order(request: PartnerRequest, pk: int) -> Order:
    """The partner's order with what its page shows; 404 for any other."""
    rows = Order.objects.for_partner(request.partner).select_related(
        "partner",
        "customer__partner",
        "customer__owner__user",
        "organization",
        "contact",
        "product",
        "predecessor",
        "auto_renew_by__user",
    )
    certificates = Certificate.objects.for_partner(request.partner).order_by("-starts_at", "-pk")
    return get_object_or_404(rows.prefetch_related(Prefetch("certificates", certificates)), pk=pk)


def _page(request: PartnerRequest, order: Order, note_form: NoteForm, *, status: int = 200) -> HttpResponse:
    now = clock.now()
    certificates = list(order.certificates.all())
    reply = standing_reply(order)
    book = planning.rules_for(request.partner, order.authority)
    everything = "all" in request.GET.getlist("timeline")
    context = {
        "order": order,
        "host": wording.host(order),
        "names": [(name, display_name(name)) for name in order.names],
        "answer": wording.reply(reply) if reply else None,
        "glance": overview(order, certificates, book, now=now),
        "validations": _validations(order),
        "remarks": remarks_of(order),
        "is_stalled": order.auto_renew and _is_stalled(order),
        "successor": Order.objects.for_partner(request.partner).filter(predecessor=order).first(),
        "installation": installed.told_after(order),
        "requests": _requests(order),
        "certificates": [(one, _formats(one)) for one in certificates],
        "current": next(((one, _formats(one)) for one in certificates if one.is_current), None),
        "timeline": order_timeline(order, **({"limit": MORE_EVENTS} if everything else {})),
        "notices_key": f"notices-{order.pk}",
        "note_form": note_form,
        "panels": panels_of(request, "order", order),
    }
    return render(request, "certificates/orders/order.html", context, status=status)


def _validations(order: Order) -> list[tuple[planning.ValidationFact, wording.Pill]]:
    if not order.is_live:
        return []
    today = clock.today()
    facts = planning.validation_state(order, today=today)
    return [(fact, wording.validation(fact.until, today=today)) for fact in facts]


def _is_stalled(order: Order) -> bool:
    return Order.objects.for_partner(order.partner).filter(pk=order.pk).auto_renew_stalled().exists()


def _requests(order: Order) -> list[tuple[Request, wording.Pill]]:
    found = Request.objects.for_partner(order.partner).filter(Q(order=order) | Q(result=order))
    return [(one, wording.request_state(one)) for one in found.select_related("requested_by")[:5]]


def _formats(certificate: Certificate) -> list[tuple[Format, StrOrPromise]]:
    offered = formats_of(certificate)
    return [(form, words) for form, words in FORMAT_WORDS.items() if form in offered]


def remarks_of(order: Order) -> list[StrOrPromise]:
    """What was kept although it needs a look, a sentence each; an EV wildcard is seen in the names themselves."""
    codes = list(order.remarks)
    if order.has_flagged_wildcard and Remark.EV_WILDCARD not in codes:
        codes.append(Remark.EV_WILDCARD)
    known = dict(Remark.choices)
    return [known[code] for code in codes if code in known]


def panels_of(request: PartnerRequest, page: str, subject: Any) -> list[tuple[str, dict[str, Any]]]:
    """The blocks that other apps add to a detail page, each a template and its context."""
    shown = []
    for panel in contributions.panels.on(page):
        if not panel.permission or panel.permission in request.membership.permissions:
            context = panel.context(request, subject)
            if context is not None:
                shown.append((panel.template, dict(context)))
    return shown


# What people do


def _back(request: PartnerRequest, order: Order) -> HttpResponseRedirect:
    """To the page on which the button was pressed: the order's own, or a list with its Quick View."""
    return HttpResponseRedirect(came_from(request, otherwise=reverse("certificates:order", args=[order.pk])))


@requires("orders.note")
@require_POST
def order_note(request: PartnerRequest, pk: int) -> HttpResponse:
    order = _order(request, pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, order, form, status=422)
    values = form.cleaned_data
    notes.write_note(
        order.customer,
        text=values["text"],
        spoke=values["spoke"],
        author=request.user,
        now=clock.now(),
        order=order,
    )
    messages.success(request, _("The note is kept."))
    return redirect("certificates:order", pk=order.pk)


@requires("orders.mark")
@require_POST
def mark_renewed(request: PartnerRequest, pk: int) -> HttpResponse:
    """Its customer renewed it somewhere else: it falls silent everywhere."""
    order = _order(request, pk)
    try:
        marks.mark_renewed_elsewhere(order, actor=request.user, now=clock.now())
    except TooEarlyToMark as early:
        words = _("An order can be marked from %(date)s on, when its renewal opens. Nothing was changed.")
        messages.error(request, words % {"date": wording.day(early.opens_on)})
    except (AlreadyRenewed, OrderNotRenewable):
        messages.error(request, _("This order counts as renewed already, or has no certificate. Nothing was changed."))
    else:
        undo = reverse("certificates:unmark_renewed", args=[order.pk])
        words = _("Order %(number)s is marked as renewed elsewhere: nothing more is sent about it.")
        messages.success(request, words % {"number": order.number}, extra_tags=f"undo:{undo}")
    return _back(request, order)


@requires("orders.mark")
@require_POST
def unmark_renewed(request: PartnerRequest, pk: int) -> HttpResponse:
    order = _order(request, pk)
    if marks.unmark_renewed(order, actor=request.user, now=clock.now()):
        words = _("Order %(number)s is no longer marked: it stands in the lists again.")
        messages.success(request, words % {"number": order.number})
    return _back(request, order)


@requires("orders.renew")
@require_POST
def auto_renew(request: PartnerRequest, pk: int) -> HttpResponse:
    """Switch automatic renewal: `on` is 1 or 0; from then on it runs in the name of whoever switched it on."""
    order = _order(request, pk)
    on = request.POST.get("on") == "1"
    marks.switch_auto_renew(order, on=on, membership=request.membership, now=clock.now())
    if on:
        messages.success(request, _("The order renews itself 30 days before its end, in your name."))
    else:
        messages.success(request, _("The order no longer renews itself."))
    return _back(request, order)


@requires("orders.download")
@require_safe
def download(request: PartnerRequest, pk: int, fmt: str) -> HttpResponse:
    """The certificate as a file."""
    certificate = get_object_or_404(Certificate.objects.for_partner(request.partner), pk=pk)
    return as_file(certificate, fmt)


def as_file(certificate: Certificate, fmt: str) -> HttpResponse:
    """The certificate in the format, to be saved; 404 where it is not known in it."""
    try:
        packet: Download = packed(certificate, Format(fmt))
    except (ValueError, NothingToDownload) as nothing:
        raise Http404(fmt) from nothing
    disposition = f'attachment; filename="{packet.filename}"'
    return HttpResponse(packet.content, content_type=packet.media_type, headers={"Content-Disposition": disposition})
