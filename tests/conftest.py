"""What every test may lean on: an open database, a closed scope, and a clock that stands at the sample's day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django_scopes import scope
from hypothesis import settings as examples
from pytest_django import DjangoDbBlocker

from portal import clock, sql
from portal.demo import PARTNER_SLUG
from portal.models import Partner
from tests import factories
from tests.keeping import empty_database

# How long an example takes says how busy the machine is, and nothing about the house.
examples.register_profile("house", deadline=None)
examples.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Whole files are shared out in this order: nobody is to be left alone with the longest at the end.
    items.sort(key=lambda item: item.path.name != "test_walk.py")


@pytest.fixture(autouse=True)
def _pinned_day(settings: pytest.FixtureRequest) -> None:
    settings.PORTAL_TODAY = factories.TODAY.isoformat()  # type: ignore[attr-defined]
    clock._first_asked.cache_clear()  # each test begins on that day, however late the suite runs


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Rows of another test may have had the same keys."""
    caches["minute"].clear()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """On SQLite, flush deletes row by row, which the append-only guard would refuse: lift it around each flush."""
    if connection.vendor == "sqlite":
        flush = connection.ops.execute_sql_flush

        def lifted(sql_list: Iterable[str]) -> None:
            sql.lift_append_only(connection)
            flush(sql_list)

        connection.ops.execute_sql_flush = lifted  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def demo_once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Partner]:
    """The demo's partner, made once for a module; each test also asks for `db`, which undoes what it did."""
    with django_db_blocker.unblock(), override_settings(PORTAL_TODAY=factories.TODAY.isoformat()):
        clock._first_asked.cache_clear()
        call_command("seed_demo", verbosity=0)
        yield Partner.objects.get(slug=PARTNER_SLUG)
        empty_database()


@pytest.fixture
def partner(db: None) -> Iterator[Partner]:
    """A partner whose scope is open for the length of the test."""
    relais = factories.make_partner()
    with scope(partner=relais):
        yield relais
