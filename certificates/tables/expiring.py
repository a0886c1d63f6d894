"""The table of what expires: urgent first, each row with what can be done about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from certificates import rules, wording
from certificates.states import OrderStatus, ValidationLevel
from certificates.tables.actions import Adviser, Offer, RowAction
from certificates.x509.names import display_name
from portal.lists import Column, Exported, ListTable, SelectColumn
from portal.lists.links import row_urls, row_urls_above
from portal.templatetags.portal_tags import icon, pill, switch

# What the list reads of an order, its customer, product and organisation, and nothing more.
FIELDS = (
    "pk",
    "number",
    "authority",
    "status",
    "common_name",
    "names",
    "customer_id",
    "customer__name",
    "customer__notices_enabled",
    "product_name",
    "product__family",
    "product__level",
    "organization__ov_validated_until",
    "organization__ev_validated_until",
    "term_years",
    "ends_at",
    "ends_on",
    "end_is_inferred",
    "certificate_ends_at",
    "certificate_ends_on",
    "notices_enabled",
    "auto_renew",
)


def urgency_pill(days: int) -> SafeString:
    """Days left as a pill: icon, words and colour say the same."""
    return pill(*wording.ending(days))


def action_in_words(action: RowAction) -> SafeString:
    """What could be done, or why it cannot and from when, where there is no button to press."""
    day = wording.day(action.on) if action.on else ""
    level, words = {
        Offer.RENEW: ("good", gettext("Renewal is open")),
        Offer.REISSUE: ("good", gettext("Reissue is due")),
        Offer.HOLD: ("warn", gettext("Validation due")),
        Offer.IN_HAND: ("note", gettext("In hand")),
        Offer.OPENS: ("calm", gettext("Opens on %(date)s") % {"date": day}),
        Offer.CLOSED: ("plain", gettext("Closed on %(date)s") % {"date": day}),
        Offer.UNKNOWN: ("plain", gettext("No rules known")),
    }[action.offer]
    return pill(level, words)


def notices_switch(url: str, pk: int, *, on: bool, label: str) -> SafeString:
    """The switch of an order's renewal notices; it answers a press with itself as it is then."""
    return switch(url, on=on, label=label, key=f"notices-{pk}")


class ExpiringTable(ListTable):
    """Rows are named tuples of FIELDS."""

    select = SelectColumn()
    order = Column(_("Order #"))
    name = Column(_("Common name"), css="col-main")
    customer = Column(_("Customer"))
    expires = Column(_("Expires"))
    product = Column(_("Product"))
    notices = Column(_("Renewal notices"))
    action = Column("", css="col-actions")

    exported = (
        Exported(_("Order #"), "number"),
        Exported(_("Status"), "status", dict(OrderStatus.choices)),
        Exported(_("Common name"), "common_name"),
        Exported(_("Customer"), "customer__name"),
        Exported(_("Order expires"), "ends_on"),
        Exported(_("Certificate expires"), "certificate_ends_on"),
        Exported(_("Product"), "product_name"),
        Exported(_("Brand"), "product__family"),
        Exported(_("Level"), "product__level", dict(ValidationLevel.choices)),
        Exported(_("Validity in years"), "term_years"),
        Exported(_("Renewal notices"), "notices_enabled", {True: _("On"), False: _("Off")}),
        Exported(_("Customer's reference"), "customer_reference"),
        Exported(_("Owner"), "customer__owner__user__email"),
    )

    class Meta(ListTable.Meta):
        sequence = ("select", "order", "name", "customer", "expires", "product", "notices", "...", "action")

    def __init__(
        self,
        rows: Sequence[Any],
        *,
        today: date,
        adviser: Adviser,
        lapsed: Mapping[int, Collection[str]],
        by_certificate: bool,
        allowed: Collection[str],
        **options: Any,
    ) -> None:
        self.today, self.adviser, self.lapsed = today, adviser, lapsed
        self.by_certificate = by_certificate
        self.may_switch, self.may_renew = "orders.notices" in allowed, "orders.renew" in allowed
        self.short_date = cache(lambda day: date_format(day, "SHORT_DATE_FORMAT"))
        self.ending = cache(self._ending)
        self.words = _Words()
        super().__init__(rows, **options)

    def row_name(self, record: Any) -> str:
        return str(record.number)

    def cell_order(self, row: Any) -> str:
        return self.words.order(row.pk, row.number)

    def cell_name(self, row: Any) -> str:
        host = SafeString(f'<span class="host">{escape(display_name(row.common_name))}</span>')
        more = len(row.names) - 1
        flagged = rules.refuses_wildcard(self._level(row)) and rules.holds_wildcard(row.names)
        if not more and not flagged:
            return host
        also = ngettext("and %(count)s more name", "and %(count)s more names", more) % {"count": more}
        return format_html(
            "{}{}{}",
            host,
            format_html('<span class="sub">{}</span>', also) if more > 0 else "",
            pill("warn", gettext("EV holds no wildcard")) if flagged else "",
        )

    def cell_customer(self, row: Any) -> str:
        return self.words.customer(row.customer_id, row.customer__name)

    def cell_expires(self, row: Any) -> str:
        end, other = row.ends_on, row.certificate_ends_on
        if self.by_certificate:
            end, other = other, end
        return self.ending(end, other, inferred=row.end_is_inferred)

    def cell_product(self, row: Any) -> str:
        return self.words.product(row.product_name, row.term_years)

    def cell_notices(self, row: Any) -> str:
        if not row.customer__notices_enabled:
            return self.words.notices_off_for_customer
        return self.words.notices(row.pk, row.number, on=row.notices_enabled, may_switch=self.may_switch)

    def cell_action(self, row: Any) -> str:
        held = self._is_held(row)
        find = self.adviser.replacement if self.by_certificate else self.adviser.renewal
        action = find(row, held=held)
        shown = self.words.action(row.pk, row.number, action, may_renew=self.may_renew)
        if row.auto_renew and action.offer in (Offer.RENEW, Offer.OPENS):
            return shown + self.words.renews_itself
        return shown

    def _ending(self, end: date, other: date | None, *, inferred: bool) -> SafeString:
        shown = self.short_date(end)
        if self.by_certificate and other is not None and other != end:
            return format_html(
                '{}<span class="sub">{}</span><span class="sub">{}</span>',
                urgency_pill((end - self.today).days),
                shown,
                gettext("order to %(date)s") % {"date": self.short_date(other)},
            )
        mark = f" · {gettext('inferred')}" if inferred and not self.by_certificate else ""
        return format_html('{}<span class="sub">{}{}</span>', urgency_pill((end - self.today).days), shown, mark)

    def _is_held(self, row: Any) -> bool:
        """Whether a validation that the order needs has lapsed."""
        level = row.product__level
        if level in (ValidationLevel.OV, ValidationLevel.EV):
            ev = level == ValidationLevel.EV
            until = row.organization__ev_validated_until if ev else row.organization__ov_validated_until
            if until is not None and until < self.today:
                return True
        lapsed = self.lapsed.get(row.customer_id, ())
        return bool(lapsed) and any(_lies_in(name, lapsed) for name in row.names or (row.common_name,))

    @staticmethod
    def _level(row: Any) -> rules.Level | None:
        return rules.Level(row.product__level) if row.product__level else None


