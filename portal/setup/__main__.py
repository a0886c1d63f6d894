"""`python3 -m portal.setup WHAT`: prepare a machine for running, developing or testing the portal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from portal.setup import environment, ports, system

OLDEST_PYTHON = (3, 11)


def run() -> None:
    """Prepare everything, then become the supervisor of the running portal."""
    refuse_taken_port(os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000")
    environment.prepare_application()
    # `make run` shows the demo; PORTAL_DEMO=0 starts an empty portal.
    os.environ.setdefault("PORTAL_DEMO", "1")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.chdir(environment.ROOT)
    command = [str(environment.PYTHON), "manage.py", "runportal"]
    os.execv(command[0], command)  # noqa: S606 - the supervisor takes this process over, and with it Ctrl-C


def refuse_taken_port(host: str, port: str) -> None:
    sentence = ports.why_not(host, int(port)) if port.isdecimal() else f"PORT is a number, and {port} is none."
    if sentence:
        raise system.SetupError(sentence)


STEPS: dict[str, Callable[[], None]] = {
    "run": run,
    "application": environment.prepare_application,
    "development": environment.prepare_development,
    "tests": environment.prepare_tests,
    "services": environment.prepare_services,
}


def main(arguments: list[str]) -> int:
    if sys.version_info < OLDEST_PYTHON:
        return complain("Python 3.11 or newer is needed; name it with PYTHON=python3.11 make …")
    try:
        for step in arguments:
            STEPS[step]()
    except system.SetupError as error:
        return complain(str(error))
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd))
        return complain(f"This command failed with exit status {error.returncode}: {command}")
    except KeyboardInterrupt:
        return 130
    return 0


def complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
