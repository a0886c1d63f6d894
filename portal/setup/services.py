"""`python3 -m portal.setup.services COMMAND…`: run a command beside a private PostgreSQL and Redis.

Both listen on free loopback ports, keep their data in a temporary folder and are gone when the command ends.
The command finds them in DATABASE_URL and REDIS_URL; when it never used them, the run fails.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.setup import ports, system
from portal.setup.children import ends_with_parent

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
START_SECONDS = 30
STOP_SECONDS = 10
# A suite that talked to them leaves far more; the servers' own start leaves less.
FEWEST_WRITES = 1_000
HOUSEKEEPING = {"client|setinfo", "command", "hello", "info", "ping"}
# What the tests may take to put their own things away after Ctrl-C.
LEAVE_SECONDS = 20


class ServiceUnused(system.SetupError):
    """The command was to run on a service and never did."""


@dataclass(frozen=True)
class PostgreSQL:
    port: int
    programs: Path

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def ask(self, query: str) -> str:
        command = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command", query, self.url]
        return system.output([str(self.programs / command[0]), *command[1:]])

    def answers(self) -> bool:
        return self.ask("SELECT 1") == "1"

    def writes(self) -> int:
        return int(self.ask("SELECT wal_records FROM pg_stat_wal"))


@dataclass(frozen=True)
class Redis:
    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def ask(self, *words: str) -> str:
        return system.output(["redis-cli", "-h", "127.0.0.1", "-p", str(self.port), *words])

    def answers(self) -> bool:
        return self.ask("ping") == "PONG"

    def commands(self) -> set[str]:
        """The commands that somebody gave, other than looking after the server."""
        lines = self.ask("info", "commandstats").splitlines()
        given = {line.removeprefix("cmdstat_").split(":")[0] for line in lines if line.startswith("cmdstat_")}
        return given - HOUSEKEEPING


Start = Callable[[], AbstractContextManager[None]]


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    with new_postgresql() as (service, start), start():
        yield service


@contextmanager
def new_postgresql() -> Iterator[tuple[PostgreSQL, Start]]:
    """An empty database, and how to run it: more than once, where a restart is what is tried."""
    programs = system.postgresql_programs()
    if programs is None:
        raise system.SetupError("PostgreSQL is not installed.")
    service = PostgreSQL(ports.free_port(), programs)
    with private_folder("postgresql-") as folder, as_owner(folder) as person:
        choices = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        make: list[Any] = [programs / "initdb", folder / "data", *choices]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, **person)
        # The data is thrown away, so nothing waits for the disk.
        careless = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "log_min_messages=fatal"]
        settings = [*careless, "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"]
        command = [programs / "postgres", "-D", folder / "data", "-p", str(service.port)]
        command += [word for setting in settings for word in ("-c", setting)]
        yield service, lambda: running("PostgreSQL", command, service.answers, stop_with=signal.SIGINT, **person)


@contextmanager
def redis() -> Iterator[Redis]:
    with new_redis() as (service, start), start():
        yield service


@contextmanager
def new_redis() -> Iterator[tuple[Redis, Start]]:
    """A Redis that forgets everything when it stops, and how to run it."""
    service = Redis(ports.free_port())
    with private_folder("redis-") as folder:
        settings = ["--port", str(service.port), "--bind", "127.0.0.1", "--dir", folder]
        settings += ["--save", "", "--appendonly", "no", "--loglevel", "warning"]
        command = ["redis-server", *settings]
        yield service, lambda: running("Redis", command, service.answers, stop_with=signal.SIGTERM)


@contextmanager
def private_folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def as_owner(folder: Path) -> Iterator[dict[str, Any]]:
    """How to start a program that refuses to run as root: as the user postgres, who then owns the folder."""
    if os.geteuid() != 0:
        yield {}
        return
    person = pwd.getpwnam("postgres")
    os.chown(folder, person.pw_uid, person.pw_gid)
    yield {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": [], "cwd": folder}


@contextmanager
def running(
    name: str, command: list[Any], answers: Callable[[], bool], *, stop_with: int, **person: Any
) -> Iterator[None]:
    # A session of its own, so that Ctrl-C reaches the tests first and the service is stopped after them.
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=ends_with_parent(stop_with),  # noqa: PLW1509 - no thread runs here
        **person,
    )
    try:
        wait_until(answers, name=name, process=process)
        yield
    finally:
        process.send_signal(stop_with)
        wait_or_kill(process, STOP_SECONDS)


def wait_or_kill(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(answers: Callable[[], bool], *, name: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise system.SetupError(f"{name} did not start.")
        time.sleep(0.1)


def run_beside(command: list[str]) -> int:
    """Run the command with both services; return its exit status, or raise ServiceUnused."""
    with ExitStack() as stack:
        database, broker = stack.enter_context(postgresql()), stack.enter_context(redis())
        before = database.writes()
        environment = os.environ | {"DATABASE_URL": database.url, "REDIS_URL": broker.url}
        status = run_to_its_end(command, environment)
        if status == 0:
            check_used(database, broker, before=before)
        return status


def run_to_its_end(command: list[str], environment: dict[str, str]) -> int:
    """Run the command; asked to stop meanwhile, let it put its things away before the services go."""
    process = subprocess.Popen(command, env=environment)
    try:
        return process.wait()
    except SystemExit as stop:
        # Ctrl-C at a terminal has reached the command already.
        if stop.code != leaving_status(signal.SIGINT):
            process.send_signal(signal.SIGINT)
        wait_or_kill(process, LEAVE_SECONDS)
        raise


def check_used(database: PostgreSQL, broker: Redis, *, before: int) -> None:
    written, given = database.writes() - before, broker.commands()
    print(f"PostgreSQL wrote {written} records; Redis was asked for {', '.join(sorted(given)) or 'nothing'}.")
    if written < FEWEST_WRITES or not given:
        raise ServiceUnused("The command succeeded without PostgreSQL and Redis, which it was to use.")


def leaving_status(number: int) -> int:
    return 128 + number


def leave_on_signal(number: int, _frame: object) -> None:
    for each in STOPPING:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(leaving_status(number))


def main(command: list[str]) -> int:
    for number in STOPPING:
        signal.signal(number, leave_on_signal)
    try:
        return run_beside(command)
    except system.SetupError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
