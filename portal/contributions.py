"""Typed slots through which upper apps add to pages below them, registered in `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.http import HttpRequest, HttpResponseBase

from portal.types import StrOrPromise

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One line of the sidebar; shown to roles that hold the permission. `badge` counts what calls for action."""

    group: StrOrPromise
    label: StrOrPromise
    url_name: str
    permission: str
    icon: str
    order: int
    badge: Callable[[Any], int] | None = None


@dataclass(frozen=True, slots=True)
class SearchHit:
    """Something found; `is_exact` says that what was typed is its very name, so that Enter goes straight to it."""

    title: str
    detail: StrOrPromise
    url: str
    icon: str = "file-earmark"
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class SearchSource:
    """One group of results: find(partner, words, limit) gives at most limit hits, best first.

    `more(words)` is the address of the list that shows them all, where there is one.
    """

    label: StrOrPromise
    order: int
    find: Callable[[Any, str, int], Sequence[SearchHit]]
    more: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class LoadedColumn:
    """Values for the rows shown, by one query: load(partner, ids) -> {id: value}. It does not sort or filter."""

    page: str
    key: str
    label: StrOrPromise
    order: int
    load: Callable[[Any, Sequence[int]], Mapping[int, Any]]
    template: str = ""


@dataclass(frozen=True, slots=True)
class AnnotatedColumn:
    """A value computed in the list's own query: annotate(queryset) adds the attribute `key`, and those it `needs`.

    It sorts, unless `sorts` says otherwise, and is exported: as `key`, or as the (label, attribute) pairs of
    `exported`. A cell is the value, or what `cell(record)` or the template makes of it; where it depends on the
    person, `cell_for(permissions)` makes the function for one page. `css` places it.
    """

    page: str
    key: str
    label: StrOrPromise
    order: int
    annotate: Callable[[Any], Any]
    template: str = ""
    cell: Callable[[Any], Any] | None = None
    cell_for: Callable[[Collection[str]], Callable[[Any], Any]] | None = None
    needs: tuple[str, ...] = ()
    css: str = ""
    sorts: bool = True
    exported: tuple[tuple[StrOrPromise, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ListFilter:
    """A filter another app adds to a list's filter set: a django-filter field under `key`.

    It filters before the columns of other apps are computed. A rare one shares the menu "More" with others.
    """

    page: str
    key: str
    make: Callable[[], Any]
    is_rare: bool = False


@dataclass(frozen=True, slots=True)
class RowAction:
    """A button on a row; `url(row)` may be None where the action does not apply."""

    page: str
    key: str
    label: StrOrPromise
    permission: str
    order: int
    url: Callable[[Any], str | None]


@dataclass(frozen=True, slots=True)
class Done:
    """A deed in one sentence; a POST to `undo` takes it back."""

    words: StrOrPromise
    undo: str = ""


@dataclass(frozen=True, slots=True)
class BulkAction:
    """An action on selected rows: run(request, queryset) does it and says so, or answers with a file.

    `choices(request)` are asked for first; the one chosen stands in request.POST["choice"]. An action that only
    reads is done at once, however many rows there are.
    """

    page: str
    key: str
    label: StrOrPromise
    permission: str
    order: int
    run: Callable[[Any, Any], Done | HttpResponseBase]
    choices: Callable[[Any], Sequence[tuple[Any, StrOrPromise]]] | None = None
    reads_only: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A block of a detail page: context(request, object) -> template context, or None to stay away."""

    page: str
    key: str
    template: str
    order: int
    context: Callable[[HttpRequest, Any], Mapping[str, Any] | None]
    permission: str = ""


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """Something that happened, or is planned; `level` colours its dot (good, warn, bad, planned)."""

    at: datetime
    title: StrOrPromise
    detail: StrOrPromise = ""
    actor: str = ""
    level: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class TimelineSource:
    """Events about an order or a customer: events(object) -> in any order."""

    page: str
    key: str
    events: Callable[[Any], Iterable[TimelineEvent]]


@dataclass(frozen=True, slots=True)
class ActivityWords:
    """An app's activities in words: describe(verb, facts) -> (what was done, detail, colour), for its own verbs."""

    verbs: frozenset[str]
    describe: Callable[[str, Mapping[str, Any]], tuple[StrOrPromise, StrOrPromise, str]]


@dataclass(frozen=True, slots=True)
class DashboardCard:
    """A block of the dashboard: context(request) -> template context, or None to stay away."""

    key: str
    template: str
    order: int
    context: Callable[[Any], Mapping[str, Any] | None]
    permission: str = "dashboard.view"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number above a list: what it counts, the number, a note; its level colours it (good, warn, bad)."""

    label: StrOrPromise
    value: str
    note: StrOrPromise = ""
    url: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class FigureSource:
    """A figure that another app adds above a list: make(request) -> Figure, or None to stay away."""

    page: str
    key: str
    order: int
    make: Callable[[Any], Figure | None]


@dataclass(frozen=True, slots=True)
class DemoPart:
    """What an upper app adds to the demo: seed(partner, now) works in the partner's scope."""

    key: str
    order: int
    seed: Callable[[Any, datetime], None]


@dataclass(slots=True)
class Slot(Generic[T]):
    """A named place that holds contributions in their order; adding the same one twice is a mistake."""

    items: list[T] = field(default_factory=list)

    def add(self, *contributions: T) -> None:
        for contribution in contributions:
            if contribution in self.items:
                raise ValueError(f"Contributed twice: {contribution}")
            self.items.append(contribution)
        self.items.sort(key=lambda item: getattr(item, "order", 0))

    def on(self, page: str) -> list[T]:
        """Those meant for the page."""
        return [item for item in self.items if getattr(item, "page", page) == page]


navigation: Slot[NavigationEntry] = Slot()
searches: Slot[SearchSource] = Slot()
loaded_columns: Slot[LoadedColumn] = Slot()
annotated_columns: Slot[AnnotatedColumn] = Slot()
filters: Slot[ListFilter] = Slot()
row_actions: Slot[RowAction] = Slot()
bulk_actions: Slot[BulkAction] = Slot()
panels: Slot[Panel] = Slot()
timelines: Slot[TimelineSource] = Slot()
activity_words: Slot[ActivityWords] = Slot()
dashboard_cards: Slot[DashboardCard] = Slot()
figures: Slot[FigureSource] = Slot()
demo_parts: Slot[DemoPart] = Slot()
