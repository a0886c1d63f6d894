"""The table of a customer's own quotes: what each comes to, until when it holds, and the way to read it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from django.middleware.csrf import get_token
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from offers.models.quotes import OPEN_QUOTE_STATES, QuoteState
from offers.wording import quotes as wording
from portal.dates import date_format
from portal.lists import Column, ListTable
from portal.lists.links import row_urls
from portal.money import money
from portal.templatetags.portal_tags import pill


class HomeQuotesTable(ListTable):
    """Rows are quotes with `host` and `lines_count`; those in `papers` have their document."""

    number = Column(_("Quote"), css="col-main")
    total = Column(_("Total"), css="num")
    state = Column(_("State"))
    valid = Column(_("Valid until"))
    read = Column(_("Read it"), css="col-actions")

    def __init__(
        self, rows: Sequence[Any], *, today: date, page_request: Any, papers: Collection[int], **options: Any
    ) -> None:
        self.today, self.papers, self.token = today, papers, get_token(page_request)
        self.open_url, self.pdf_url = row_urls("offers:home_quote"), row_urls("offers:home_quote_pdf")
        super().__init__(rows, **options)

    def cell_number(self, row: Any) -> str:
        hosts = wording.for_what(row.host, row.lines_count)
        return format_html('<b>{}</b><span class="sub"><span class="host">{}</span></span>', row.number, hosts)

    def cell_total(self, row: Any) -> str:
        return money(row.gross, row.currency)

    def cell_state(self, row: Any) -> SafeString:
        return pill(*wording.standing(row, today=self.today))

    def cell_valid(self, row: Any) -> str:
        when = date_format(row.valid_until, "DATE_FORMAT")
        if not self._is_answerable(row):
            return when
        return format_html("{}<br>{}", when, pill(*wording.validity(row.valid_until, today=self.today)))

    def cell_read(self, row: Any) -> str:
        if row.state == QuoteState.WITHDRAWN:
            return format_html('<span class="hint">{}</span>', gettext("Withdrawn"))
        label = gettext("Read and answer") if self._is_answerable(row) else gettext("Read")
        return format_html("{}{}", self._opening(row, label), self._paper(row))

    def _opening(self, row: Any, label: str) -> SafeString:
        """A form, since it makes a link of the reader's own."""
        look = "" if self._is_answerable(row) else " btn-secondary"
        return format_html(
            '<form class="inline" action="{}" method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
            '<button class="btn btn-sm{}">{}<span class="visually-hidden"> {}</span></button></form>',
            self.open_url(row.pk),
            self.token,
            look,
            label,
            row.number,
        )

    def _paper(self, row: Any) -> SafeString:
        if row.pk not in self.papers:
            return SafeString("")
        words = gettext("PDF of quote %(number)s") % {"number": row.number}
        return format_html('<a class="sub" href="{}" aria-label="{}">PDF</a>', self.pdf_url(row.pk), words)

    def _is_answerable(self, row: Any) -> bool:
        return row.state in OPEN_QUOTE_STATES and row.valid_until >= self.today
