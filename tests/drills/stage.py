"""Where a drill plays: a database that several processes share, and the processes themselves."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from portal.crashpoints import KILLED
from portal.setup.services import PostgreSQL

READY_SECONDS = 60


@dataclass
class Stage:
    """Rows the test has made so far are there; what the processes make stays where they made it."""

    folder: Path
    database_url: str

    @classmethod
    def in_folder(cls, folder: Path) -> Stage:
        if connection.vendor == "sqlite":
            return cls(folder, _copy(folder / "drill.sqlite3"))
        return cls(folder, _postgresql_url())

    def together(self, *deeds: tuple[str, int], **environment: str) -> list[dict[str, Any]]:
        """Let one process per deed begin at the same moment; what each of them found."""
        (self.folder / "go").unlink(missing_ok=True)
        for mark in self.folder.glob("ready-*"):
            mark.unlink()
        running = [self._start(deed, number, environment) for deed, number in deeds]
        patience = time.monotonic() + READY_SECONDS
        while len(list(self.folder.glob("ready-*"))) < len(running) and time.monotonic() < patience:
            time.sleep(0.01)
        (self.folder / "go").touch()
        return [_answer(process) for process in running]

    def _start(self, deed: str, number: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        own = {
            "DATABASE_URL": self.database_url,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DRILL_FOLDER": str(self.folder),
            "PORTAL_TODAY": settings.PORTAL_TODAY,
            "PORTAL_CLAIM_LEASE_SECONDS": "1",
            "PORTAL_SWEEP_SECONDS": "0.1",
            "SANDBOX_ISSUE_SECONDS": "0",
        }
        command = [sys.executable, "-m", "tests.drills.actor", deed, str(number)]
        return subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=os.environ | own | environment, stdout=subprocess.PIPE
        )


def _answer(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    said, _ = process.communicate(timeout=READY_SECONDS)
    if process.returncode == KILLED:
        return {"killed": True}
    assert process.returncode == 0
    answer: dict[str, Any] = json.loads(said)
    return answer


def _copy(path: Path) -> str:
    """The test's own SQLite lives in memory: put a copy on disk."""
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
    return f"sqlite:///{path}"


def _postgresql_url() -> str:
    known = connection.settings_dict
    return f"postgres://{known['USER']}:{quote(known['PASSWORD'])}@{known['HOST']}:{known['PORT']}/{known['NAME']}"


def copy_to(database: PostgreSQL, url: str) -> None:
    """Fill an empty database with all that is in the one at the address."""
    dump = subprocess.run([database.programs / "pg_dump", "--no-owner", url], check=True, capture_output=True)
    load: list[str | Path] = [database.programs / "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
    subprocess.run([*load, database.url], input=dump.stdout, check=True, stdout=subprocess.DEVNULL)


def of_workers(folder: Path, *, database_url: str, redis_url: str, mail: tuple[str, int]) -> dict[str, str]:
    """The settings of workers that live there and hand their letters to this mail server."""
    host, port = mail
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "EMAIL_URL": f"smtp://{host}:{port}",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "CRITICAL",
        "PORTAL_DATA_DIR": str(folder),
        "PORTAL_MAIL_SINK": "0",
        "PORTAL_TODAY": settings.PORTAL_TODAY,
        "SECRET_KEY": settings.SECRET_KEY,
        "PORTAL_VAULT_KEYS": ",".join(settings.VAULT_KEYS),
    }
