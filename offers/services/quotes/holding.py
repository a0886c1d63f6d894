"""Offers that an open quote holds for its customer, so that nobody else uses them up before the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from certificates.models import Order
from offers.models import Offer, Quote, QuoteLine
from offers.rules.prices import Priced
from offers.services import redeeming
from offers.services.quotes.figures import line_subject, problem_of
from offers.services.quotes.refusals import LineProblem, LinesRefused, Reason


def amounts_by_offer(priced: Priced) -> Mapping[int, Decimal]:
    """What each offer takes off, above zero."""
    saved: defaultdict[int, Decimal] = defaultdict(Decimal)
    for line in priced.lines:
        if line.offer is not None:
            saved[line.offer] -= line.amount
    return {offer: amount for offer, amount in saved.items() if amount > 0}


def hold_all(quote: Quote, lines: Iterable[QuoteLine], *, now: datetime) -> None:
    """Hold the offers of every line. Raises LinesRefused where one has been used up or has ended."""
    lines = list(lines)
    elsewhere = _wanted_elsewhere(quote, lines)
    wanted = {line.pk: _no_less(amounts_of(line), elsewhere.get(line_subject(line), {})) for line in lines}
    named = {pk for amounts in wanted.values() for pk in amounts}
    redeeming.lock(_subjects(quote.replaces) | set(map(line_subject, lines)), offers=named)
    offers = Offer.objects.for_partner(quote.partner).in_bulk(named)
    problems = []
    for line in lines:
        uses = [(offers[pk], amount) for pk, amount in wanted[line.pk].items()]
        if uses and (problem := _hold(quote, line, uses, now)):
            problems.append(problem)
    if problems:
        raise LinesRefused(problems)


def _hold(quote: Quote, line: QuoteLine, uses: list[tuple[Offer, Decimal]], now: datetime) -> LineProblem | None:
    try:
        redeeming.redeem(
            uses,
            subject=line_subject(line),
            customer=quote.customer,
            order=line.order,
            currency=quote.currency,
            now=now,
            held=True,
        )
    except redeeming.OfferRefused as refused:
        return problem_of(line, Reason.OFFER_USED_UP, detail=str(refused.offer))
    return None


def use_all(quote: Quote, *, now: datetime) -> None:
    """What its lines take off is used now; the rest of what was held waits for the other quotes that hold it."""
    lines = list(quote.lines.select_related("order"))
    redeeming.lock(map(line_subject, lines))
    for line in lines:
        redeeming.use(line_subject(line), amounts_of(line), now=now)


def release_all(quote: Quote, *, now: datetime) -> int:
    """Give back what the quote holds, but for what another open quote holds too; how many uses.

    What the order's own renewal has used meanwhile stays used.
    """
    subjects = _subjects(quote)
    elsewhere = _wanted_elsewhere(quote, quote.lines.all())
    redeeming.lock(subjects)
    return sum(redeeming.release_held(one, now=now, beyond=elsewhere.get(one, {})) for one in sorted(subjects))


def held_of(order: Order) -> Mapping[int, Decimal]:
    """What open quotes take off the order, by offer: the most of them."""
    held: dict[int, Decimal] = {}
    for line in QuoteLine.objects.for_partner(order.partner).filter(order=order, quote__in=Quote.objects.open()):
        held.update(_no_less(amounts_of(line), held))
    return held


def amounts_of(line: QuoteLine) -> Mapping[int, Decimal]:
    return amounts_by_offer(Priced.from_json(line.arithmetic))


def _no_less(amounts: Mapping[int, Decimal], others: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Of the same offers, what both can be accepted at."""
    return {pk: max(amount, others.get(pk, amount)) for pk, amount in amounts.items()}


def _subjects(quote: Quote | None) -> set[str]:
    return {line_subject(line) for line in quote.lines.select_related("order")} if quote else set()


def _wanted_elsewhere(quote: Quote, lines: Iterable[QuoteLine]) -> Mapping[str, dict[int, Decimal]]:
    """What other open quotes take off the same orders and certificates: by subject and offer, the most of them."""
    lines = list(lines)
    same = Q(order__in=[line.order_id for line in lines if line.order_id])
    same |= Q(certificate__in=[line.certificate_id for line in lines if line.certificate_id])
    others = QuoteLine.objects.for_partner(quote.partner).filter(same, quote__in=Quote.objects.open())
    wanted: dict[str, dict[int, Decimal]] = {}
    for line in others.exclude(quote=quote).select_related("order"):
        held = wanted.setdefault(line_subject(line), {})
        held.update(_no_less(amounts_of(line), held))
    return wanted
