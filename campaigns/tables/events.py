"""The table of letters about events: when which letter went to whom about what, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from campaigns.library import LIBRARY
from campaigns.states import Channel
from campaigns.wording.events import pill_of
from campaigns.wording.letters import event_words, letter_name
from campaigns.wording.notices import ICONS
from certificates.x509.names import display_name
from portal.dates import date_format
from portal.lists import Column, Exported, ListTable
from portal.lists.links import row_urls
from portal.models.mail import MailReason, MailState
from portal.templatetags.portal_tags import icon, pill

# What the list reads of a letter, and nothing more.
FIELDS = (
    "pk",
    "letter",
    "queued_at",
    "order_id",
    "order__number",
    "order__common_name",
    "order__customer_id",
    "order__customer__name",
    "contact__name",
    "contact__email",
    "mail__state",
    "mail__reason",
)
_SAYS_WHY = (MailState.PARKED, MailState.SUPPRESSED, MailState.WITHDRAWN)


class EventLettersTable(ListTable):
    """Rows are named tuples of FIELDS: one order in one letter each."""

    queued = Column(_("When"), css="col-main")
    letter = Column(_("Letter"))
    order = Column(_("Order"))
    reader = Column(_("To"))
    state = Column(_("State"))

    exported = (
        Exported(_("Order"), "order__number"),
        Exported(_("Common name"), "order__common_name"),
        Exported(_("Customer"), "order__customer__name"),
        Exported(_("Letter"), "letter", {key: one.name for key, one in LIBRARY.items()}),
        Exported(_("To"), "contact__name"),
        Exported(_("E-mail"), "contact__email"),
        Exported(_("Queued"), "queued_at"),
        Exported(_("State"), "mail__state", dict(MailState.choices)),
        Exported(_("Reason"), "mail__reason", dict(MailReason.choices)),
        Exported(_("Sent"), "mail__sent_at"),
    )

    def __init__(self, rows: Sequence[Any], **options: Any) -> None:
        self.url = row_urls("campaigns:event_letter")
        self.order_url, self.customer_url = row_urls("certificates:order"), row_urls("certificates:customer")
        self.reasons = dict(MailReason.choices)
        super().__init__(rows, **options)

    def row_name(self, row: Any) -> str:
        return f"{row.order__common_name} {letter_name(row.letter)}"

    def cell_queued(self, row: Any) -> str:
        shown = date_format(localtime(row.queued_at), "SHORT_DATETIME_FORMAT")
        return SafeString(f'<a class="row-link" href="{self.url(row.pk)}">{escape(shown)}</a>')

    def cell_letter(self, row: Any) -> str:
        mark, words = icon(ICONS[Channel.EMAIL], Channel.EMAIL.label), event_words(row.letter)
        return format_html('{} {}<span class="sub">{}</span>', mark, letter_name(row.letter), words)

    def cell_order(self, row: Any) -> str:
        return format_html(
            '<a href="{}"><span class="host">{}</span></a><span class="sub"><a href="{}">{}</a> · {}</span>',
            self.order_url(row.order_id),
            display_name(row.order__common_name),
            self.customer_url(row.order__customer_id),
            row.order__customer__name,
            row.order__number,
        )

    def cell_reader(self, row: Any) -> str:
        name, email = row.contact__name, row.contact__email
        return format_html('{}<span class="sub">{}</span>', name or email, email if name else "")

    def cell_state(self, row: Any) -> str:
        shown = pill(*pill_of(row.mail__state))
        if row.mail__state not in _SAYS_WHY:
            return shown
        return format_html('{}<span class="sub">{}</span>', shown, self.reasons.get(row.mail__reason, ""))
