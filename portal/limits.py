"""Limits for strangers: so many tries in a stretch of time, counted in the cache that all processes share."""

from __future__ import annotations

import time
from dataclasses import dataclass

from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` tries per key in each stretch of `seconds`."""

    name: str
    amount: int
    seconds: int = 60

    def is_reached(self, key: str) -> bool:
        """Whether the key has had its tries; asking is none."""
        return int(cache.get(self._slot(key), 0)) >= self.amount

    def count(self, key: str) -> None:
        slot = self._slot(key)
        if cache.add(slot, 1, self.seconds):
            return
        try:
            cache.incr(slot)
        except ValueError:
            # its stretch has just ended
            cache.set(slot, 1, self.seconds)

    def _slot(self, key: str) -> str:
        return f"limit:{self.name}:{key}:{int(time.time()) // self.seconds}"


def network_of(request: HttpRequest) -> str:
    """Where the request comes from: an address, or a network of IPv6; all that tell none share one limit."""
    try:
        return str(ratelimit.get_ip(request))
    except PermissionDenied:
        return "unknown"
