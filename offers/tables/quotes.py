"""The table of quotes: what each comes to, where it stands, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from certificates.wording import short_day
from offers.models.quotes import OPEN_QUOTE_STATES, DeclineReason, QuoteState
from offers.wording import quotes as wording
from portal.dates import date_format
from portal.lists import Column, Exported, ListTable
from portal.lists.links import row_urls
from portal.money import money
from portal.templatetags.portal_tags import pill

# What the list reads of a quote, and nothing more.
FIELDS = (
    "pk",
    "number",
    "version",
    "state",
    "customer_id",
    "customer__name",
    "currency",
    "gross",
    "net",
    "valid_until",
    "created_at",
    "sent_at",
    "change_asked_at",
    "owner__first_name",
    "owner__last_name",
    "owner__email",
    "lines_count",
    "host",
)


class QuotesTable(ListTable):
    """Rows are named tuples of FIELDS."""

    number = Column(_("Quote"), css="col-main")
    customer = Column(_("Customer"))
    total = Column(_("Total"), css="num")
    state = Column(_("State"))
    valid = Column(_("Valid until"))
    sent = Column(_("Sent"), css="col-low")
    owner = Column(_("Owner"), css="col-low")

    exported = (
        Exported(_("Quote"), "number"),
        Exported(_("Version"), "version"),
        Exported(_("Customer"), "customer__name"),
        Exported(_("State"), "state", dict(QuoteState.choices)),
        Exported(_("Currency"), "currency"),
        Exported(_("Net"), "net"),
        Exported(_("Tax"), "tax"),
        Exported(_("Total"), "gross"),
        Exported(_("Valid until"), "valid_until"),
        Exported(_("Sent"), "sent_at"),
        Exported(_("Read"), "viewed_at"),
        Exported(_("Closed"), "ended_at"),
        Exported(_("Answered by"), "answered_name"),
        Exported(_("Reason"), "decline_reason", dict(DeclineReason.choices)),
        Exported(_("Purchase order"), "purchase_order"),
        Exported(_("Owner"), "owner__email"),
    )

    def __init__(self, rows: Sequence[Any], *, today: date, **options: Any) -> None:
        self.today = today
        self.url, self.customer_url = row_urls("offers:quote"), row_urls("certificates:customer")
        super().__init__(rows, **options)

    def row_name(self, row: Any) -> str:
        return str(row.number or gettext("Draft"))

    def cell_number(self, row: Any) -> str:
        version = gettext("version %(number)s") % {"number": row.version} if row.version > 1 else ""
        return format_html(
            '<a class="order-number" href="{}">{}</a>{}<span class="sub"><span class="host">{}</span></span>',
            self.url(row.pk),
            row.number or gettext("Draft"),
            f" · {version}" if version else "",
            wording.for_what(row.host, row.lines_count),
        )

    def cell_customer(self, row: Any) -> str:
        url = self.customer_url(row.customer_id)
        return SafeString(f'<a class="row-link" href="{url}">{escape(row.customer__name)}</a>')

    def cell_total(self, row: Any) -> str:
        return money(row.gross, row.currency)

    def cell_state(self, row: Any) -> str:
        expired = row.state in OPEN_QUOTE_STATES and row.valid_until < self.today
        shown = pill(*wording.state_pill(QuoteState.EXPIRED if expired else row.state))
        if not row.change_asked_at:
            return shown
        return format_html(
            '{}<span class="sub">{}</span>', shown, pill("warn", gettext("Change asked"), "chat-left-text")
        )

    def cell_valid(self, row: Any) -> str:
        when = short_day(row.valid_until)
        if row.state not in OPEN_QUOTE_STATES or row.valid_until < self.today:
            return when
        return format_html(
            '{}<span class="sub">{}</span>', when, pill(*wording.validity(row.valid_until, today=self.today))
        )

    def cell_sent(self, row: Any) -> str:
        return date_format(localtime(row.sent_at), "SHORT_DATETIME_FORMAT") if row.sent_at else ""

    def cell_owner(self, row: Any) -> str:
        name = f"{row.owner__first_name or ''} {row.owner__last_name or ''}".strip()
        return name or row.owner__email or ""
