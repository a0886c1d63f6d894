"""`make run`, from its first line to the last process gone."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.setup.ports import free_port, why_not

pytestmark = [pytest.mark.services, pytest.mark.ci_embedded]

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
STOP_SECONDS = 90


class Portal:
    """A portal started by `make run`, with a data folder and a port of its own."""

    def __init__(self, data: Path, port: int) -> None:
        self.marker = f"PORTAL_DATA_DIR={data}"
        self.port = port
        environment = os.environ | {"PORTAL_DATA_DIR": str(data), "PORT": str(port)}
        self.process = subprocess.Popen(
            ["make", "--no-print-directory", "run"],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._heard: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._heard.put(line.rstrip())
        self._heard.put(None)

    def line_with(self, words: str) -> str:
        """Wait for a line that says this; fail when the output ends before."""
        while (line := self._heard.get(timeout=START_SECONDS)) is not None:
            self.lines.append(line)
            if words in line:
                return line
        raise AssertionError("\n".join([f"Nobody said {words!r}:", *self.lines]))

    def press_ctrl_c(self) -> None:
        """As a terminal does: to everything in the foreground."""
        os.killpg(self.process.pid, signal.SIGINT)

    def status(self) -> int:
        return self.process.wait(STOP_SECONDS)

    def processes(self) -> dict[int, str]:
        """The command lines of all that runs on this portal's data, by process number."""
        return {
            int(entry.name): (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            for entry in Path("/proc").glob("[0-9]*")
            if self.marker in _environment(entry)
        }

    def get(self, path: str) -> int:
        with urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=20) as answer:
            return int(answer.status)


def _environment(entry: Path) -> list[str]:
    try:
        return (entry / "environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def portal(data: Path) -> Iterator[Portal]:
    started = Portal(data, free_port())
    yield started
    for number in started.processes():
        os.kill(number, signal.SIGKILL)
    started.process.wait()


def test_ctrl_c_leaves_nothing_running(portal: Portal) -> None:
    address = portal.line_with("The portal is at")
    running = portal.processes()
    answer = portal.get("/readyz")

    portal.press_ctrl_c()
    portal.status()

    assert address == f"The portal is at http://localhost:{portal.port}/"
    assert any("gunicorn" in command for command in running.values())
    assert any("manage.py work" in command for command in running.values())
    assert answer == 200
    assert portal.processes() == {}
    assert why_not("127.0.0.1", portal.port) == ""


def test_a_second_start_keeps_the_demo_of_the_first(data: Path) -> None:
    first = Portal(data, free_port())
    first.line_with("nadia.bernard@relais.example")
    first.press_ctrl_c()
    first.status()

    second = Portal(data, free_port())
    second.line_with("nadia.bernard@relais.example")
    second.press_ctrl_c()
    second.status()

    assert [line for line in second.lines if line.startswith("Demo:")] == []


def test_a_term_signal_to_make_leaves_nothing_running(portal: Portal) -> None:
    portal.line_with("The portal is at")

    portal.process.terminate()
    portal.status()

    deadline = time.monotonic() + STOP_SECONDS
    while portal.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert portal.processes() == {}


def test_a_worker_that_dies_brings_the_rest_down_and_is_named(portal: Portal) -> None:
    portal.line_with("The portal is at")
    worker = next(number for number, command in portal.processes().items() if "manage.py work" in command)

    os.kill(worker, signal.SIGKILL)

    assert portal.line_with("ended by itself") == (
        "CommandError: The worker ended by itself (exit status -9). The rest was stopped too."
    )
    assert portal.status() != 0
    assert portal.processes() == {}


def test_a_busy_port_is_named_before_anything_starts(data: Path) -> None:
    with subprocess.Popen(
        ["python3", "-m", "http.server", "--bind", "127.0.0.1", str(port := free_port())],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as other:
        while not why_not("127.0.0.1", port):
            time.sleep(0.05)

        refused = Portal(data, port)
        sentence = refused.line_with("in use")
        other.kill()

    assert sentence == f"Port {port} is in use; choose another with PORT={port + 1} make run"
    assert refused.status() != 0
    assert refused.processes() == {}
