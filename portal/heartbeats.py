"""When each sweep last went well: a worker can look alive and do nothing."""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache


def beat(name: str, *, now: datetime) -> None:
    """Note that the sweep has gone well."""
    cache.set(_key(name), now.isoformat(), timeout=None)


def last_beat(name: str) -> datetime | None:
    """When the sweep last went well; None if it never did, or nobody remembers."""
    noted = cache.get(_key(name))
    return datetime.fromisoformat(noted) if noted else None


def _key(name: str) -> str:
    return f"heartbeat:{name}"
