"""Tables whose cells are ready values: a column knows how to read its record, and nothing is inspected per cell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from html import escape
from operator import attrgetter
from typing import Any, ClassVar

import django_tables2 as tables
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_tables2.data import TableData
from django_tables2.rows import BoundRow, BoundRows

from portal.contributions import AnnotatedColumn, LoadedColumn
from portal.types import StrOrPromise

Cell = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Exported:
    """A column of the files: its heading, the path of its value, and words for values that are codes."""

    label: StrOrPromise
    path: str
    words: Mapping[Any, StrOrPromise] | None = None


class Column(tables.Column):  # type: ignore[misc]
    """A column of a list; `css` places it (col-main, col-low, col-actions, num).

    Its cells come from `cell_<name>(record)` of the table, else from the record's attribute under the accessor.
    """

    def __init__(self, label: StrOrPromise = "", *, css: str = "", accessor: str = "", **options: Any) -> None:
        attrs = {"th": {"class": css}, "td": {"class": css}} if css else {}
        super().__init__(verbose_name=label, accessor=accessor or None, attrs=attrs, **options)

    def __deepcopy__(self, memo: dict[int, Any]) -> Column:
        """Tables copy their columns for every request; what is deep in them never changes."""
        return copy(self)


class SelectColumn(Column):
    """The box that selects a row for a bulk action; the one in the heading selects the whole page."""

    def __init__(self) -> None:
        super().__init__(_("Select"), css="col-select")

    @property
    def header(self) -> str:
        return format_html(
            '<input class="needs-script" type="checkbox" data-select-page aria-label="{}">',
            _("Select every row of this page"),
        )


class ContributedColumn(Column):
    """A column another app adds: loaded for the rows shown, or computed in the list's own query."""

    def __init__(
        self,
        source: AnnotatedColumn | LoadedColumn,
        values: Mapping[int, Any] | None = None,
        *,
        allowed: Collection[str] = (),
    ) -> None:
        annotated = source if isinstance(source, AnnotatedColumn) else None
        super().__init__(source.label, css=annotated.css if annotated else "")
        self.source = source
        self.values = values
        self.made = annotated.cell if annotated else None
        if annotated and annotated.cell_for:
            self.made = annotated.cell_for(allowed)

    def cell(self, record: Any) -> Any:
        if self.made:
            return self.made(record)
        value = getattr(record, self.source.key) if self.values is None else self.values.get(record.pk)
        if not self.source.template:
            return "" if value is None else value
        return get_template(self.source.template).render({"value": value, "record": record})


class _Rows(TableData):  # type: ignore[misc]
    """The rows of one page, which the database has sorted already."""

    def __len__(self) -> int:
        return len(self.data)

    def order_by(self, aliases: Sequence[str]) -> None:
        """Leave them as they came."""


class _Row(BoundRow):  # type: ignore[misc]
    def items(self) -> Iterator[tuple[Any, Any]]:
        """Each visible column with its finished cell."""
        record = self._record
        for column, cell in self._table.cells:
            yield column, cell(record)

    def get_cell(self, name: str) -> Any:
        return self._table.cell_of(name)(self._record)


class _BoundRows(BoundRows):  # type: ignore[misc]
    def __iter__(self) -> Iterator[_Row]:
        return (_Row(record, table=self.table) for record in self.data)


class ListTable(tables.Table):  # type: ignore[misc]
    """The table of a list page. `exported` names what the files hold, from the same scoped rows."""

    exported: ClassVar[tuple[Exported, ...]] = ()

    class Meta:
        orderable = False
        order_by_field = "sort"
        default = ""

    def __init__(self, rows: Sequence[Any], *, sorts: Sequence[str] = (), sort: str = "", **options: Any) -> None:
        self.sorts = frozenset(sorts)
        self._select = gettext("Select %(name)s")
        super().__init__(_Rows(rows), **options)
        for column in self.columns.iterall():
            column.column.orderable = column.name in self.sorts
        self.rows = _BoundRows(data=self.data, table=self)
        self.order_by = (sort,) if sort else ()
        self.cells = [(column, self.cell_of(column.name)) for column in self.columns]

    def cell_of(self, name: str) -> Cell:
        """The function that makes the column's cells."""
        own: Cell | None = getattr(self, f"cell_{name}", None)
        if own is not None:
            return own
        column = self.columns[name]
        if isinstance(column.column, ContributedColumn):
            return column.column.cell
        return attrgetter(str(column.accessor).replace("__", "."))

    def row_name(self, record: Any) -> str:
        """What a row is called where only its box is heard."""
        return str(record)

    def cell_select(self, record: Any) -> str:
        return SafeString(
            f'<input class="row-select" type="checkbox" name="ids" value="{record.pk}" form="bulk"'
            f' aria-label="{escape(self._select % {"name": self.row_name(record)})}">'
        )
