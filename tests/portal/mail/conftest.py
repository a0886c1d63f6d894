"""A mail server that answers as a test tells it to, and a database in which letters are looked at across partners."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings

from portal.access import across_partners
from tests.portal.mail.servers import Server


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    """The portal's mail server for one test."""
    with Server() as server:
        settings.EMAIL_BACKEND = "portal.mail.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.address
        settings.EMAIL_TIMEOUT = 5
        yield server


@pytest.fixture
def outbox_table(db: None) -> Iterator[None]:
    """Every partner's letters may be looked at; no earlier test has paused the sending."""
    cache.clear()
    with across_partners():
        yield
