from __future__ import annotations

import os
import signal
import time

import pytest

from portal.management.commands.work import Schedule


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The signals this process would have sent."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda number, sign: sent.append((number, sign)))
    return sent


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_schedule_that_fails_ends_its_worker(signals: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = Schedule()
    monkeypatch.setattr(schedule.service.scheduler, "tick", lambda: 1 // 0)

    schedule.start()
    schedule.join(10)

    assert signals == [(os.getpid(), signal.SIGTERM)]


def test_a_schedule_asked_to_stop_stops_within_seconds(signals: list[tuple[int, int]]) -> None:
    schedule = Schedule()

    schedule.start()
    began = time.monotonic()
    schedule.stop()
    schedule.join(10)

    assert not schedule.is_alive()
    assert time.monotonic() - began < 5
    assert signals == []
