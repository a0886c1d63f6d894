from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.supervisor import Program, ProgramEnded, StopAsked, Supervisor, stop_on_signals

SLEEPER = "import time; time.sleep(60)"
# Starts a child of its own, writes both numbers down, and would sleep on.
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("family.new", "w").write(f"{os.getpid()} {child.pid}")
os.rename("family.new", "family")
time.sleep(60)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("ready", "w").close()
time.sleep(60)
"""


def python(name: str, code: str) -> Program:
    return Program(name, ["-c", code])


def wait_in(
    supervisor: Supervisor,
    *,
    until: Callable[[], bool] = lambda: True,
    then: Callable[[], None] = lambda: None,
) -> None:
    with supervisor:
        supervisor.wait_until(until)
        then()
        supervisor.wait()


def is_running(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_programs_and_all_they_started_end_together(tmp_path: Path) -> None:
    with Supervisor([python("family", FAMILY)], folder=tmp_path) as supervisor:
        supervisor.wait_until((tmp_path / "family").exists)
        family = [int(number) for number in (tmp_path / "family").read_text().split()]
        assert [is_running(number) for number in family] == [True, True]

    assert [is_running(number) for number in family] == [False, False]


def test_a_program_that_ends_by_itself_is_named_and_ends_the_others(tmp_path: Path) -> None:
    programs = [python("sleeper", SLEEPER), python("leaver", "raise SystemExit(3)")]

    supervisor = Supervisor(programs, folder=tmp_path)

    with pytest.raises(ProgramEnded, match=r"The leaver ended by itself \(exit status 3\)\."):
        wait_in(supervisor)

    assert all(process.returncode is not None for process in supervisor.running.values())


def test_a_program_that_ends_before_it_is_ready_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(ProgramEnded):
        wait_in(Supervisor([python("leaver", "")], folder=tmp_path), until=lambda: False)


def test_a_program_that_ignores_the_request_is_made_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.supervisor.PATIENCE_SECONDS", 0.2)

    with Supervisor([python("stubborn", STUBBORN)], folder=tmp_path) as supervisor:
        supervisor.wait_until((tmp_path / "ready").exists)

    assert supervisor.running["stubborn"].returncode == -signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_programs_and_a_second_one_changes_nothing(tmp_path: Path, number: int) -> None:
    def press_twice() -> None:
        for _ in range(2):
            time.sleep(0.2)
            os.kill(os.getpid(), number)

    presser = threading.Thread(target=press_twice)

    supervisor = Supervisor([python("family", FAMILY)], folder=tmp_path)

    with stop_on_signals():
        with pytest.raises(StopAsked):
            wait_in(supervisor, until=(tmp_path / "family").exists, then=presser.start)
        presser.join()

    family = [int(each) for each in (tmp_path / "family").read_text().split()]
    assert [is_running(each) for each in family] == [False, False]
