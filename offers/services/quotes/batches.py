"""Quotes for many orders at once: each made once, whoever stops in the middle, with all their PDFs in one archive."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from certificates.models import Customer, Order
from certificates.querysets import OrderQuerySet
from offers.models import Quote, QuoteBatch, QuoteDocument
from offers.models.documents import WorkState
from offers.services.quotes import drafting, filing, papers, sending
from offers.services.quotes.refusals import LineProblem, LinesRefused, NobodyToSendTo, NothingToQuote, Reason
from portal import activities, crashpoints
from portal.models import Partner, User
from portal.wakeups import nudge

Clock = Callable[[], datetime]
Grouping, Delivery = QuoteBatch.Grouping, QuoteBatch.Delivery
OPEN = (WorkState.WAITING, WorkState.RUNNING)
# More than this nobody sends in one go, nor opens in one archive.
MOST_ORDERS = 2_000
# A batch that kills its worker every time must not do so for ever.
MOST_ATTEMPTS = 5
# Archives can be made again from the quotes; they are not kept for ever.
KEPT = timedelta(days=30)


class TooManyOrders(Exception):
    """More than MOST_ORDERS at once."""


class BatchMovedOn(Exception):
    """The batch is no longer where this can be done."""


class ClaimLost(Exception):
    """The batch was cancelled, or another worker has taken it over."""


# What people do


def start_batch(
    orders: OrderQuerySet,
    *,
    partner: Partner,
    grouping: str,
    delivery: str,
    actor: User,
    now: datetime,
    customer: Customer | None = None,
    code: str = "",
) -> QuoteBatch:
    """Let a worker make quotes for these orders, in their order; raises TooManyOrders and NothingToQuote."""
    chosen = list(orders.values_list("pk", "customer_id")[: MOST_ORDERS + 1])
    if len(chosen) > MOST_ORDERS:
        raise TooManyOrders
    if not chosen:
        raise NothingToQuote
    keys = [pk for pk, _customer in chosen]
    with transaction.atomic():
        batch: QuoteBatch = QuoteBatch.objects.create(
            partner=partner,
            grouping=grouping,
            delivery=delivery,
            customer=customer,
            orders=keys,
            code=code.strip()[:40],
            total=len(keys) if grouping == Grouping.ORDER else len({owner for _pk, owner in chosen}),
            started_by=actor,
            created_at=now,
        )
        activities.record("quotes.batch_started", batch, partner=partner, actor=actor, at=now, orders=len(keys))
        _wake(batch)
    return batch


def cancel_batch(batch: QuoteBatch, *, actor: User, now: datetime) -> None:
    """Stop: quotes that were made stay, no more are. Raises BatchMovedOn once it has ended."""
    still = QuoteBatch.objects.filter(pk=batch.pk, state__in=OPEN)
    if not still.update(state=WorkState.CANCELED, finished_at=now, claimed_until=None):
        raise BatchMovedOn
    activities.record("quotes.batch_canceled", batch, partner=batch.partner, actor=actor, at=now)


def retry_batch(batch: QuoteBatch, *, actor: User, now: datetime) -> None:
    """Go on where a failed batch has stopped, or make an archive anew that is gone. Raises BatchMovedOn."""
    ended = QuoteBatch.objects.filter(pk=batch.pk, state__in=(WorkState.FAILED, WorkState.DONE))
    if not ended.update(state=WorkState.WAITING, attempts=0, last_error="", claimed_until=None, finished_at=None):
        raise BatchMovedOn
    activities.record("quotes.batch_retried", batch, partner=batch.partner, actor=actor, at=now)
    _wake(batch)


def drawn(batch: QuoteBatch) -> int:
    """How many of its documents are done with, well or badly."""
    return _documents(batch).filter(state__in=(WorkState.DONE, WorkState.FAILED)).count()


def percent_of(batch: QuoteBatch) -> int:
    """How far it is: making the quotes is the first quarter, drawing them the rest."""
    made = batch.done / batch.total if batch.total else 1
    documents = _documents(batch).count()
    return int(25 * made + 75 * (drawn(batch) / documents if documents else 0))


def archive_name(batch: QuoteBatch) -> str:
    """What the archive is called where people save it."""
    whose = batch.customer.name if batch.customer else ""
    return filing.safe_name("quotes", *filter(None, (f"{batch.created_at:%Y-%m-%d}", whose)), ending="zip")


# What the worker does


def due_batches(now: datetime) -> QuerySet[QuoteBatch]:
    """Those that wait, and those whose worker has been silent for longer than its lease."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    rows: QuerySet[QuoteBatch] = QuoteBatch.objects.filter(free, state__in=OPEN, partner__is_active=True)
    return rows.order_by("created_at", "pk")


