"""Two pieces of SQL that the ORM does not speak: comparing whole keys, and counting no further than a limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from django.db.models import BooleanField, F, Func, IntegerField, Subquery, Value
from django.db.models.expressions import Combinable


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


class DistinctCountOf(Subquery):
    """How many different values the single column of a query has."""

    template = "(SELECT COUNT(*) FROM (SELECT DISTINCT * FROM (%(subquery)s) listed) counted)"
    output_field = IntegerField()
