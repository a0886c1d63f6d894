"""How an import asks the database: statements, whole tables at once, and the stage's beginning and end."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import connection

from certificates import sql

# Stands for NULL while rows travel as CSV: a separator of lines, which no stripped cell consists of.
_NULL = "\u2028"


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


def load(table: str, columns: Iterable[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Add many rows to a table of the stage: by COPY on PostgreSQL, else by one prepared statement."""
    names = tuple(columns)
    if connection.vendor == "postgresql":
        _copy(f"{table} ({', '.join(names)})", rows)
        return
    holes = ", ".join(["%s"] * len(names))
    with connection.cursor() as cursor:
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({holes})"  # noqa: S608 - our own names
        cursor.executemany(statement, [tuple(map(_for_sqlite, row)) for row in rows])


def _copy(target: str, rows: Sequence[tuple[Any, ...]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([_NULL if value is None else value for value in row] for row in rows)
    statement = f"COPY {target} FROM STDIN (FORMAT csv, NULL '{_NULL}')"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(buffer.getvalue())


def _for_sqlite(value: Any) -> Any:
    """Moments in UTC without their zone and dates as text, as Django stores them."""
    if isinstance(value, datetime):
        return str(value)[:-6]
    return str(value) if isinstance(value, date | str) else value
