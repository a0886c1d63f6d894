"""A list page: what its address says is what it shows, counts, exports and acts upon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice
from operator import attrgetter
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.views import View

from portal import contributions, csvio
from portal.access import PartnerRequest, on_behalf_of
from portal.contributions import BulkAction, ListFilter, LoadedColumn
from portal.lists.address import Address
from portal.lists.columns import ContributedColumn, Exported, ListTable
from portal.lists.filters import Chip, ListFilters
from portal.lists.keyset import BadPlace, Ordering, Place, Slice, Sort, fetch, read_place, write_place
from portal.lists.links import page_url
from portal.lists.spans import Span
from portal.types import StrOrPromise

COUNT_LIMIT = 1000
EXPORT_BATCH = 2000
# The element that holds the list; htmx asks for it alone.
LIST_ID = "list"


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows there are, counted no further than a limit; reads "240" or "1,000+"."""

    number: int
    limit: int = COUNT_LIMIT

    @property
    def is_exact(self) -> bool:
        return self.number <= self.limit

    def __str__(self) -> str:
        shown = number_format(min(self.number, self.limit), force_grouping=True)
        return shown if self.is_exact else f"{shown}+"


@dataclass(frozen=True, slots=True)
class Empty:
    """What a list says when it has no rows, and what to do next."""

    title: StrOrPromise
    text: StrOrPromise = ""
    icon: str = "inbox"
    url: str = ""
    action: StrOrPromise = ""


@dataclass(frozen=True, slots=True)
class SizeLink:
    size: int
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class FilterMenu:
    """The menu of a filter, or of those that are used more rarely; without fields it says where to fetch them."""

    name: str
    label: StrOrPromise
    url: str
    fields: list[Any]


@dataclass(frozen=True, slots=True)
class ExportLink:
    label: StrOrPromise
    icon: str
    url: str


@dataclass(frozen=True, slots=True)
class Pager:
    """Where in the list one is, and the links that lead on."""

    rows_on_page: int
    first_row: int | None
    last_row: int | None
    count_label: str
    sizes: list[SizeLink]
    first_url: str
    newer_url: str
    older_url: str
    last_url: str


