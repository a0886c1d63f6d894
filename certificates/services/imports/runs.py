"""Imports in the browser: people write rows, a worker reads, foresees and applies, and either may come back later."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet

from certificates.models import Customer, ImportLine, ImportRun
from certificates.services.imports import columns, storing
from certificates.services.imports.apply import ImportReport, Watch, import_orders
from certificates.services.imports.bundle import import_certificates
from certificates.services.imports.reading import (
    DATE_ORDER,
    ColumnsMissing,
    OrderFile,
    limits,
    looks_like_certificates,
    open_orders,
)
from certificates.services.imports.reasons import Fault
from certificates.services.imports.values import DateOrder
from certificates.x509 import BadRequest
from portal import activities, csvio
from portal.models import Partner, User

Clock = Callable[[], datetime]
Format, State = ImportRun.Format, ImportRun.State
WORKING = (State.READING, State.RUNNING)
OPEN = (State.MAPPING, State.PREVIEW, *WORKING)
# A file that kills its worker every time must not do so for ever.
MOST_ATTEMPTS = 5
# Uploads that nobody has come back to are not kept for ever.
KEPT = timedelta(days=30)
_HEAD = 4096
_NEWS_SECONDS = 0.5


class NotNow(Exception):
    """The run is no longer where this can be done."""


class NoMapping(Exception):
    """Columns that every order needs are not named: `missing` holds our names of them."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(missing)
        self.missing = missing


# What people do


def start_run(
    pieces: Iterable[bytes],
    *,
    name: str,
    partner: Partner,
    authority: str,
    actor: User,
    now: datetime,
    customer: Customer | None = None,
) -> ImportRun:
    """Store an upload and make its run: read next, or first told which column is which, or whose certificates.

    Raises csvio.FileRefused, BadRequest (a private key) and storing.NoRoom; then nothing is stored.
    """
    stored_as, size = storing.store(pieces)
    try:
        layout, state = _recognise(stored_as, name, customer)
    except csvio.FileRefused:
        storing.remove(stored_as)
        raise
    run: ImportRun = ImportRun.objects.create(
        partner=partner,
        format=layout,
        authority=authority,
        state=state,
        file_name=name[:255],
        stored_as=stored_as,
        size=size,
        customer=customer,
        started_by=actor,
        created_at=now,
    )
    activities.record("import.started", run, partner=partner, actor=actor, at=now, file=run.file_name)
    return run


def _recognise(stored_as: str, name: str, customer: Customer | None) -> tuple[ImportRun.Format, ImportRun.State]:
    with storing.path_of(stored_as).open("rb") as file:
        if looks_like_certificates(file.read(_HEAD), name):
            return Format.PEM, State.READING if customer else State.MAPPING
        known = columns.recognised(csvio.open_csv(file, limits()).header)
    return (known[0], State.READING) if known else (Format.MAPPED, State.MAPPING)


def header_of(run: ImportRun) -> list[str]:
    """The columns of the run's file. Raises NotNow when it is gone."""
    try:
        with storing.path_of(run.stored_as).open("rb") as file:
            return csvio.open_csv(file, limits()).header
    except FileNotFoundError:
        raise NotNow from None


def suggest_mapping(run: ImportRun, header: list[str]) -> dict[str, str]:
    """What was mapped last for such a file, its way of writing dates included, else the likeliest."""
    earlier = ImportRun.objects.for_partner(run.partner).filter(format=Format.MAPPED).exclude(mapping={})
    mappings = list(earlier.order_by("-created_at", "-pk").values_list("mapping", flat=True)[:20])
    known = [{name: column for name, column in one.items() if name in columns.FIELDS} for one in mappings]
    found = columns.suggested(header, known)
    if found in known:
        found |= {DATE_ORDER: mappings[known.index(found)].get(DATE_ORDER, DateOrder.DAY_FIRST)}
    return found


