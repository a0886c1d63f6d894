"""Make quotes: for a customer's orders that are ticked, for one order, or for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from certificates import wording
from certificates.models import Certificate, Customer, Order
from certificates.querysets import OrderQuerySet
from certificates.wording import Pill
from offers.forms.quotes import MakeForm
from offers.models import QuoteBatch
from offers.services import quotes
from offers.services.pricing import CodeRefusal
from offers.services.quotes import batches
from offers.services.quotes.overlaps import quoted_orders
from offers.services.quotes.refusals import LinesRefused, NothingToQuote, TooManyLines
from offers.views.choosing import choose_customer
from offers.wording import quotes as quote_wording
from portal import clock
from portal.access import PartnerRequest, requires

# Orders offered on one page; for more there is the Expiring page.
_ORDERS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Choosable:
    """An order or a certificate to tick, or why it cannot be quoted."""

    pk: int
    host: str
    detail: str
    end: Pill | None
    why_not: str = ""
    quoted: str = ""  # the number of an open quote in which it stands
    is_ticked: bool = False


@requires("quotes.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def quote_new(request: PartnerRequest) -> HttpResponseBase:
    """Choose the customer, then the orders; a POST makes the draft, or a quote for each order."""
    customer = _customer(request)
    if customer is None:
        return choose_customer(request, "offers/quotes/choose_customer.html")
    if request.method != "POST":
        return _choose(request, customer)
    form = MakeForm(
        request.POST,
        customer=customer,
        orders=_orders(customer),
        certificates=Certificate.objects.for_partner(request.partner).unattached().filter(customer=customer),
    )
    if not form.is_valid():
        return _choose(request, customer, status=422, refused=_("One of the orders is not this customer's."))
    return _make(request, customer, form)


def _make(request: PartnerRequest, customer: Customer, form: MakeForm) -> HttpResponseBase:
    orders: OrderQuerySet = form.cleaned_data["orders"]
    is_each = form.cleaned_data["how"] == MakeForm.EACH
    if is_each and form.cleaned_data["certificates"]:
        words = _(
            "A quote for each order leaves certificates of other authorities out, so nothing was made. Untick them, or "
            "make one quote for all."
        )
        return _choose(request, customer, status=422, refused=words)
    if words := _code_refused(customer, form):
        return _choose(request, customer, status=422, refused=words, code_refused=words)
    try:
        if is_each:
            return _make_each(request, customer, form)
        quote = quotes.draft_quote(
            list(orders.order_by("ends_on", "pk")),
            certificates=list(form.cleaned_data["certificates"]),
            actor=request.user,
            now=clock.now(),
            code=form.cleaned_data["code"],
        )
    except LinesRefused as refused:
        return _choose(request, customer, status=422, problems=quote_wording.all_told(refused.problems))
    except NothingToQuote:
        return _choose(request, customer, status=422, refused=_("Tick what the quote is for."))
    except TooManyLines:
        words = _("Nobody reads so many lines: make several quotes.")
        return _choose(request, customer, status=422, refused=words)
    return redirect("offers:quote", pk=quote.pk)


def _code_refused(customer: Customer, form: MakeForm) -> str:
    """Why the code would be worth nothing here; nothing where it counts, or where other offers give as much."""
    chosen = form.cleaned_data
    coded = quotes.code_of(
        customer, chosen["orders"], chosen["certificates"], code=chosen["code"].strip(), now=clock.now()
    )
    if coded is None or coded.refusal == CodeRefusal.NOT_BETTER:
        return ""
    return quote_wording.code_sentence(coded)


def _make_each(request: PartnerRequest, customer: Customer, form: MakeForm) -> HttpResponseBase:
    """Let a worker make a quote for each order; raises NothingToQuote."""
    batch = batches.start_batch(
        form.cleaned_data["orders"].order_by("ends_on", "pk"),
        partner=request.partner,
        grouping=QuoteBatch.Grouping.ORDER,
        delivery=QuoteBatch.Delivery.ARCHIVE,
        actor=request.user,
        now=clock.now(),
        customer=customer,
        code=form.cleaned_data["code"],
    )
    return redirect("offers:quote_batch", pk=batch.pk)


def _customer(request: PartnerRequest) -> Customer | None:
    """The one named, or the one of the order named; 404 for anybody else's."""
    asked = request.POST if request.method == "POST" else request.GET
    if order := asked.get("order", ""):
        orders = Order.objects.for_partner(request.partner).select_related("customer__partner")
        return get_object_or_404(orders, pk=_number(order)).customer
    if not asked.get("customer"):
        return None
    customers = Customer.objects.for_partner(request.partner).select_related("partner")
    return get_object_or_404(customers, pk=_number(asked["customer"]))


