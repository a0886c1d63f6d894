"""A handful of programs that live together: they start together, and when one ends the others end too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.setup.children import ends_with_parent

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Long enough for a request or a sweep to end; whatever is cut short is found again in its row.
PATIENCE_SECONDS = 15


class StopAsked(BaseException):
    """Somebody pressed Ctrl-C or sent a signal; like KeyboardInterrupt it passes every handler of errors."""


class ProgramEnded(Exception):
    """A program ended although nobody asked it to; `name` and `status` say which and how."""

    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"The {name} ended by itself (exit status {status}).")


@dataclass(frozen=True)
class Program:
    """What people call it, and the arguments after `python`."""

    name: str
    arguments: Sequence[str]


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Turn the signals that ask for an end into StopAsked, once; the rest of them change nothing."""

    def ask(_number: int, _frame: object) -> None:
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)
        raise StopAsked

    with _handling_signals(ask):
        yield


@contextmanager
def _handling_signals(handler: Callable[[int, object], None] | signal.Handlers) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in STOPPING}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


class Supervisor:
    """Programs, each leading a session of its own, so that everything it starts can be ended with it."""

    def __init__(self, programs: Sequence[Program], *, folder: Path) -> None:
        self.programs = programs
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Supervisor:
        try:
            for program in self.programs:
                self.running[program.name] = _start(program, folder=self.folder)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Return once ready() is true; raise ProgramEnded when a program ends before."""
        while not ready():
            self._check()
            time.sleep(0.1)

    def wait(self) -> None:
        """Wait until a program ends, then raise ProgramEnded."""
        self.wait_until(lambda: False)

    def stop(self) -> None:
        """Ask every program and all that it started to end; after PATIENCE_SECONDS, make them."""
        with _handling_signals(signal.SIG_IGN):
            for process in self.running.values():
                _signal_all(process, signal.SIGTERM)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while any(map(_lives, self.running.values())) and time.monotonic() < deadline:
                time.sleep(0.05)
            for process in self.running.values():
                _signal_all(process, signal.SIGKILL)
                process.wait()

    def _check(self) -> None:
        for name, process in self.running.items():
            status = process.poll()
            if status is not None:
                raise ProgramEnded(name, status)


def _start(program: Program, *, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the project's own programs
        [sys.executable, *program.arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=ends_with_parent(),  # noqa: PLW1509 - the supervisor has one thread
    )


def _lives(process: subprocess.Popen[bytes]) -> bool:
    """Whether the program, or anything it started in its session's group, is still there."""
    process.poll()
    return _signal_all(process, 0)


def _signal_all(process: subprocess.Popen[bytes], number: int) -> bool:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True
