"""Why waiting for the end is never rewarded: what an order was once given is the most it is given from then on.

**The never-rise rule.** For each order the best automatic discount never rises as its end nears or after it.

*What is measured* is the share of the list price of the day, tax excluded and before it is rounded to coins: EUR 20 off
200 is 10 %, and so is EUR 15 off 150. When the list price, the cost, or the margin asked for moves, the share stands.

*What is compared with what.* What may be bought for an order are its choices: a product for a term. The products are
its own and the upgrades published for it; where the order has no product, or its product is sold no more, or may not
hold its wildcards, those that pages offer in its place. Anything else is another purchase, of which automatic offers do
not speak: they take nothing off it. Each choice has its ceiling: the least share that automatic offers have given it
since it was reached. Like is compared with like: an upgrade with the upgrade to the same product, three years with
three. A choice of which no offer has spoken yet can still be reached, and gets no more than any choice of the order may
have: while 15 % on an upgrade stand, 10 % on renewing as it is may come, and of 20 % come 15. Once nothing stands,
nothing comes.

*With other names* than the order has, the list price is compared part by part. What the order has keeps the ceiling of
its choice. Names beyond it have one of their own, the least share that offers have given for any number of them: 10 %
off all is 10 % off them too, while EUR 20 off is nothing off them, so 10 % that come after EUR 20 take as much off as
those did, however many names are added. With fewer names the share of the choice is the most, also for an amount: EUR
20 off an order of 600 is 20 off 300 no more, but 10. Nor is it more than the margin left of any part of the price. A
wildcard in the place of a host name is both: one fewer, and one beyond.

*Free names* are counted, since their share depends on how many are added: an order gets no more of them than it was
given, and beside them no greater share than it had beside them. An offer of free names speaks of a choice whether names
are added or not. So who was reached without free names gets none later, and who was offered free names alone gets no
percent later.

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
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from offers.rules.baskets import Basket, Line
from offers.rules.discounts import (
    Discount,
    FreeNames,
    OfferKind,
    OfferTerms,
    OrderFacts,
    fits,
    is_reached,
    part_of,
    speaks_of,
)

# At the end of a choice: what holds for names beyond those of the order, for fewer names, how many names are free,
# and what holds beside free names. The first two are missing where they are no less than that of the choice.
BEYOND, FEWER, FREE, BESIDE = "+", "-", "*", "&"
_NONE = Decimal(0)


class Limits(NamedTuple):
    """The most that automatic offers may give for a basket; None where there is no limit yet."""

    ceiling: Decimal | None = None
    free_names: FreeNames | None = None


@dataclass(frozen=True)
class Standing:
    """Where an order that was reached stands: the automatic offers it met last, by their ids, and its ceilings.

    A ceiling is a share of the list price, 0 to 1, by choice (`choice_of`); of names beyond it may be below zero. With
    `FREE` at its end it is a number of names.
    """

    offers: tuple[int, ...] = ()
    ceilings: Mapping[str, Decimal] = field(default_factory=dict)

    @cached_property
    def key(self) -> tuple[tuple[str, Decimal], ...]:
        """What orders that may have the same have in common."""
        return tuple(sorted(self.ceilings.items()))

    @cached_property
    def has_free_names(self) -> bool:
        return any(choice.endswith(FREE) for choice in self.ceilings)

    @cached_property
    def _most(self) -> Decimal:
        """What any choice may have at most."""
        return max((share for choice, share in self.ceilings.items() if choice[-1].isdigit()), default=_NONE)

    def limits(self, basket: Basket) -> Limits:
        """What automatic offers may give for a basket; nothing limits them while nothing of the order had a price."""
        if not self.ceilings:
            return Limits()
        choice = choice_of(basket)
        free = min(self.ceilings.get(choice + FREE, _NONE), Decimal(_added(basket)))
        beside = FreeNames(max(0, int(free)), self._share(basket, choice + BESIDE, _NONE))
        return Limits(self._share(basket, choice, self._most), beside)

    def _share(self, basket: Basket, choice: str, default: Decimal) -> Decimal:
        """Of the whole list price, put together from what holds for its parts."""
        share = self.ceilings.get(choice, default)
        beyond, fewer = (min(share, self.ceilings.get(choice + part, share)) for part in (BEYOND, FEWER))
        return _over(basket, share, beyond, fewer)


def _over(basket: Basket, share: Decimal, beyond: Decimal, fewer: Decimal) -> Decimal:
    """The share of a basket's whole list price that its parts may have together."""
    kept, total = basket.kept_subtotal, basket.subtotal
    if basket.has_present_names or not total:
        return share
    held = share if kept == basket.present_subtotal else fewer
    return max(_NONE, (held * kept + beyond * (total - kept)) / total)


