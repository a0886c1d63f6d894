"""The table of calls: whom to ring, about what, what it is worth, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Attempt, Call
from campaigns.rules.calling import Office, tel_uri
from campaigns.wording import calls as wording
from campaigns.wording.calls import Way
from certificates.wording import ending, readable, short_day
from portal.dates import date_format
from portal.lists import Column, Exported, ListTable
from portal.lists.links import row_urls
from portal.money import money
from portal.templatetags.portal_tags import icon, pill

# What the list reads of a call, and nothing more.
FIELDS = (
    "pk",
    "state",
    "cause",
    "due_on",
    "ended_at",
    "customer_id",
    "customer__name",
    "customer__country",
    "contact__name",
    "contact__email",
    "contact__phone",
    "contact__time_zone",
    "orders_count",
    "next_end",
    "host",
    "worth",
    "worth_currency",
    "whole_worth",
    "weight",
    "last_attempt",
    "last_outcome",
    "last_at",
    "last_promise",
)
# These ask for more than a press.
_ASKING = (Attempt.Outcome.PROMISED, Attempt.Outcome.DECLINED)


class CallsTable(ListTable):
    """Rows are named tuples of FIELDS; each is replaced by itself once something was noted."""

    customer = Column(_("Customer"), css="col-main")
    ends = Column(_("Ends"))
    value = Column(_("Value"), css="num")
    contact = Column(_("Contact"))
    cause = Column(_("Why"), css="col-low")
    last = Column(_("Last call"))
    action = Column("", css="col-actions")

    exported = (
        Exported(_("Customer"), "customer__name"),
        Exported(_("Contact"), "contact__name"),
        Exported(_("Telephone"), "contact__phone"),
        Exported(_("Time zone"), "contact__time_zone"),
        Exported(_("Why"), "cause", dict(Call.Cause.choices)),
        Exported(_("State"), "state", dict(Call.State.choices)),
        Exported(_("Call on"), "due_on"),
        Exported(_("Orders"), "orders_count"),
        Exported(_("Next end"), "next_end"),
        Exported(_("Host name"), "host"),
        Exported(_("Value"), "worth"),
        Exported(_("Currency"), "worth_currency"),
        Exported(_("Last outcome"), "last_outcome", dict(Attempt.Outcome.choices)),
        Exported(_("Last call"), "last_at"),
        Exported(_("Promised by"), "last_promise"),
        Exported(_("Owner"), "customer__owner__user__email"),
    )

    class Meta(ListTable.Meta):
        row_attrs = {"id": lambda row: f"call-{row.pk}"}

    def __init__(
        self, rows: Sequence[Any], *, now: datetime, office: Office, permissions: Collection[str], **options: Any
    ) -> None:
        self.now, self.office, self.permissions = now, office, permissions
        self.url, self.customer_url = row_urls("campaigns:call"), row_urls("certificates:customer")
        self.attempt_url = row_urls("campaigns:call_attempt")
        super().__init__(rows, **options)

    @property
    def today(self) -> date:
        return self.now.date()

    def row_name(self, row: Any) -> str:
        return str(row.customer__name)

    def cell_customer(self, row: Any) -> str:
        url, name = self.url(row.pk), escape(row.customer__name)
        return SafeString(f'<a href="{url}" data-opens><b>{name}</b></a>{self._about(row)}')

    @staticmethod
    def _about(row: Any) -> str:
        """The host name of the nearest end, and how many orders there are beside it."""
        if not row.host:
            return ""
        host = format_html('<span class="host">{}</span>', readable(row.host))
        if row.orders_count == 1:
            return format_html('<span class="sub">{}</span>', host)
        return format_html('<span class="sub">{} · {}</span>', host, wording.orders(row.orders_count))

    def cell_ends(self, row: Any) -> str:
        if row.next_end is None:
            return ""
        shown = pill(*ending((row.next_end - self.today).days))
        return format_html('{}<span class="sub">{}</span>', shown, short_day(row.next_end))

    def cell_value(self, row: Any) -> str:
        return money(row.worth, row.worth_currency) if row.worth is not None else ""

    def cell_contact(self, row: Any) -> str:
        name = row.contact__name or row.contact__email
        if not name:
            return pill("warn", gettext("Nobody is named"))
        if not row.contact__phone:
            return format_html("{}<span class='sub'>{}</span>", name, pill("warn", gettext("No number")))
        url = tel_uri(row.contact__phone, country=row.customer__country)
        number = format_html('<a class="tel" href="{}">{}</a>', url, row.contact__phone) if url else row.contact__phone
        return format_html('{}<span class="sub">{} {}</span>', name, number, self._hour(row))

    def _hour(self, row: Any) -> str:
        """The hour over there, where it is not one to ring at."""
        words, disturbs = wording.hour_there(row.contact__time_zone or "UTC", office=self.office, now=self.now)
        return pill("warn", words, "moon-stars") if disturbs else ""

    def cell_cause(self, row: Any) -> str:
        level, words = wording.cause(row.cause)
        return pill(level, words) if level != "plain" else str(words)

    def cell_last(self, row: Any) -> str:
        if not row.last_outcome:
            return ""
        shown = pill(*wording.outcome(row.last_outcome, promised_on=row.last_promise))
        return format_html(
            '{}<span class="sub">{}</span>', shown, date_format(localtime(row.last_at), "SHORT_DATETIME_FORMAT")
        )

    def cell_action(self, row: Any) -> str:
        if row.state != Call.State.OPEN:
            return self._ended(row)
        if row.due_on > self.today:
            words = gettext("on %(date)s") % {"date": short_day(row.due_on)}
            return format_html('<span class="call-next">{}{}</span>', icon("calendar3"), words)
        if "calls.note" not in self.permissions:
            return ""
        buttons = format_html_join("", "{}", ((self._way(way, row),) for way in wording.WAYS))
        words = gettext("What came of the call to %(customer)s") % {"customer": row.customer__name}
        return format_html('<span class="call-ways" role="group" aria-label="{}">{}</span>', words, buttons)

    @staticmethod
    def _ended(row: Any) -> str:
        label = Call.State(row.state).label
        when = short_day(localtime(row.ended_at).date()) if row.ended_at else ""
        return format_html('{}<span class="sub">{}</span>', pill(wording.STATE_LEVELS[row.state], label), when)

    def _way(self, way: Way, row: Any) -> str:
        """A press notes it at once; what asks for more opens its question, or without a script the page of the call."""
        words = format_html('<kbd>{}</kbd><span class="call-word">{}</span>', way.key.upper(), way.words)
        if way.outcome in _ASKING:
            return format_html(
                '<a class="btn btn-sm btn-secondary" href="{}?outcome={}#outcome" title="{}"'
                ' data-way="{}" data-asks="{}" data-action="{}" data-customer="{}">{}</a>',
                self.url(row.pk),
                way.outcome,
                way.words,
                way.key,
                way.outcome,
                self._attempt(row),
                row.customer__name,
                words,
            )
        return format_html(
            '<button class="btn btn-sm btn-secondary" name="outcome" value="{}" form="row-actions" formaction="{}"'
            ' hx-post="{}" hx-target="closest tr" hx-swap="outerHTML" title="{}" data-way="{}">{}</button>',
            way.outcome,
            self._attempt(row),
            self._attempt(row),
            way.words,
            way.key,
            words,
        )

    def _attempt(self, row: Any) -> str:
        """Where it is noted, with what the list had seen."""
        return f"{self.attempt_url(row.pk)}?seen={row.last_attempt or 0}"