def map_columns(run: ImportRun, mapping: Mapping[str, str]) -> None:
    """Say which column is which; the file is read next. Raises NoMapping and NotNow."""
    missing = tuple(name for name in columns.REQUIRED if not mapping.get(name))
    if missing:
        raise NoMapping(missing)
    _move(run, State.READING, fault={}, mapping=dict(mapping))


def choose_customer(run: ImportRun, customer: Customer) -> None:
    """Say whose certificates these are; the file is read next. Raises NotNow."""
    _move(run, State.READING, customer=customer)


def confirm_run(run: ImportRun) -> None:
    """Let what the preview shows be done. Raises NotNow."""
    _move(run, State.RUNNING, attempts=0, percent=0, rows_done=0, applied_through=0, claimed_until=None)


def cancel_run(run: ImportRun, *, actor: User, now: datetime) -> None:
    """Stop: what is applied stays, nothing more is. Raises NotNow once the run has ended."""
    stopped = ImportRun.objects.filter(pk=run.pk, state__in=OPEN).update(
        state=State.CANCELED, finished_at=now, claimed_until=None
    )
    if not stopped:
        raise NotNow
    storing.remove(run.stored_as)
    activities.record("import.canceled", run, partner=run.partner, actor=actor, at=now, file=run.file_name)


_BEFORE = {State.READING: State.MAPPING, State.RUNNING: State.PREVIEW}


def _move(run: ImportRun, state: ImportRun.State, **changes: object) -> None:
    moved = ImportRun.objects.filter(pk=run.pk, state=_BEFORE[state]).update(state=state, **changes)
    if not moved:
        raise NotNow
    run.refresh_from_db()


# What the worker does


