"""Promises only the database can keep: a row's links stay inside its partner, and activities are never changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

APPEND_ONLY = ("portal_activity",)


@dataclass(frozen=True, slots=True)
class TenantLink:
    """child.column points at parent.id, and both rows carry partner_id."""

    child: str
    column: str
    parent: str

    @property
    def name(self) -> str:
        return f"tenant_{self.child}_{self.column}"[:63]


def tenant_links() -> list[TenantLink]:
    """Every foreign key between two tables that have a `partner_id`, sorted by name."""
    return sorted(_links(), key=lambda link: link.name)


def _links() -> Iterator[TenantLink]:
    for model in apps.get_models():
        if model._meta.proxy or not _has_partner(model):
            continue
        for field in model._meta.concrete_fields:
            parent: Any = field.related_model
            if isinstance(field, models.ForeignKey) and field.name != "partner" and _has_partner(parent):
                yield TenantLink(model._meta.db_table, field.column, parent._meta.db_table)


def _has_partner(model: type[models.Model]) -> bool:
    return any(field.name == "partner" for field in model._meta.concrete_fields)


def lift_before_migrate(*, app_config: Any, using: str, **_: Any) -> None:
    """Take SQLite's triggers away for a migration run: it refuses to remake a table that one of them names."""
    connection = connections[using]
    if app_config.name == "portal" and connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            _drop_triggers(cursor)


def guard_after_migrate(*, app_config: Any, using: str, **_: Any) -> None:
    """Renew all guards once a migration run has finished (a table remake on SQLite drops triggers silently)."""
    if app_config.name == "portal":
        # post_migrate comes once per app, after every migration has run
        install_guards(connections[using])


def install_guards(connection: BaseDatabaseWrapper) -> None:
    """Install every guard that is missing; asked twice, it changes nothing."""
    install = _install_on_postgresql if connection.vendor == "postgresql" else _install_on_sqlite
    tables = set(connection.introspection.table_names())
    links = [link for link in tenant_links() if {link.child, link.parent} <= tables]
    with connection.cursor() as cursor:
        install(cursor, links, [table for table in APPEND_ONLY if table in tables])


def installed_guards(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of the tenant guards that the database holds now."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT conname FROM pg_constraint WHERE conname LIKE 'tenant\\_%'")
            return {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'tenant\\_%' ESCAPE '\\'")
        return {name.removesuffix("_insert").removesuffix("_update") for (name,) in cursor.fetchall()}


@contextmanager
def guards_ask_at_the_end(model: type[models.Model], using: str) -> Iterator[None]:
    """Let rows of the model go in any order with all that is theirs, as Django deletes them.

    It counts on foreign keys that look at the end of a transaction. PostgreSQL's guards are asked once all are gone;
    those of SQLite do not look at rows that go.
    """
    connection = connections[using]
    if connection.vendor != "postgresql" or model._meta.db_table not in _parents():
        yield
        return
    guards = ", ".join(f'"{link.name}"' for link in tenant_links())
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS {guards} DEFERRED")
        yield
        cursor.execute(f"SET CONSTRAINTS {guards} IMMEDIATE")


@cache
def _parents() -> frozenset[str]:
    """The tables to which others are tied."""
    return frozenset(link.parent for link in tenant_links())


def lift_append_only(connection: BaseDatabaseWrapper) -> None:
    """Let SQLite's flush delete activities in tests; the next migration run installs the guard again."""
    with connection.cursor() as cursor:
        for table in APPEND_ONLY:
            cursor.execute(f'DROP TRIGGER IF EXISTS "{table}_append_only_delete"')


def _install_on_postgresql(cursor: Any, links: list[TenantLink], append_only: list[str]) -> None:
    for parent in {link.parent for link in links}:
        cursor.execute(f'CREATE UNIQUE INDEX IF NOT EXISTS "{parent}_tenant" ON "{parent}" (id, partner_id)')
    cursor.execute("SELECT conname FROM pg_constraint WHERE conname LIKE 'tenant\\_%'")
    present = {name for (name,) in cursor.fetchall()}
    for link in links:
        if link.name not in present:
            cursor.execute(
                f'ALTER TABLE "{link.child}" ADD CONSTRAINT "{link.name}"'
                f' FOREIGN KEY ("{link.column}", partner_id) REFERENCES "{link.parent}" (id, partner_id)'
                " DEFERRABLE INITIALLY IMMEDIATE"
            )
    cursor.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';"
        " END $$"
    )
    for table in append_only:
        cursor.execute(
            f'CREATE OR REPLACE TRIGGER "{table}_append_only" BEFORE UPDATE OR DELETE ON "{table}"'
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def _drop_triggers(cursor: Any) -> None:
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in cursor.fetchall():
        if name.startswith("tenant_") or "_append_only_" in name:
            cursor.execute(f'DROP TRIGGER "{name}"')


def _install_on_sqlite(cursor: Any, links: list[TenantLink], append_only: list[str]) -> None:
    for link in links:
        for event in ("INSERT", f'UPDATE OF "{link.column}", partner_id'):
            name = f"{link.name}_{event.split()[0].lower()}"
            cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
            cursor.execute(
                f'CREATE TRIGGER "{name}" BEFORE {event} ON "{link.child}" WHEN NEW."{link.column}" IS NOT NULL'  # noqa: S608  names come from our models
                f" BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: {link.name}') WHERE NOT EXISTS"
                f' (SELECT 1 FROM "{link.parent}" WHERE id = NEW."{link.column}" AND partner_id = NEW.partner_id); END'
            )
    for table in append_only:
        for event in ("UPDATE", "DELETE"):
            name = f"{table}_append_only_{event.lower()}"
            cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
            cursor.execute(
                f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}"'
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
