"""The main page: what expires, how urgent it is, and what can be done about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from certificates import rules
from certificates.filters import ME, OrderFilters
from certificates.models import Customer, Domain, Order
from certificates.querysets import OrderQuerySet
from certificates.rules import TAB_DAYS, Tab
from certificates.services import planning
from certificates.states import RenewalMark
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
from portal.lists.pages import COUNT_LIMIT
from portal.lists.sql import Counted, count_all
from portal.types import StrOrPromise

TAB_LABELS: Mapping[Tab, StrOrPromise] = {
    Tab.NOW: lazy("Expired or within 7 days"),
    Tab.DAYS_30: lazy("30 days"),
    Tab.DAYS_60: lazy("60 days"),
    Tab.DAYS_90: lazy("90 days"),
    Tab.LATER: lazy("Later"),
    Tab.OLDER: lazy("Older"),
}
CERTIFICATES = "certificates"
# From the days of the page's first tab to those of its widest: ended this week or within 90 days.
_AHEAD = (-7, 90)
# A quarter with more orders than this is not counted through on every visit.
_QUARTER_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Link:
    """A tab or a segment of a switch."""

    label: StrOrPromise
    url: str
    current: bool
    count: Total | None = None


@requires("orders.view")
class ExpiringPage(SavableListPage):
    """Orders to renew, or certificates to reissue, by the days that are left."""

    name = "expiring"
    title = lazy("Expiring certificates")
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
        return queryset.values_list(*FIELDS, *(column.key for column in self.annotated_columns), named=True)

    def get_span(self) -> Span:
        return self.span_of(TAB_DAYS[self.tab])

    def span_of(self, bounds: rules.Bounds, column: str = "") -> Span:
        """Those that end so many days from today."""
        return Span(column or self.column, *rules.end_dates(bounds, today=self.today))

    def get_sorts(self) -> Mapping[str, Sort]:
        return {"expires": Sort((self.column,)), "name": Sort(("common_name",))}

    def get_default_sort(self) -> str:
        return "-expires" if self.tab is Tab.OLDER else "expires"

    def get_quick_filters(self) -> list[Chip]:
        return [] if "owner" in self.query else [Chip(_("Mine"), self.address.but(owner=ME))]

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        if self.figures.is_empty:
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
        return self.figures.tabs[self.tab].number

    @cached_property
    def figures(self) -> Figures:
        """Every number of the page, by one query; the list alone needs only those of its tabs."""
        return Figures.of(self)

    @cached_property
    def is_whole_page(self) -> bool:
        return not self.request.htmx

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
        """The domains of the customers shown whose validation has ended, by customer."""
        customers = {row.customer_id for row in self.slice.rows}
        lapsed = Domain.objects.for_partner(self.request.partner).filter(
            customer_id__in=customers, validated_until__lt=self.today
        )
        found: defaultdict[int, set[str]] = defaultdict(set)
        for customer, name in lapsed.values_list("customer_id", "name"):
            found[customer].add(name)
        return found

    def get_context_data(self) -> dict[str, Any]:
        return {
            **super().get_context_data(),
            "tabs": [
                Link(label, self._tab_url(tab), tab is self.tab, self.figures.tabs[tab])
                for tab, label in TAB_LABELS.items()
            ],
            "tabs_label": _("When it expires"),
            "segments": [
                Link(_("Orders · renew"), self.address.but(show=None, sort=None), not self.by_certificate),
                Link(
                    _("Certificates · reissue"),
                    self.address.but(show=CERTIFICATES, sort=None),
                    self.by_certificate,
                ),
            ],
            "segments_label": _("What expires"),
            "lead": self.figures.lead() if self.is_whole_page else "",
            "kpis": self.kpis() if self.is_whole_page else [],
        }

    def _tab_url(self, tab: Tab) -> str:
        return self.address.but(tab=None if tab is Tab.NOW else tab.value, sort=None)

    def kpis(self) -> list[Figure]:
        """The page's own figures and those that other apps add."""
        added = (source.make(self.request) for source in contributions.figures.on(self.name))
        return [*self.figures.kpis(), *(figure for figure in added if figure)]


@requires("orders.view")
class ExpiringBulk(BulkView):
    """Deeds on the orders selected on the page."""

    page_class = ExpiringPage
    list_url = "certificates:expiring"


