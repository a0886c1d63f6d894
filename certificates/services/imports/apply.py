"""Import orders: the one road for files, for the command line and for what the authority's API tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeVar

from certificates.models import ImportLine, ImportRun
from certificates.services.imports.records import LineWarning, OrderRecord, Rejection
from certificates.services.imports.stage import Stage
from portal.models import Partner

T = TypeVar("T")
READ_BATCH = 2_000


@dataclass
class ImportReport:
    """What became of every line; of a dry run, what would become of it. `brought` counts what came along."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    warnings: list[LineWarning] = field(default_factory=list)
    brought: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.created + self.updated + self.unchanged + len(self.rejected)


class Watch:
    """Told after every batch how far an import has come; raises to stop it there. This one lets it run."""

    def read(self, lines: int) -> None:
        """So many lines of the source have been read and staged."""

    def staged(self, total: int) -> None:
        """All is read; so many lines count."""

    def applied(self, *, done: int, total: int, through: int) -> None:
        """So many of the lines that count are applied, up to this one; called inside the batch's transaction."""


def import_orders(
    source: Iterable[OrderRecord | Rejection],
    *,
    partner: Partner,
    authority: str,
    now: datetime,
    dry_run: bool = False,
    run: ImportRun | None = None,
    watch: Watch | None = None,
) -> ImportReport:
    """Take over what a source says about orders of the partner at one authority; say what became of each line.

    The same source again changes nothing, so what was interrupted is simply asked for again. A dry run writes
    nothing but, given a run, its lines. A run that is applied goes on after its `applied_through`. A bad line stops
    no other. Works in batches of bounded memory, each batch in a transaction of its own.
    """
    watch = watch or Watch()
    report = ImportReport()
    with Stage(partner, authority, now=now) as stage:
        _fill(stage, source, report, watch)
        stage.resolve()
        report.rejected += stage.passed_over()
        watch.staged(stage.total)
        if dry_run:
            report.rejected += stage.classify()
            if run:
                stage.report_preview(run)
                report_rejected(run, report.rejected)
        else:
            _apply(stage, report, watch, run)
        report.rejected.sort(key=lambda one: one.line)
        report.created, report.updated, report.unchanged = (
            stage.counts.created,
            stage.counts.updated,
            stage.counts.unchanged,
        )
        report.brought = asdict(stage.brought)
    return report


def _fill(stage: Stage, source: Iterable[OrderRecord | Rejection], report: ImportReport, watch: Watch) -> None:
    lines = 0
    for batch in _batches(source, READ_BATCH):
        report.rejected += [found for found in batch if isinstance(found, Rejection)]
        report.warnings += stage.add(found for found in batch if isinstance(found, OrderRecord))
        lines += len(batch)
        watch.read(lines)


def _apply(stage: Stage, report: ImportReport, watch: Watch, run: ImportRun | None) -> None:
    stage.write_owners()
    total = stage.total
    for batch in stage.batches(after=run.applied_through if run else 0):
        with stage.apply(batch) as rejected:
            report.rejected += rejected
            if run:
                stage.report_batch(run, rejected)
            watch.applied(done=batch.done, total=total, through=batch.last)
    stage.link_successors()


def report_rejected(run: ImportRun, rejected: Sequence[Rejection]) -> None:
    lines = (
        ImportLine(
            run=run,
            line=one.line,
            number=one.number[:40],
            common_name=one.common_name[:253],
            outcome=ImportLine.Outcome.REJECTED,
            reason=one.reason,
        )
        for one in rejected
    )
    for batch in _batches(lines, READ_BATCH):
        ImportLine.objects.bulk_create(batch)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
