"""What runs in the background: sweeps that may be asked twice, and single steps that a nudge asks for."""

from __future__ import annotations

import threading

import structlog
from celery import shared_task

from certificates.models import ImportRun, Request
from certificates.services.auto_renew import renew_automatically as _renew_automatically
from certificates.services.following import follow_request
from certificates.services.imports import runs
from certificates.services.installations import look_around
from certificates.services.installations import take_up_checks as _take_up_checks
from certificates.services.placing import place_request
from certificates.states import RequestState
from portal import clock, heartbeats
from portal.access import across_partners, on_behalf_of

log = structlog.get_logger(__name__)
# What one sweep takes up at most; the next one follows within seconds.
BATCH = 100
# Servers that do not answer must not hold every thread of the worker.
_lookers = threading.BoundedSemaphore(1)


@shared_task  # type: ignore[untyped-decorator]
def sweep_requests() -> None:
    """Take every request that is due one step on: place it, or ask how far it has come."""
    now = clock.now()
    with across_partners():
        due = list(Request.objects.needing_work(now).values_list("pk", flat=True)[:BATCH])
    for pk in due:
        try:
            _take_on(pk)
        except Exception:
            # One poisoned request must not stop the rest; its lease brings it back.
            log.exception("request_step_failed", request=pk)
    heartbeats.beat("requests", now=now)


@shared_task  # type: ignore[untyped-decorator]
def place_request_task(pk: int) -> None:
    """The same for one request, at once."""
    _take_on(pk)


@shared_task  # type: ignore[untyped-decorator]
def renew_automatically() -> None:
    """Ask for the renewal of every order that renews itself and is due."""
    _renew_automatically(clock.now())


@shared_task  # type: ignore[untyped-decorator]
def sweep_imports() -> None:
    """Take up every import that waits for a worker: read it, or apply what its preview showed."""
    with across_partners():
        due = list(runs.due_runs(clock.now()).order_by("created_at").values_list("pk", flat=True)[:BATCH])
    for pk in due:
        try:
            run_import(pk)
        except Exception:
            # One file that cannot be borne must not stop the rest; its lease brings it back.
            log.exception("import_failed", run=pk)
    heartbeats.beat("imports", now=clock.now())


@shared_task  # type: ignore[untyped-decorator]
def run_import(pk: int) -> None:
    """The same for one import, at once."""
    with across_partners():
        found = ImportRun.objects.filter(pk=pk, partner__is_active=True).select_related("partner").first()
    if found:
        with on_behalf_of(found.partner):
            runs.work_on(pk, clock=clock.now)


@shared_task  # type: ignore[untyped-decorator]
def sweep_installations() -> None:
    """Look at the servers that are due for it."""
    if not _lookers.acquire(blocking=False):
        return
    try:
        look_around(now=clock.now())
        heartbeats.beat("installations", now=clock.now())
    finally:
        _lookers.release()


@shared_task  # type: ignore[untyped-decorator]
def take_up_checks() -> None:
    """Follow partners who have switched the looking on or off."""
    _take_up_checks(now=clock.now())


@shared_task  # type: ignore[untyped-decorator]
def clear_imports() -> None:
    """Let go of uploads that nobody came back to."""
    with across_partners():
        runs.drop_abandoned(clock.now())


def _take_on(pk: int) -> None:
    """One step, on behalf of the request's own partner; nothing for a suspended one."""
    with across_partners():
        found = Request.objects.filter(pk=pk, partner__is_active=True).select_related("partner").first()
    if found is None:
        return
    step = follow_request if found.state == RequestState.PLACED else place_request
    with on_behalf_of(found.partner):
        step(pk, now=clock.now())
