"""What the ORM does not speak: comparing whole keys, and counting many spans by one statement, each up to a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, F, Func, IntegerField, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable

from portal.lists.spans import Span, field_of

# SQL and its parameters
Statement: TypeAlias = tuple[str, Sequence[Any]]
NOTHING: Statement = ("", ())


def key_compared(columns: Sequence[str], operator: Literal["<", ">"], values: Sequence[Value]) -> Func:
    """(a, b, id) > (x, y, z), which both databases answer by walking one index from the key on."""
    return Func(
        _row([F(column) for column in columns]),
        _row(values),
        template="%(expressions)s",
        arg_joiner=f" {operator} ",
        output_field=BooleanField(),
    )


def _row(parts: Sequence[Combinable]) -> Func:
    return Func(*parts, template="(%(expressions)s)", output_field=BooleanField())


class CountOf(Subquery):
    """How many rows a query has, as a value inside another query; slice the query to count no further."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows of a query whose column lies in a span, to be counted no further than one beyond a limit."""

    rows: QuerySet[Any]
    span: Span
    limit: int


@dataclass(frozen=True, slots=True)
class Row:
    """A SELECT that gives exactly one row of so many values."""

    sql: str
    params: Sequence[Any]
    width: int


def counts_of(wanted: Sequence[Counted]) -> Row:
    """Many spans counted, in their order. A query that several of them share is compiled once."""
    compiled: dict[tuple[int, str], Statement] = {}
    parts: list[str] = []
    params: list[Any] = []
    for one in wanted:
        key = (id(one.rows), one.span.column)
        if key not in compiled:
            compiled[key] = _compile(one.rows, one.span.column)
        sql, own = _count(compiled[key], one)
        parts.append(f"{sql} AS count_{len(parts)}")
        params += own
    return Row(f"SELECT {', '.join(parts)}", params, len(parts))


def ask(*rows: Row) -> list[tuple[Any, ...]]:
    """The values of several such rows, by one statement: a page makes one journey to the database for them."""
    sources = ", ".join(f"({row.sql}) row_{number}" for number, row in enumerate(rows))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {sources}", [param for row in rows for param in row.params])  # noqa: S608 - ours
        values = iter(cursor.fetchone())
    return [tuple(islice(values, row.width)) for row in rows]


def _compile(rows: QuerySet[Any], column: str) -> Statement:
    values = rows.order_by().annotate(spanned=F(column)).values_list("spanned")
    try:
        sql, params = values.query.sql_with_params()
    except EmptyResultSet:
        return NOTHING
    return sql, params


def _count(compiled: Statement, one: Counted) -> tuple[str, list[Any]]:
    if compiled is NOTHING:
        return "0", []
    rows, params = compiled
    bounds = [(">=", one.span.first), ("<=", one.span.last)]
    given = [(operator, bound) for operator, bound in bounds if bound is not None]
    where = " AND ".join(f"spanned {operator} %s" for operator, _ in given) or "spanned IS NOT NULL"
    counted = f"SELECT 1 FROM ({rows}) counted WHERE {where} LIMIT {one.limit + 1:d}"  # noqa: S608 - compiled by the ORM
    field = field_of(one.rows, one.span.column)
    values = [field.get_db_prep_value(bound, connection) for _, bound in given]
    return f"(SELECT COUNT(*) FROM ({counted}) capped)", [*params, *values]  # noqa: S608 - as above
