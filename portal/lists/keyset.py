"""Pages without OFFSET: each begins where a key ends, so the last page costs what the first one does."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet, Value
from django.db.models.expressions import OrderBy

from portal.lists.spans import Span, field_of
from portal.lists.sql import key_compared

# A zero byte, or half of a letter.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Sort:
    """Columns that an index serves, in its order; the id settles ties.

    `nullable` says that the first column may be empty: those rows come last, whichever way the list is sorted.
    """

    columns: tuple[str, ...]
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Ordering:
    """A sort under its name, in one of its two directions: "expires" or "-expires"."""

    key: str
    sort: Sort
    descending: bool = False

    @property
    def param(self) -> str:
        return f"-{self.key}" if self.descending else self.key

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.sort.columns, "pk")

    def expressions(self) -> list[OrderBy]:
        """For `order_by()`, empty values last."""
        nulls_last = True if self.sort.nullable else None
        first, *rest = self.columns
        return [
            OrderBy(F(first), descending=self.descending, nulls_last=nulls_last),
            *(OrderBy(F(column), descending=self.descending) for column in rest),
        ]


@dataclass(frozen=True, slots=True)
class Place:
    """The key of a row in an ordering, and its number in the list as it was counted on the way there."""

    values: tuple[Any, ...]
    row: int


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page, and whether there are more on either side."""

    rows: list[Any]
    more_before: bool
    more_after: bool


class BadPlace(ValueError):
    """A token that names no place in this ordering."""


def write_place(ordering: Ordering, row: Any, number: int) -> str:
    """The row's place as an opaque token for an address."""
    values = [_plain(_read(row, column)) for column in ordering.columns]
    text = json.dumps([ordering.key, number, *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_place(queryset: QuerySet[Any], ordering: Ordering, token: str) -> Place:
    """Raises `BadPlace` for anything that `write_place` did not write for the same sort."""
    try:
        padded = token + "=" * (-len(token) % 4)
        key, number, *values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError) as problem:
        raise BadPlace(token) from problem
    well_formed = key == ordering.key and isinstance(number, int) and len(values) == len(ordering.columns)
    if not well_formed:
        raise BadPlace(token)
    fields = [field_of(queryset, column) for column in ordering.columns]
    try:
        parsed = tuple(field.to_python(value) for field, value in zip(fields, values, strict=True))
    except (ValidationError, TypeError, ValueError, OverflowError) as problem:
        raise BadPlace(token) from problem
    if not _complete(ordering, parsed):
        raise BadPlace(token)
    return Place(parsed, max(number, 1))


def _complete(ordering: Ordering, values: tuple[Any, ...]) -> bool:
    """No part of a key is empty, but the first of a nullable sort; and a database can hold every part."""
    required = values[1:] if ordering.sort.nullable else values
    return None not in required and all(_storable(value) for value in values)


def _storable(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) < 2**63
    if isinstance(value, datetime):
        return _has_utc(value)
    return not isinstance(value, str) or not _NO_TEXT.search(value)


def _has_utc(value: datetime) -> bool:
    try:
        return value.tzinfo is not None and value.astimezone(UTC) is not None
    except OverflowError:
        return False


def _read(row: Any, path: str) -> Any:
    """The value of a model instance, or of a named tuple whose attributes are whole paths."""
    if hasattr(row, path):
        return getattr(row, path)
    for name in path.split("__"):
        row = None if row is None else getattr(row, name)
    return row


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else str(value)


def fetch(
    queryset: QuerySet[Any],
    ordering: Ordering,
    *,
    size: int,
    place: Place | None = None,
    backwards: bool = False,
    span: Span | None = None,
) -> Slice:
    """The page after the place, or before it when read backwards; without a place, from that end of the list.

    One query; a second one only where the rows of a nullable sort end and those without a value begin.
    """
    rows: list[Any] = []
    for stage in _stages(queryset, ordering, place, backwards=backwards, span=span):
        rows += stage[: size + 1 - len(rows)]
        if len(rows) > size:
            break
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        return Slice(rows[::-1], more_before=more, more_after=place is not None)
    return Slice(rows, more_before=place is not None, more_after=more)


def _stages(
    queryset: QuerySet[Any], ordering: Ordering, place: Place | None, *, backwards: bool, span: Span | None
) -> Iterator[QuerySet[Any]]:
    """The list in the order it is walked, in one piece, or in two where empty values stand at its end."""
    upwards = ordering.descending == backwards
    if not ordering.sort.nullable:
        values = place.values if place is not None else None
        yield _walk(queryset, ordering.columns, values, upwards=upwards, span=span)
        return
    first = ordering.columns[0]
    if span is not None:
        queryset = span.apply(queryset)
    filled = queryset.filter(**{f"{first}__isnull": False}), ordering.columns, True
    empty = queryset.filter(**{f"{first}__isnull": True}), ordering.columns[1:], False
    pieces = [empty, filled] if backwards else [filled, empty]
    if place is not None and (place.values[0] is None) == (not backwards):
        pieces = pieces[1:]
    for number, (rows, columns, has_value) in enumerate(pieces):
        here = place is not None and number == 0 and (place.values[0] is not None) == has_value
        values = place.values[-len(columns) :] if place is not None and here else None
        yield _walk(rows, columns, values, upwards=upwards, span=None)


def _walk(
    queryset: QuerySet[Any],
    columns: Sequence[str],
    values: Sequence[Any] | None,
    *,
    upwards: bool,
    span: Span | None,
) -> QuerySet[Any]:
    if span is not None:
        # The key stands in for the bound behind it: SQLite would walk from the bound and drop rows up to the key.
        implied = values is not None and span.column == columns[0] and span.holds(values[0])
        queryset = span.apply(queryset, first=not (implied and upwards), last=not (implied and not upwards))
    if values is not None:
        typed = [
            Value(value, output_field=field_of(queryset, column)) for column, value in zip(columns, values, strict=True)
        ]
        queryset = queryset.filter(key_compared(columns, ">" if upwards else "<", typed))
    return queryset.order_by(*(OrderBy(F(column), descending=not upwards) for column in columns))