def work_on(pk: int, *, clock: Clock) -> None:
    """Make the quotes that are missing, draw them, and pack them. Nothing where somebody else does."""
    batch = _claim(pk, clock())
    if batch is None:
        return
    work = _Work(batch, clock)
    try:
        work.go_on()
    except ClaimLost:
        return
    except Exception as error:  # noqa: BLE001  whatever it is stands on the row, where a person can try again
        work.fail(error)


def drop_archives(now: datetime) -> int:
    """Delete archives that nobody came back to; how many."""
    old = QuoteBatch.objects.filter(state=WorkState.DONE, finished_at__lt=now - KEPT).exclude(stored_as="")
    for batch in old:
        filing.remove(batch.stored_as)
    return old.update(stored_as="", size=0)


@dataclass(frozen=True, slots=True)
class _Group:
    """The orders of one quote."""

    customer: Customer
    orders: Sequence[Order]


class _Work:
    """One worker on one batch; every step first sees that the batch is still its own."""

    def __init__(self, batch: QuoteBatch, clock: Clock) -> None:
        self.batch, self.clock = batch, clock

    def go_on(self) -> None:
        for group in self._groups():
            self._make(group)
        if self._draw():
            self._pack()
        else:
            self._let_go()

    def fail(self, error: Exception) -> None:
        """Leave it to the next sweep, or to a person after too many of them."""
        spent = self.batch.attempts >= MOST_ATTEMPTS
        self._held.update(
            state=WorkState.FAILED if spent else WorkState.WAITING,
            claimed_until=None if spent else self.clock() + settings.CLAIM_LEASE,
            last_error=f"{type(error).__name__}: {error}"[:2000],
        )

    @property
    def _held(self) -> QuerySet[QuoteBatch]:
        """The row, as long as the claim on it is ours."""
        rows: QuerySet[QuoteBatch] = QuoteBatch.objects.filter(
            pk=self.batch.pk, state=WorkState.RUNNING, claimed_until=self.batch.claimed_until
        )
        return rows

    def _keep(self, **changes: object) -> None:
        """Write on the row and hold it for another lease. Raises ClaimLost."""
        lease = self.clock() + _lease()
        if not self._held.update(claimed_until=lease, attempts=0, **changes):
            raise ClaimLost
        self.batch.claimed_until = lease

    # Quotes

    def _groups(self) -> Iterator[_Group]:
        """What is not settled yet: neither in a quote of this batch nor left out."""
        rows = Order.objects.for_partner(self.batch.partner).select_related(
            "partner", "customer__partner", "product", "organization", "contact"
        )
        found = rows.in_bulk(self.batch.orders)
        settled = self._settled()
        waiting = [found[pk] for pk in self.batch.orders if pk in found and pk not in settled]
        groups: dict[int, list[Order]] = {}
        for order in waiting:
            groups.setdefault(order.pk if self.batch.grouping == Grouping.ORDER else order.customer_id, []).append(
                order
            )
        for orders in groups.values():
            for begin in range(0, len(orders), drafting.MOST_LINES):
                yield _Group(orders[0].customer, orders[begin : begin + drafting.MOST_LINES])

    def _settled(self) -> set[int]:
        quoted = self.batch.quotes.values_list("lines__order", flat=True)
        return {pk for pk in quoted if pk} | {int(pk) for pk in self.batch.left_out}

    def _make(self, group: _Group) -> None:
        """One quote and the note that it is made, together or not at all."""
        with transaction.atomic():
            problems = self._quote(group)
            left_out = {**self.batch.left_out, **{str(one.order): one.to_json() for one in problems}}
            done = min(self.batch.done + 1, self.batch.total)
            self._keep(done=done, left_out=left_out)
            crashpoints.reach("batch_quote_made")
        self.batch.done, self.batch.left_out = done, left_out

    def _quote(self, group: _Group) -> list[LineProblem]:
        now, batch = self.clock(), self.batch
        orders, problems = drafting.sort_out(group.customer, group.orders, now=now, code=batch.code)
        if not orders:
            return problems
        try:
            with transaction.atomic():
                quote = drafting.draft_quote(orders, actor=batch.started_by, now=now, code=batch.code, batch=batch)
                by_mail = batch.delivery == Delivery.MAIL
                sending.send_quote(quote, actor=batch.started_by, now=now, by_mail=by_mail)
        except NobodyToSendTo:
            return [*problems, *(_without_address(order) for order in orders)]
        except LinesRefused as refused:
            # Somebody used an offer up, or renewed an order, in these very moments: the rest is quoted another time.
            known = {one.order: one for one in refused.problems}
            return [*problems, *(known.get(order.pk) or refused.problems[0] for order in orders)]
        return problems

    # Documents

    def _draw(self) -> bool:
        """Draw what nobody has drawn yet; whether all of them are done with."""
        for document in _documents(self.batch).filter(state__in=OPEN).order_by("pk"):
            papers.draw_document(document.pk, clock=self.clock)
            self._keep()
        return not _documents(self.batch).filter(state__in=OPEN).exists()

    def _let_go(self) -> None:
        """Others still draw, or a failure waits for its time: a later sweep comes back."""
        self._held.update(claimed_until=self.clock() + timedelta(seconds=5))

    def _pack(self) -> None:
        quotes = self._drawn_quotes()
        stored_as, size = filing.write("zip", lambda file: _fill(file, quotes)) if quotes else ("", 0)
        crashpoints.reach("batch_packed")
        now = self.clock()
        done = {"state": WorkState.DONE, "stored_as": stored_as, "size": size, "finished_at": now, "last_error": ""}
        if not self._held.update(claimed_until=None, **done):
            filing.remove(stored_as)
            raise ClaimLost
        filing.remove(self.batch.stored_as)
        activities.record(
            "quotes.batch_finished",
            self.batch,
            partner=self.batch.partner,
            at=now,
            quotes=len(quotes),
            left_out=len(self.batch.left_out),
        )

    def _drawn_quotes(self) -> list[Quote]:
        rows = self.batch.quotes.select_related("document", "customer").order_by("number", "version")
        return list(rows.filter(document__state=WorkState.DONE))


