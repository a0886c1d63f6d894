"""What an offer must bring to pay for itself. Rates, margins and discounts are shares of one."""

from __future__ import annotations

from decimal import Decimal


def needed_rate(base_rate: Decimal, margin: Decimal, discount: Decimal) -> Decimal | None:
    """The share of orders that must renew, with the discount, to earn what `base_rate` earns without it.

    rate = base_rate x margin / (margin - discount). None where not even all of them would do.
    At a margin of 40 %, 10 % off must lift 60 % to 80 %; from 80 % it cannot pay for itself.
    """
    return rate_to_earn(base_rate, margin, margin - discount)


def rate_to_earn(base_rate: Decimal, before: Decimal, after: Decimal) -> Decimal | None:
    """The same where each order earns `after` instead of `before`: a better product is bought, or more names.

    rate = base_rate x before / after, below the base rate where each earns more. None where not even all would do.
    From EUR 80 to EUR 50 an order, 60 % must rise to 96 %; to EUR 100, 48 % would do.
    """
    if after <= 0:
        return None
    needed = base_rate * max(before, Decimal(0)) / after
    return needed if needed <= 1 else None
