"""A partner with a connection to the real embedded authority, whose clock, delay and faults a test may set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from certificates.authorities.sandbox import Faults, Sandbox
from certificates.models import AuthorityConnection, SandboxOrder
from certificates.services import placing
from portal import clock
from portal.models import Partner
from tests import factories
from tests.certificates.services.work import TEN


@dataclass
class Counter:
    """The embedded authority's counter: the one every request of a test meets."""

    faults: Faults = field(default_factory=Faults)
    issue_after: timedelta = timedelta(0)
    settle_time: timedelta = timedelta(0)

    def authority_for(self, connection: AuthorityConnection) -> Sandbox:
        sandbox = Sandbox(
            f"partner-{connection.partner_id}", now=clock.now, issue_after=self.issue_after, faults=self.faults
        )
        sandbox.settle_time = self.settle_time  # type: ignore[misc]
        return sandbox

    @property
    def orders(self) -> int:
        return SandboxOrder.objects.count()


@dataclass
class StandingClock:
    """A clock that stands at ten o'clock until it is moved."""

    traveller: time_machine.Traveller

    def advance(self, **fields: float) -> None:
        self.traveller.shift(timedelta(**fields))


@pytest.fixture(autouse=True)
def at_ten(settings: Any, _pinned_day: None) -> Iterator[StandingClock]:
    settings.PORTAL_TODAY = ""
    with time_machine.travel(TEN, tick=False) as traveller:
        yield StandingClock(traveller)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter = Counter()
    monkeypatch.setattr(placing, "authority_for", counter.authority_for)
    return counter


@pytest.fixture
def connected(partner: Partner, counter: Counter) -> Partner:
    """A partner connected to the embedded authority."""
    factories.make_connection(partner)
    return partner
