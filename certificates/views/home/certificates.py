"""The one page of certificates: what needs the customer now, and every certificate with its ends and its next step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import django_filters
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.nextsteps import Standing, needs_of, standing_of
from certificates.querysets import RECENT_DAYS, OrderQuerySet
from certificates.states import LIVE_ORDER_STATES, WAITING_ORDER_STATES, OrderStatus, RenewalMark
from certificates.tables.home import HomeTable
from certificates.views.expiring import Link
from certificates.views.orders import panels_of
from certificates.visits import VisitRequest
from portal import clock
from portal.lists import Empty, ListFilters, ListPage, Sort, Total

CURRENT, EARLIER = "current", "earlier"
_TABS = {CURRENT: gettext_lazy("In use"), EARLIER: gettext_lazy("Earlier")}
# So many needs are named one by one; fewer certificates than this need no search.
SHOWN_NEEDS, SEARCHED_FROM = 6, 10


class HomeFilters(ListFilters):
    """By words alone."""

    q = django_filters.CharFilter(label=gettext_lazy("Contains"), method="filter_words")

    def filter_words(self, orders: OrderQuerySet, _name: str, value: str) -> OrderQuerySet:
        return orders.matching(value)


class CertificatesPage(ListPage):
    """The customer's orders: those in use by their ends, and what came before."""

    name = "home"
    title = gettext_lazy("Your certificates")
    table_class = HomeTable
    filters_class = HomeFilters
    sorts = {
        "certificate": Sort(("first_end",)),
        "expires": Sort(("last_end",)),
        "name": Sort(("common_name",)),
    }
    sizes = (25, 50, 100)
    default_size = 25
    template_name = "certificates/home/home.html"
    part_template_name = "certificates/home/list.html"

    request: VisitRequest  # type: ignore[assignment]  # the visit stands on it

    @cached_property
    def today(self) -> date:
        return clock.today()

    @cached_property
    def tab(self) -> str:
        return EARLIER if self.query.get("tab") == EARLIER else CURRENT

    @cached_property
    def standing(self) -> Standing:
        return standing_of(self.request.visit, now=clock.now())

    def get_default_sort(self) -> str:
        return "certificate" if self.tab == CURRENT else "-expires"

    def get_queryset(self) -> OrderQuerySet:
        # what is not issued yet has no end, and stands behind what has
        last = Coalesce("ends_on", date.max)
        orders = self.of_tab(self.tab).annotate(last_end=last, first_end=Coalesce("certificate_ends_on", last))
        return orders.select_related("product")

    def of_tab(self, tab: str) -> OrderQuerySet:
        orders, current = self.request.visit.orders(), _in_use(self.today)
        return orders.filter(current) if tab == CURRENT else orders.exclude(current)

    def get_table_options(self) -> dict[str, Any]:
        return {"today": self.today, "standing": self.standing}

    def get_context_data(self) -> dict[str, Any]:
        tabs = list(self._tabs())
        return {
            "tabs": tabs if any(tab.count and tab.count.number for tab in tabs[1:]) else [],
            "tabs_label": _("Which certificates"),
            "search_words": self.query.get("q", ""),
            "has_search": self.is_filtered or self.total.number >= SEARCHED_FROM,
            **({} if self.request.htmx else self._above()),
        }

    def _tabs(self) -> Iterator[Link]:
        for tab, label in _TABS.items():
            count = self.total if tab == self.tab and not self.is_filtered else Total(self._count(tab))
            yield Link(f"tab-{tab}", label, self.address.but(tab=tab, sort=None, q=None), tab == self.tab, count)

    def _count(self, tab: str) -> int:
        return self.of_tab(tab).order_by().values("pk")[:1001].count()

    def _above(self) -> dict[str, Any]:
        """What needs the customer, before the list."""
        visit, needs = self.request.visit, needs_of(self.standing)
        request: Any = self.request
        return {
            "customer": visit.customer,
            "needs": needs[:SHOWN_NEEDS],
            "more_needs": max(len(needs) - SHOWN_NEEDS, 0),
            "needs_from_above": panels_of(request, "home_needs", visit),
            "told_first": panels_of(request, "home_top", visit.customer),
            "panels": panels_of(request, "home", visit.customer),
        }

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        words = _("%(partner)s will tell you as soon as the first one is ready.")
        text = words % {"partner": self.request.partner.name}
        return Empty(_("No certificate is known here yet"), text, icon="shield-check")


def _in_use(today: date) -> Q:
    """Issued and neither replaced nor long over, or on its way."""
    recent = today - timedelta(days=RECENT_DAYS)
    stands = Q(renewal_mark__in=[RenewalMark.NONE, RenewalMark.IN_HAND], ends_on__gte=recent)
    return Q(stands, status__in=LIVE_ORDER_STATES) | Q(status__in=[*WAITING_ORDER_STATES, OrderStatus.UNKNOWN])
