"""The tables of domains and organisations: when their validation ends, and which orders wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from certificates import wording
from certificates.models import Domain
from portal.dates import date_format
from portal.lists import Column, Exported, ListTable
from portal.lists.links import row_urls
from portal.templatetags.portal_tags import pill

ORGANIZATION_FIELDS = (
    "pk",
    "name",
    "number",
    "city",
    "country",
    "customer_id",
    "customer__name",
    "ov_validated_until",
    "ev_validated_until",
    "holds_up",
)
DOMAIN_FIELDS = (
    "pk",
    "name",
    "method",
    "customer_id",
    "customer__name",
    "organization__name",
    "validated_until",
    "holds_up",
)


class _Validations(ListTable):
    def __init__(self, rows: Sequence[Any], *, today: date, **options: Any) -> None:
        self.today = today
        self.customer_url = row_urls("certificates:customer")
        super().__init__(rows, **options)

    def cell_customer(self, row: Any) -> str:
        url = self.customer_url(row.customer_id)
        return SafeString(f'<a class="row-link" href="{url}">{escape(row.customer__name)}</a>')

    def cell_held(self, row: Any) -> str:
        """The orders due within 90 days that need it: what is placed for them would wait."""
        if not row.holds_up:
            return ""
        words = ngettext("%(count)s order", "%(count)s orders", row.holds_up) % {"count": row.holds_up}
        return format_html('{}<span class="sub">{}</span>', words, gettext("due within 90 days"))

    def until(self, when: date | None) -> str:
        state = pill(*wording.validation(when, today=self.today))
        if when is None:
            return state
        return format_html('{}<span class="sub">{}</span>', state, date_format(when, "SHORT_DATE_FORMAT"))


class OrganizationsTable(_Validations):
    """Rows are named tuples of ORGANIZATION_FIELDS."""

    name = Column(_("Organisation"), css="col-main")
    customer = Column(_("Customer"))
    ov = Column(_("OV valid until"))
    ev = Column(_("EV valid until"))
    held = Column(_("Needed by"))

    exported = (
        Exported(_("Organisation"), "name"),
        Exported(_("Organisation number"), "number"),
        Exported(_("City"), "city"),
        Exported(_("Country"), "country"),
        Exported(_("Customer"), "customer__name"),
        Exported(_("OV valid until"), "ov_validated_until"),
        Exported(_("EV valid until"), "ev_validated_until"),
        Exported(_("Orders due within 90 days"), "holds_up"),
    )

    def cell_name(self, row: Any) -> str:
        place = " · ".join(part for part in (row.number, row.city, row.country) if part)
        return format_html('{}<span class="sub">{}</span>', row.name, place)

    def cell_ov(self, row: Any) -> str:
        return self.until(row.ov_validated_until)

    def cell_ev(self, row: Any) -> str:
        return self.until(row.ev_validated_until) if row.ev_validated_until else ""


class DomainsTable(_Validations):
    """Rows are named tuples of DOMAIN_FIELDS."""

    name = Column(_("Domain"), css="col-main")
    customer = Column(_("Customer"))
    until_when = Column(_("Valid until"))
    method = Column(_("Validated by"))
    held = Column(_("Needed by"))

    exported = (
        Exported(_("Domain"), "name"),
        Exported(_("Customer"), "customer__name"),
        Exported(_("Organisation"), "organization__name"),
        Exported(_("Valid until"), "validated_until"),
        Exported(_("Validated by"), "method", dict(Domain.Method.choices)),
        Exported(_("Orders due within 90 days"), "holds_up"),
    )

    def cell_name(self, row: Any) -> str:
        host = SafeString(f'<span class="host">{escape(wording.readable(row.name))}</span>')
        if not row.organization__name:
            return host
        return format_html('{}<span class="sub">{}</span>', host, row.organization__name)

    def cell_until_when(self, row: Any) -> str:
        return self.until(row.validated_until)

    def cell_method(self, row: Any) -> str:
        return str(Domain.Method(row.method).label) if row.method in Domain.Method else ""
