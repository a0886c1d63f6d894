"""An account manager in front of the pages, and the real embedded authority behind them."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client

from portal.models import Membership, Partner
from tests import factories
from tests.certificates.services.work import TEN


@pytest.fixture(autouse=True)
def _standing_clock(settings: Any, _pinned_day: None) -> Any:
    settings.PORTAL_TODAY = ""
    settings.SANDBOX_ISSUE_SECONDS = 0
    settings.MFA_REQUIRED = False
    with time_machine.travel(TEN, tick=False):
        yield


@pytest.fixture
def connected(partner: Partner) -> Partner:
    factories.make_connection(partner)
    return partner


@pytest.fixture
def claire(connected: Partner) -> Membership:
    return factories.make_member(connected)


@pytest.fixture
def page(claire: Membership) -> Client:
    """The browser of an account manager."""
    client = Client()
    client.force_login(claire.user)
    return client
