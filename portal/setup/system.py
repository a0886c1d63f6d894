"""Shared libraries and programs outside Python: found, installed by apt where that is allowed, else named."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path


class SetupError(Exception):
    """Set-up cannot go on; the message says what a person can do about it."""


@dataclass(frozen=True)
class Need:
    """Something the portal cannot bring along: its name, Debian's package, and how to see that it is here."""

    name: str
    package: str
    found: Callable[[], object]


def library(name: str) -> Callable[[], object]:
    return lambda: find_library(name)


def program(*names: str) -> Callable[[], str | None]:
    """Any one of these on PATH is enough, the first of them best."""
    return lambda: next(filter(None, map(shutil.which, names)), None)


def postgresql_programs() -> Path | None:
    """The folder of initdb and postgres; Debian keeps them off PATH, one folder for each version."""
    beside_path = shutil.which("initdb")
    if beside_path:
        return Path(beside_path).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda initdb: float(initdb.parts[-3]), default=None)
    return newest.parent if newest else None


PANGO = Need("Pango", "libpangoft2-1.0-0", library("pangoft2-1.0"))
# Without it the fonts in a PDF are cut down in Python, which takes three times as long.
HARFBUZZ = Need("libharfbuzz-subset", "libharfbuzz-subset0", library("harfbuzz-subset"))
# The one without windows takes a quarter less of the machine's time; not every system has it.
LIGHT_CHROMIUM = Need("Chromium without windows", "chromium-headless-shell", program("chromium-headless-shell"))
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = Need("Chromium", "chromium", program(*BROWSERS))
OPENSSL = Need("openssl", "openssl", program("openssl"))
GETTEXT = Need("gettext", "gettext", program("xgettext"))
# A second reader of the PDFs, for those in which a font lacks letters.
POPPLER = Need("pdftotext", "poppler-utils", program("pdftotext"))
POSTGRESQL = Need("PostgreSQL", "postgresql", postgresql_programs)
REDIS = Need("Redis", "redis-server", program("redis-server"))

RUNNING = (PANGO, HARFBUZZ)
TESTING = (*RUNNING, CHROMIUM, OPENSSL, GETTEXT, POPPLER)
SERVING = (POSTGRESQL, REDIS)


def ensure(needs: Iterable[Need]) -> None:
    """Install what is missing; where this may not be done, SetupError carries the command that would."""
    missing = [need for need in needs if not need.found()]
    if missing:
        install(missing)
        refuse([need for need in missing if not need.found()])


def prefer(need: Need) -> None:
    """Install it where apt offers it; else something else will do."""
    if not need.found() and right_to_install() is not None and succeeds(["apt-cache", "show", need.package]):
        install([need])


def install(missing: list[Need]) -> None:
    right = right_to_install()
    if right is None:
        refuse(missing)
        return
    print(f"Installing {names(missing)} …", flush=True)
    apt = [*right, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--quiet", "--yes"]
    subprocess.run([*apt, "update"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*apt, *install_words(missing)], check=True, stdout=subprocess.DEVNULL)


def right_to_install() -> list[str] | None:
    """The words to put before apt-get, none as root; None where there is no apt or no right to use it."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if shutil.which("sudo") and succeeds(["sudo", "-n", "true"]) else None


def succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def output(command: list[str]) -> str:
    """What the command printed, empty when it failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def refuse(missing: list[Need]) -> None:
    if missing:
        command = " ".join(["sudo apt-get", *install_words(missing)])
        raise SetupError(f"{names(missing)} must be installed first. On Debian or Ubuntu:\n\n    {command}\n")


def install_words(missing: list[Need]) -> list[str]:
    return ["install", "--no-install-recommends", *(need.package for need in missing)]


def names(needs: list[Need]) -> str:
    return ", ".join(need.name for need in needs)
