"""What a discount must bring to pay for itself. Rates, margins and discounts are shares of one."""

from __future__ import annotations

from decimal import Decimal


def needed_rate(base_rate: Decimal, margin: Decimal, discount: Decimal) -> Decimal | None:
    """The share of orders that must renew, with the discount, to earn what `base_rate` earns without it.

    rate = base_rate x margin / (margin - discount). None where not even all of them would do.
    At a margin of 40 %, 10 % off must lift 60 % to 80 %; from 80 % it cannot pay for itself.
    """
    if discount >= margin:
        return None
    needed = base_rate * margin / (margin - discount)
    return needed if needed <= 1 else None
