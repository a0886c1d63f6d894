from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAD = "import pytest\n"


def run_suite(folder: Path, code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A small suite of its own, run under the same promises."""
    (folder / "test_small.py").write_text(HEAD + code)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    anywhere:\n    browser:\n    services:\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.promises",
        "-p",
        "no:django",
        "-p",
        "no:cacheprovider",
    ]
    return subprocess.run(
        [*command, "-c", str(folder / "pytest.ini"), *options, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "code",
    [
        "@pytest.mark.skip\ndef test_one(): ...",
        "def test_one(): pytest.skip('not today')",
        "@pytest.mark.xfail\ndef test_one(): assert False",
        "@pytest.mark.xfail\ndef test_one(): assert True",
        "pytest.importorskip('no_such_library')\ndef test_one(): ...",
    ],
)
def test_a_test_left_out_fails_the_run(tmp_path: Path, code: str) -> None:
    done = run_suite(tmp_path, f"def test_other(): ...\n{code}")

    assert done.returncode != pytest.ExitCode.OK
    assert "This was left out, and nothing may be" in done.stdout


def test_a_test_left_out_in_one_of_several_processes_fails_the_run(tmp_path: Path) -> None:
    done = run_suite(tmp_path, "@pytest.mark.skip\ndef test_one(): ...", "--numprocesses=1")

    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "This was left out, and nothing may be" in done.stdout


def test_a_whole_run_passes(tmp_path: Path) -> None:
    done = run_suite(tmp_path, "@pytest.mark.browser\ndef test_one(): ...", "--with-browser")

    assert done.returncode == pytest.ExitCode.OK


def test_a_run_that_promised_a_browser_fails_without_one(tmp_path: Path) -> None:
    done = run_suite(tmp_path, "def test_one(): ...", "--with-browser")

    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "No test ran in the browser." in done.stdout


def test_only_what_reaches_no_services_may_be_left_out_of_the_second_run(tmp_path: Path) -> None:
    code = (
        "@pytest.fixture\ndef db(): ...\n"
        "def test_rule(): ...\n"
        "def test_row(db): ...\n"
        "@pytest.mark.services\ndef test_program(): ...\n"
        "@pytest.mark.browser\ndef test_page(): ...\n"
    )

    done = run_suite(tmp_path, code, "-m", "not anywhere", "-v")

    assert "3 passed, 1 deselected" in done.stdout
    assert "test_rule" not in done.stdout


def test_who_starts_the_portal_must_say_so(tmp_path: Path) -> None:
    code = "import subprocess\ndef test_one(): subprocess.run(['make', '--version'])"

    assert run_suite(tmp_path, code).returncode == pytest.ExitCode.TESTS_FAILED
    assert run_suite(tmp_path, code.replace("def", "@pytest.mark.services\ndef")).returncode == pytest.ExitCode.OK
