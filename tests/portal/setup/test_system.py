from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from portal.setup import system

MISSING = system.Need("Pango", "libpangoft2-1.0-0", lambda: None)
PRESENT = system.Need("sh", "dash", system.program("sh"))
# Writes its arguments down and makes what was asked for, as apt-get would.
APT = """#!/bin/sh
echo "$@" >> "$APT_LOG"
case "$*" in *install*) : > "$APT_MADE";; esac
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH, but for env and sh."""
    for name in ("env", "sh"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def add_program(path: Path, name: str, text: str) -> None:
    (path / name).write_text(text)
    (path / name).chmod(0o755)


def test_nothing_is_installed_when_everything_is_there(path: Path) -> None:
    system.ensure([PRESENT])


def test_without_apt_the_command_is_told(path: Path) -> None:
    with pytest.raises(system.SetupError) as refused:
        system.ensure([MISSING, PRESENT])

    assert str(refused.value) == (
        "Pango must be installed first. On Debian or Ubuntu:\n\n"
        "    sudo apt-get install --no-install-recommends libpangoft2-1.0-0\n"
    )


def test_without_the_right_to_use_apt_the_command_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_program(path, "apt-get", APT)
    add_program(path, "sudo", "#!/bin/sh\nexit 1\n")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(system.SetupError, match="sudo apt-get install"):
        system.ensure([MISSING])


@pytest.mark.parametrize(("user", "sudo"), [(0, None), (1000, '#!/bin/sh\nshift\nexec "$@"\n')])
def test_apt_installs_what_is_missing(path: Path, monkeypatch: pytest.MonkeyPatch, user: int, sudo: str | None) -> None:
    add_program(path, "apt-get", APT)
    (path / "true").symlink_to("/usr/bin/true")
    if sudo:
        add_program(path, "sudo", sudo)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setenv("APT_LOG", str(path / "log"))
    monkeypatch.setenv("APT_MADE", str(path / "made"))

    system.ensure([system.Need("Made", "libmade", (path / "made").exists), PRESENT])

    assert (path / "log").read_text().splitlines() == [
        "--quiet --quiet --yes update",
        "--quiet --quiet --yes install --no-install-recommends libmade",
    ]


def test_an_installation_that_did_not_help_is_not_taken_for_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_program(path, "apt-get", "#!/bin/sh\n")
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    with pytest.raises(system.SetupError, match="Pango must be installed first"):
        system.ensure([MISSING])


def test_a_failing_apt_ends_the_set_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_program(path, "apt-get", "#!/bin/sh\nexit 100\n")
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    with pytest.raises(subprocess.CalledProcessError):
        system.ensure([MISSING])


@pytest.mark.parametrize(("offered", "installed"), [(0, True), (100, False)])
def test_what_is_better_is_installed_where_it_is_offered(
    path: Path, monkeypatch: pytest.MonkeyPatch, offered: int, installed: bool
) -> None:
    add_program(path, "apt-get", APT)
    add_program(path, "apt-cache", f"#!/bin/sh\nexit {offered}\n")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("APT_LOG", str(path / "log"))
    monkeypatch.setenv("APT_MADE", str(path / "made"))

    system.prefer(system.Need("Better", "libbetter", (path / "made").exists))

    assert (path / "made").exists() is installed
    assert (path / "log").exists() is installed


def test_what_the_suite_runs_on_is_found_on_this_machine() -> None:
    assert [need.name for need in system.TESTING if not need.found()] == []
