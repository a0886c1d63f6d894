"""What a run of the suite promises: nothing skipped, the services named in use, the browser really there.

It also marks the tests that are the same on any services, so that a run on the second ones may leave them out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

# Whoever asks for none of these is refused the database by pytest-django.
REACHING = {"db", "transactional_db", "django_db_setup", "live_server"}
PORTAL = {"make", "manage.py"}
BACKENDS = {"embedded": ("sqlite", "memory"), "services": ("postgresql", "redis")}


def own_redis_database() -> None:
    """Give each process of the suite a Redis database of its own, before the settings are read."""
    worker, url = os.environ.get("PYTEST_XDIST_WORKER"), os.environ.get("REDIS_URL")
    if worker and url:
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


own_redis_database()


@dataclass
class Run:
    """What was seen of the promises so far."""

    left_out: list[str] = field(default_factory=list)
    in_browser: int = 0
    is_same_anywhere: bool = False
    # What drills have counted, for people to read
    figures: list[str] = field(default_factory=list)

    def broken(self, *, browser: bool) -> list[str]:
        sentences = [f"This was left out, and nothing may be: {name}" for name in self.left_out]
        if browser and not self.in_browser:
            sentences.append("No test ran in the browser.")
        return sentences


run = pytest.StashKey[Run]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("promises")
    group.addoption("--on", choices=sorted(BACKENDS), help="fail unless the suite runs on these services")
    group.addoption("--with-browser", action="store_true", help="fail unless a test ran in the browser")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[run] = Run()
    config.pluginmanager.register(Watch(config.stash[run]), "promises-watch")


def pytest_sessionstart(session: pytest.Session) -> None:
    on = session.config.getoption("--on")
    if on and backends() != BACKENDS[on]:
        raise pytest.UsageError(f"--on={on} promises {BACKENDS[on]}, and the settings name {backends()}.")


def backends() -> tuple[str, str]:
    from django.conf import settings  # once pytest-django has found them
    from django.db import connection

    return connection.vendor, urlsplit(settings.CELERY_BROKER_URL).scheme


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if is_same_anywhere(item):
            item.add_marker("anywhere")


def is_same_anywhere(item: pytest.Item) -> bool:
    """Whether it has nothing to do with database or broker; those that start the portal say so by a mark."""
    marked = any(map(item.get_closest_marker, ("browser", "django_db", "services")))
    return not marked and not REACHING & set(getattr(item, "fixturenames", REACHING))


class PortalStarted(Exception):
    """A test that seemed the same on any services starts the portal on them: mark it with `services`."""


class Watch:
    def __init__(self, seen: Run) -> None:
        self.seen = seen
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen" and self.seen.is_same_anywhere and PORTAL & set(map(str, arguments[1])):
            raise PortalStarted(PortalStarted.__doc__)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.seen.is_same_anywhere = bool(item.get_closest_marker("anywhere"))
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped or hasattr(report, "wasxfail"):
            self.seen.left_out.append(report.nodeid)
        if report.when == "call" and report.passed and "browser" in report.keywords:
            self.seen.in_browser += 1
        if report.when == "call":
            self.seen.figures += [str(value) for name, value in report.user_properties if name == "figures"]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.seen.left_out.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.OK and broken(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for sentence in config.stash[run].figures:
        terminalreporter.write_line(f"Drill: {sentence}")
    for sentence in broken(config):
        terminalreporter.write_line(sentence, red=True)


def broken(config: pytest.Config) -> list[str]:
    if hasattr(config, "workerinput"):
        # One of several processes: the one that started it counts for all.
        return []
    return config.stash[run].broken(browser=config.getoption("--with-browser"))
