"""Journeys in a real browser: each module has a house of its own, and a page that errs fails its test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from portal.demo import PARTNER_SLUG
from portal.setup import system
from tests.factories import make_connection, make_member, make_partner, make_user
from tests.journeys.house import House, open_house
from tests.journeys.people import CLAIRE
from tests.journeys.visits import Visits, Watch
from tests.keeping import empty_database, put_demo

ARGUMENTS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Letters as wide as on a screen, wherever the one without windows would round them.
    "--font-render-hinting=none",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One headless Chromium, the one on PATH."""
    program = system.program(*system.BROWSERS)()
    assert program, "no Chromium on PATH"
    # Playwright keeps an event loop in this thread, at which Django would refuse every query made beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    # Two cores may also be busy with other tests.
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """The database with real transactions: open for a whole module, since a server and a worker share it; then emptied.

    It has the name of pytest-django's own fixture, by which the test database is known to be wanted.
    """
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        # PostgreSQL's counters go on where other tests left them; the demo's order numbers begin at the first.
        empty_database()
        yield
        empty_database()


@pytest.fixture(scope="module")
def house(db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running portal without rows or worker; what one journey leaves, the next of the module finds."""
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(scope="module")
def worker(house: House) -> Iterator[subprocess.Popen[bytes]]:
    """The house's worker."""
    with house.worker() as process:
        yield process


@pytest.fixture(scope="module")
def demo_house(house: House) -> House:
    """The house with the demo's partner, people, customers and orders, as they are on the pinned day."""
    put_demo()
    return house


@pytest.fixture(scope="module")
def office(house: House, worker: subprocess.Popen[bytes]) -> House:
    """The house of a partner that has just begun: one account manager, the embedded authority, no order."""
    partner = make_partner("Relais Partner", slug=PARTNER_SLUG)
    make_member(partner, user=make_user(CLAIRE))
    make_connection(partner)
    return house


@pytest.fixture
def visits(browser: Browser, house: House) -> Iterator[Visits]:
    """Browsers for this test; whatever went wrong in any of them fails it."""
    opened = Visits(browser, house.url, Watch(house.url))
    yield opened
    opened.close()
    assert opened.watch.faults == []
