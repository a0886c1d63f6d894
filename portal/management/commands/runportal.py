"""Run the whole portal in one command: bring the data up to date, then web server, worker and scheduler."""

from __future__ import annotations

import hashlib
import http.client
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from portal import clock, demo
from portal.setup.ports import free_port, why_not
from portal.supervisor import Program, ProgramEnded, StopAsked, Supervisor, stop_on_signals


class Command(BaseCommand):
    help = "Run the web server, the worker and the scheduler together, until Ctrl-C. PORT and HOST choose where."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if sentence := why_not(settings.HOST, settings.PORT):
            raise CommandError(sentence)
        try:
            with stop_on_signals():
                prepare()
                self.run()
        except StopAsked:
            self.stdout.write("Stopped.")
        except ProgramEnded as ended:
            raise CommandError(f"{ended} The rest was stopped too.") from ended

    def run(self) -> None:
        with Supervisor(programs(), folder=settings.BASE_DIR) as supervisor:
            supervisor.wait_until(answers)
            self.announce()
            supervisor.wait()

    def announce(self) -> None:
        self.stdout.write(f"The portal is at {settings.PUBLIC_URL}/")
        for line in demo.sign_ins() if settings.DEMO else []:
            self.stdout.write(line)
        self.stdout.flush()
        connections.close_all()


def prepare() -> None:
    """Bring database, cache table, demo and static files up to date; nothing happens twice."""
    call_command("migrate", interactive=False, verbosity=0)
    if not settings.REDIS_URL:
        call_command("createcachetable", verbosity=0)
    if settings.DEMO:
        call_command("seed_demo", "--if-empty")
    collect_static()
    connections.close_all()


def collect_static() -> None:
    """Collect the static files when one of them changed since the last start."""
    stamp, digest = Path(settings.STATIC_ROOT) / ".stamp", static_digest()
    if not stamp.exists() or stamp.read_text() != digest:
        call_command("collectstatic", interactive=False, verbosity=0, clear=stamp.parent.exists())
        stamp.write_text(digest)


def static_digest() -> str:
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            seen = Path(storage.path(name)).stat()
            digest.update(f"{name} {seen.st_size} {seen.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def programs() -> list[Program]:
    if settings.MAIL_SINK and not os.environ.get("EMAIL_URL"):
        # The mailbox of this portal, on a port that no other portal on this machine has.
        os.environ |= {"EMAIL_URL": f"smtp://127.0.0.1:{free_port()}", "PORTAL_MAIL_SINK": "1"}
    # A process that is started again on a later day reads the same pinned clock as those that ran on.
    os.environ.setdefault("PORTAL_TODAY_SINCE", clock.pinned_on().isoformat())
    return [Program("web server", web_server()), Program("worker", ["manage.py", "work"])]


def web_server() -> list[str]:
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    workers = os.environ.get("WEB_CONCURRENCY", "2")
    shape = [
        "--worker-class=gthread",
        f"--workers={workers}",
        "--threads=4",
        "--graceful-timeout=10",
        "--no-control-socket",
    ]
    return ["-m", "gunicorn", f"--bind={host}:{settings.PORT}", *shape, "--log-level=warning", "portal.wsgi"]


def answers() -> bool:
    """Whether the web server answers, whatever it says."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not listened on, only looked up
    host: str = everywhere.get(settings.HOST, settings.HOST)
    connection = http.client.HTTPConnection(host, settings.PORT, timeout=30)
    try:
        connection.request("GET", "/livez")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