class ListPage(View):
    """A list with filters, sorting, keyset pages, export and bulk actions.

    A subclass names the page (contributions and saved views know it by this name), its table, filters and sorts, and
    begins `get_queryset` at `for_partner`. Keys of `sorts` are columns of the table.
    """

    name: ClassVar[str]
    title: ClassVar[StrOrPromise]
    table_class: ClassVar[type[ListTable]]
    filters_class: ClassVar[type[ListFilters]] = ListFilters
    sorts: ClassVar[Mapping[str, Sort]]
    default_sort: ClassVar[str]
    sizes: ClassVar[Sequence[int]] = (25, 50, 100)
    default_size: ClassVar[int] = 50
    export_permission: ClassVar[str] = ""
    bulk_actions: ClassVar[Sequence[BulkAction]] = ()
    bulk_url_name: ClassVar[str] = ""
    template_name: ClassVar[str] = "partials/list_page.html"
    part_template_name: ClassVar[str] = "partials/list.html"

    request: PartnerRequest

    # What a page says about itself

    def get_queryset(self) -> QuerySet[Any]:
        """The rows of the open partner, before filters; begin at `for_partner`."""
        raise NotImplementedError

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows as the table reads them: models, or named tuples of the few columns it shows (with their pk)."""
        return queryset

    def get_sorts(self) -> Mapping[str, Sort]:
        """What the list may be sorted by: columns of the table, each served by an index."""
        return self.sorts

    def get_span(self) -> Span | None:
        """The bounds of the list on one column, such as those of a tab."""
        return None

    def get_default_sort(self) -> str:
        return self.default_sort

    def get_quick_filters(self) -> list[Chip]:
        """Filters that one click turns on; those in use are left out."""
        return []

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return Empty(
                _("Nothing matches these filters"),
                _("Take a filter back to see more."),
                icon="funnel",
                url=self.clear_url,
                action=_("Clear all filters"),
            )
        return Empty(_("Nothing here yet"))

    def get_context_data(self) -> dict[str, Any]:
        """What the page's own template needs beside the list."""
        return {}

    def get_table_options(self) -> dict[str, Any]:
        """Further arguments of the table."""
        return {}

    # What the address says

    @cached_property
    def query(self) -> QueryDict:
        return self.request.GET

    @cached_property
    def address(self) -> Address:
        return Address.of(self.query)

    @cached_property
    def ordering(self) -> Ordering:
        wanted = self.query.get("sort", "")
        key = wanted.removeprefix("-")
        if key not in self.all_sorts:
            wanted = self.get_default_sort()
            key = wanted.removeprefix("-")
        return Ordering(key, self.all_sorts[key], descending=wanted.startswith("-"))

    @cached_property
    def all_sorts(self) -> dict[str, Sort]:
        sorting = (column for column in self.annotated_columns if column.sorts)
        computed = {column.key: Sort((column.key,), nullable=True) for column in sorting}
        return {**self.get_sorts(), **computed}

    @cached_property
    def size(self) -> int:
        wanted = self.query.get("size", "")
        return int(wanted) if wanted in map(str, self.sizes) else self.default_size

    @cached_property
    def place(self) -> Place | None:
        token = self.query.get("before") or self.query.get("after")
        if not token:
            return None
        try:
            return read_place(self.queryset, self.ordering, token)
        except BadPlace:
            return None

    @property
    def is_backwards(self) -> bool:
        from_the_end = "end" in self.query and self.place is None
        return from_the_end or ("before" in self.query and self.place is not None)

    # The rows

    @property
    def annotated_columns(self) -> list[contributions.AnnotatedColumn]:
        return contributions.annotated_columns.on(self.name)

    @property
    def annotated_names(self) -> list[str]:
        """The attributes that other apps' columns add to a row."""
        return [name for column in self.annotated_columns for name in (column.key, *column.needs)]

    @cached_property
    def filters_type(self) -> type[ListFilters]:
        contributed = tuple(contributions.filters.on(self.name))
        return _with_contributed(self.filters_class, contributed)  # type: ignore[arg-type]  # classes are hashable

    @cached_property
    def filters(self) -> ListFilters:
        return self.filters_type(self.query, queryset=self.get_queryset(), request=self.request)

    @cached_property
    def is_filtered(self) -> bool:
        """Whether the address names a filter; without one, no form is made."""
        return any(key in self.filters_type.base_filters for key, _ in self.address.pairs)

    def unfiltered(self) -> QuerySet[Any]:
        """The scoped rows with the columns that other apps compute."""
        return self._with_columns(self.get_queryset())

    @cached_property
    def counted(self) -> QuerySet[Any]:
        """The scoped and filtered rows as they are counted: without the columns of other apps, which cost joins."""
        filtered: QuerySet[Any] = self.filters.qs if self.is_filtered else self.get_queryset()
        return filtered

    @cached_property
    def queryset(self) -> QuerySet[Any]:
        """The scoped and filtered rows, without the span: what is shown, exported and acted upon begins here."""
        return self._with_columns(self.counted)

    def _with_columns(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        for column in self.annotated_columns:
            rows = column.annotate(rows)
        return rows

    @cached_property
    def span(self) -> Span | None:
        return self.get_span()

    @property
    def spanned(self) -> QuerySet[Any]:
        """Every row of the list."""
        return self.span.apply(self.queryset) if self.span else self.queryset

    @cached_property
    def slice(self) -> Slice:
        return fetch(
            self.get_rows(self.queryset),
            self.ordering,
            size=self.size,
            place=self.place,
            backwards=self.is_backwards,
            span=self.span,
        )

    @cached_property
    def total(self) -> Total:
        return Total(self.count())

    def count(self) -> int:
        """The rows of the list, counted no further than one beyond the limit."""
        rows = self.span.apply(self.counted) if self.span else self.counted
        return rows.order_by().values("pk")[: COUNT_LIMIT + 1].count()

    # What is shown

    @cached_property
    def table(self) -> ListTable:
        allowed = self.request.membership.permissions
        columns = [(column.key, ContributedColumn(column, allowed=allowed)) for column in self.annotated_columns]
        columns += [
            (column.key, ContributedColumn(column, self._load(column, [row.pk for row in self.slice.rows])))
            for column in contributions.loaded_columns.on(self.name)
        ]
        return self.table_class(
            self.slice.rows,
            sorts=tuple(self.all_sorts),
            sort=self.ordering.param,
            extra_columns=columns,
            request=None,
            **self.get_table_options(),
        )

    def _load(self, column: LoadedColumn, ids: Sequence[int]) -> Mapping[int, Any]:
        return column.load(self.request.partner, ids) if ids else {}

    @cached_property
    def first_row(self) -> int | None:
        """The number of the first row shown, where it is known."""
        if not self.slice.rows:
            return None
        if not self.slice.more_before:
            return 1
        if self.place is None:
            return self.total.number - len(self.slice.rows) + 1 if self.total.is_exact else None
        return max(self.place.row - len(self.slice.rows), 1) if self.is_backwards else self.place.row + 1

    @cached_property
    def pager(self) -> Pager:
        rows, first = self.slice.rows, self.first_row
        last = first + len(rows) - 1 if first else None
        return Pager(
            rows_on_page=len(rows),
            first_row=first,
            last_row=last,
            count_label=str(self.total),
            sizes=[SizeLink(size, self.address.but(size=size), size == self.size) for size in self.sizes],
            first_url=self.address.but() if self.slice.more_before else "",
            newer_url=self._step("before", rows[0], first) if rows and self.slice.more_before else "",
            older_url=self._step("after", rows[-1], last) if rows and self.slice.more_after else "",
            last_url=self.address.but(end=1) if self.slice.more_after else "",
        )

    def _step(self, direction: str, row: Model, number: int | None) -> str:
        return self.address.but(**{direction: write_place(self.ordering, row, number or 1)})

    @cached_property
    def clear_url(self) -> str:
        return self.address.but(**dict.fromkeys(self.filters_type.base_filters))

    @property
    def filter_menus(self) -> list[FilterMenu]:
        """The menus above the list. Their fields are fetched when they are opened, or written out on demand."""
        opened = self.query.get("filter", "")
        return [
            FilterMenu(
                name=name,
                label=label,
                url=self.address.but(filter=name),
                fields=self.filter_fields(name) if name == opened else [],
            )
            for name, label in self.filters_type.menus().items()
        ]

    def filter_fields(self, menu: str) -> list[Any]:
        """The fields of a menu, bound to the address; a menu nobody offers is not found."""
        if menu not in self.filters_type.menus():
            raise Http404(menu)
        return [self.filters.form[name] for name in self.filters_type.names_in(menu)]

    @property
    def exports(self) -> list[ExportLink]:
        if self.export_permission not in self.request.membership.permissions:
            return []
        return [
            ExportLink(_("CSV"), "filetype-csv", self.address.but(export="csv")),
            ExportLink(_("Excel"), "file-earmark-spreadsheet", self.address.but(export="xlsx")),
        ]

    @property
    def permitted_bulk_actions(self) -> list[BulkAction]:
        """Those of the page's bulk actions that the person may use."""
        permissions = self.request.membership.permissions
        return [action for action in self.all_bulk_actions if action.permission in permissions]

    @property
    def all_bulk_actions(self) -> list[BulkAction]:
        """The page's own, those of other apps, and the export of what is selected."""
        if not self.bulk_url_name:
            return []
        actions = [*self.bulk_actions, *contributions.bulk_actions.on(self.name)]
        if self.export_permission:
            actions.append(
                BulkAction(
                    page=self.name,
                    key="export",
                    label=_("Export selection"),
                    permission=self.export_permission,
                    order=90,
                    run=lambda _request, rows: self.export_of(rows, "csv"),
                    reads_only=True,
                )
            )
        return sorted(actions, key=attrgetter("order"))

    def context(self) -> dict[str, Any]:
        """Everything the templates of a list need; the rows are fetched here."""
        bulk = self.permitted_bulk_actions
        return {
            "page_title": self.title,
            "table": self.table,
            "table_caption": self.title,
            "empty": self.get_empty() if not self.slice.rows else None,
            "page": self.pager,
            "filter_menus": self.filter_menus,
            "filter_kept": self.address.kept_beside(self.filters_type.names_in(self.query.get("filter", ""))),
            "filter_chips": self.filters.chips(self.address) if self.is_filtered else [],
            "quick_filters": self.get_quick_filters(),
            "clear_url": self.clear_url,
            "exports": self.exports,
            "bulk_actions": bulk,
            "bulk_url": page_url(self.bulk_url_name) if bulk else "",
            "bulk_count_label": self.total if bulk and len(self.slice.rows) < self.total.number else "",
            "list_query": self.address.saved,
            **self.get_context_data(),
        }

    # What is answered

    def get(self, request: PartnerRequest, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        if "export" in request.GET:
            return self.export(request.GET["export"])
        if request.htmx and "filter" in request.GET:
            return self.filter_menu(request.GET["filter"])
        wants_part = bool(request.htmx) and request.htmx.target == LIST_ID
        template = self.part_template_name if wants_part else self.template_name
        response: HttpResponse = render(request, template, self.context())
        if wants_part:
            response.headers["HX-Push-Url"] = f"{request.path}?{self.address.query}".removesuffix("?")
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def filter_menu(self, menu: str) -> HttpResponse:
        """The fields of one menu, for htmx."""
        context = {
            "fields": self.filter_fields(menu),
            "filter_kept": self.address.kept_beside(self.filters_type.names_in(menu)),
            "list_url": self.request.path,
        }
        return render(self.request, "partials/filter_field.html", context)

    def export(self, kind: str) -> HttpResponseBase:
        """A file of exactly the rows of the list, all pages, in the order shown."""
        if self.export_permission not in self.request.membership.permissions:
            raise PermissionDenied(self.export_permission)
        return self.export_of(self.spanned, kind)

    def export_of(self, rows: QuerySet[Any], kind: str) -> HttpResponseBase:
        """A file of these rows, with the columns of the list's own."""
        responses = {"csv": csvio.csv_response, "xlsx": csvio.xlsx_response}
        if kind not in responses:
            raise Http404(kind)
        loaded = contributions.loaded_columns.on(self.name)
        header = [
            str(label) for label in (*(one.label for one in self.exported_columns), *(one.label for one in loaded))
        ]
        return responses[kind](f"{self.name}.{kind}", header, self._export_rows(rows, loaded))

    @property
    def exported_columns(self) -> list[Exported]:
        return [
            *self.table_class.exported,
            *(
                Exported(label, path)
                for column in self.annotated_columns
                for label, path in column.exported or ((column.label, column.key),)
            ),
        ]

    def _export_rows(self, rows: QuerySet[Any], loaded: Sequence[LoadedColumn]) -> Iterator[Sequence[Any]]:
        """Row by row from one query, which is read once the request's scope and language have been left."""
        columns = self.exported_columns
        words = [
            (position, {code: str(word) for code, word in column.words.items()})
            for position, column in enumerate(columns)
            if column.words
        ]
        values = rows.order_by(*self.ordering.expressions()).values_list("pk", *(column.path for column in columns))
        language = translation.get_language() or "en"
        return self._spoken(values.iterator(chunk_size=EXPORT_BATCH), words, loaded, language)

    def _spoken(
        self,
        values: Iterator[tuple[Any, ...]],
        words: Sequence[tuple[int, Mapping[Any, str]]],
        loaded: Sequence[LoadedColumn],
        language: str,
    ) -> Iterator[Sequence[Any]]:
        while batch := list(islice(values, EXPORT_BATCH)):
            rows = [list(row[1:]) for row in batch]
            for position, spoken in words:
                for row in rows:
                    row[position] = spoken.get(row[position], row[position])
            if loaded:
                with on_behalf_of(self.request.partner), translation.override(language):
                    self._add_loaded(rows, [row[0] for row in batch], loaded)
            yield from rows

    def _add_loaded(self, rows: list[list[Any]], ids: Sequence[int], loaded: Sequence[LoadedColumn]) -> None:
        for column in loaded:
            values = column.load(self.request.partner, ids)
            for row, pk in zip(rows, ids, strict=True):
                row.append(str(values.get(pk, "")))


@cache
def _with_contributed(filters_class: type[ListFilters], contributed: tuple[ListFilter, ...]) -> type[ListFilters]:
    """The filter set with the filters that other apps add to the page."""
    if not contributed:
        return filters_class
    added: dict[str, Any] = {one.key: one.make() for one in contributed}
    added["rare"] = (*filters_class.rare, *(one.key for one in contributed if one.is_rare))
    return type(filters_class.__name__, (filters_class,), added)
