"""A whole portal for the journeys: the web server in a thread, the real worker in a process, on the test's database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from portal.setup.ports import free_port
from tests.factories import TODAY
from tests.processes import ROOT, database_url

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class House:
    """Where it answers, and where it keeps its files and letters."""

    url: str
    folder: Path
    mail_port: int

    @contextmanager
    def worker(self, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """Worker and scheduler in one process, as `manage.py work` starts them; ended with the block."""
        process = subprocess.Popen(
            [sys.executable, "manage.py", "work", "--threads=2"],
            cwd=ROOT,
            env=os.environ | self._environment() | environment,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)

    def _environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": database_url(),
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail_port}",
            "LOG_LEVEL": "WARNING",
            "PORTAL_CLAIM_LEASE_SECONDS": "2",
            "PORTAL_DATA_DIR": str(self.folder),
            "PORTAL_DEMO": "1",
            "PORTAL_MAIL_SINK": "1",
            "PORTAL_PUBLIC_URL": self.url,
            "PORTAL_SWEEP_SECONDS": "0.3",
            "PORTAL_TODAY": TODAY.isoformat(),
            "PORTAL_VAULT_KEYS": ",".join(settings.VAULT_KEYS),
            "SANDBOX_ISSUE_SECONDS": "1",
            "SECRET_KEY": settings.SECRET_KEY,
        }


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Serve the portal on the test's database, with the demo's ease of signing in."""
    changes = {
        "ALLOWED_HOSTS": ["localhost", "testserver"],
        "DATA_DIR": folder,
        "DEMO": True,
        "MEDIA_ROOT": folder / "media",
        "MFA_REQUIRED": False,
        "PORTAL_TODAY": TODAY.isoformat(),
        "STATIC_ROOT": folder,
    }
    with override_settings(**changes):
        server = LiveServer("localhost")
        try:
            with override_settings(PUBLIC_URL=server.url):
                yield House(server.url, folder, free_port())
        finally:
            server.stop()


def wait_for(met: Callable[[], object], *, what: str) -> None:
    """Wait until it is true; the failure says in words what never came."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not met():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.1)
