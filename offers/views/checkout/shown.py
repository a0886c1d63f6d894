"""What a renew page shows at one moment: product and term, their days, their price, and what would hold it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from certificates.models import Order, Product
from certificates.rules import RenewalPlan, last_day, utc_date
from certificates.services import planning
from certificates.services.keys import PresentKey, present_key
from certificates.services.planning import ValidationFact
from certificates.x509 import BadRequest, normalise_names
from offers.models import SalesSettings
from offers.rules.baskets import UnitPrices
from offers.services.choices import Choice, choices_for
from offers.services.offer_book import offer_book, recorded_standings
from offers.services.price_book import price_book
from offers.services.pricing import OrderPrice, price_order, quoted_lines
from offers.services.renewing import told_price


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What the choice costs, and what the others would: products by their primary keys, terms in years.

    `units` is what a name of the choice costs, by the list or by what was agreed with the customer.
    """

    chosen: OrderPrice | None
    products: Mapping[int, OrderPrice | None]
    terms: Mapping[int, OrderPrice | None]
    settings: SalesSettings
    units: UnitPrices | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalOffer:
    """A renewal as it stands before the press."""

    order: Order
    choices: Sequence[Choice]
    choice: Choice
    term_years: int
    plan: RenewalPlan
    checks: Sequence[ValidationFact]
    key: PresentKey | None
    today: date
    prices: Prices

    @property
    def product(self) -> Product:
        return self.choice.product

    @property
    def price(self) -> OrderPrice | None:
        return self.prices.chosen

    @property
    def present_price(self) -> OrderPrice | None:
        """Of what the customer has, where it is still sold."""
        present = self.order.product_id
        return self.prices.products.get(present) if present else None

    @property
    def told(self) -> str:
        """What the press must still agree with: the order's last day, the certificate's days, days lost, the price."""
        days = f"{last_day(self.plan.order_end)} {self.plan.certificate_days} {self.plan.lost_days}"
        return f"{days} {told_price(self.price)}".strip()

    @property
    def will_wait(self) -> bool:
        return any(fact.holds for fact in self.checks)


def renewal_offer(order: Order, asked: Mapping[str, Any], *, now: datetime) -> RenewalOffer:
    """The offer for what was asked (`product`, `term_years`, `names`, `code`); what cannot be had is as at present.

    Raises RenewalWindowClosed, and OrderNotRenewable where there is nothing to renew or nowhere to place it.
    """
    choices, today = choices_for(order), utc_date(now)
    choice = pick(choices, asked.get("product"))
    term_years = pick_term(choice.product, asked.get("term_years"), otherwise=order.term_years)
    return RenewalOffer(
        order=order,
        choices=choices,
        choice=choice,
        term_years=term_years,
        plan=planning.renewal_plan(order, start=now, term_years=term_years, product=choice.product),
        checks=planning.validation_state(
            order, today=today, product=choice.product, names=_names_understood(asked, order.names)
        ),
        key=present_key(order),
        today=today,
        prices=_prices(order, choices, choice.product, term_years, asked, now=now),
    )


def pick(choices: Sequence[Choice], name_id: str | None) -> Choice:
    """The choice asked for, else the first."""
    return next((choice for choice in choices if choice.product.name_id == name_id), choices[0])


def pick_term(product: Product, asked: str | None, *, otherwise: int = 1) -> int:
    """The years asked for, as long as the product is sold for so many."""
    years = int(asked) if asked and asked.isascii() and asked.isdigit() and len(asked) < 3 else otherwise
    return min(max(years, 1), product.max_years)


def names_asked(asked: Mapping[str, Any], otherwise: Sequence[str]) -> Sequence[str]:
    """The names typed so far, as far as they can be read; the others where none are."""
    typed = str(asked.get("names") or "").replace(",", " ").split()
    try:
        return normalise_names(typed) if typed else otherwise
    except BadRequest:
        return typed


def _names_understood(asked: Mapping[str, Any], otherwise: Sequence[str]) -> Sequence[str]:
    """The names typed so far, where all of them can be read; else the others."""
    try:
        return normalise_names(names_asked(asked, otherwise))
    except BadRequest:
        return otherwise


def _prices(
    order: Order, choices: Sequence[Choice], product: Product, years: int, asked: Mapping[str, Any], *, now: datetime
) -> Prices:
    partner, today = order.partner, utc_date(now)
    book = price_book(partner, on=today, customers=[order.customer_id])
    offers = offer_book(partner, now=now)
    recorded = recorded_standings(partner, [order.pk])
    locked = quoted_lines(partner, [order.pk], today=today).get(order.pk, ())
    names, code = names_asked(asked, order.names), str(asked.get("code") or "")

    def price(one: Product, term_years: int) -> OrderPrice | None:
        return price_order(
            order,
            product=one,
            term_years=min(term_years, one.max_years),
            names=names,
            now=now,
            code=code,
            book=book,
            offers=offers,
            recorded=recorded,
            locked=locked,
        )

    return Prices(
        chosen=price(product, years),
        products={choice.product.pk: price(choice.product, years) for choice in choices},
        terms={term: price(product, term) for term in range(1, product.max_years + 1)},
        settings=book.settings,
        units=book.unit_prices(product, years, order.customer_id, book.currency_of(order.customer_id)),
    )
