"""The tables of offers and of their uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from offers.models import Offer, Redemption
from offers.wording.offers import STATUS_LEVELS, STATUS_WORDS, gives, period
from portal.dates import date_format
from portal.lists import Column, Exported, ListTable
from portal.lists.links import row_urls
from portal.money import money
from portal.templatetags.portal_tags import pill
from portal.types import StrOrPromise

USE_LEVELS = {Redemption.State.USED: "good", Redemption.State.HELD: "note", Redemption.State.RELEASED: "plain"}
USE_FIELDS = (
    "pk",
    "at",
    "subject",
    "order_id",
    "order__number",
    "order__common_name",
    "customer_id",
    "customer__name",
    "amount",
    "currency",
    "state",
)


class OffersTable(ListTable):
    """Rows are offers; what they gave away and how many orders carry them was asked for all of them at once."""

    name = Column(_("Offer"), css="col-main")
    state = Column(_("State"))
    period = Column(_("Period"))
    code = Column(_("Code"))
    used = Column(_("Used"), css="num")
    given = Column(_("Given away"), css="num")
    orders = Column(_("Orders on it"), css="num")

    def __init__(
        self,
        rows: Sequence[Offer],
        *,
        now: datetime,
        products: Mapping[str, str],
        given: Mapping[int, Mapping[str, Decimal]],
        orders: Mapping[int, int],
        currency: str,
        **options: Any,
    ) -> None:
        self.now, self.products, self.sums, self.on_offer, self.currency = now, products, given, orders, currency
        self.url = row_urls("offers:offer")
        super().__init__(rows, **options)

    def cell_name(self, offer: Offer) -> str:
        link, said = self.url(offer.pk), gives(offer, self.products)
        return format_html('<a href="{}">{}</a><span class="sub">{}</span>', link, offer.name, said)

    def cell_state(self, offer: Offer) -> str:
        status = offer.status(self.now)
        return pill(STATUS_LEVELS[status], STATUS_WORDS[status])

    def cell_period(self, offer: Offer) -> str:
        return period(offer)

    def cell_code(self, offer: Offer) -> str:
        return format_html("<code>{}</code>", offer.code) if offer.code else gettext("by itself")

    def cell_used(self, offer: Offer) -> str:
        used = _grouped(offer.redeemed)
        if offer.redemption_limit is None:
            return used
        return gettext("%(used)s of %(limit)s") % {"used": used, "limit": _grouped(offer.redemption_limit)}

    def cell_given(self, offer: Offer) -> str:
        sums = self.sums.get(offer.pk) or {offer.currency or self.currency: Decimal(0)}
        shown = format_html_join("", "<div>{}</div>", ((money(sums[one], one),) for one in sorted(sums)))
        if offer.spend_cap is None:
            return shown
        cap = gettext("of %(amount)s") % {"amount": money(offer.spend_cap, offer.currency or self.currency)}
        return format_html('{}<span class="sub">{}</span>', shown, cap)

    def cell_orders(self, offer: Offer) -> str:
        return _grouped(self.on_offer.get(offer.pk, 0))


class UsesTable(ListTable):
    """Rows are named tuples of USE_FIELDS."""

    at = Column(_("When"))
    order = Column(_("For"), css="col-main")
    customer = Column(_("Customer"))
    amount = Column(_("Given away"), css="num")
    state = Column(_("State"))

    exported = (
        Exported(_("When"), "at"),
        Exported(_("Order number"), "order__number"),
        Exported(_("Common name"), "order__common_name"),
        Exported(_("Customer"), "customer__name"),
        Exported(_("Given away"), "amount"),
        Exported(_("Currency"), "currency"),
        Exported(_("State"), "state", dict(Redemption.State.choices)),
    )

    def __init__(self, rows: Sequence[Any], **options: Any) -> None:
        self.order_url, self.customer_url = row_urls("certificates:order"), row_urls("certificates:customer")
        self.states: dict[str, StrOrPromise] = dict(Redemption.State.choices)
        super().__init__(rows, **options)

    def row_name(self, use: Any) -> str:
        return str(use.subject)

    def cell_at(self, use: Any) -> str:
        return date_format(localtime(use.at), "SHORT_DATETIME_FORMAT")

    def cell_order(self, use: Any) -> str:
        if use.order_id is None:
            return gettext("A certificate moved to us") if use.subject[:4] == "cert" else gettext("A new order")
        words = gettext("renewal of order %(number)s") % {"number": use.order__number}
        url, name = self.order_url(use.order_id), use.order__common_name
        return format_html('<a href="{}">{}</a><span class="sub">{}</span>', url, name, words)

    def cell_customer(self, use: Any) -> str:
        return format_html(
            '<a class="row-link" href="{}">{}</a>', self.customer_url(use.customer_id), use.customer__name
        )

    def cell_amount(self, use: Any) -> str:
        return money(use.amount, use.currency)

    def cell_state(self, use: Any) -> str:
        return pill(USE_LEVELS[Redemption.State(use.state)], self.states[use.state])


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)
