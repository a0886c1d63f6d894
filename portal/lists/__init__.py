"""The one frame of every list: scoped rows, filters, sorting, keyset pages, export and bulk deeds."""

from portal.lists.columns import Column, Exported, ListTable, SelectColumn
from portal.lists.filters import AnyOf, ListFilters, one_of
from portal.lists.keyset import Ordering, Sort
from portal.lists.pages import Empty, ListPage, Total
from portal.lists.spans import Span

__all__ = [
    "AnyOf",
    "Column",
    "Empty",
    "Exported",
    "ListFilters",
    "ListPage",
    "ListTable",
    "Ordering",
    "SelectColumn",
    "Sort",
    "Span",
    "Total",
    "one_of",
]
