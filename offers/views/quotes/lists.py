"""All quotes: what is open and what it is worth, what expires soon, what was answered how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from certificates.filters import ME
from certificates.querysets import CountOf
from certificates.views.expiring import Link
from certificates.views.saved_views import SavableListPage
from certificates.wording import Pill
from offers.filters import QuoteFilters
from offers.models import Quote, QuoteBatch, QuoteLine
from offers.models.quotes import QuoteState
from offers.querysets import QuoteQuerySet
from offers.tables.quotes import FIELDS, QuotesTable
from offers.wording import quotes as quote_wording
from portal import clock
from portal.access import requires
from portal.contributions import Figure
from portal.lists import Empty, Sort, Total
from portal.lists.filters import Chip
from portal.money import money
from portal.types import StrOrPromise

OPEN, SOON, ASKED, DRAFTS, ACCEPTED, DECLINED, ALL = "open", "soon", "asked", "drafts", "accepted", "declined", "all"
# So long the way back to a batch stands above the list.
_LATELY = timedelta(days=7)
TABS: Mapping[str, StrOrPromise] = {
    OPEN: gettext_lazy("Open"),
    SOON: gettext_lazy("Expiring within 7 days"),
    ASKED: gettext_lazy("Change asked"),
    DRAFTS: gettext_lazy("Drafts"),
    ACCEPTED: gettext_lazy("Accepted"),
    DECLINED: gettext_lazy("Declined"),
    ALL: gettext_lazy("All"),
}


@requires("quotes.view")
class QuotesPage(SavableListPage):
    """Quotes by where they stand."""

    name = "quotes"
    title = gettext_lazy("Quotes")
    table_class = QuotesTable
    filters_class = QuoteFilters
    sorts = {
        "customer": Sort(("customer__name", "created_at")),
        "total": Sort(("currency", "gross")),
        "state": Sort(("state", "valid_until")),
        "valid": Sort(("valid_until",)),
        "sent": Sort(("created_at",)),
    }
    export_permission = "quotes.export"
    template_name = "offers/quotes/list_page.html"
    part_template_name = "offers/quotes/list.html"

    @cached_property
    def today(self) -> date:
        return clock.today()

    @cached_property
    def tab(self) -> str:
        wanted = self.query.get("tab", "")
        return wanted if wanted in TABS else OPEN

    def get_default_sort(self) -> str:
        return "valid" if self.tab in (OPEN, SOON) else "-sent"

    def get_queryset(self) -> QuoteQuerySet:
        return self.of_tab(Quote.objects.for_partner(self.request.partner), self.tab)

    def of_tab(self, quotes: QuoteQuerySet, tab: str) -> QuoteQuerySet:
        if tab == OPEN:
            return quotes.answerable(self.today)
        if tab == SOON:
            return quotes.expiring_soon(self.today)
        if tab == ASKED:
            return quotes.change_asked()
        states = {DRAFTS: QuoteState.DRAFT, ACCEPTED: QuoteState.ACCEPTED, DECLINED: QuoteState.DECLINED}
        return quotes if tab == ALL else quotes.filter(state=states[tab])

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        lines = QuoteLine.objects.for_partner(self.request.partner).filter(quote=OuterRef("pk")).order_by()
        first = lines.order_by("position")
        rows: QuerySet[Any] = queryset.annotate(
            lines_count=CountOf(lines.values("pk")), host=Subquery(first.values("names__0")[:1])
        )
        return rows.values_list(*FIELDS, *(column.key for column in self.annotated_columns), named=True)

    def get_table_options(self) -> dict[str, Any]:
        return {"today": self.today}

    def get_quick_filters(self) -> list[Chip]:
        return [] if "owner" in self.query else [Chip(_("Mine"), self.address.but(owner=ME))]

    def get_context_data(self) -> dict[str, Any]:
        return {
            **super().get_context_data(),
            "tabs": list(self._tabs()),
            "tabs_label": _("Which quotes"),
            "kpis": [] if self.request.htmx else list(self._figures()),
            "batches": [] if self.request.htmx else self._batches(),
        }

    def _tabs(self) -> Iterator[Link]:
        everything = Quote.objects.for_partner(self.request.partner)
        for tab, label in TABS.items():
            count = Total(self.of_tab(everything, tab).order_by().values("pk")[:1001].count())
            yield Link(f"tab-{tab}", label, self.address.but(tab=tab, sort=None), tab == self.tab, count)

    def _figures(self) -> Iterator[Figure]:
        """What the quotes of the list come to, in each currency; of all of them what is open, and what was accepted."""
        listed: Any = self.counted
        for tab in (OPEN, ACCEPTED) if self.tab == ALL else (self.tab,):
            sums = self.of_tab(listed, tab).order_by().values("currency")
            for row in sums.annotate(gross=Sum("gross"), number=Count("pk")).order_by("-number", "currency"):
                words = ngettext("%(count)s quote", "%(count)s quotes", row["number"]) % {"count": row["number"]}
                yield Figure(TABS[tab], money(row["gross"], row["currency"]), words)

    def _batches(self) -> list[tuple[QuoteBatch, Pill]]:
        """What was made at once lately, to come back to."""
        since = clock.now() - _LATELY
        found = QuoteBatch.objects.for_partner(self.request.partner).filter(created_at__gte=since)
        return [(one, quote_wording.work_pill(one.state)) for one in found.select_related("started_by")[:3]]

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        if self.tab not in (OPEN, ALL):
            return Empty(_("No such quotes"), _("Quotes stand under the other tabs."), icon="check-circle")
        return Empty(
            _("No quotes are open"),
            _("Make one from an order, from a customer, or for many orders at once on the Expiring page."),
            icon="file-earmark-text",
            url=reverse("certificates:expiring"),
            action=_("See what expires"),
        )