@dataclass(frozen=True, slots=True)
class Month:
    """The orders that end within 30 days, counted up to the limit."""

    orders: int = 0
    customers: int = 0
    silent: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of the page. Those over the tabs follow the filters; the rest speak of the whole partner."""

    tabs: Mapping[Tab, Total]
    house: Mapping[str, int]
    month: Month

    @classmethod
    def of(cls, page: ExpiringPage) -> Figures:
        tabs = {tab: Counted(page.queryset, page.span_of(bounds), COUNT_LIMIT) for tab, bounds in TAB_DAYS.items()}
        house = _house_counts(page) if page.is_whole_page else {}
        counts = count_all([*tabs.values(), *house.values()])
        return cls(
            tabs={tab: Total(count) for tab, count in zip(tabs, counts, strict=False)},
            house=dict(zip(house, counts[len(tabs) :], strict=True)),
            month=_month(page) if page.is_whole_page else Month(),
        )

    @property
    def is_empty(self) -> bool:
        """Nothing expires at any time: there are no live orders at all."""
        return not any(total.number for total in self.tabs.values())

    def lead(self) -> str:
        """41 orders end within 90 days or ended this week. 12 need you today."""
        ahead, now = Total(self.house["ahead"]), Total(self.house["now"])
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

    def kpis(self) -> list[Figure]:
        """The cards above the list."""
        month, silent, reissues = Total(self.month.orders), Total(self.month.silent), Total(self.house["reissues"])
        customers = ngettext("%(count)s customer", "%(count)s customers", self.month.customers)
        cards = [
            Figure(
                _("Orders ending, 30 days"),
                str(month),
                customers % {"count": Total(self.month.customers)},
                url="?tab=30",
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
        """The share of the orders ended this quarter that were renewed; nothing where they are too many to count."""
        ended, renewed = self.house["ended"], self.house["renewed"]
        if not 0 < ended <= _QUARTER_LIMIT:
            return []
        note = ngettext("of %(count)s order that ended", "of %(count)s orders that ended", ended)
        share = _("%(percent)s %%") % {"percent": round(100 * renewed / ended)}
        return [Figure(_("Renewed, this quarter"), share, note % {"count": Total(ended, _QUARTER_LIMIT)})]


def _house_counts(page: ExpiringPage) -> dict[str, Counted]:
    """What is counted of the whole partner, filtered or not."""
    orders = page.queryset if not page.is_filtered else page.get_queryset()
    reissues = orders.filter(certificate_ends_on__lt=F("ends_on"))
    ended = Order.objects.for_partner(page.request.partner).issued().filter(renewal_mark__in=RenewalMark.values)
    renewed = Order.objects.for_partner(page.request.partner).issued().filter(renewal_mark=RenewalMark.RENEWED)
    quarter = Span("ends_on", _quarter_start(page.today), page.today - timedelta(days=1))
    month = page.span_of(TAB_DAYS[Tab.DAYS_30], "certificate_ends_on")
    return {
        "ahead": Counted(orders, page.span_of(_AHEAD, "ends_on"), COUNT_LIMIT),
        "now": Counted(orders, page.span_of(TAB_DAYS[Tab.NOW], "ends_on"), COUNT_LIMIT),
        "reissues": Counted(reissues, month, COUNT_LIMIT),
        "ended": Counted(ended, quarter, _QUARTER_LIMIT),
        "renewed": Counted(renewed, quarter, _QUARTER_LIMIT),
    }


def _month(page: ExpiringPage) -> Month:
    """The orders that end within 30 days: of the first thousand, who they belong to and how many go unannounced."""
    orders = page.span_of(TAB_DAYS[Tab.DAYS_30], "ends_on").apply(page.get_queryset()).order_by("ends_on", "pk")
    deaf = Customer.objects.for_partner(page.request.partner).filter(notices_enabled=False).values("pk")
    heard = ExpressionWrapper(Q(notices_enabled=True) & ~Q(customer__in=deaf), output_field=BooleanField())
    rows = orders.annotate(heard=heard).values("pk", "customer_id", "heard")[: COUNT_LIMIT + 1]
    facts = rows.aggregate(
        orders=Count("pk"), customers=Count("customer_id", distinct=True), silent=Count("pk", filter=Q(heard=False))
    )
    return Month(**facts)


def _quarter_start(today: date) -> date:
    return today.replace(month=3 * ((today.month - 1) // 3) + 1, day=1)
