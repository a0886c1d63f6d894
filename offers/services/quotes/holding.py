"""Offers that an open quote holds for its customer, so that nobody else uses them up before the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from offers.models import Offer, Quote, QuoteLine
from offers.rules.prices import Priced
from offers.services import redeeming
from offers.services.owed import amounts_by_offer
from offers.services.quotes.figures import line_subject, problem_of
from offers.services.quotes.refusals import LineProblem, LinesRefused, QuoteNoLongerHolds, Reason


def hold_all(quote: Quote, lines: Iterable[QuoteLine], *, now: datetime) -> None:
    """Hold the offers of every line. Raises LinesRefused where one has been used up or has ended."""
    if problems := _redeem_all(quote, list(lines), held=True, now=now):
        raise LinesRefused(problems)


def use_all(quote: Quote, *, now: datetime) -> None:
    """What the lines of an accepted quote take off is used now; what other quotes hold of it stays theirs.

    Asked once all orders are locked: whoever renews one of them takes its offers after it. Raises QuoteNoLongerHolds
    where something was not held, and has been used up.
    """
    lines = list(quote.lines.select_related("order"))
    if problems := _redeem_all(quote, lines, held=False, now=now):
        raise QuoteNoLongerHolds(problems)


def release_all(quote: Quote, *, now: datetime) -> int:
    """Give back what an ended quote held, but for what a sale or another open quote needs; how many uses."""
    subjects = _subjects(quote)
    redeeming.lock(subjects)
    return sum(redeeming.settle(one, now=now) for one in sorted(subjects))


def _redeem_all(quote: Quote, lines: Iterable[QuoteLine], *, held: bool, now: datetime) -> list[LineProblem]:
    wanted = [(line, amounts_of(line)) for line in lines]
    named = {pk for _line, amounts in wanted for pk in amounts}
    redeeming.lock(_subjects(quote.replaces), offers=named)
    offers = Offer.objects.for_partner(quote.partner).in_bulk(named)
    asked = [
        _redeem(quote, line, [(offers[pk], amount) for pk, amount in amounts.items()], held=held, now=now)
        for line, amounts in wanted
        if amounts
    ]
    return [problem for problem in asked if problem]


def _redeem(
    quote: Quote, line: QuoteLine, uses: list[tuple[Offer, Decimal]], *, held: bool, now: datetime
) -> LineProblem | None:
    try:
        redeeming.redeem(
            uses,
            subject=line_subject(line),
            customer=quote.customer,
            order=line.order,
            currency=quote.currency,
            now=now,
            held=held,
        )
    except redeeming.OfferRefused as refused:
        return problem_of(line, Reason.OFFER_USED_UP, detail=str(refused.offer))
    return None


def amounts_of(line: QuoteLine) -> Mapping[int, Decimal]:
    """What each offer takes off the line."""
    return amounts_by_offer(Priced.from_json(line.arithmetic))


def _subjects(quote: Quote | None) -> set[str]:
    return {line_subject(line) for line in quote.lines.select_related("order")} if quote else set()
