"""The staging tables of one import: filled a batch at a time, questioned as a whole, gone with the connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any

from django.db import connection, transaction

from certificates import sql
from certificates.models import ImportLine, ImportRun
from certificates.search.text import index_text
from certificates.services.imports import search_texts
from certificates.services.imports import sql as asking
from certificates.services.imports.reasons import Reason
from certificates.services.imports.records import LineWarning, OrderRecord, Rejection
from certificates.services.imports.rows import Catalogue, staged
from certificates.states import AuthorityKind
from portal.models import Partner

BATCH = 10_000
_CUSTOMER_BATCH = 2_000
# From so many new rows on the planner's idea of a table is worth renewing.
_MANY = 500
_EVERYTHING = 2**31 - 1


@dataclass
class Counts:
    """How many lines become what."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def add(self, outcomes: dict[str, int]) -> None:
        self.created += outcomes.get("created", 0)
        self.updated += outcomes.get("updated", 0)
        self.unchanged += outcomes.get("unchanged", 0)


@dataclass
class Brought:
    """What comes along with the orders, by what it is."""

    customers: int = 0
    organizations: int = 0
    domains: int = 0
    contacts: int = 0
    certificates: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that are applied together: from `first` to `last`, `done` of all that count are then."""

    first: int
    last: int
    done: int


class Stage(AbstractContextManager["Stage"]):
    """The orders of one partner at one authority, staged. Add them all, `resolve`, then classify or apply."""

    def __init__(self, partner: Partner, authority: str, *, now: datetime) -> None:
        self._statements = sql.Statements(connection, AuthorityKind.values)
        self._params: dict[str, Any] = {
            **self._statements.constants,
            "customer_language": partner.language,
            "contact_language": partner.language,
            "contact_time_zone": partner.time_zone,
            "partner": partner.pk,
            "authority": authority,
            "now": connection.ops.adapt_datetimefield_value(now),
            "first": 0,
            "last": _EVERYTHING,
        }
        self._partner = partner
        self._catalogue = Catalogue()
        self._grown: Counter[str] = Counter()
        self._analysed: Counter[str] = Counter()
        self.brought = Brought()
        self.counts = Counts()

    def __enter__(self) -> Stage:
        asking.open_stage(self._statements.dialect)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # In a transaction that broke, nothing can be asked any more; the next import drops what is left.
        if error is None or not connection.in_atomic_block:
            asking.close_stage()

    # Filling and resolving

    def add(self, records: Iterable[OrderRecord]) -> list[LineWarning]:
        """Stage a batch of records; returns the warnings about them."""
        domains: list[tuple[int, str]] = []
        warnings: list[LineWarning] = []
        with asking.loading():
            asking.load("import_stage", sql.STAGED, self._rows_of(records, domains, warnings))
            asking.load("import_domain", sql.DOMAINS, domains)
        return warnings

    def _rows_of(
        self, records: Iterable[OrderRecord], domains: list[tuple[int, str]], warnings: list[LineWarning]
    ) -> Iterator[tuple[Any, ...]]:
        for record in records:
            line = staged(record, self._catalogue)
            domains.extend((record.line, name) for name in line.domains)
            warnings.extend(line.warnings)
            yield line.row

    def resolve(self) -> None:
        """Find out which lines count, and whose they are. Nothing but the stage is written."""
        on_postgresql = connection.vendor == "postgresql"
        with asking.loading():
            asking.index_stage(analyse=on_postgresql)
            self._run(sql.REFUSE)
            for statement in sql.RESOLVE:
                self._run(statement)
            if on_postgresql:
                for statement in sql.ANALYSE_FOUND:
                    asking.run(statement)
        self._run(sql.FIND_CONTACTS)
        for statement in sql.TOUCH:
            self._run(statement)

    def passed_over(self) -> list[Rejection]:
        """Lines whose order a later line names again, and new orders of which too little is known."""
        superseded = [
            Rejection(line, Reason.SUPERSEDED, value=str(later), number=number, common_name=name)
            for line, number, name, later in self._rows(sql.SUPERSEDED)
        ]
        return superseded + self._rejections(sql.REFUSED)

    @property
    def total(self) -> int:
        """How many lines count."""
        return self._number(sql.COUNT_LINKS)

    # Looking ahead

    def classify(self) -> list[Rejection]:
        """Say of every line what would become of it, counted in `counts`; returns those that break a promise."""
        self._run(sql.CLASSIFY)
        return self._judged()

    # Applying

    def write_owners(self) -> None:
        """Write customers, organisations, domains and contacts, in one transaction."""
        with self._alone():
            self.brought.customers = self._grow("customer", sql.NEW_CUSTOMERS)
            self._run(sql.RENAMED_CUSTOMERS)
            self.brought.organizations = self._grow("organization", sql.ORGANIZATIONS)
            self.brought.domains = self._grow("domain", sql.NEW_DOMAINS)
            self.brought.contacts = self._grow("contact", sql.NEW_CONTACTS)
            self._run(sql.FILL_CONTACTS)
            self._refresh_search([pk for (pk,) in self._rows(sql.CUSTOMERS_TOUCHED)])
        self._run(sql.FIND_CONTACTS)

    def _refresh_search(self, customers: Sequence[int]) -> None:
        for first in range(0, len(customers), _CUSTOMER_BATCH):
            some = customers[first : first + _CUSTOMER_BATCH]
            self._write_texts("{contact}", search_texts.of_contacts(self._partner, some))
            self._write_texts("{customer}", search_texts.of_customers(self._partner, some))

    def _write_texts(self, table: str, texts: Sequence[tuple[int, str]]) -> None:
        if not texts:
            return
        asking.load("import_text", sql.TEXTS, texts)
        self._run(sql.WRITE_TEXTS, names={"table": table})
        self._run(sql.EMPTY_TEXTS)

    def batches(self, *, after: int) -> Iterator[Batch]:
        """The lines that count, in batches, without those up to a line that were applied before."""
        first = after
        while last := self._number(sql.LAST_OF_BATCH, first=first, size=BATCH):
            yield Batch(first + 1, last, self._number(sql.COUNT_LINKS, last=last))
            first = last

    @contextmanager
    def apply(self, batch: Batch) -> Iterator[list[Rejection]]:
        """Write orders and certificates of a batch; what the block writes belongs to the same transaction.

        Gives the lines that break a promise.
        """
        with self._alone():
            self._run(sql.EMPTY_TARGET)
            self._run(sql.CLASSIFY, first=batch.first, last=batch.last)
            rejected = self._judged()
            self._write_customer_words()
            self._grow("order", sql.NEW_ORDERS)
            self._run(sql.KNOWN_ORDERS)
            self._run(sql.FIND_NEW_ORDERS)
            self._write_certificates()
            self._write_texts("{order}", [search_texts.of_order(*row) for row in self._rows(sql.ORDERS_UPDATED)])
            yield rejected

    def link_successors(self) -> None:
        """Chain orders whose renewal is known too."""
        with self._alone():
            for statement in sql.LINK_SUCCESSORS:
                self._run(statement)

    def _write_certificates(self) -> None:
        attached = self._run(sql.ATTACH_CERTIFICATES)
        self._run(sql.KNOWN_CERTIFICATES)
        unless_attached = sql.UNLESS_ATTACHED if attached else ""
        grown = self._grow("certificate", sql.NEW_CERTIFICATES, unless_attached=unless_attached)
        self.brought.certificates += grown
        only_grown = {"only_grown": "" if attached else " AND t.has_certificates"}
        self._run(sql.RETIRE_CERTIFICATES, names=only_grown)
        self._run(sql.PROMOTE_CERTIFICATES, names=only_grown)

    def _write_customer_words(self) -> None:
        named = self._rows(sql.CUSTOMERS_WITHOUT_WORDS)
        asking.load("import_customer_words", sql.CUSTOMER_WORDS, [(pk, index_text(name)) for pk, name in named])

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A transaction in which no other import of the partner runs."""
        with transaction.atomic():
            if connection.vendor == "postgresql":
                self._run(sql.LOCK)
            yield

    # The report

    def _judged(self) -> list[Rejection]:
        rejected = self._rejections(sql.PROBLEMS)
        if rejected:
            self._run(sql.REJECT_PROBLEMS)
        self.counts.add(dict(self._rows(sql.COUNT_OUTCOMES)))
        return rejected

    def _rejections(self, question: str) -> list[Rejection]:
        return [
            Rejection(line, problem, value=str(ends_on or ""), number=number, common_name=name)
            for line, number, name, problem, ends_on in self._rows(question)
        ]

    def report_preview(self, run: ImportRun) -> None:
        """Write down for every line what would become of it."""
        self._run(sql.NEW_LINES, run=run.pk)

    def report_batch(self, run: ImportRun, rejected: Sequence[Rejection]) -> None:
        """Correct the lines of the batch that became something else than was foreseen."""
        self._run(sql.CHANGED_LINES, run=run.pk)
        for one in rejected:
            line = ImportLine.objects.filter(run=run, line=one.line)
            line.update(outcome=ImportLine.Outcome.REJECTED, reason=one.reason)

    # Asking

    def _run(self, statement: str, *, names: dict[str, str] | None = None, **params: Any) -> int:
        """Execute a statement; `names` are put into it as they are. Returns how many rows it touched."""
        return asking.run(self._statements(statement, **(names or {})), self._params | params)

    def _grow(self, table: str, statement: str, **names: str) -> int:
        """The same for a statement that adds rows; PostgreSQL's planner is told whenever they have doubled."""
        added = self._run(statement, names=names)
        self._grown[table] += added
        if self._grown[table] >= 2 * max(self._analysed[table], _MANY) and connection.vendor == "postgresql":
            self._run(sql.ANALYSE_GROWN[table])
            self._analysed[table] = self._grown[table]
        return added

    def _rows(self, statement: str, **params: Any) -> list[tuple[Any, ...]]:
        return asking.rows(self._statements(statement), self._params | params)

    def _number(self, statement: str, **params: Any) -> int:
        """The one number a question asks for; 0 where there is none."""
        return int(self._rows(statement, **params)[0][0] or 0)
