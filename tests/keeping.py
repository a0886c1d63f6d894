"""The demo takes seconds to make: on PostgreSQL each process makes it once, keeps its rows and puts them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, connections, transaction

from certificates.services import demo
from portal import clock, sql


@dataclass(frozen=True)
class Kept:
    """All rows of a database, as PostgreSQL writes them down, and the last numbers given."""

    tables: dict[str, bytes]
    numbers: list[tuple[str, int]]
    url: str


_demos: list[Kept] = []


def empty_database() -> None:
    if connection.vendor == "sqlite":
        # Flush deletes row by row there; it ends like a migration run, by which the guard returns.
        sql.lift_append_only(connection)
    call_command("flush", interactive=False, verbosity=0)
    connections.close_all()


def put_demo() -> None:
    """Into an empty database: the demo as it is on the pinned day, its letters with the address of this house."""
    if _demos:
        put_back(_demos[0])
        return
    demo.seed(now=clock.now())
    if connection.vendor == "postgresql":
        _demos.append(keep())


def keep() -> Kept:
    with connection.cursor() as cursor:
        tables = {name: _written(cursor, name) for name in connection.introspection.table_names(cursor)}
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
        return Kept(tables, cursor.fetchall(), settings.PUBLIC_URL)


def _written(cursor: Any, name: str) -> bytes:
    with cursor.copy(f"COPY {name} TO STDOUT") as copy:
        return b"".join(copy)


def put_back(kept: Kept) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"TRUNCATE {', '.join(kept.tables)}")
        for name, rows in kept.tables.items():
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                copy.write(rows.replace(kept.url.encode(), settings.PUBLIC_URL.encode()))
        cursor.executemany("SELECT setval(%s, %s)", kept.numbers)
    ContentType.objects.clear_cache()
