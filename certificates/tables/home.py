"""The tables of the customer's own pages: certificates with their next step, and letters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from certificates import wording
from certificates.models import Order
from certificates.nextsteps import NextStep, Standing, next_step
from certificates.rules import Urgency, urgency
from certificates.wording import Pill
from portal.dates import date_format
from portal.lists import Column, ListTable
from portal.lists.links import row_urls
from portal.models import OutgoingMail
from portal.templatetags.portal_tags import pill
from portal.types import StrOrPromise


class HomeTable(ListTable):
    """Rows are orders with their product; each has one next step."""

    name = Column(_("Certificate"), css="col-main")
    certificate = Column(_("Certificate until"))
    expires = Column(_("Order until"))
    next = Column(_("Next step"), css="col-actions")

    def __init__(self, rows: Sequence[Order], *, today: date, standing: Standing, **options: Any) -> None:
        self.today, self.standing = today, standing
        self.url = row_urls("certificates:home_order")
        super().__init__(rows, **options)

    def cell_name(self, order: Order) -> str:
        words = gettext("%(product)s, order %(number)s") % {"product": order.product_name, "number": order.number}
        host = wording.host(order)
        return format_html(
            '<a class="row-link host" href="{}">{}</a><span class="sub">{}</span>', self.url(order.pk), host, words
        )

    def cell_certificate(self, order: Order) -> str:
        ends_on = order.certificate_ends_on or order.ends_on
        if ends_on is None:
            return ""
        is_replaced = order.renewal_mark in wording.MARKS
        return _end(ends_on, None if is_replaced else wording.certificate_end(order, today=self.today))

    def cell_expires(self, order: Order) -> str:
        state = wording.order_end(order, today=self.today) or wording.status(order)
        if order.ends_on is None:
            return pill(state.level, state.words)
        if order.ends_on != order.certificate_ends_on:
            return _end(order.ends_on, state)
        same = format_html('<span class="hint">{}</span>', gettext("the same day"))
        is_said = order.is_live and order.renewal_mark not in wording.MARKS
        return same if is_said else format_html("{}<br>{}", same, pill(state.level, state.words))

    def cell_next(self, order: Order) -> str:
        return shown_step(next_step(order, self.standing), wording.host(order), presses=self._presses(order))

    def _presses(self, order: Order) -> bool:
        """Whether an end is so near that its button stands out; among forty, only few should."""
        days = (order.days_left(self.today), order.certificate_days_left(self.today))
        return any(left is not None and urgency(left) is not Urgency.LATER for left in days)


def shown_step(step: NextStep, host: str, *, presses: bool) -> SafeString:
    """The button of the step, or its words; several rows have the same button, so each is spoken with its host."""
    words = format_html('<span class="sub">{}</span>', step.words) if step.words else SafeString("")
    if not step.url:
        return format_html('<span class="hint">{}</span>', step.label or step.words)
    if not step.label:
        return format_html('<a href="{}">{}<span class="visually-hidden"> {}</span></a>', step.url, step.words, host)
    look = "btn-sm" if presses else "btn-secondary btn-sm"
    button = '<a class="btn {}" href="{}">{}<span class="visually-hidden"> {}</span></a>{}'
    return format_html(button, look, step.url, step.label, host, words)


def _end(on: date, urgency: Pill | None) -> SafeString:
    shown = pill(urgency.level, urgency.words) if urgency else ""
    return format_html("{}<br>{}", date_format(on, "DATE_FORMAT"), shown)


class MessagesTable(ListTable):
    """Rows are letters that were sent."""

    subject = Column(_("Subject"), css="col-main")
    kind = Column(_("About"))
    sent = Column(_("Sent"))

    def __init__(self, rows: Sequence[OutgoingMail], *, kinds: dict[str, StrOrPromise], **options: Any) -> None:
        self.kinds = kinds
        self.url = row_urls("certificates:home_message")
        super().__init__(rows, **options)

    def cell_subject(self, letter: OutgoingMail) -> str:
        return format_html('<a class="row-link" href="{}"><b>{}</b></a>', self.url(letter.pk), letter.subject)

    def cell_kind(self, letter: OutgoingMail) -> StrOrPromise:
        return self.kinds.get(letter.purpose, "")

    def cell_sent(self, letter: OutgoingMail) -> str:
        return date_format(localtime(letter.sent_at), "DATETIME_FORMAT") if letter.sent_at else ""
