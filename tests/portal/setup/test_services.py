from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.setup import environment, services, system


class Unused:
    def __init__(self, writes: int, commands: set[str]) -> None:
        self.written, self.given = writes, commands

    def writes(self) -> int:
        return self.written

    def commands(self) -> set[str]:
        return self.given


@pytest.mark.parametrize(("writes", "commands"), [(10, {"set"}), (5_000, set[str]()), (10, set[str]())])
def test_a_run_that_never_used_a_service_fails(writes: int, commands: set[str]) -> None:
    seen = Unused(writes, commands)

    with pytest.raises(services.ServiceUnused):
        services.check_used(seen, seen, before=0)  # type: ignore[arg-type]


def test_a_run_that_used_both_services_passes(capsys: pytest.CaptureFixture[str]) -> None:
    seen = Unused(5_000, {"set", "lpush"})

    services.check_used(seen, seen, before=100)  # type: ignore[arg-type]

    assert capsys.readouterr().out == "PostgreSQL wrote 4900 records; Redis was asked for lpush, set.\n"


def test_a_service_that_does_not_start_is_named() -> None:
    with (
        pytest.raises(system.SetupError, match=r"Redis did not start\."),
        services.running("Redis", ["false"], lambda: False, stop_with=signal.SIGTERM),
    ):
        raise AssertionError("It did not start.")


def test_a_stopped_run_lets_its_command_finish_before_it_ends_the_services(tmp_path: Path) -> None:
    # Stands for the suite: asked to stop, it takes a moment and says so.
    suite = tmp_path / "suite.py"
    suite.write_text(
        "import pathlib, time\n"
        "pathlib.Path('started').touch()\n"
        "try:\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    pathlib.Path('tidied').touch()\n"
    )
    runner = tmp_path / "runner.py"
    runner.write_text(
        "import os, signal, sys\n"
        "from portal.setup import services\n"
        "for number in services.STOPPING:\n    signal.signal(number, services.leave_on_signal)\n"
        "services.run_to_its_end([sys.executable, 'suite.py'], dict(os.environ))\n"
    )
    variables = os.environ | {"PYTHONPATH": str(environment.ROOT)}

    process = subprocess.Popen([sys.executable, "runner.py"], cwd=tmp_path, env=variables)
    while not (tmp_path / "started").exists():
        time.sleep(0.05)
    process.terminate()

    assert process.wait(20) == 128 + signal.SIGTERM
    assert (tmp_path / "tidied").exists()
