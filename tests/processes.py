"""Real processes on the test's own database: for what only a kill, or two workers at once, can prove."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]


def database_url() -> str:
    """Where this test's rows are; only a test with real transactions has any to share."""
    of = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{of['NAME']}"
    return f"postgres://{of['USER']}:{of['PASSWORD']}@{of['HOST']}:{of['PORT']}/{of['NAME']}"


def start(code: str, **environment: str) -> subprocess.Popen[str]:
    """Run Python code inside the portal, beside the test."""
    known = {
        "DATABASE_URL": database_url(),
        "PORTAL_DATA_DIR": str(settings.DATA_DIR),
        "PORTAL_TODAY": settings.PORTAL_TODAY,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    return subprocess.Popen(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        cwd=ROOT,
        env=os.environ | known | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], *, status: int = 0) -> str:
    """Wait for its end, which is to have the exit status; returns what it printed."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    return out
