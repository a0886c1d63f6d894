"""The table of all orders, whatever their state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from certificates import wording
from certificates.states import LIVE_ORDER_STATES, OrderStatus, RenewalMark
from certificates.x509.names import display_name
from portal.dates import date_format
from portal.lists import Column, Exported, ListTable
from portal.lists.links import row_urls
from portal.templatetags.portal_tags import pill

# What the list reads of an order and its customer, and nothing more.
FIELDS = (
    "pk",
    "number",
    "status",
    "common_name",
    "names",
    "customer_id",
    "customer__name",
    "product_name",
    "term_years",
    "placed_at",
    "ends_on",
    "end_is_inferred",
    "renewal_mark",
)


class OrdersTable(ListTable):
    """Rows are named tuples of FIELDS."""

    order = Column(_("Order #"))
    name = Column(_("Common name"), css="col-main")
    customer = Column(_("Customer"))
    status = Column(_("Status"))
    expires = Column(_("Expires"))
    product = Column(_("Product"))
    placed = Column(_("Ordered"), css="col-low")

    exported = (
        Exported(_("Order number"), "number"),
        Exported(_("Common name"), "common_name"),
        Exported(_("Customer"), "customer__name"),
        Exported(_("Status"), "status", dict(OrderStatus.choices)),
        Exported(_("Renewal"), "renewal_mark", dict(RenewalMark.choices)),
        Exported(_("Expires"), "ends_on"),
        Exported(_("Certificate expires"), "certificate_ends_on"),
        Exported(_("Product"), "product_name"),
        Exported(_("Validity in years"), "term_years"),
        Exported(_("Ordered"), "placed_at"),
        Exported(_("Customer's reference"), "customer_reference"),
    )

    def __init__(self, rows: Sequence[Any], *, today: date, **options: Any) -> None:
        self.today = today
        self.order_url, self.quick_url = row_urls("certificates:order"), row_urls("certificates:quick_view")
        self.customer_url = row_urls("certificates:customer")
        self.quick_view = escape(gettext("Quick view"))
        self.short_date = cache(lambda day: date_format(day, "SHORT_DATE_FORMAT"))
        self.ending, self.status_pill, self.term = cache(self._ending), cache(self._status), cache(wording.years)
        super().__init__(rows, **options)

    def cell_order(self, row: Any) -> str:
        number = escape(row.number)
        return SafeString(
            f'<a class="order-number" href="{self.order_url(row.pk)}">{number}</a>'
            f'<a class="quick-view" href="{self.quick_url(row.pk)}" data-quick-view="{row.pk}">{self.quick_view}'
            f'<span class="visually-hidden"> {number}</span></a>'
        )

    def cell_name(self, row: Any) -> str:
        host = SafeString(f'<span class="host">{escape(display_name(row.common_name))}</span>')
        more = len(row.names) - 1
        if more < 1:
            return host
        also = ngettext("and %(count)s more name", "and %(count)s more names", more) % {"count": more}
        return format_html('{}<span class="sub">{}</span>', host, also)

    def cell_customer(self, row: Any) -> str:
        url = self.customer_url(row.customer_id)
        return SafeString(f'<a class="row-link" href="{url}">{escape(row.customer__name)}</a>')

    def cell_status(self, row: Any) -> str:
        return self.status_pill(row.status, row.renewal_mark)

    def _status(self, status: str, mark: str) -> str:
        if mark != RenewalMark.NONE:
            return pill(*wording.MARKS[mark])
        return pill(wording.STATUS_LEVELS.get(status, "note"), OrderStatus(status).label)

    def cell_expires(self, row: Any) -> str:
        if row.ends_on is None:
            return ""
        pressing = row.status in LIVE_ORDER_STATES and row.renewal_mark == RenewalMark.NONE
        return self.ending(row.ends_on, pressing=pressing, inferred=row.end_is_inferred)

    def _ending(self, end: date, *, pressing: bool, inferred: bool) -> str:
        words = " · ".join((self.short_date(end), gettext("inferred"))) if inferred else self.short_date(end)
        if not pressing:
            return words
        shown = pill(*wording.ending((end - self.today).days))
        return format_html('{}<span class="sub">{}</span>', shown, words)

    def cell_product(self, row: Any) -> str:
        return format_html('{}<span class="sub">{}</span>', row.product_name, self.term(row.term_years))

    def cell_placed(self, row: Any) -> str:
        return self.short_date(row.placed_at.date())
