"""What campaigns do in the background: sweeps that find their work in rows and may be asked twice."""

from __future__ import annotations

import threading
from datetime import timedelta

from celery import shared_task

from campaigns.services import copies, standing
from campaigns.services.arbiter import gather_due
from campaigns.services.calls import sweep_calls as _sweep_calls
from campaigns.services.events import tell_events
from campaigns.services.planning import plan_touchpoints
from campaigns.services.teams import post_due
from portal import clock, heartbeats
from portal.access import across_partners

# Everything for the coming week is planned, so that a plan a few minutes old is as good as a new one.
PLAN_EVERY = timedelta(minutes=5)
# Whatever speaks asks once more: this is for the lists.
SILENCE_EVERY = timedelta(seconds=10)
# A run that is still busy is not joined by another thread of the same worker.
_sweeping = threading.BoundedSemaphore(1)
_telling = threading.BoundedSemaphore(1)
# A chat that does not answer must not hold every thread.
_posting = threading.BoundedSemaphore(1)


@shared_task  # type: ignore[untyped-decorator]
def sweep_touchpoints() -> None:
    """Plan every few minutes, silence what has become untrue, and let speak what is due: one word to one reader."""
    if not _sweeping.acquire(blocking=False):
        return
    try:
        if _is_time_to("planning", PLAN_EVERY):
            plan()
        if _is_time_to("silencing", SILENCE_EVERY):
            silence()
        gather_due(now=clock.now())
        heartbeats.beat("touchpoints", now=clock.now())
    finally:
        _sweeping.release()


def _is_time_to(do: str, every: timedelta) -> bool:
    """The last time is that long ago, or nobody remembers it."""
    now, last = clock.now(), heartbeats.last_beat(do)
    return last is None or not now - every < last <= now


def silence() -> None:
    """Write down what has become untrue; nothing of it leaves or is shown meanwhile."""
    with across_partners():
        standing.silence(clock.now())
    heartbeats.beat("silencing", now=clock.now())


def plan() -> None:
    """Plan what comes within the next days, for every partner; asked again, nothing is planned twice."""
    plan_touchpoints(now=clock.now())
    copies.forget_old(now=clock.now())
    heartbeats.beat("planning", now=clock.now())


@shared_task  # type: ignore[untyped-decorator]
def sweep_events() -> None:
    """Write what hangs on an event: automatic renewal, a validation or quote that ends, what is not installed."""
    if not _telling.acquire(blocking=False):
        return
    try:
        tell_events(now=clock.now())
        heartbeats.beat("events", now=clock.now())
    finally:
        _telling.release()


@shared_task  # type: ignore[untyped-decorator]
def sweep_team_messages() -> None:
    """Post what the partners' own teams are to be told."""
    if not _posting.acquire(blocking=False):
        return
    try:
        post_due(now=clock.now())
        heartbeats.beat("team_messages", now=clock.now())
    finally:
        _posting.release()


@shared_task  # type: ignore[untyped-decorator]
def sweep_calls() -> None:
    """Close the calls that have settled by themselves, and open those that are late."""
    _sweep_calls(clock.now())
    heartbeats.beat("calls", now=clock.now())
