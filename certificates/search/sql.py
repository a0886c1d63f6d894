"""The search index: trigrams of the search columns, by pg_trgm on PostgreSQL and by an FTS5 table on SQLite.

Both answer "which rows hold these letters" without reading every row. Triggers keep the FTS5 table; they and the
table are looked after at the end of every migration run, because SQLite drops triggers when it remakes a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Lookup, QuerySet
from django.db.models.expressions import Col
from django.db.models.sql.compiler import SQLCompiler

from certificates.search.text import words

SEARCHED = ("Customer", "Contact", "Order")
COLUMN = "search_text"
# A trigram index finds nothing shorter; with the space before a word, two letters are long enough.
_TRIGRAM = 3
# From so many rows on, a list is read in its own order and each row looked at, on SQLite.
_COMMON = 5_000


class Holds(Lookup):
    """Whether a search column holds all of the words; a word of one or two letters must begin one of its words."""

    lookup_name = "holds"
    prepare_rhs = False

    def __init__(self, words: Sequence[str], column: str = COLUMN) -> None:
        super().__init__(F(column), tuple(words))

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:  # type: ignore[override]
        needles = [word if len(word) >= _TRIGRAM else f" {word}" for word in self.rhs]
        if connection.vendor != "sqlite":
            return self._like(compiler, connection, needles)
        indexed = [needle for needle in needles if len(needle) >= _TRIGRAM]
        if not indexed or self._is_common(connection, indexed):
            return self._like(compiler, connection, needles)
        shorter = [needle for needle in needles if len(needle) < _TRIGRAM]
        parts = [self._match(compiler, connection, indexed)]
        parts += [self._like(compiler, connection, shorter)] if shorter else []
        return " AND ".join(sql for sql, _ in parts), [param for _, own in parts for param in own]

    def _like(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, needles: Sequence[str]
    ) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.lhs)
        clauses = [rf"{column} LIKE %s ESCAPE '\'" for _ in needles]
        patterns = [f"%{connection.ops.prep_for_like_query(needle)}%" for needle in needles]
        return f"({' AND '.join(clauses)})", [param for pattern in patterns for param in (*params, pattern)]

    def _match(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, needles: Sequence[str]
    ) -> tuple[str, list[Any]]:
        row = f"{compiler.quote_name_unless_alias(self.lhs.alias)}.{connection.ops.quote_name('id')}"
        index = self._index(connection)
        held = f"{row} IN (SELECT rowid FROM {index} WHERE {index} MATCH %s)"  # noqa: S608  our own names
        return held, [_phrases(needles)]

    def _is_common(self, connection: BaseDatabaseWrapper, needles: Sequence[str]) -> bool:
        """Whether so many rows hold the words that reading the list in its order meets enough of them soon.

        SQLite keeps no statistics of an index of words, so its planner cannot know; counting a few entries can.
        """
        index = self._index(connection)
        connection.ensure_connection()
        counted = connection.connection.execute(
            f"SELECT COUNT(*) FROM (SELECT 1 FROM {index} WHERE {index} MATCH ? LIMIT {_COMMON})",  # noqa: S608
            [_phrases(needles)],
        )
        return bool(counted.fetchone()[0] >= _COMMON)

    def _index(self, connection: BaseDatabaseWrapper) -> str:
        column: Col = self.lhs
        return connection.ops.quote_name(_index_of(column.target.model._meta.db_table))


def _phrases(needles: Sequence[str]) -> str:
    return " AND ".join('"' + needle.replace('"', '""') + '"' for needle in needles)


Q = TypeVar("Q", bound="QuerySet[Any]")


def holding(queryset: Q, text: str) -> Q:
    """The rows whose search column holds every word of the text; all of them where it has none."""
    given = words(text)
    return queryset.filter(Holds(given)) if given else queryset


def _index_of(table: str) -> str:
    return f"{table}_search"


def install_after_migrate(*, using: str, **_: Any) -> None:
    """Look after the index once a migration run has finished."""
    install_index(connections[using])


def install_index(connection: BaseDatabaseWrapper) -> None:
    """Install what is missing of the index; asked twice, it changes nothing."""
    present = set(connection.introspection.table_names())
    tables = [apps.get_model("certificates", name)._meta.db_table for name in SEARCHED]
    install = _install_on_postgresql if connection.vendor == "postgresql" else _install_on_sqlite
    with connection.cursor() as cursor:
        for table in tables:
            if table in present:
                install(cursor, table)


def _install_on_postgresql(cursor: Any, table: str) -> None:
    cursor.execute("SELECT to_regclass(%s)", [_index_of(table)])
    if cursor.fetchone() == (None,):
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute(f'CREATE INDEX "{_index_of(table)}" ON "{table}" USING gin ({COLUMN} gin_trgm_ops)')


def _install_on_sqlite(cursor: Any, table: str) -> None:
    index = _index_of(table)
    add = f'INSERT INTO "{index}" (rowid, {COLUMN}) VALUES (new.id, new.{COLUMN});'  # noqa: S608  our own names
    take = f"""INSERT INTO "{index}" ("{index}", rowid, {COLUMN}) VALUES ('delete', old.id, old.{COLUMN});"""  # noqa: S608
    triggers = {
        f"{index}_insert": f'AFTER INSERT ON "{table}" BEGIN {add} END',
        f"{index}_delete": f'AFTER DELETE ON "{table}" BEGIN {take} END',
        f"{index}_update": (
            f'AFTER UPDATE OF {COLUMN} ON "{table}" WHEN old.{COLUMN} IS NOT new.{COLUMN} BEGIN {take} {add} END'
        ),
    }
    if _triggers_on(cursor, table) >= set(triggers):
        return
    cursor.execute(
        f'CREATE VIRTUAL TABLE IF NOT EXISTS "{index}"'
        f""" USING fts5({COLUMN}, content="{table}", content_rowid="id", tokenize="trigram")"""
    )
    for name, body in triggers.items():
        cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
        cursor.execute(f'CREATE TRIGGER "{name}" {body}')
    cursor.execute(f"""INSERT INTO "{index}" ("{index}") VALUES ('rebuild')""")  # noqa: S608


def _triggers_on(cursor: Any, table: str) -> set[str]:
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
    return {name for (name,) in cursor.fetchall()}