def _lies_in(name: str, domains: Collection[str]) -> bool:
    host = name.removeprefix("*.")
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


class _Words:
    """The pieces of a row that only its numbers and names change, translated and looked up once per page."""

    def __init__(self) -> None:
        self._order_url, self._quick_url = row_urls("certificates:order"), row_urls("certificates:quick_view")
        self._customer_url, self._notices_url = (
            row_urls("certificates:customer"),
            row_urls("certificates:order_notices"),
        )
        self._renew_url, self._reissue_url = row_urls_above("offers:renew"), row_urls_above("offers:reissue")
        self._quick_view = escape(gettext("Quick view"))
        self._notices_label = gettext("Renewal notices for order %(number)s")
        self._renew, self._reissue = escape(gettext("Renew now")), escape(gettext("Reissue"))
        self._on, self._off = pill("good", gettext("On")), pill("plain", gettext("Off"), "bell-slash")
        self.notices_off_for_customer = pill("plain", gettext("Off for the customer"), "bell-slash")
        self.renews_itself = format_html(
            '<span class="sub">{}{}</span>', icon("arrow-repeat"), gettext("renews by itself")
        )
        self._held = escape(gettext("Validation due"))
        self._term = cache(self._make_term)
        self._said = cache(action_in_words)

    def order(self, pk: int, number: str) -> SafeString:
        return SafeString(
            f'<a class="order-number" href="{self._order_url(pk)}">{escape(number)}</a>'
            f'<a class="quick-view" href="{self._quick_url(pk)}" data-quick-view="{pk}">{self._quick_view}'
            f'<span class="visually-hidden"> {escape(number)}</span></a>'
        )

    def customer(self, pk: int, name: str) -> SafeString:
        return SafeString(f'<a class="row-link" href="{self._customer_url(pk)}">{escape(name)}</a>')

    def product(self, name: str, years: int) -> SafeString:
        return SafeString(f"{escape(name)}{self._term(years)}")

    def _make_term(self, years: int) -> str:
        return f'<span class="sub">{escape(wording.years(years))}</span>'

    def notices(self, pk: int, number: str, *, on: bool, may_switch: bool) -> SafeString:
        if not may_switch:
            return self._on if on else self._off
        return notices_switch(self._notices_url(pk), pk, on=on, label=self._notices_label % {"number": number})

    def action(self, pk: int, number: str, action: RowAction, *, may_renew: bool) -> SafeString:
        if not may_renew:
            return self._said(action)
        if action.offer is Offer.RENEW and self._renew_url:
            return self._button(self._renew_url(pk), self._renew, number)
        if action.offer is Offer.REISSUE and self._reissue_url:
            return self._button(self._reissue_url(pk), self._reissue, number)
        if action.offer is Offer.HOLD:
            return self._button(self._quick_url(pk), self._held, number, look="btn-hold", quick_view=pk)
        return self._said(action)

    @staticmethod
    def _button(url: str, words: str, number: str, *, look: str = "", quick_view: int | None = None) -> SafeString:
        about = f'<span class="visually-hidden"> {escape(number)}</span>'
        opens = "" if quick_view is None else f' data-quick-view="{quick_view}"'
        return SafeString(f'<a class="btn btn-sm {look}" href="{url}"{opens}>{words}{about}</a>')
