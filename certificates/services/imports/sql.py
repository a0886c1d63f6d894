"""How an import asks the database: statements, whole tables at once, and the stage's beginning and end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection

from certificates import sql


def open_stage(dialect: sql.Dialect) -> None:
    with connection.cursor() as cursor:
        sql.create_stage(cursor, dialect)


def index_stage(*, analyse: bool) -> None:
    with connection.cursor() as cursor:
        sql.index_stage(cursor, analyse=analyse)


def close_stage() -> None:
    with connection.cursor() as cursor:
        sql.drop_stage(cursor)


def run(statement: str, params: Mapping[str, Any] | None = None) -> int:
    """Run one statement; returns how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return max(int(cursor.rowcount), 0)


def rows(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What a question is answered with."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


@contextmanager
def loading() -> Iterator[None]:
    """On SQLite one savepoint holds many writes to temporary tables together, without a lock on the database."""
    if connection.vendor == "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT import_loading")
        try:
            yield
        finally:
            cursor.execute("RELEASE import_loading")


def load(table: str, columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Add many rows to a table of the stage: by COPY on PostgreSQL, while they are made, else by one statement."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        holes = ", ".join(["%s"] * (names.count(",") + 1))
        statement = f"INSERT INTO {table} ({names}) VALUES ({holes})"  # noqa: S608 - our own names
        cursor.executemany(statement, list(rows))