def choice_of(basket: Basket) -> str:
    """What is bought, as ceilings are kept: "ssl_basic/3"."""
    return f"{basket.product}/{basket.term_years}"


def met(facts: OrderFacts, live: Collection[OfferTerms], before: Standing | None) -> Standing | None:
    """Where an order stands when these automatic, live offers meet it; None as long as nothing has reached it."""
    if before is None and not is_reached(live, facts):
        return None
    fitting = tuple(sorted(offer.id for offer in live if fits(offer.conditions, facts)))
    return Standing(fitting, before.ceilings if before else {})


def after_giving(
    found: Discount, basket: Basket, facts: OrderFacts, live: Collection[OfferTerms], before: Standing | None
) -> Standing | None:
    """The same once it is known what they give for a basket, under its limits: that is the ceiling from now on.

    Where a choice was not reached before, an offer has to speak of it; and what costs nothing has no share. With other
    names than the order has, only the free names and what comes beside them are told.
    """
    stood, choice = met(facts, live, before), choice_of(basket)
    if stood is None or not basket.subtotal or basket.is_apart:
        return stood
    if choice not in stood.ceilings and not is_reached([one for one in live if _concerns(one, basket)], facts):
        return stood
    new = _of_choice(found, choice) if basket.has_present_names else _beside_free(found, basket, choice, live)
    return Standing(stood.offers, {**stood.ceilings, **{key: _lower(stood, key, part) for key, part in new.items()}})


def _concerns(offer: OfferTerms, basket: Basket) -> bool:
    """Whether an offer speaks of the choice, with names added or without."""
    return speaks_of(offer, basket) or (
        offer.kind is OfferKind.EXTRA_NAMES and speaks_of(offer, _with_one_more(basket))
    )


def _with_one_more(basket: Basket) -> Basket:
    return replace(basket, names=(*basket.names, "a.example"), present_names=len(basket.names))


def _lower(stood: Standing, key: str, share: Decimal) -> Decimal:
    return min(share, stood.ceilings.get(key, share))


def _of_choice(found: Discount, choice: str) -> dict[str, Decimal]:
    parts = {choice + BEYOND: found.beyond, choice + FEWER: found.fewer} if found.share else {}
    return {choice: found.share} | {key: part for key, part in parts.items() if part != found.share}


def _beside_free(found: Discount, basket: Basket, choice: str, live: Collection[OfferTerms]) -> dict[str, Decimal]:
    """How many names are free, and what comes beside them; told by a basket that has room for all that may be free."""
    freeing = {one.id: one.free_names or 0 for one in live if one.kind is OfferKind.EXTRA_NAMES}
    if _added(basket) < max(freeing.values(), default=0):
        return {}
    if not found.free:
        return {choice + FREE: _NONE, choice + BESIDE: _NONE}
    others = [line for line in found.lines if line.offer not in freeing]
    beside = sum((part_of(line, _taken_of(line, basket)) for line in others), _NONE)
    return {choice + FREE: Decimal(found.free)} | _of_choice(found._replace(share=beside), choice + BESIDE)


def _added(basket: Basket) -> int:
    return len(basket.names) - basket.present_names


def _taken_of(line: Line, basket: Basket) -> Decimal:
    """The list price of which a line takes its share: an amount is taken off what the order has."""
    return basket.subtotal if line.percent is not None else basket.present_subtotal


def lowest(standings: Iterable[Standing]) -> Standing | None:
    """Several of one order, oldest first, put together: the last one's offers, of each ceiling the lowest."""
    offers: tuple[int, ...] | None = None
    ceilings: dict[str, Decimal] = {}
    for one in standings:
        offers = one.offers
        for choice, share in one.ceilings.items():
            ceilings[choice] = min(share, ceilings.get(choice, share))
    return None if offers is None else Standing(offers, ceilings)
