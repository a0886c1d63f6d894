"""The price list: a table that can be read, the history of each product, and prices changed from a day on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from certificates.models import Product
from certificates.views.expiring import Link
from certificates.wording import day
from offers.forms.prices import PriceForm
from offers.models import Price, PriceLevel
from offers.rules.timelines import Span, in_force
from offers.services.prices import changing
from offers.services.prices.changing import PastFixed, PriceKey, Rewritten, TooLate
from offers.services.prices.reading import Matrix, Whose, customers_with_prices, everybody_or, matrix
from offers.tables.prices import PricesTable, State, state_of
from offers.views.prices.costs import warn_of_costs
from offers.views.prices.undo import remembered, to_undo
from offers.wording.prices import whose_name
from portal import clock
from portal.access import PartnerRequest, requires
from portal.choices import Currency
from portal.lists import Empty, ListPage, Sort, Total

_EITHER = ["GET", "HEAD", "POST"]


@dataclass(frozen=True, slots=True)
class View:
    """What an address asks to see: for whom, in which currency, on which day."""

    whose: Whose
    currency: str
    on: date

    def query(self, **more: Any) -> str:
        """The same as a query string; what goes without saying is left out."""
        return urlencode({"for": self.whose.param, "currency": self.currency, **more}).removeprefix("for=&")


def seen(request: PartnerRequest) -> View:
    """Raises Http404 for a level or customer that is not the partner's."""
    whose = everybody_or(request.partner, request.GET.get("for", ""))
    if whose is None:
        raise Http404
    return View(whose, _currency(request, whose), _day(request.GET.get("on", "")) or clock.today())


def _currency(request: PartnerRequest, whose: Whose) -> str:
    wanted = request.GET.get("currency", "")
    if wanted in Currency.values:
        return wanted
    terms = getattr(whose.customer, "terms", None) if whose.customer else None
    return (terms.currency if terms else "") or request.partner.currency


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


# The table


@requires("prices.view")
@require_safe
def prices(request: PartnerRequest) -> HttpResponse:
    """What is in force on a day, for everybody, a level or a customer."""
    view = seen(request)
    table = matrix(request.partner, whose=view.whose, currency=view.currency, on=view.on)
    context = {
        "page_title": _("Price list"),
        "view": view,
        "name": whose_name(view.whose),
        "matrix": table,
        "is_empty": not Price.objects.for_partner(request.partner).exists(),
        "is_today": view.on == clock.today(),
        "currencies": Currency.choices,
        "levels": PriceLevel.objects.for_partner(request.partner),
        "customers": _customers(request, view.whose),
        "query": view.query(),
        "summary": _summary(table, view),
    }
    return render(request, "offers/prices/page.html", context)


def _customers(request: PartnerRequest, whose: Whose) -> list[tuple[str, str]]:
    """Those with prices of their own, and the one that is shown."""
    found = dict(customers_with_prices(request.partner))
    if whose.customer:
        found[whose.customer.pk] = whose.customer.name
    return [(f"customer-{pk}", name) for pk, name in sorted(found.items(), key=lambda one: one[1].casefold())]


def _summary(table: Matrix, view: View) -> str:
    if not table.priced:
        return _("No price in this currency holds on this day.")
    if table.own == table.priced:
        return ""
    words = ngettext(
        "%(own)s price of its own; the others come from the list or the level and are shown lighter.",
        "%(own)s prices of its own; the others come from the list or the level and are shown lighter.",
        table.own,
    )
    return words % {"own": table.own}


# One product


@requires("prices.view")
class ProductPricesPage(ListPage):
    """Every price of a product: in force, yet to begin, and past."""

    name = "product_prices"
    table_class = PricesTable
    sorts = {"begins": Sort(("valid_from",))}
    default_sort = "-begins"
    template_name = "offers/prices/product.html"
    part_template_name = "offers/prices/product_list.html"

    @property
    def title(self) -> str:  # type: ignore[override]
        return _("Prices of %(product)s") % {"product": self.product.name}

    @cached_property
    def product(self) -> Product:
        return _product(self.kwargs["product"])

    @cached_property
    def today(self) -> date:
        return clock.today()

    @property
    def prices(self) -> QuerySet[Price]:
        return Price.objects.for_partner(self.request.partner).filter(product=self.product)

    @cached_property
    def state(self) -> State | None:
        """The tab asked for; None for all."""
        wanted = self.query.get("show", "")
        return State(wanted) if wanted in {state.value for state in State} else None

    def get_queryset(self) -> QuerySet[Price]:
        return self.prices.filter(_STATES[self.state](self.today)) if self.state else self.prices

    def get_rows(self, queryset: QuerySet[Price]) -> QuerySet[Price]:
        return queryset.select_related("level", "customer", "product")

    def get_table_options(self) -> dict[str, Any]:
        allowed = self.request.membership.permissions
        return {"today": self.today, "may_edit": "prices.edit" in allowed, "shows_costs": "prices.costs" in allowed}

    def get_context_data(self) -> dict[str, Any]:
        return {"product": self.product, "tabs": list(self._tabs()), "tabs_label": _("Which prices")}

    def _tabs(self) -> Iterator[Link]:
        words: dict[State | None, str] = {
            None: _("All"),
            State.RUNNING: _("In force"),
            State.LATER: _("Begin later"),
            State.PAST: _("Past"),
        }
        for state, label in words.items():
            rows = self.prices.filter(_STATES[state](self.today)) if state else self.prices
            number = rows.count()
            url = self.address.but(show=state.value if state else "")
            yield Link(f"tab-{state or 'all'}", label, url, state == self.state, Total(number, limit=number))

    def get_empty(self) -> Empty:
        if self.state:
            return Empty(_("No such prices"), _("They stand under another tab."), icon="currency-euro")
        words = _("Choose a cell of the price list to give it one.")
        return Empty(_("No price yet"), words, "currency-euro", reverse("offers:prices"), _("To the price list"))


