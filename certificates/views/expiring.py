"""The main page: what expires, how urgent it is, and what can be done about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from certificates import badges, rules
from certificates.figures import COUNT_LIMIT, QUARTER_LIMIT, ExpiringFigures, expiring_row
from certificates.filters import ME, OrderFilters
from certificates.models import Domain, Order
from certificates.querysets import OrderQuerySet
from certificates.rules import TAB_DAYS, Tab
from certificates.services import planning
from certificates.tables.actions import Adviser
from certificates.tables.expiring import FIELDS, ExpiringTable
from certificates.views.bulk import ACTIONS
from certificates.views.saved_views import SavableListPage
from portal import clock, contributions
from portal.access import requires
from portal.contributions import Figure
from portal.lists import Empty, Sort, Span, Total
from portal.lists.bulk import BulkView
from portal.lists.filters import Chip
from portal.lists.sql import Counted, ask, counts_of
from portal.quantities import percentage
from portal.types import StrOrPromise

TAB_LABELS: Mapping[Tab, StrOrPromise] = {
    Tab.NOW: gettext_lazy("Expired or within 7 days"),
    Tab.DAYS_30: gettext_lazy("30 days"),
    Tab.DAYS_60: gettext_lazy("60 days"),
    Tab.DAYS_90: gettext_lazy("90 days"),
    Tab.LATER: gettext_lazy("Later"),
    Tab.OLDER: gettext_lazy("Older"),
}
CERTIFICATES = "certificates"


@dataclass(frozen=True, slots=True)
class Link:
    """A tab or a segment of a switch; by its id it keeps the focus when the list is replaced."""

    id: str
    label: StrOrPromise
    url: str
    current: bool
    count: Total | None = None


@requires("orders.view")
class ExpiringPage(SavableListPage):
    """Orders to renew, or certificates to reissue, by the days that are left."""

    name = "expiring"
    title = gettext_lazy("Expiring certificates")
    table_class = ExpiringTable
    filters_class = OrderFilters
    export_permission = "orders.export"
    bulk_actions = ACTIONS
    bulk_url_name = "certificates:bulk"
    template_name = "certificates/expiring/page.html"
    part_template_name = "certificates/expiring/list.html"

    # What the address says

    @cached_property
    def today(self) -> date:
        return clock.today()

    @cached_property
    def tab(self) -> Tab:
        wanted = self.query.get("tab", "")
        return Tab(wanted) if wanted in list(Tab) else Tab.NOW

    @cached_property
    def by_certificate(self) -> bool:
        return self.query.get("show") == CERTIFICATES

    @property
    def column(self) -> str:
        return "certificate_ends_on" if self.by_certificate else "ends_on"

    def get_queryset(self) -> OrderQuerySet:
        return Order.objects.for_partner(self.request.partner).issued().unrenewed()

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        lapsed = self._lapsed_domains().filter(customer=OuterRef("customer"))
        columns = (*FIELDS, *self.annotated_names, "customer_has_lapsed")
        orders: Any = queryset
        rows: QuerySet[Any] = orders.with_answer().annotate(customer_has_lapsed=Exists(lapsed))
        return rows.values_list(*columns, named=True)

    def export_of(self, rows: Any, kind: str) -> HttpResponseBase:
        return super().export_of(rows.with_answer(), kind)

    def get_span(self) -> Span:
        return self.span_of(TAB_DAYS[self.tab])

    def span_of(self, bounds: rules.Bounds) -> Span:
        """What ends so many days from today."""
        return Span(self.column, *rules.end_dates(bounds, today=self.today))

    def get_sorts(self) -> Mapping[str, Sort]:
        return {"expires": Sort((self.column,)), "name": Sort(("common_name",))}

    def get_default_sort(self) -> str:
        return "-expires" if self.tab is Tab.OLDER else "expires"

    def get_quick_filters(self) -> list[Chip]:
        return [] if "owner" in self.query else [Chip(_("Mine"), self.address.but(owner=ME))]

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        if not any(total.number for total in self.tab_totals.values()):
            return Empty(
                _("No orders yet"),
                _("Import the order report of your authority, and what expires stands here."),
                icon="upload",
                url="/imports/",
                action=_("Import orders"),
            )
        return Empty(_("Nothing expires here"), _("Look at another tab for what comes later."), icon="calendar-check")

    # What is counted

    def count(self) -> int:
        return self.tab_totals[self.tab].number

    @property
    def tab_totals(self) -> Mapping[Tab, Total]:
        """What each tab holds after the filters."""
        return {tab: Total(count) for tab, count in zip(TAB_DAYS, self.numbers[0], strict=True)}

    @property
    def figures(self) -> Figures:
        """The numbers above the list."""
        return Figures(ExpiringFigures(*self.numbers[1]))

    @cached_property
    def numbers(self) -> list[tuple[int, ...]]:
        """Those of the tabs; for a whole page those above the list and in the sidebar too, all by one query."""
        tabs = counts_of([Counted(self.counted, self.span_of(days), COUNT_LIMIT) for days in TAB_DAYS.values()])
        if self.request.htmx:
            return ask(tabs)
        membership = self.request.membership
        above = expiring_row(membership.partner, today=self.today)
        numbers = ask(tabs, above, badges.row(membership, today=self.today))
        badges.keep(membership, numbers[2])
        return numbers

    # What is shown

    def get_table_options(self) -> dict[str, Any]:
        return {
            "today": self.today,
            "adviser": Adviser(planning.rulebook(self.request.partner), now=clock.now()),
            "lapsed": self.lapsed_domains(),
            "by_certificate": self.by_certificate,
            "allowed": self.request.membership.permissions,
        }

    def lapsed_domains(self) -> Mapping[int, Collection[str]]:
        """The domains of the customers shown whose validation has ended, by customer; only few pages have any."""
        customers = {row.customer_id for row in self.slice.rows if row.customer_has_lapsed}
        found: defaultdict[int, set[str]] = defaultdict(set)
        if customers:
            lapsed = self._lapsed_domains().filter(customer__in=customers)
            for customer, name in lapsed.values_list("customer_id", "name"):
                found[customer].add(name)
        return found

    def _lapsed_domains(self) -> QuerySet[Domain]:
        return Domain.objects.for_partner(self.request.partner).filter(validated_until__lt=self.today).order_by()

    def get_context_data(self) -> dict[str, Any]:
        return {
            **super().get_context_data(),
            "tabs": [
                Link(f"tab-{tab}", label, self._tab_url(tab), tab is self.tab, self.tab_totals[tab])
                for tab, label in TAB_LABELS.items()
            ],
            "tabs_label": _("When it expires"),
            "segments": [
                Link(
                    "show-orders", _("Orders · renew"), self.address.but(show=None, sort=None), not self.by_certificate
                ),
                Link(
                    "show-certificates",
                    _("Certificates · reissue"),
                    self.address.but(show=CERTIFICATES, sort=None),
                    self.by_certificate,
                ),
            ],
            "segments_label": _("What expires"),
            **(self.above() if not self.request.htmx else {}),
        }

    def _tab_url(self, tab: Tab) -> str:
        return self.address.but(tab=None if tab is Tab.NOW else tab.value, sort=None)

    def above(self) -> dict[str, Any]:
        """What stands above the list, and stays as it is when the list alone is asked for."""
        added = (source.make(self.request) for source in contributions.figures.on(self.name))
        return {"lead": self.figures.lead(), "kpis": [*self.figures.cards(), *(one for one in added if one)]}


@requires("orders.view")
class ExpiringBulk(BulkView):
    """Deeds on the orders selected on the page."""

    page_class = ExpiringPage
    list_url = "certificates:expiring"


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of the page in words. Those over the tabs follow the filters; these speak of the whole partner."""

    counts: ExpiringFigures

    def lead(self) -> str:
        """41 orders end within 90 days or ended this week. 12 need you today."""
        ahead, now = Total(self.counts.ahead), Total(self.counts.now)
        if not ahead.number:
            return _("No order ends within 90 days, and none ended this week.")
        first = ngettext(
            "%(count)s order ends within 90 days or ended this week.",
            "%(count)s orders end within 90 days or ended this week.",
            ahead.number,
        )
        second = ngettext("%(count)s needs you today.", "%(count)s need you today.", now.number)
        if not now.number:
            second = _("None needs you today.")
        return f"{first % {'count': ahead}} {second % {'count': now}}"

    def cards(self) -> list[Figure]:
        """The cards above the list."""
        counts = self.counts
        month, silent, reissues = Total(counts.month), Total(counts.silent), Total(counts.reissues)
        customers = ngettext("%(count)s customer", "%(count)s customers", counts.customers)
        cards = [
            Figure(
                _("Orders ending, 30 days"), str(month), customers % {"count": Total(counts.customers)}, url="?tab=30"
            ),
            Figure(
                _("Hear nothing, 30 days"),
                str(silent),
                _("renewal notices are off"),
                url="?tab=30&notices=off",
                level="warn" if silent.number else "",
            ),
            Figure(
                _("Reissues due, 30 days"),
                str(reissues),
                _("included in the plan"),
                url=f"?show={CERTIFICATES}&tab=30",
            ),
        ]
        return [*cards, *self._renewed()]

    def _renewed(self) -> list[Figure]:
        """The share of the quarter's ended orders that were renewed, even late; nothing where they are too many."""
        ended, renewed = self.counts.ended, self.counts.renewed
        if not 0 < ended <= QUARTER_LIMIT:
            return []
        note = ngettext(
            "of %(count)s order that ended, in time or late",
            "of %(count)s orders that ended, in time or late",
            ended,
        )
        share = percentage(round(100 * renewed / ended))
        return [Figure(_("Renewed, this quarter"), share, note % {"count": Total(ended, QUARTER_LIMIT)})]
