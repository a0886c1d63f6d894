"""The table of requests: what was asked for, how far it is, and what may be decided about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from certificates.states import OPEN_REQUEST_STATES, RequestKind, RequestState
from certificates.wording import REQUEST_LEVELS
from certificates.wording.answers import told
from certificates.x509.names import display_name
from portal.dates import date_format
from portal.lists import Column, Exported, ListTable
from portal.lists.links import row_urls
from portal.templatetags.portal_tags import pill

REQUEST_FIELDS = (
    "pk",
    "kind",
    "state",
    "common_name",
    "names",
    "customer_id",
    "customer__name",
    "product__name",
    "order_id",
    "order__number",
    "requested_at",
    "requested_by__first_name",
    "requested_by__last_name",
    "requested_by__email",
    "last_error",
    "cancel_asked_at",
)


class RequestsTable(ListTable):
    """Rows are named tuples of REQUEST_FIELDS."""

    name = Column(_("Common name"), css="col-main")
    customer = Column(_("Customer"))
    kind = Column(_("Kind"))
    product = Column(_("Product"), css="col-low")
    requested = Column(_("Requested"))
    state = Column(_("State"))
    action = Column("", css="col-actions")

    exported = (
        Exported(_("Common name"), "common_name"),
        Exported(_("Customer"), "customer__name"),
        Exported(_("Kind"), "kind", dict(RequestKind.choices)),
        Exported(_("Product"), "product__name"),
        Exported(_("Order number"), "order__number"),
        Exported(_("Requested"), "requested_at"),
        Exported(_("Requested by"), "requested_by__email"),
        Exported(_("State"), "state", dict(RequestState.choices)),
        Exported(_("Last error"), "last_error"),
    )

    def __init__(self, rows: Sequence[Any], *, permissions: Collection[str], **options: Any) -> None:
        self.permissions = permissions
        self.url, self.customer_url = row_urls("certificates:request"), row_urls("certificates:customer")
        self.order_url = row_urls("certificates:order")
        self.deeds = {
            name: row_urls(f"certificates:request_{name}") for name in ("approve", "reject", "retry", "cancel")
        }
        self.kinds, self.states = dict(RequestKind.choices), dict(RequestState.choices)
        super().__init__(rows, **options)

    def cell_name(self, row: Any) -> str:
        link = SafeString(f'<a href="{self.url(row.pk)}">{escape(display_name(row.common_name))}</a>')
        if row.order_id is None:
            return link
        words = gettext("order %(number)s") % {"number": row.order__number}
        return format_html('{}<a class="sub row-link" href="{}">{}</a>', link, self.order_url(row.order_id), words)

    def cell_customer(self, row: Any) -> str:
        url = self.customer_url(row.customer_id)
        return SafeString(f'<a class="row-link" href="{url}">{escape(row.customer__name)}</a>')

    def cell_kind(self, row: Any) -> str:
        return str(self.kinds[row.kind])

    def cell_product(self, row: Any) -> str:
        return str(row.product__name)

    def cell_requested(self, row: Any) -> str:
        when = date_format(localtime(row.requested_at), "SHORT_DATETIME_FORMAT")
        name = f"{row.requested_by__first_name or ''} {row.requested_by__last_name or ''}".strip()
        return format_html('{}<span class="sub">{}</span>', when, name or row.requested_by__email or "")

    def cell_state(self, row: Any) -> str:
        shown = pill(REQUEST_LEVELS.get(row.state, "note"), self.states[row.state])
        if row.cancel_asked_at and row.state in OPEN_REQUEST_STATES:
            return format_html('{}<span class="sub">{}</span>', shown, gettext("being cancelled"))
        if row.state == RequestState.FAILED and row.last_error:
            return format_html('{}<span class="sub">{}</span>', shown, told(row.last_error)[:80])
        return shown

    def cell_action(self, row: Any) -> str:
        return format_html_join("", "{}", ((button,) for button in self._buttons(row)))

    def _buttons(self, row: Any) -> list[str]:
        if row.state == RequestState.WAITING_APPROVAL and "requests.approve" in self.permissions:
            approve = self._button("approve", row, gettext("Approve"))
            return [approve, self._button("reject", row, gettext("Refuse"), asks=gettext("Refuse this request?"))]
        if row.state == RequestState.FAILED and "requests.retry" in self.permissions:
            return [self._button("retry", row, gettext("Try again"))]
        if row.state in OPEN_REQUEST_STATES and not row.cancel_asked_at and "requests.place" in self.permissions:
            return [self._button("cancel", row, gettext("Cancel"), asks=gettext("Cancel this request?"))]
        return []

    def _button(self, deed: str, row: Any, words: str, *, asks: str = "") -> str:
        return format_html(
            '<button class="btn btn-sm {}" form="row-actions" formaction="{}"{}>{}'
            '<span class="visually-hidden"> {}</span></button>',
            "btn-secondary" if asks else "",
            self.deeds[deed](row.pk),
            format_html(' data-confirm="{}"', asks) if asks else "",
            words,
            row.common_name,
        )
