"""The table of the outbox: when which word goes to whom about what, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.library import LIBRARY
from campaigns.states import Channel, NoticeState, Reason
from campaigns.wording.notices import ICONS, state_pill, step_words
from certificates.x509.names import display_name
from portal.dates import date_format
from portal.lists import Column, Exported, ListTable, SelectColumn
from portal.lists.links import row_urls
from portal.templatetags.portal_tags import icon, pill

# What the list reads of a notice, and nothing more.
FIELDS = (
    "pk",
    "state",
    "reason",
    "detail",
    "channel",
    "due_at",
    "expires_at",
    "decided_at",
    "step__basis",
    "step__days",
    "step__share",
    "order_id",
    "order__number",
    "order__common_name",
    "customer_id",
    "customer__name",
    "contact__name",
    "contact__email",
    "member__user__first_name",
    "member__user__last_name",
    "member__user__email",
)
_DEEDS = {
    NoticeState.PLANNED: ("hold", _("Hold")),
    NoticeState.HELD: ("release", _("Release")),
    NoticeState.FAILED: ("retry", _("Try again")),
    NoticeState.MISSED: ("retry", _("Try again")),
}


class OutboxTable(ListTable):
    """Rows are named tuples of FIELDS."""

    select = SelectColumn()
    due = Column(_("When"), css="col-main")
    step = Column(_("Step"))
    order = Column(_("Order"))
    reader = Column(_("To"))
    state = Column(_("State"))
    action = Column("", css="col-actions")

    exported = (
        Exported(_("Order"), "order__number"),
        Exported(_("Common name"), "order__common_name"),
        Exported(_("Customer"), "customer__name"),
        Exported(_("Channel"), "channel", dict(Channel.choices)),
        Exported(_("Days"), "step__days"),
        Exported(_("Per cent of its life left"), "step__share"),
        Exported(_("Letter"), "step__letter", {key: one.name for key, one in LIBRARY.items()}),
        Exported(_("To"), "contact__name"),
        Exported(_("E-mail"), "contact__email"),
        Exported(_("Account manager"), "member__user__email"),
        Exported(_("Speaks of the end"), "ends_at"),
        Exported(_("Day"), "day"),
        Exported(_("Due"), "due_at"),
        Exported(_("State"), "state", dict(NoticeState.choices)),
        Exported(_("Reason"), "reason", dict(Reason.choices)),
        Exported(_("Detail"), "detail"),
        Exported(_("Decided"), "decided_at"),
    )

    def __init__(self, rows: Sequence[Any], *, now: datetime, permissions: Collection[str], **options: Any) -> None:
        self.now = now
        self.may_edit = "outbox.edit" in permissions
        self.url, self.deed_url = row_urls("campaigns:notice"), row_urls("campaigns:notice_deed")
        self.order_url, self.customer_url = row_urls("certificates:order"), row_urls("certificates:customer")
        self.channels, self.reasons = dict(Channel.choices), dict(Reason.choices)
        hidden = () if self.may_edit else ("select", "action")
        super().__init__(rows, exclude=hidden, **options)

    def row_name(self, row: Any) -> str:
        return f"{row.order__common_name} {step_words(row.step__basis, row.step__days, row.step__share)}"

    def cell_due(self, row: Any) -> str:
        shown = date_format(localtime(row.due_at), "SHORT_DATETIME_FORMAT")
        return SafeString(f'<a class="row-link" href="{self.url(row.pk)}">{escape(shown)}</a>')

    def cell_step(self, row: Any) -> str:
        return format_html(
            '{} {}<span class="sub">{}</span>',
            icon(ICONS[row.channel], self.channels[row.channel]),
            self.channels[row.channel],
            step_words(row.step__basis, row.step__days, row.step__share),
        )

    def cell_order(self, row: Any) -> str:
        return format_html(
            '<a href="{}"><span class="host">{}</span></a><span class="sub"><a href="{}">{}</a> · {}</span>',
            self.order_url(row.order_id),
            display_name(row.order__common_name),
            self.customer_url(row.customer_id),
            row.customer__name,
            row.order__number,
        )

    def cell_reader(self, row: Any) -> str:
        name, email = row.contact__name, row.contact__email
        if row.member__user__email:
            name = f"{row.member__user__first_name} {row.member__user__last_name}".strip()
            email = row.member__user__email
        if not (name or email):
            return ""
        return format_html('{}<span class="sub">{}</span>', name or email, email if name else "")

    def cell_state(self, row: Any) -> str:
        shown = pill(*state_pill(row.state, row.channel))
        why = self.reasons.get(row.reason, "")
        if row.state == NoticeState.PLANNED and row.due_at <= self.now:
            why = gettext("due")
        return format_html('{}<span class="sub">{}</span>', shown, why) if why else shown

    def cell_action(self, row: Any) -> str:
        if row.state not in _DEEDS:
            return ""
        deed, words = _DEEDS[row.state]
        return format_html(
            '<button class="btn btn-secondary btn-sm" form="row-actions" formaction="{}" name="deed" value="{}">{}'
            '<span class="visually-hidden"> {}</span></button>',
            self.deed_url(row.pk),
            deed,
            words,
            self.row_name(row),
        )