_STATES: Mapping[State, Callable[[date], Q]] = {
    State.RUNNING: lambda today: Q(valid_from__lte=today) & (Q(valid_until=None) | Q(valid_until__gte=today)),
    State.LATER: lambda today: Q(valid_from__gt=today),
    State.PAST: lambda today: Q(valid_until__lt=today),
}


def _product(name_id: str) -> Product:
    return get_object_or_404(Product, name_id=name_id)


# Changing one


@requires("prices.edit")
@require_http_methods(_EITHER)
def price_edit(request: PartnerRequest, product: str, years: int) -> HttpResponse:
    """A plan's price from a day on; `?from=` names one that has not begun, to be changed itself."""
    plan, view, today = _product(product), seen(request), clock.today()
    if not 1 <= years <= plan.max_years:
        raise Http404
    key = view.whose.key(plan.pk, years, view.currency)
    lines = changing.timelines(request.partner, view.whose.rows_seen & Q(product=plan, term_years=years))
    line = lines.get(key, ())
    instead_of = _instead_of(request, line, today)
    shown = next((span for span in line if span.begins == instead_of), None) or _holding(view, key, lines, today)
    form = PriceForm(
        request.POST if request.method == "POST" else None,
        currency=view.currency,
        span=shown,
        begins=instead_of or today,
        today=today,
    )
    if form.is_valid() and _saved(request, key, form, instead_of):
        return redirect(f"{reverse('offers:prices')}?{view.query()}")
    context = {
        "page_title": _("Change a price") if line else _("Set a price"),
        "form": form,
        "product": plan,
        "years": years,
        "view": view,
        "name": whose_name(view.whose),
        "query": view.query(),
        "spans": [(span, state_of(span.begins, span.until, today), span == in_force(line, today)) for span in line],
        "is_inherited": shown is not None and not line,
        "is_moved": instead_of is not None,
    }
    return render(request, "offers/prices/form.html", context, status=422 if form.is_bound else 200)


def _instead_of(request: PartnerRequest, line: tuple[Span, ...], today: date) -> date | None:
    """The beginning of a price of its own that may still be changed as it is."""
    wanted = _day(request.GET.get("from", ""))
    mine = {span.begins for span in line if span.begins >= today}
    return wanted if wanted in mine else None


def _holding(view: View, key: PriceKey, lines: changing.Timelines, today: date) -> Span | None:
    """What the form begins with: its own price of today, or the one it falls back to."""
    keys = view.whose.keys(key.product, key.term_years, key.currency)
    return next((span for one in keys if (span := in_force(lines.get(one, ()), today))), None)


def _saved(request: PartnerRequest, key: PriceKey, form: PriceForm, instead_of: date | None) -> bool:
    today = clock.today()
    try:
        done = changing.set_price(
            request.partner,
            key,
            form.span,
            instead_of=instead_of,
            actor=request.user,
            today=today,
            now=clock.now(),
        )
    except PastFixed:
        form.add_error("begins", _("What has held stays as it was. Choose today or a later day."))
        return False
    if not done.count:
        messages.info(request, _("This price holds already: nothing has changed."))
    elif form.span.begins > today:
        messages.success(request, _("The price holds from %(date)s on.") % {"date": day(form.span.begins)})
    else:
        messages.success(request, _("The price holds from today on. Values in the lists follow within a minute."))
    warn_of_costs(request, done, today)
    return True


@requires("prices.edit")
@require_POST
def price_drop(request: PartnerRequest, pk: int) -> HttpResponse:
    """Take back a price that begins today or later."""
    row = get_object_or_404(Price.objects.for_partner(request.partner).select_related("product"), pk=pk)
    try:
        done = changing.drop_price(request.partner, row, actor=request.user, today=clock.today(), now=clock.now())
    except PastFixed:
        messages.error(request, _("This price has held already and stays. Set another one from today on instead."))
    else:
        messages.success(request, _("The price is taken back."), extra_tags=to_undo(request, done))
    return redirect("offers:product_prices", product=row.product.name_id)


@requires("prices.edit")
@require_POST
def price_undo(request: PartnerRequest, token: str) -> HttpResponse:
    """Take the last change of this session back, once."""
    done = remembered(request, token)
    if done is not None and _taken_back(request, done):
        messages.success(request, _("Taken back: everything is as it was."))
    else:
        messages.warning(request, _("This can no longer be taken back: prices have changed since, or have held."))
    return redirect("offers:prices")


def _taken_back(request: PartnerRequest, done: Rewritten) -> bool:
    try:
        changing.take_back(request.partner, done, actor=request.user, today=clock.today(), now=clock.now())
    except TooLate:
        return False
    return True
