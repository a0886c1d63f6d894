"""Why waiting for the end is never rewarded: what an order was once given is the most it is given from then on.

**The never-rise rule.** For each order the best automatic discount never rises as its end nears or after it.

*What is measured* is the share of the list price of the day, tax excluded and before it is rounded to coins: EUR 20 off
200 is 10 %, and so is EUR 15 off 150. When the list price, the cost, or the margin asked for moves, the share stands.

*What is compared with what.* What may be bought for an order are its choices: a product for a term, with the names
the order has, or with more. Each choice has its ceiling: the least share that automatic offers have given it since it
was reached. Like is compared with like: an upgrade with the upgrade to the same product, three years with three. A
choice of which no offer has spoken yet can still be reached, and gets no more than any choice of the order may have:
while 15 % on an upgrade stand, 10 % on renewing as it is may come, and of 20 % come 15. Once nothing stands, nothing
comes.

*From when.* An order is reached from the first day in its renewal window on which an automatic offer is meant for it;
where that offer's own days do not include the day, the ceiling is zero. Ceilings are written whenever the order is
valued or renewed, and before anything happens that could raise a share: an offer begins or ends, a price, a cost, a
margin or a customer's terms change, a use is given back to an offer that had nothing left. So what an offer that was
used up did not give for a while it does not give again, whether anybody looked or not.

Ceilings only fall, so no share ever rises, whatever offers and prices do. What a code takes off is asked for: it comes
on top, and no ceiling knows of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from offers.rules.baskets import Basket
from offers.rules.discounts import OfferTerms, OrderFacts, fits, is_reached, speaks_of

# At the end of a choice
MORE_NAMES = "+"


@dataclass(frozen=True)
class Standing:
    """Where an order that was reached stands: the automatic offers it met last, by their ids, and its ceilings.

    A ceiling is a share of the list price, 0 to 1, by choice (`choice_of`).
    """

    offers: tuple[int, ...] = ()
    ceilings: Mapping[str, Decimal] = field(default_factory=dict)

    @cached_property
    def key(self) -> tuple[tuple[str, Decimal], ...]:
        """What orders that may have the same have in common."""
        return tuple(sorted(self.ceilings.items()))

    def ceiling(self, choice: str) -> Decimal | None:
        """The most that automatic offers may give the choice; None where nothing of the order had a price yet.

        With more names it is that of the same product and term, unless free names gave it one of its own.
        """
        if choice not in self.ceilings:
            choice = choice.removesuffix(MORE_NAMES)
        return self.ceilings.get(choice, max(self.ceilings.values(), default=None))


def choice_of(basket: Basket) -> str:
    """What is bought, as ceilings are kept: "ssl_basic/3", and "ssl_basic/3+" with more names than the order has."""
    more = MORE_NAMES if len(basket.names) > basket.present_names else ""
    return f"{basket.product}/{basket.term_years}{more}"


def met(facts: OrderFacts, live: Collection[OfferTerms], before: Standing | None) -> Standing | None:
    """Where an order stands when these automatic, live offers meet it; None as long as nothing has reached it."""
    if before is None and not is_reached(live, facts):
        return None
    fitting = tuple(sorted(offer.id for offer in live if fits(offer.conditions, facts)))
    return Standing(fitting, before.ceilings if before else {})


def after_giving(
    share: Decimal, basket: Basket, facts: OrderFacts, live: Collection[OfferTerms], before: Standing | None
) -> Standing | None:
    """The same once it is known what they give for a basket, under its ceiling: that is the ceiling from now on.

    Where a choice was not reached before, an offer has to speak of it; and what costs nothing has no share.
    """
    stood, choice = met(facts, live, before), choice_of(basket)
    if stood is None or not basket.subtotal:
        return stood
    if choice not in stood.ceilings and not is_reached([one for one in live if speaks_of(one, basket)], facts):
        return stood
    return Standing(stood.offers, {**stood.ceilings, choice: share})


def lowest(standings: Iterable[Standing]) -> Standing | None:
    """Several of one order, oldest first, put together: the last one's offers, of each ceiling the lowest."""
    offers: tuple[int, ...] | None = None
    ceilings: dict[str, Decimal] = {}
    for one in standings:
        offers = one.offers
        for choice, share in one.ceilings.items():
            ceilings[choice] = min(share, ceilings.get(choice, share))
    return None if offers is None else Standing(offers, ceilings)
