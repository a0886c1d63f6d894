"""The list of the partner's own messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message
from campaigns.services.console import Urgency
from campaigns.wording.console import LEVELS, words_of
from portal.dates import date_format
from portal.lists import Column, ListTable
from portal.lists.links import row_urls
from portal.templatetags.portal_tags import pill


class MessagesTable(ListTable):
    """Rows are messages; how many people have read them was asked for all at once."""

    title = Column(_("Message"), css="col-main")
    customer = Column(_("For"))
    urgency = Column(_("Urgency"))
    starts = Column(_("Shown"))
    read = Column(_("Read by"), css="num")

    def __init__(self, rows: Sequence[Message], *, now: datetime, read: Mapping[int, int], **options: Any) -> None:
        self.now, self.read_by = now, read
        self.url = row_urls("campaigns:message")
        super().__init__(rows, **options)

    def cell_title(self, message: Message) -> str:
        title, text = words_of(message)
        return format_html('<a href="{}">{}</a><span class="sub">{}</span>', self.url(message.pk), title, text[:120])

    def cell_customer(self, message: Message) -> str:
        return message.customer.name if message.customer else gettext("Every customer")

    def cell_urgency(self, message: Message) -> str:
        urgency = Urgency(message.urgency)
        return pill(LEVELS[urgency], urgency.label)

    def cell_starts(self, message: Message) -> str:
        first = date_format(localtime(message.starts_at))
        if message.withdrawn_at:
            return gettext("taken back on %(date)s") % {"date": date_format(localtime(message.withdrawn_at))}
        if message.expires_at is None:
            return gettext("from %(date)s") % {"date": first}
        return gettext("%(first)s to %(last)s") % {"first": first, "last": date_format(localtime(message.expires_at))}

    def cell_read(self, message: Message) -> str:
        count = self.read_by.get(message.pk, 0)
        return ngettext("%(count)s person", "%(count)s people", count) % {"count": count}
