"""Whether the portal lives, and whether it is ready to serve."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from portal import clock, heartbeats
from portal.access import across_partners, public
from portal.models import OutgoingMail


@public
@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; touches nothing else."""
    return HttpResponse("ok", content_type="text/plain")


@public
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when the database answers, every migration is applied and the cache works; else 503 and which is not."""
    state = {"database": _database_answers()}
    if state["database"]:
        state |= {"migrations": _migrations_applied(), "cache": _cache_works()}
    if not all(state.values()):
        return JsonResponse(state, status=503)
    # a worker that does nothing is no reason to turn visitors away, but one to look after it
    return JsonResponse({**state, "mail": _mail()})


def _mail() -> dict[str, Any]:
    """When letters were last swept, and for how many seconds the oldest due one has waited.

    And when what came back was last read, where a mailbox is named for it.
    """
    now, swept = clock.now(), heartbeats.last_beat("mail")
    with across_partners():
        oldest = OutgoingMail.objects.claimable(now).order_by("due_at", "pk").values_list("due_at", flat=True).first()
    told = {
        "last_sweep": swept.isoformat() if swept else None,
        "oldest_due_seconds": max(round((now - oldest).total_seconds()), 0) if oldest else 0,
    }
    if not settings.MAIL_RETURN_IMAP:
        return told
    read = heartbeats.last_beat("returns")
    return {**told, "last_returns": read.isoformat() if read else None}


def _database_answers() -> bool:
    try:
        connection.ensure_connection()
    except OperationalError:
        return False
    return connection.is_usable()


def _migrations_applied() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _cache_works() -> bool:
    cache.set("readyz", "1", timeout=10)
    return bool(cache.get("readyz") == "1")