def _number(text: str) -> int:
    """A primary key as it stands in an address; -1, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _orders(customer: Customer) -> OrderQuerySet:
    rows: OrderQuerySet = Order.objects.for_partner(customer.partner).filter(customer=customer)
    return rows.select_related("partner", "customer", "product", "organization", "contact")


def _choose(request: PartnerRequest, customer: Customer, *, status: int = 200, **more: Any) -> HttpResponse:
    """The customer's running orders, and what could be moved over to us; what was typed stays."""
    today = clock.today()
    rows = list(_orders(customer).issued().unrenewed().by_urgency(today=today)[:_ORDERS_SHOWN])
    __, problems = quotes.sort_out(customer, rows, now=clock.now())
    why_not = {one.order: quote_wording.sentence(one) for one in problems}
    quoted = quoted_orders(request.partner, [one.pk for one in rows], today=today)
    ticked, moved = _ticked(request, "orders"), _ticked(request, "certificates")
    others = Certificate.objects.for_partner(request.partner).movable().filter(customer=customer)
    context = {
        "customer": customer,
        "orders": [_order(one, why_not.get(one.pk, ""), quoted.get(one.pk, ""), ticked, today) for one in rows],
        "certificates": [_certificate(one, moved, today) for one in others.order_by("ends_on", "pk")[:_ORDERS_SHOWN]],
        "code": request.POST.get("code", ""),
        "contact": quotes.default_contact(customer, rows),
        **more,
    }
    return render(request, "offers/quotes/choose.html", context, status=status)


def _ticked(request: PartnerRequest, name: str) -> set[int] | None:
    """What was ticked; None where nobody has chosen yet."""
    if request.method == "POST":
        return set(map(_number, request.POST.getlist(name)))
    return {_number(request.GET["order"])} if name == "orders" and "order" in request.GET else None


def _order(order: Order, why_not: str, quoted: str, ticked: set[int] | None, today: date) -> Choosable:
    return Choosable(
        pk=order.pk,
        host=wording.host(order),
        detail=f"{order.number} · {order.product_name}",
        end=wording.order_end(order, today=today),
        why_not=why_not,
        quoted=quoted,
        is_ticked=not why_not and (ticked is None or order.pk in ticked),
    )


def _certificate(certificate: Certificate, ticked: set[int] | None, today: date) -> Choosable:
    return Choosable(
        pk=certificate.pk,
        host=wording.readable(certificate.common_name),
        detail=certificate.issuer_name,
        end=wording.ending((certificate.ends_on - today).days),
        is_ticked=certificate.pk in (ticked or ()),
    )


# From the list of what expires


def choices(_request: PartnerRequest) -> Sequence[tuple[str, Any]]:
    """How a bulk action makes its quotes: grouping and delivery."""
    return [
        ("customer-archive", _("One quote per customer, the documents in one archive")),
        ("customer-mail", _("One quote per customer, each sent by e-mail")),
        ("order-archive", _("One quote per order, the documents in one archive")),
        ("order-mail", _("One quote per order, each sent by e-mail")),
    ]


def make_quotes(request: PartnerRequest, orders: OrderQuerySet) -> HttpResponseBase:
    """Let a worker make quotes for the orders selected, and lead to how far it is."""
    grouping, _dash, delivery = request.POST["choice"].partition("-")
    try:
        batch = batches.start_batch(
            orders, partner=request.partner, grouping=grouping, delivery=delivery, actor=request.user, now=clock.now()
        )
    except batches.TooManyOrders:
        words = _("More than %(limit)s orders at once are too many: narrow the list with a filter.")
        messages.warning(request, words % {"limit": batches.MOST_ORDERS})
        return redirect("certificates:expiring")
    except NothingToQuote:
        messages.info(request, _("Tick what the quote is for."))
        return redirect("certificates:expiring")
    return redirect("offers:quote_batch", pk=batch.pk)
