"""Redis as the cache, with the database in its place while Redis is out of reach: nobody is turned away for it."""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.redis import RedisCache
from django.core.management import call_command
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = structlog.get_logger(__name__)

# The alias of the cache in the database.
SPARE = "spare"
# How long a Redis that did not answer is left alone.
REST_SECONDS = 5.0


class SteadyCache(BaseCache):
    """What Redis does not answer at once, the database cache does. Counters of limits begin anew then, and no more."""

    resting_until = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        # redis-py would try ten times, and the page would wait
        patience = {"socket_timeout": 1, "socket_connect_timeout": 1, "retry": Retry(NoBackoff(), 0)}
        self.redis = RedisCache(server, {**params, "OPTIONS": patience})

    def _ask(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= SteadyCache.resting_until:
            try:
                return getattr(self.redis, verb)(*args, **kwargs)
            except RedisError as error:
                SteadyCache.resting_until = time.monotonic() + REST_SECONDS
                log.warning("cache_unreachable", error=str(error))
        return getattr(caches[SPARE], verb)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("add", *args, **kwargs))

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._ask("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("touch", *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("delete", *args, **kwargs))

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("has_key", *args, **kwargs))

    def incr(self, *args: Any, **kwargs: Any) -> int:
        return int(self._ask("incr", *args, **kwargs))

    def clear(self) -> None:
        self._ask("clear")


def make_table(*, using: str, **_: Any) -> None:
    """After a migration, make the table of the cache in the database where it is missing."""
    call_command("createcachetable", database=using, verbosity=0)
