"""The table of a product's prices through time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from certificates.wording import short_day, years
from offers.models import Price
from offers.services.prices.changing import unit_prices
from offers.services.prices.reading import is_below_cost, margin_of
from portal.lists import Column, ListTable
from portal.money import money
from portal.quantities import percentage
from portal.templatetags.portal_tags import pill
from portal.types import StrOrPromise


class State(StrEnum):
    """Where a price stands in time."""

    RUNNING = "running"
    LATER = "later"
    PAST = "past"


STATE_WORDS: Mapping[State, StrOrPromise] = {
    State.RUNNING: _("In force"),
    State.LATER: _("Begins later"),
    State.PAST: _("Past"),
}
STATE_LEVELS: Mapping[State, str] = {State.RUNNING: "good", State.LATER: "note", State.PAST: "plain"}


def state_of(begins: date, until: date | None, today: date) -> State:
    if begins > today:
        return State.LATER
    return State.PAST if until is not None and until < today else State.RUNNING


def margin_words(row: Price) -> str:
    margin = margin_of(unit_prices(row))
    return "" if margin is None else percentage(round(margin * 100))


class PricesTable(ListTable):
    whose = Column(_("For"), css="col-main")
    term = Column(_("Term"))
    base = Column(_("Base"), css="num")
    name = Column(_("Per name"), css="num")
    wildcard = Column(_("Per wildcard"), css="num")
    cost = Column(_("Cost"), css="num")
    margin = Column(_("Margin"), css="num")
    begins = Column(_("From"))
    until = Column(_("Until"))
    state = Column(_("State"))
    actions = Column("", css="col-actions")

    def __init__(
        self, rows: Sequence[Price], *, today: date, may_edit: bool, shows_costs: bool, **options: Any
    ) -> None:
        self.today, self.may_edit = today, may_edit
        super().__init__(rows, exclude=() if shows_costs else ("cost", "margin"), **options)

    def cell_whose(self, row: Price) -> str:
        if row.customer_id:
            return format_html(
                '<a href="{}">{}</a>', reverse("certificates:customer", args=[row.customer_id]), row.customer
            )
        return row.level.name if row.level else gettext("Price list")

    def cell_term(self, row: Price) -> str:
        return years(row.term_years)

    def cell_base(self, row: Price) -> str:
        return format_html("<b>{}</b>", money(row.base, row.currency))

    def cell_name(self, row: Price) -> str:
        return money(row.name_price, row.currency)

    def cell_wildcard(self, row: Price) -> str:
        return money(row.wildcard_price, row.currency) if row.product.allows_wildcard else ""

    def cell_cost(self, row: Price) -> str:
        return "" if row.cost_base is None else money(row.cost_base, row.currency)

    def cell_margin(self, row: Price) -> str:
        if not is_below_cost(unit_prices(row)):
            return margin_words(row)
        return format_html("{} {}", margin_words(row), pill("warn", gettext("Below cost")))

    def cell_begins(self, row: Price) -> str:
        return short_day(row.valid_from)

    def cell_until(self, row: Price) -> str:
        return short_day(row.valid_until) if row.valid_until else ""

    def cell_state(self, row: Price) -> str:
        state = state_of(row.valid_from, row.valid_until, self.today)
        return pill(STATE_LEVELS[state], STATE_WORDS[state])

    def cell_actions(self, row: Price) -> str:
        if not self.may_edit or row.valid_from < self.today:
            return ""
        about = gettext("the price for %(years)s from %(date)s") % {
            "years": years(row.term_years),
            "date": short_day(row.valid_from),
        }
        return format_html(
            _ACTIONS,
            change_url(row),
            gettext("Change"),
            about,
            reverse("offers:price_drop", args=[row.pk]),
            gettext("Take this price back?"),
            gettext("Take back"),
        )


_ACTIONS = (
    '<a class="btn btn-quiet btn-sm" href="{0}">{1}<span class="visually-hidden"> {2}</span></a> '
    '<button class="btn btn-quiet btn-sm" type="submit" form="row-actions" formaction="{3}" data-confirm="{4}">'
    '{5}<span class="visually-hidden"> {2}</span></button>'
)


def change_url(row: Price) -> str:
    whose = f"customer-{row.customer_id}" if row.customer_id else f"level-{row.level_id}" if row.level_id else ""
    address = reverse("offers:price_edit", args=[row.product.name_id, row.term_years])
    query = urlencode({"for": whose, "currency": row.currency, "from": row.valid_from.isoformat()})
    return f"{address}?{query}"
