"""The table of customers: whose they are, what they have, and whether anybody there can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from certificates import wording
from portal.dates import date_format
from portal.lists import Column, Exported, ListTable
from portal.lists.links import row_urls
from portal.templatetags.portal_tags import pill

FIELDS = (
    "pk",
    "name",
    "number",
    "city",
    "owner__user__first_name",
    "owner__user__last_name",
    "owner__user__email",
    "last_contacted_at",
    "notices_enabled",
    "running",
    "next_end",
    "reachable",
)


class CustomersTable(ListTable):
    """Rows are named tuples of FIELDS."""

    name = Column(_("Customer"), css="col-main")
    owner = Column(_("Owner"))
    orders = Column(_("Orders"), css="num")
    next = Column(_("Next end"))
    reached = Column(_("Contacts reachable"), css="num")
    contact = Column(_("Last contact"))

    exported = (
        Exported(_("Customer"), "name"),
        Exported(_("Customer number"), "number"),
        Exported(_("City"), "city"),
        Exported(_("Country"), "country"),
        Exported(_("Owner"), "owner__user__email"),
        Exported(_("Orders"), "running"),
        Exported(_("Next end"), "next_end"),
        Exported(_("Contacts reachable"), "reachable"),
        Exported(_("Last contact"), "last_contacted_at"),
    )

    def __init__(self, rows: Sequence[Any], *, today: date, **options: Any) -> None:
        self.today = today
        self.url = row_urls("certificates:customer")
        self.nobody, self.never, self.none = gettext("Nobody"), gettext("Never"), gettext("No orders yet")
        super().__init__(rows, **options)

    def cell_name(self, row: Any) -> str:
        link = SafeString(f'<a class="row-link" href="{self.url(row.pk)}">{escape(row.name)}</a>')
        about = " · ".join(part for part in (row.number, row.city) if part)
        off = pill("warn", gettext("Notices off"), "bell-slash") if not row.notices_enabled else ""
        return format_html('{}<span class="sub">{}</span>{}', link, about, off)

    def cell_owner(self, row: Any) -> str:
        name = f"{row.owner__user__first_name or ''} {row.owner__user__last_name or ''}".strip()
        return name or row.owner__user__email or self.nobody

    def cell_orders(self, row: Any) -> str:
        return str(row.running) if row.running else self.none

    def cell_next(self, row: Any) -> str:
        if row.next_end is None:
            return ""
        end = wording.ending((row.next_end - self.today).days)
        return format_html('{}<span class="sub">{}</span>', pill(*end), date_format(row.next_end, "SHORT_DATE_FORMAT"))

    def cell_reached(self, row: Any) -> str:
        return str(row.reachable) if row.reachable else pill("bad", self.nobody, "envelope-x")

    def cell_contact(self, row: Any) -> str:
        if row.last_contacted_at is None:
            return self.never
        return date_format(row.last_contacted_at, "SHORT_DATE_FORMAT")
