"""Other open quotes for the same orders and certificates: both cannot be accepted, so whoever makes one is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from offers.models import Quote, QuoteBatch, QuoteLine
from portal.models import Partner


@dataclass(frozen=True, slots=True)
class Overlap:
    """An open quote, and how many of the orders and certificates asked about stand in it."""

    quote: Quote
    lines: int


def overlaps_of(quote: Quote, lines: Iterable[QuoteLine], *, today: date) -> list[Overlap]:
    """Other open quotes for what these lines are for; versions of the quote itself are none."""
    lines = list(lines)
    orders = [line.order_id for line in lines if line.order_id]
    certificates = [line.certificate_id for line in lines if line.certificate_id]
    found = _open_lines(quote.partner, orders, certificates, today=today).exclude(quote=quote.pk)
    return _counted(found.exclude(quote__number=quote.number) if quote.number else found)


def overlaps_of_batch(batch: QuoteBatch, *, today: date) -> list[Overlap]:
    """Open quotes for orders that the batch has quoted too."""
    quoted = QuoteLine.objects.filter(quote__batch=batch, order__isnull=False)
    found = _open_lines(batch.partner, quoted.values("order"), [], today=today)
    return _counted(found.exclude(quote__batch=batch))


def quoted_orders(partner: Partner, orders: Sequence[int], *, today: date) -> dict[int, str]:
    """Of these orders those that stand in an open quote: its number, by their keys."""
    found = _open_lines(partner, orders, [], today=today).order_by("quote__sent_at", "quote")
    return dict(found.values_list("order", "quote__number"))


def _open_lines(partner: Partner, orders: object, certificates: Sequence[int], *, today: date) -> QuerySet[QuoteLine]:
    lines: QuerySet[QuoteLine] = QuoteLine.objects.for_partner(partner).filter(
        Q(order__in=orders) | Q(certificate__in=certificates), quote__in=Quote.objects.answerable(today)
    )
    return lines


def _counted(lines: QuerySet[QuoteLine]) -> list[Overlap]:
    counted: dict[Quote, int] = {}
    for line in lines.select_related("quote").order_by("quote__sent_at", "quote", "position"):
        counted[line.quote] = counted.get(line.quote, 0) + 1
    return [Overlap(quote, number) for quote, number in counted.items()]
