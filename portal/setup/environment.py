"""The project's own folders at set-up: packages, front-end files, fonts, translations; each made only when stale."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from portal.setup import system

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
BUILT = ROOT / "var" / "static-src"
FONTS = ROOT / "var" / "fonts"
OLDEST_NODE = 18
# Node.js brings its own list of authorities; this one also holds those that the machine's administrator trusts.
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")


def prepare_application() -> None:
    """All that a start needs: system libraries, runtime packages, front-end files, fonts, translations."""
    system.ensure(system.RUNNING)
    ensure_packages("requirements.txt")
    ensure_files()


def prepare_development() -> None:
    """All that lint and types need."""
    ensure_packages("requirements-dev.txt")


def prepare_tests() -> None:
    """All that the suite needs, a browser included."""
    system.ensure(system.TESTING)
    system.prefer(system.LIGHT_CHROMIUM)
    prepare_development()
    ensure_files()


def prepare_services() -> None:
    """All that the suite needs to run on PostgreSQL and Redis."""
    system.ensure((*system.TESTING, *system.SERVING))
    prepare_tests()


def ensure_files() -> None:
    ensure_frontend()
    ensure_fonts()
    ensure_messages()


def ensure_packages(lock: str) -> None:
    """Install what the lock names, by hash, into the project's own environment."""
    ensure_venv()
    when_stale(VENV / f".{lock}", [ROOT / lock], lambda: pip_install(lock))


def ensure_venv() -> None:
    if works(PYTHON):
        return
    if not importlib.util.find_spec("ensurepip"):
        system.install([system.Need("venv", f"python3.{sys.version_info.minor}-venv", lambda: None)])
    print("Making the Python environment …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)


def works(python: Path) -> bool:
    """Whether this interpreter starts and has pip; a moved or half-made environment does not."""
    return python.exists() and system.succeeds([str(python), "-c", "import pip"])


def pip_install(lock: str) -> None:
    print(f"Installing the packages of {lock} …", flush=True)
    # The lock is complete, so nothing is resolved again.
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    subprocess.run([PYTHON, "-m", "pip", "install", *options, "--requirement", ROOT / lock], check=True)


def ensure_frontend() -> None:
    """Fetch the front-end libraries and build ours, when the lock or the sources changed."""
    BUILT.mkdir(parents=True, exist_ok=True)
    package, lock = ROOT / "package.json", ROOT / "package-lock.json"
    when_stale(ROOT / "node_modules" / ".stamp", [package, lock], npm_install)
    when_stale(BUILT / ".stamp", [package, lock, *files_under(ROOT / "static")], npm_build)


def npm_install() -> None:
    print("Fetching the front-end libraries …", flush=True)
    npm("ci", "--loglevel=error")


def npm_build() -> None:
    print("Building the front-end files …", flush=True)
    npm("run", "--silent", "build")


def npm(*arguments: str) -> None:
    environment = dict(os.environ)
    if TRUSTED.exists():
        environment.setdefault("NODE_EXTRA_CA_CERTS", str(TRUSTED))
    if not node_is_here():
        ensure_packages("requirements-node.txt")
        environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment['PATH']}"
    program = shutil.which("npm", path=environment["PATH"])
    # Counting packages is of no use to anyone; what is wrong is said on the other channel.
    command = [str(program), *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


def node_is_here() -> bool:
    if not (shutil.which("npm") and shutil.which("node")):
        return False
    version = system.output(["node", "--version"])
    return version.startswith("v") and int(version[1:].split(".")[0]) >= OLDEST_NODE


def ensure_fonts() -> None:
    """Cut the fonts of documents from the front end's own, when the lock or the way to cut them changed."""
    sources = [ROOT / "package-lock.json", ROOT / "portal" / "setup" / "fonts.py"]
    when_stale(FONTS / ".stamp", sources, cut_fonts)


def cut_fonts() -> None:
    print("Cutting the fonts of documents …", flush=True)
    subprocess.run([PYTHON, "-m", "portal.setup.fonts"], cwd=ROOT, check=True)


def ensure_messages() -> None:
    """Compile the catalogues that changed; Babel does it, so gettext need not be installed."""
    catalogues = (ROOT / "locale").glob("*/LC_MESSAGES/*.po")
    if any(is_newer(catalogue, catalogue.with_suffix(".mo")) for catalogue in catalogues):
        subprocess.run([PYTHON, "-m", "portal.setup.messages"], cwd=ROOT, check=True)


def is_newer(source: Path, made: Path) -> bool:
    return not made.exists() or made.stat().st_mtime_ns < source.stat().st_mtime_ns


def when_stale(stamp: Path, sources: Iterable[Path], act: Callable[[], None]) -> None:
    """Act unless it was done for exactly these contents; the stamp lies in what was made and goes with it."""
    digest = fingerprint(sources)
    if stamp.exists() and stamp.read_text() == digest:
        return
    act()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest)


def fingerprint(sources: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        digest.update(str(source.relative_to(ROOT)).encode() + b"\0")
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
