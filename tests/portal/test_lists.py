"""The frame of every list: pages by keys, filters, counts, files and bulk deeds over scoped rows only."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, ClassVar

import django_filters
import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Value
from django.http import Http404, QueryDict
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails
from hypothesis import given
from hypothesis import strategies as st

from certificates.models import Customer
from portal import contributions, csvio
from portal.contributions import AnnotatedColumn, BulkAction, Done, ListFilter, LoadedColumn
from portal.lists import AnyOf, Column, Exported, ListFilters, ListPage, ListTable, SelectColumn, Sort, Span, keyset
from portal.lists.keyset import BadPlace, Ordering, fetch, read_place, write_place
from portal.lists.sql import Counted, Row, ask, counts_of
from portal.models import Membership, Partner
from tests.factories import make_customer, make_partner, make_user

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class CustomerTable(ListTable):
    select = SelectColumn()
    name = Column("Name", css="col-main")
    contacted = Column("Last contact", accessor="last_contacted_at")

    exported = (Exported("Name", "name"), Exported("Country", "country", {"FR": "France"}))


class CustomerFilters(ListFilters):
    country = AnyOf(label="Country", choices=[("FR", "France"), ("DE", "Germany")])
    name = django_filters.CharFilter(label="Name", lookup_expr="contains")


class CustomerPage(ListPage):
    name = "test_customers"
    title = "Customers"
    table_class = CustomerTable
    filters_class = CustomerFilters
    sorts: ClassVar = {"name": Sort(("name",)), "contacted": Sort(("last_contacted_at",), nullable=True)}
    default_sort = "name"
    export_permission = "customers.export"
    bulk_url_name = "certificates:bulk"

    def get_queryset(self) -> QuerySet[Any]:
        return Customer.objects.for_partner(self.request.partner)


def open_page(partner: Partner, query: str = "", *, role: str = "account_manager") -> CustomerPage:
    request: Any = RequestFactory().get(f"/list/?{query}")
    request.membership = Membership(partner=partner, user=make_user(), role=role)
    request.partner, request.user = partner, request.membership.user
    request.htmx = HtmxDetails(request)
    page = CustomerPage()
    page.setup(request)
    return page


def names(page: ListPage) -> list[str]:
    return [row.name for row in page.slice.rows]


@contextmanager
def contributed(slot: contributions.Slot[Any], contribution: Any) -> Iterator[None]:
    slot.add(contribution)
    try:
        yield
    finally:
        slot.items.remove(contribution)


def walk(queryset: QuerySet[Any], ordering: Ordering, *, size: int, backwards: bool) -> list[list[Any]]:
    """Every page from one end of the list to the other."""
    place, pages = None, []
    while True:
        part = fetch(queryset, ordering, size=size, place=place, backwards=backwards)
        pages.append([row.pk for row in part.rows])
        if not (part.more_before if backwards else part.more_after):
            return pages
        edge = part.rows[0] if backwards else part.rows[-1]
        place = read_place(queryset, ordering, write_place(ordering, edge, 1))


# Pages by keys


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("key", ["name", "contacted"])
def test_pages_hold_every_row_once_in_order_forth_and_back_over_ties_and_empty_values(
    partner: Partner, size: int, descending: bool, key: str
) -> None:
    for number in range(11):
        contacted = None if number % 4 == 0 else NOON + timedelta(days=number % 3)
        make_customer(partner, f"Name {number % 3}", last_contacted_at=contacted)
    rows = Customer.objects.for_partner(partner)
    ordering = Ordering(key, CustomerPage.sorts[key], descending=descending)
    expected = list(rows.order_by(*ordering.expressions()).values_list("pk", flat=True))

    forth = walk(rows, ordering, size=size, backwards=False)
    back = walk(rows, ordering, size=size, backwards=True)

    assert list(chain.from_iterable(forth)) == expected
    assert list(chain.from_iterable(reversed(back))) == expected
    assert {len(page) for page in forth[:-1]} <= {size}


def test_empty_values_come_last_in_either_direction(partner: Partner) -> None:
    never = make_customer(partner, "Never")
    early = make_customer(partner, "Early", last_contacted_at=NOON)
    late = make_customer(partner, "Late", last_contacted_at=NOON + timedelta(days=1))

    assert open_page(partner, "sort=contacted").slice.rows == [early, late, never]
    assert open_page(partner, "sort=-contacted").slice.rows == [late, early, never]


def test_span_bounds_the_list_and_a_key_never_leads_out_of_it(partner: Partner) -> None:
    dated = [make_customer(partner, last_contacted_at=NOON + timedelta(days=day)) for day in range(6)]
    rows = Customer.objects.for_partner(partner)
    ordering = Ordering("contacted", Sort(("last_contacted_at",)))
    span = Span("last_contacted_at", NOON + timedelta(days=1), NOON + timedelta(days=4))
    outside = read_place(rows, ordering, write_place(ordering, dated[0], 1))
    inside = read_place(rows, ordering, write_place(ordering, dated[2], 1))

    assert fetch(rows, ordering, size=9, span=span).rows == dated[1:5]
    assert fetch(rows, ordering, size=9, span=span, place=outside).rows == dated[1:5]
    assert fetch(rows, ordering, size=9, span=span, place=inside).rows == dated[3:5]
    assert fetch(rows, ordering, size=9, span=span, place=inside, backwards=True).rows == dated[1:2]


def test_the_key_replaces_the_bound_behind_it(partner: Partner) -> None:
    row = make_customer(partner, last_contacted_at=NOON)
    rows = Customer.objects.for_partner(partner)
    ordering = Ordering("contacted", Sort(("last_contacted_at",)))
    place = read_place(rows, ordering, write_place(ordering, row, 1))
    span = Span("last_contacted_at", NOON - timedelta(days=1), NOON + timedelta(days=1))

    upwards = str(keyset._walk(rows, ordering.columns, place.values, upwards=True, span=span).query)
    downwards = str(keyset._walk(rows, ordering.columns, place.values, upwards=False, span=span).query)

    assert ">=" not in upwards
    assert "<=" in upwards
    assert "<=" not in downwards
    assert ">=" in downwards


@pytest.mark.parametrize(
    "token",
    ["", "x", "!!!!", "bnVsbA", "W10", "WyJuYW1lIiwxLCJhIl0", "WyJuYW1lIiwxLG51bGwsMV0", "WyJuYW1lIiwxLCJhIiwiYiJd"],
)
def test_token_that_was_not_ours_is_refused(partner: Partner, token: str) -> None:
    with pytest.raises(BadPlace):
        read_place(Customer.objects.for_partner(partner), Ordering("name", Sort(("name",))), token)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("name", "\ud800"),
        ("name", "a\x00"),
        ("last_contacted_at", "0001-01-01T00:00:00+14:00"),
        ("last_contacted_at", "2026-11-22T00:00:00"),
    ],
)
def test_token_with_what_no_database_holds_is_refused(partner: Partner, column: str, value: str) -> None:
    content = json.dumps(["sorted", 1, value, 1])
    token = base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")

    with pytest.raises(BadPlace):
        read_place(Customer.objects.for_partner(partner), Ordering("sorted", Sort((column,))), token)


def test_token_nested_beyond_reading_is_refused(partner: Partner) -> None:
    token = base64.urlsafe_b64encode(b"[" * 3000).decode()

    with pytest.raises(BadPlace):
        read_place(Customer.objects.for_partner(partner), Ordering("name", Sort(("name",))), token)


@given(token=st.text(max_size=60))
def test_no_token_does_more_than_being_refused(token: str) -> None:
    with pytest.raises(BadPlace):
        read_place(Customer.objects.none(), Ordering("name", Sort(("name",))), token)


def test_numbers_no_database_holds_are_refused(partner: Partner) -> None:
    row = make_customer(partner)
    row.pk = 2**70
    ordering = Ordering("name", Sort(("name",)))

    with pytest.raises(BadPlace):
        read_place(Customer.objects.for_partner(partner), ordering, write_place(ordering, row, 1))


def test_token_of_another_sort_shows_the_first_page(partner: Partner) -> None:
    first, second = make_customer(partner, "A"), make_customer(partner, "B")
    token = write_place(Ordering("contacted", CustomerPage.sorts["contacted"]), first, 1)

    assert open_page(partner, f"sort=name&after={token}").slice.rows == [first, second]


def test_pager_leads_forth_back_and_to_both_ends_and_numbers_its_rows(partner: Partner) -> None:
    for number in range(60):
        make_customer(partner, f"{number:02}")

    first = open_page(partner, "size=25").pager
    second = open_page(partner, first.older_url.lstrip("?")).pager
    last_page = open_page(partner, second.last_url.lstrip("?"))
    back = open_page(partner, last_page.pager.newer_url.lstrip("?"))

    assert (first.first_row, first.last_row, first.newer_url, first.first_url) == (1, 25, "", "")
    assert (second.first_row, second.last_row) == (26, 50)
    assert (last_page.pager.first_row, last_page.pager.last_row, last_page.pager.older_url) == (36, 60, "")
    assert (back.pager.first_row, names(back)) == (11, [f"{number:02}" for number in range(10, 35)])
    assert "size=25" in second.newer_url


@pytest.mark.parametrize(("query", "size"), [("", 50), ("size=25", 25), ("size=100", 100), ("size=9999", 50)])
def test_page_size_is_one_of_those_offered(partner: Partner, query: str, size: int) -> None:
    assert open_page(partner, query).size == size


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("", "name"),
        ("sort=-name", "-name"),
        ("sort=partner__secret", "name"),
        ("sort=--name", "name"),
        ("sort=-", "name"),
    ],
)
def test_only_offered_sorts_are_used(partner: Partner, query: str, param: str) -> None:
    assert open_page(partner, query).ordering.param == param


# Counts, filters, scope


def test_count_stops_at_the_limit(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.lists.pages.COUNT_LIMIT", 2)
    make_customer(partner)
    exact = open_page(partner).total
    for _ in range(5):
        make_customer(partner)
    page = open_page(partner)

    assert (exact.number, str(exact)) == (1, "1")
    assert page.count() == 3


def test_capped_count_says_so() -> None:
    from portal.lists import Total

    assert [str(Total(999)), str(Total(1000)), str(Total(1001))] == ["999", "1,000", "1,000+"]


def test_many_spans_are_counted_by_one_statement_each_up_to_its_limit(
    partner: Partner, django_assert_num_queries: Any
) -> None:
    for day in range(6):
        make_customer(partner, last_contacted_at=NOON + timedelta(days=day))
    rows = Customer.objects.for_partner(partner)
    later = Span("last_contacted_at", first=NOON + timedelta(days=4))
    every = Span("last_contacted_at")

    with django_assert_num_queries(1):
        counts = counts_of(
            [
                Counted(rows, later, 10),
                Counted(rows, every, 3),
                Counted(rows.filter(name="x"), every, 10),
                Counted(rows.filter(pk__in=[]), every, 10),
            ]
        )
        answers = ask(counts, Row("SELECT %s AS one, 7 AS two", [5], 2))

    assert answers == [(2, 4, 0, 0), (5, 7)]


def test_foreign_rows_are_in_no_list_count_or_file(partner: Partner) -> None:
    own = make_customer(partner, "Own")
    make_customer(make_partner(), "Foreign canary")

    page = open_page(partner)

    assert page.slice.rows == [own]
    assert page.total.number == 1
    assert b"canary" not in b"".join(open_page(partner).export("csv"))


def test_filters_narrow_the_list_and_show_as_chips_with_a_way_back(partner: Partner) -> None:
    wanted = make_customer(partner, "Beta", country="FR")
    make_customer(partner, "Beta", country="DE")
    make_customer(partner, "Alpha", country="FR")

    page = open_page(partner, "country=FR&name=Bet&size=25&after=x")

    assert page.slice.rows == [wanted]
    assert [(str(chip.label), chip.url) for chip in page.filters.chips(page.address)] == [
        ("Country: France", "?name=Bet&size=25"),
        ("Name: Bet", "?country=FR&size=25"),
    ]
    assert page.clear_url == "?size=25"


def test_value_nobody_offers_filters_nothing(partner: Partner) -> None:
    row = make_customer(partner, country="FR")

    page = open_page(partner, "country=XX")

    assert page.slice.rows == [row]
    assert page.filters.chips(page.address) == []
    assert "country" in page.filters.form.errors


def test_several_values_of_one_filter_are_alternatives(partner: Partner) -> None:
    french, german = make_customer(partner, "A", country="FR"), make_customer(partner, "B", country="DE")
    make_customer(partner, "C", country="IT")

    page = open_page(partner, "country=FR&country=DE")

    assert page.slice.rows == [french, german]
    assert [str(chip.label) for chip in page.filters.chips(page.address)] == ["Country: France, Germany"]


# What other apps add


def test_annotated_column_sorts_and_is_exported(partner: Partner) -> None:
    make_customer(partner, "A")
    column = AnnotatedColumn("test_customers", "worth", "Worth", 1, lambda rows: rows.annotate(worth=Value("much")))

    with contributed(contributions.annotated_columns, column):
        page = open_page(partner, "sort=-worth")
        cells = [cell for _, cell in next(iter(page.table.rows)).items()]
        exported = b"".join(open_page(partner).export("csv")).decode("utf-8-sig")

    assert page.ordering.param == "-worth"
    assert cells[-1] == "much"
    assert next(csv.reader(io.StringIO(exported))) == ["Name", "Country", "Worth"]


def test_loaded_column_is_asked_once_for_the_rows_shown(partner: Partner) -> None:
    ids = [make_customer(partner, name).pk for name in "ABC"]
    asked: list[list[int]] = []

    def load(_partner: Partner, wanted: Any) -> dict[int, str]:
        asked.append(list(wanted))
        return {ids[0]: "offer"}

    with contributed(contributions.loaded_columns, LoadedColumn("test_customers", "offer", "Offer", 1, load)):
        table = open_page(partner).table
        cells = [[cell for _, cell in row.items()][-1] for row in table.rows]

    assert cells == ["offer", "", ""]
    assert asked == [ids]


def test_contributed_filter_joins_the_form(partner: Partner) -> None:
    wanted = make_customer(partner, "A", city="Lyon")
    make_customer(partner, "B", city="Paris")
    city = ListFilter("test_customers", "city", lambda: django_filters.CharFilter(label="City"))

    with contributed(contributions.filters, city):
        page = open_page(partner, "city=Lyon")
        rows = page.slice.rows

    assert rows == [wanted]
    assert "city" not in open_page(partner).filters.filters


def test_bulk_actions_stand_only_where_the_role_may_use_them(partner: Partner) -> None:
    action = BulkAction("test_customers", "assign", "Assign", "customers.assign", 1, lambda *_: Done("done"))

    with contributed(contributions.bulk_actions, action):
        keys = [one.key for one in open_page(partner).permitted_bulk_actions]
        support = [one.key for one in open_page(partner, role="support").permitted_bulk_actions]

    assert keys == ["assign", "export"]
    assert support == ["export"]


# Files


def test_file_holds_exactly_the_filtered_rows_of_all_pages_in_the_order_shown(partner: Partner) -> None:
    for number in range(60):
        make_customer(partner, f"{number:02}", country="FR" if number % 2 else "DE")

    content = b"".join(open_page(partner, "country=FR&sort=-name&size=25").export("csv"))
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))

    assert rows[0] == ["Name", "Country"]
    assert rows[1:] == [[f"{number:02}", "France"] for number in range(59, 0, -2)]


def test_workbook_holds_the_same_rows(partner: Partner) -> None:
    from openpyxl import load_workbook

    make_customer(partner, "=1+1", country="FR")

    sheet = load_workbook(io.BytesIO(b"".join(open_page(partner).export("xlsx")))).active

    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet.rows] == [["Name", "Country"], ["=1+1", "France"]]
    assert sheet["A2"].data_type == "s"


def test_no_cell_of_a_file_is_a_formula(partner: Partner) -> None:
    for name in ("=HYPERLINK(1)", "+33 1", "-5", "@x", "\tx", "'=x"):
        make_customer(partner, name)

    content = b"".join(open_page(partner).export("csv")).decode("utf-8-sig")
    cells = [row[0] for row in list(csv.reader(io.StringIO(content)))[1:]]

    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r"))]
    assert sorted(map(csvio.unescape, cells)) == sorted(["=HYPERLINK(1)", "+33 1", "-5", "@x", "\tx", "'=x"])


def test_file_needs_its_own_permission(partner: Partner) -> None:
    with pytest.raises(PermissionDenied):
        open_page(partner, role="customer").export("csv")
    assert open_page(partner, role="customer").exports == []


def test_unknown_kind_of_file_is_not_found(partner: Partner) -> None:
    with pytest.raises(Http404):
        open_page(partner).export("pdf")


# The table


def test_table_leaves_the_rows_as_the_database_sorted_them(partner: Partner) -> None:
    for name in ("B", "a", "C"):
        make_customer(partner, name)
    page = open_page(partner, "sort=-name")

    assert [row.record.name for row in page.table.rows] == names(page)
    assert page.table.columns["name"].is_ordered
    assert page.table.columns["name"].orderable
    assert not page.table.columns["select"].orderable


def test_address_forgets_empty_and_passing_keys() -> None:
    from portal.lists.address import Address

    address = Address.of(QueryDict("tab=30&q=&quick=4&after=abc&export=csv"))

    assert address.query == "tab=30&after=abc"
    assert address.but(tab=60) == "?tab=60"
    assert address.saved == "tab=30"