def _fill(file: IO[bytes], quotes: Sequence[Quote]) -> None:
    """Each PDF under its own name; a file that is gone meanwhile is missing in the archive, and shown on its quote."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for quote in quotes:
            if content := papers.content_of(quote.document):
                archive.writestr(papers.file_name(quote), content)


def _lease() -> timedelta:
    """How long a worker may be silent: while it draws one document it is."""
    lease: timedelta = settings.CLAIM_LEASE
    return lease + timedelta(seconds=papers.DRAWING_SECONDS)


def _claim(pk: int, now: datetime) -> QuoteBatch | None:
    lease = now + _lease()
    claimed = due_batches(now).filter(pk=pk).order_by()
    if not claimed.update(state=WorkState.RUNNING, claimed_until=lease, attempts=F("attempts") + 1):
        return None
    batch: QuoteBatch = QuoteBatch.objects.select_related("partner", "started_by", "customer").get(pk=pk)
    if batch.attempts > MOST_ATTEMPTS:
        QuoteBatch.objects.filter(pk=pk).update(state=WorkState.FAILED, claimed_until=None)
        return None
    return batch


def _documents(batch: QuoteBatch) -> QuerySet[QuoteDocument]:
    rows: QuerySet[QuoteDocument] = QuoteDocument.objects.filter(quote__batch=batch)
    return rows


def _without_address(order: Order) -> LineProblem:
    return LineProblem(reason=Reason.NO_ADDRESS, order=order.pk, number=order.number, host=order.common_name)


def _wake(batch: QuoteBatch) -> None:
    from offers.tasks import make_quotes  # tasks call services

    nudge(make_quotes, batch.pk)
