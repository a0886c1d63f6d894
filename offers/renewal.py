"""What a renew page shows at one moment: product and term, the days they give, and what would hold it up."""

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
from offers.choices import Choice, choices_for


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

    @property
    def product(self) -> Product:
        return self.choice.product

    @property
    def told(self) -> str:
        """What the press must still agree with: the order's last day, the certificate's days, and what is lost."""
        return f"{last_day(self.plan.order_end)} {self.plan.certificate_days} {self.plan.lost_days}"

    @property
    def will_wait(self) -> bool:
        return any(fact.holds for fact in self.checks)


def renewal_offer(order: Order, asked: Mapping[str, Any], *, now: datetime) -> RenewalOffer:
    """The offer for what was asked (`product`, `term_years`); what cannot be had falls back to the present.

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
        checks=planning.validation_state(order, today=today, product=choice.product),
        key=present_key(order),
        today=today,
    )


def pick(choices: Sequence[Choice], name_id: str | None) -> Choice:
    """The choice asked for, else the first."""
    return next((choice for choice in choices if choice.product.name_id == name_id), choices[0])


def pick_term(product: Product, asked: str | None, *, otherwise: int = 1) -> int:
    """The years asked for, as long as the product is sold for so many."""
    years = int(asked) if asked and asked.isascii() and asked.isdigit() and len(asked) < 3 else otherwise
    return min(max(years, 1), product.max_years)