def due_runs(now: datetime) -> QuerySet[ImportRun]:
    """Runs that wait for a worker, or were left by one that has been silent for longer than its lease."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    due: QuerySet[ImportRun] = ImportRun.objects.filter(free, state__in=WORKING, partner__is_active=True)
    return due


def work_on(pk: int, *, clock: Clock) -> None:
    """Take a run one state on: from reading to its preview, from running to done. Nothing where somebody else does."""
    run = _claim(pk, clock)
    if run is None:
        return
    watch = RunWatch(run, clock)
    try:
        report = _read(run, watch, now=clock())
    except (csvio.FileRefused, ColumnsMissing) as refused:
        _fail(run, watch, clock(), {"code": refused.code, **refused.facts})
    except BadRequest as refused:
        _fail(run, watch, clock(), {"code": refused.code})
    except FileNotFoundError:
        _fail(run, watch, clock(), {"code": Fault.FILE_GONE})
    except ClaimLost:
        return
    else:
        _finish(run, watch, report, now=clock())


def drop_abandoned(now: datetime) -> None:
    """Cancel what has waited for a person too long, and delete files that belong to no open run."""
    waiting = ImportRun.objects.filter(state__in=(State.MAPPING, State.PREVIEW), created_at__lt=now - KEPT)
    waiting.update(state=State.CANCELED, finished_at=now)
    known = set(ImportRun.objects.filter(state__in=OPEN).values_list("stored_as", flat=True))
    storing.remove_strays(known, older_than=now - timedelta(days=1))


def _claim(pk: int, clock: Clock) -> ImportRun | None:
    now = clock()
    lease = now + settings.CLAIM_LEASE
    if not due_runs(now).filter(pk=pk).update(claimed_until=lease, attempts=F("attempts") + 1):
        return None
    run: ImportRun = ImportRun.objects.select_related("partner", "customer", "started_by").get(pk=pk)
    if run.attempts > MOST_ATTEMPTS:
        _fail(run, RunWatch(run, clock), now, {"code": Fault.GAVE_UP})
        return None
    return run


class ClaimLost(Exception):
    """The run was cancelled, or another worker has taken it over."""


class RunWatch(Watch):
    """Shows the progress of a run on its row and holds the claim on it; raises ClaimLost to stop the import."""

    def __init__(self, run: ImportRun, clock: Clock) -> None:
        self._run = run
        self._clock = clock
        self._lease = run.claimed_until
        self._shown_at = 0.0
        self.file: OrderFile | None = None

    @property
    def held(self) -> QuerySet[ImportRun]:
        """The row, as long as the claim on it is ours."""
        mine: QuerySet[ImportRun] = ImportRun.objects.filter(
            pk=self._run.pk, state=self._run.state, claimed_until=self._lease
        )
        return mine

    def read(self, lines: int) -> None:
        if self.file and time.monotonic() - self._shown_at >= _NEWS_SECONDS:
            # Reading is most of a preview, and the smaller half of what comes after it.
            share = 80 if self._run.state == State.READING else 30
            self._show(percent=self.file.percent_read * share // 100, rows_done=lines)

    def staged(self, total: int) -> None:
        if self._run.state == State.READING:
            self._show(percent=80, rows_total=total)
        else:
            self._show(percent=30, rows_total=total, rows_done=0)

    def applied(self, *, done: int, total: int, through: int) -> None:
        percent = 30 + 70 * done // max(1, total)
        self._show(percent=percent, rows_done=done, applied_through=through)

    def _show(self, **changes: object) -> None:
        lease = self._clock() + settings.CLAIM_LEASE
        if not self.held.update(claimed_until=lease, **changes):
            raise ClaimLost
        self._lease = lease
        self._shown_at = time.monotonic()


def _read(run: ImportRun, watch: RunWatch, *, now: datetime) -> ImportReport:
    dry_run = run.state == State.READING
    if dry_run:
        ImportLine.objects.filter(run=run).delete()
    path = storing.path_of(run.stored_as)
    if run.format == Format.PEM:
        if run.customer is None:
            raise FileNotFoundError(run.stored_as)
        return import_certificates(
            path.read_bytes(), partner=run.partner, customer=run.customer, dry_run=dry_run, run=run, watch=watch
        )
    with path.open("rb") as file:
        watch.file = open_orders(file, run.mapping)
        return import_orders(
            watch.file.records(),
            partner=run.partner,
            authority=run.authority,
            now=now,
            dry_run=dry_run,
            run=run,
            watch=watch,
        )


def _finish(run: ImportRun, watch: RunWatch, report: ImportReport, *, now: datetime) -> None:
    done = run.state == State.RUNNING
    counted = _counted(run)
    changes: dict[str, object] = {**counted, "rows_total": sum(counted.values()), "percent": 100}
    if done:
        changes |= {"brought": report.brought, "finished_at": now}
    else:
        changes["warnings"] = remarked(run).count()
    state = State.DONE if done else State.PREVIEW
    if not watch.held.update(state=state, claimed_until=None, **changes):
        return
    if done:
        storing.remove(run.stored_as)
        facts = {"file": run.file_name, **counted}
        activities.record("import.finished", run, partner=run.partner, actor=run.started_by, at=now, **facts)


def _counted(run: ImportRun) -> dict[str, int]:
    """How many lines became what, over all attempts."""
    found = ImportLine.objects.filter(run=run).values("outcome").annotate(lines=Count("pk")).order_by()
    counted = {row["outcome"]: row["lines"] for row in found}
    return {outcome: counted.get(outcome, 0) for outcome in ImportLine.Outcome.values}


def remarked(run: ImportRun) -> QuerySet[ImportLine]:
    """Lines that are taken over, or passed over, with a remark."""
    kept = ImportLine.objects.filter(run=run).exclude(outcome=ImportLine.Outcome.REJECTED)
    return kept.exclude(reason={})


def _fail(run: ImportRun, watch: RunWatch, now: datetime, fault: dict[str, object]) -> None:
    if watch.held.update(state=State.FAILED, fault=fault, finished_at=now, claimed_until=None):
        storing.remove(run.stored_as)
        activities.record("import.failed", run, partner=run.partner, actor=run.started_by, at=now, file=run.file_name)
