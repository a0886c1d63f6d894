"""What a run of the suite promises: nothing skipped, the services named in use, the browser really there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import pytest

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


class Watch:
    def __init__(self, seen: Run) -> None:
        self.seen = seen

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped or hasattr(report, "wasxfail"):
            self.seen.left_out.append(report.nodeid)
        if report.when == "call" and report.passed and "browser" in report.keywords:
            self.seen.in_browser += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.seen.left_out.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.OK and broken(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for sentence in broken(config):
        terminalreporter.write_line(sentence, red=True)


def broken(config: pytest.Config) -> list[str]:
    if hasattr(config, "workerinput"):
        # One of several processes: the one that started it counts for all.
        return []
    return config.stash[run].broken(browser=config.getoption("--with-browser"))
