"""Tables in and out: nothing that leaves can run, and nothing that comes in is lost, mistaken or too much."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, cast

import pytest
from django.http import StreamingHttpResponse
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from portal import csvio
from portal.csvio import BadRecord, CsvFile, Fault, FileRefused, Limits, Record, Refusal

TRIGGERS = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"


def read(data: bytes | str, limits: Limits | None = None) -> CsvFile:
    return csvio.open_csv(io.BytesIO(data.encode() if isinstance(data, str) else data), limits)


def rows(data: bytes | str, limits: Limits | None = None) -> list[Record | BadRecord]:
    return list(read(data, limits).records())


def refusal(data: bytes | str, limits: Limits | None = None) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        rows(data, limits)
    return refused.value


# Out


@given(st.text())
def test_escaping_is_taken_back_exactly(text: str) -> None:
    assert csvio.unescape(csvio.escape(text)) == text


@given(st.text())
def test_no_escaped_cell_begins_like_a_formula(text: str) -> None:
    assert not csvio.escape(text).startswith(tuple(TRIGGERS))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+33 4 00 27 53 64", "'+33 4 00 27 53 64"),
        ("-12.50", "'-12.50"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tcmd", "'\tcmd"),
        ("'=1", "''=1"),
        ("'quoted'", "'quoted'"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_cells_that_could_run_get_an_apostrophe(text: str, escaped: str) -> None:
    assert csvio.escape(text) == escaped


# Line breaks and zero bytes inside cells are tried apart: they belong to the file, not to the cell.
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffd"), max_size=30)


@given(st.lists(st.lists(cells, min_size=3, max_size=3).filter(any), max_size=10))
def test_reading_what_was_written_gives_the_same_cells(table: list[list[str]]) -> None:
    data = "".join(csvio.write_csv(["one", "two", "three"], table)).encode()

    found = [record.cells for record in rows(data) if isinstance(record, Record)]

    assert found == table


def test_written_file_has_a_mark_quotes_and_plain_values() -> None:
    table = [[None, True, Decimal("-1.50"), date(2026, 11, 22), datetime(2026, 11, 22, 9, 30, tzinfo=UTC)]]

    written = "".join(csvio.write_csv(["a", "b", "c", "d", "e"], table))

    assert written == '\ufeff"a","b","c","d","e"\r\n"","True","\'-1.50","2026-11-22","2026-11-22 09:30:00"\r\n'


def test_moments_are_written_in_utc() -> None:
    paris = timezone(timedelta(hours=1))

    assert csvio.cell_text(datetime(2026, 11, 22, 0, 30, tzinfo=paris)) == "2026-11-21 23:30:00"


def test_rows_are_written_while_they_are_read() -> None:
    taken = []

    def source() -> Any:
        for number in range(10_000):
            taken.append(number)
            yield [f"row {number}", "x" * 50]

    first = next(csvio.write_csv(["a", "b"], source()))

    assert 64 * 1024 <= len(first) < 128 * 1024
    assert len(taken) < 2_000


def test_workbook_holds_text_as_text_and_numbers_as_numbers() -> None:
    file = io.BytesIO()
    moment = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    csvio.write_xlsx(file, ["text", "number", "when"], [["=1+1", Decimal("2.5"), moment], ["bell\x07", 3, None]])

    sheet = load_workbook(file).active
    assert sheet is not None
    formula, number, when = (sheet.cell(2, column) for column in (1, 2, 3))

    assert (formula.data_type, formula.value, formula.quotePrefix) == ("s", "=1+1", True)
    assert (number.value, when.value) == (2.5, datetime(2026, 11, 22, 9, 30))  # noqa: DTZ001 - as Excel has it
    assert sheet.cell(3, 1).value == "bell"


@pytest.mark.parametrize("name", ['orders"\r\nX: 1.csv', "../../etc/passwd", "Société.csv"])
def test_downloads_have_a_safe_name_and_are_never_shown_inline(name: str) -> None:
    response = csvio.csv_response(name, ["a"], [["1"]])
    disposition = response.headers["Content-Disposition"]

    assert disposition.startswith('attachment; filename="')
    assert not set('/\\\r\n"') & set(disposition.removeprefix('attachment; filename="').removesuffix('"'))
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert b"".join(cast(StreamingHttpResponse, response)).decode().endswith('"1"\r\n')


# In: how files are written


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("name\nBoréal".encode(), "utf-8"),
        ("name\nBoréal".encode("utf-8-sig"), "utf-8-sig"),
        ("name\nBoréal".encode("cp1252"), "cp1252"),
        ("name\nBoréal".encode("utf-16"), "utf-16"),
    ],
)
def test_encodings_are_recognised(data: bytes, encoding: str) -> None:
    file = read(data)

    assert (file.encoding, file.header) == (encoding, ["name"])
    assert list(file.records()) == [Record(2, ["Boréal"])]


def test_letters_late_in_a_large_file_decide_its_encoding_too() -> None:
    data = b"name\n" + b"plain\n" * 300_000 + "Boréal\n".encode("cp1252")

    file = read(data, Limits(rows=400_000))

    assert file.encoding == "cp1252"
    assert list(file.records())[-1] == Record(300_002, ["Boréal"])


def test_one_damaged_letter_costs_its_own_line_only() -> None:
    data = b"name\n" + "Boréal\n".encode() * 20 + b"Bor\xe9al\n" + "Karst Atelier é\n".encode()

    found = rows(data)

    assert found[20] == BadRecord(22, Fault.BAD_ENCODING)
    assert found[21] == Record(23, ["Karst Atelier é"])


@pytest.mark.parametrize(
    ("data", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", ","),
        ("a;b;c\n1;2;3\n", ";"),
        ("a\tb\tc\n1\t2\t3\n", "\t"),
        ('"a,1";b;c\n1;2;3\n', ";"),
        ("sep=;\na;b;c\n1;2;3\n", ";"),
        ("\n\na;b;c\n1;2;3\n", ";"),
    ],
)
def test_delimiters_are_recognised(data: str, delimiter: str) -> None:
    file = read(data)
    (record,) = file.records()

    assert file.delimiter == delimiter
    assert cast(Record, record).cells == ["1", "2", "3"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_shows_them(newline: str) -> None:
    lines = ["a,b", '1,"two', "lines", 'and three"', "", "2,x", '3,"y', 'y"', "4,z"]

    found = rows(newline.join(lines))

    assert [one.line for one in found] == [2, 6, 7, 9]
    assert cast(Record, found[0]).cells == ["1", newline.join(["two", "lines", "and three"])]


def test_apostrophes_that_an_export_added_are_taken_back() -> None:
    assert rows("phone,name\n'+33 4,O'Neil\n'quoted','\n") == [
        Record(2, ["+33 4", "O'Neil"]),
        Record(3, ["'quoted'", "'"]),
    ]


# In: bad records


def test_cells_missing_or_too_many_are_told_with_their_numbers() -> None:
    assert rows("a,b,c\n1,2\n1,2,3\n1,2,3,4\n1,2,3,,\n") == [
        BadRecord(2, Fault.WRONG_CELL_COUNT, "2 / 3"),
        Record(3, ["1", "2", "3"]),
        BadRecord(4, Fault.WRONG_CELL_COUNT, "4 / 3"),
        Record(5, ["1", "2", "3"]),
    ]


def test_quote_that_nobody_closes_costs_one_line() -> None:
    assert rows('a,b\n1,x\n2,"open\n3,y\n4,z\n') == [
        Record(2, ["1", "x"]),
        BadRecord(3, Fault.BAD_QUOTES),
        Record(4, ["3", "y"]),
        Record(5, ["4", "z"]),
    ]


def test_open_quote_in_a_large_file_costs_one_line_too() -> None:
    good = [f"{number},{'x' * 100}" for number in range(5_000)]
    data = "\n".join(["a,b", *good[:2_000], '"open,x', *good[2_000:]])

    found = rows(data)

    assert [one for one in found if isinstance(one, BadRecord)] == [BadRecord(2_002, Fault.BAD_QUOTES)]
    assert len(found) == 5_001


def test_letters_after_a_closing_quote_are_not_guessed_at() -> None:
    assert rows('a,b\n"x"y,1\nz,2\n') == [BadRecord(2, Fault.BAD_QUOTES), Record(3, ["z", "2"])]


def test_zero_byte_costs_one_line() -> None:
    assert rows("a,b\n1,x\0\n2,y\n") == [BadRecord(2, Fault.NUL), Record(3, ["2", "y"])]


def test_cell_over_the_limit_costs_one_line() -> None:
    limits = Limits(cell_characters=50)

    assert rows(f"a,b\n1,{'x' * 51}\n2,y\n", limits) == [
        BadRecord(2, Fault.CELL_TOO_LONG),
        Record(3, ["2", "y"]),
    ]


def test_record_without_end_is_given_up_within_bounds() -> None:
    limits = Limits(cell_characters=1_000, line_characters=10_000)
    endless = 'a,b\n"1\n' + '","\n' * 20_000

    found = rows(endless, limits)

    assert found[0] == BadRecord(2, Fault.BAD_QUOTES)


# In: files that are refused


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Refusal.EMPTY),
        (b"\n \r\n", Refusal.EMPTY),
        (b"PK\x03\x04 zip named csv", Refusal.ARCHIVE),
        (b"\x1f\x8b gzip", Refusal.ARCHIVE),
        (b"%PDF-1.7", Refusal.ARCHIVE),
        (b"\x00\x01\x02\x03" * 50, Refusal.NOT_TEXT),
        ("a,b\n1,2\n".encode("utf-16-le"), Refusal.NOT_TEXT),
        (b'"a,b\n1,2\n', Refusal.HEADER_UNREADABLE),
        (b",,,\n1,2\n", Refusal.HEADER_UNREADABLE),
        (b"a,b,A\n1,2,3\n", Refusal.DUPLICATE_COLUMN),
    ],
)
def test_what_is_no_table_is_refused_by_name(data: bytes, code: Refusal) -> None:
    assert refusal(data).code is code


def test_limits_of_size_columns_rows_and_lines_are_kept() -> None:
    table = "a,b,c\n" + "1,2,3\n" * 10

    assert (refusal(table, Limits(bytes=20)).code, refusal(table, Limits(columns=2)).code) == (
        Refusal.TOO_LARGE,
        Refusal.TOO_MANY_COLUMNS,
    )
    assert refusal(table, Limits(rows=9)).facts == {"limit": 9}
    assert len(rows(table, Limits(rows=10))) == 10
    assert refusal(table + "x" * 101, Limits(line_characters=100)).facts == {"line": 12, "limit": 100}


def test_line_without_end_is_never_read_whole() -> None:
    class Endless(io.RawIOBase):
        """A gigabyte on one line, made as it is read."""

        size = 1_000_000_000

        def __init__(self) -> None:
            self.place = 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, place: int, _whence: int = 0) -> int:
            self.place = place
            return place

        def tell(self) -> int:
            return self.place

        def readinto(self, buffer: Any) -> int:
            piece = (b"a,b\n" + b"x" * len(buffer))[: len(buffer)] if self.place == 0 else b"x" * len(buffer)
            buffer[:] = piece[: min(len(buffer), self.size - self.place)].ljust(len(buffer), b"x")
            self.place += len(buffer)
            return 0 if self.place > self.size else len(buffer)

    file = csvio.open_csv(cast(Any, io.BufferedReader(Endless())), Limits(bytes=2_000_000_000))

    with pytest.raises(FileRefused) as refused:
        list(file.records())

    assert refused.value.code is Refusal.LINE_TOO_LONG
    assert file.bytes_read < 3_000_000


def test_too_many_bad_records_end_the_reading() -> None:
    data = "a,b\n" + '"x"y,1\n' * 30

    assert refusal(data, Limits(bad_records=20)).code is Refusal.TOO_MANY_BAD_RECORDS


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = rows(data)
    except FileRefused:
        return
    assert all(isinstance(one, Record | BadRecord) for one in found)


@given(st.text(st.sampled_from('a,;"\n\r\t =\0'), max_size=60))
def test_any_punctuation_is_read_or_refused_and_line_numbers_grow(text: str) -> None:
    try:
        found = [one.line for one in rows(text)]
    except FileRefused:
        return
    assert found == sorted(set(found))
