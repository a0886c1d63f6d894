"""The bounds of a list on one of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Span:
    """The list holds only rows whose column lies from `first` to `last`, both included; None leaves a side open."""

    column: str
    first: date | None = None
    last: date | None = None

    def holds(self, value: Any) -> bool:
        return (self.first is None or value >= self.first) and (self.last is None or value <= self.last)

    def apply(self, queryset: QuerySet[Any], *, first: bool = True, last: bool = True) -> QuerySet[Any]:
        """Only the rows inside; either bound can be left to a key that implies it."""
        if first and self.first is not None:
            queryset = queryset.filter(**{f"{self.column}__gte": self.first})
        if last and self.last is not None:
            queryset = queryset.filter(**{f"{self.column}__lte": self.last})
        if self.first is None and self.last is None:
            queryset = queryset.filter(**{f"{self.column}__isnull": False})
        return queryset


def field_of(queryset: QuerySet[Any], path: str) -> Any:
    """The field at the end of a path such as "customer__name", or that of an annotation."""
    if path in queryset.query.annotations:
        return queryset.query.annotations[path].output_field
    model: Any = queryset.model
    *relations, last = path.split("__")
    for name in relations:
        model = model._meta.get_field(name).related_model
    return model._meta.pk if last == "pk" else model._meta.get_field(last)
