"""A pinned clock starts on its day and goes forward only."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pytest_django.fixtures import Settings

from portal import clock


class Wall:
    """What `datetime` says the real time is."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self, _zone: object) -> datetime:
        return self.moment


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall(datetime(2027, 3, 1, 23, 59, tzinfo=UTC))
    monkeypatch.setattr(clock, "datetime", wall)
    return wall


def test_pinned_clock_moves_on_past_midnight(wall: Wall) -> None:
    before = clock.now()
    wall.moment = datetime(2027, 3, 2, 0, 1, tzinfo=UTC)

    assert before == datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
    assert clock.now() == datetime(2026, 11, 23, 0, 1, tzinfo=UTC)
    assert clock.today() == date(2026, 11, 23)


def test_process_started_later_agrees_with_the_others(wall: Wall, settings: Settings) -> None:
    settings.PORTAL_TODAY_SINCE = "2027-02-27"

    assert clock.now() == datetime(2026, 11, 24, 23, 59, tzinfo=UTC)


def test_clock_without_a_pin_is_the_real_one(wall: Wall, settings: Settings) -> None:
    settings.PORTAL_TODAY = ""

    assert clock.now() == wall.moment
