"""Tables in and out: what leaves never becomes a formula, what comes in is read record by record or refused by name."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from typing import IO, Any, BinaryIO, TypeAlias

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

Row: TypeAlias = Sequence[Any]

# Out ------------------------------------------------------------------------------------------------------------

# A cell that begins so may be run as a formula (ASVS 1.2.10), here with the line feed and the wide forms of East Asia.
_TRIGGERS = "=+\\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
# Nearly every cell begins otherwise, and looking is cheaper than matching.
_FIRST = frozenset("'=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")
_TRIGGERED = re.compile(f"'*[{_TRIGGERS}]")
_ESCAPED = re.compile(f"'+[{_TRIGGERS}]")
# Excel holds no longer text in one cell.
_XLSX_LONGEST = 32_767
_FLUSH_CHARACTERS = 64 * 1024


def escape(text: str) -> str:
    """The text as no spreadsheet runs it: "=1+1" -> "'=1+1"; one that begins like an escaped text gets one more."""
    return f"'{text}" if text[:1] in _FIRST and _TRIGGERED.match(text) else text


def unescape(text: str) -> str:
    """The inverse of `escape`: "'+33 1" -> "+33 1", and "'quoted" stays as it is."""
    return text[1:] if text[:1] == "'" and _ESCAPED.match(text) else text


def cell_text(value: Any) -> str:
    """A value as people and programs read it in a file: ISO dates in UTC, plain decimals, nothing for None."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if value.tzinfo else value.isoformat(" ")
    return str(value)


def write_csv(header: Iterable[object], rows: Iterable[Row]) -> Iterator[str]:
    """The lines of a CSV file, some 64 KiB at a time: every cell quoted and escaped, CRLF, a BOM for Excel."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    for row in chain([header], rows):
        writer.writerow([escape(cell_text(value)) for value in row])
        if buffer.tell() >= _FLUSH_CHARACTERS:
            yield _drain(buffer)
    yield _drain(buffer)


def _drain(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def write_xlsx(file: IO[bytes], header: Iterable[object], rows: Iterable[Row]) -> None:
    """An Excel file, row by row: numbers and dates stay what they are, every text is text and never a formula."""
    from openpyxl import Workbook  # heavy, and only exports need it

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in chain([header], rows):
        sheet.append([_xlsx_cell(sheet, value) for value in row])
    book.save(file)


def _xlsx_cell(sheet: Any, value: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell  # heavy, and only exports need it
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if value is None or isinstance(value, bool | int | float | Decimal | date):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", str(value))[:_XLSX_LONGEST]
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    # Text stays text even when somebody edits the cell.
    cell.quotePrefix = bool(_TRIGGERED.match(text))
    return cell


def csv_response(filename: str, header: Iterable[object], rows: Iterable[Row]) -> HttpResponseBase:
    """A CSV file to download, written while it is read."""
    response = StreamingHttpResponse(write_csv(header, rows), content_type="text/csv; charset=utf-8")
    return _as_download(response, filename)


def xlsx_response(filename: str, header: Iterable[object], rows: Iterable[Row]) -> HttpResponseBase:
    """An Excel file to download."""
    import tempfile  # beside its only use

    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_xlsx(file, header, rows)
    file.seek(0)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _as_download(FileResponse(file, content_type=kind), filename)


def _as_download(response: HttpResponseBase, filename: str) -> HttpResponseBase:
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", filename).strip(".-") or "export"
    response.headers["Content-Disposition"] = f'attachment; filename="{safe}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


# In -------------------------------------------------------------------------------------------------------------


class Refusal(StrEnum):
    """Why a file is not read at all, or no further."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    ARCHIVE = "archive"
    NOT_TEXT = "not_text"
    HEADER_UNREADABLE = "header_unreadable"
    DUPLICATE_COLUMN = "duplicate_column"
    TOO_MANY_COLUMNS = "too_many_columns"
    TOO_MANY_ROWS = "too_many_rows"
    LINE_TOO_LONG = "line_too_long"
    TOO_MANY_BAD_RECORDS = "too_many_bad_records"


class FileRefused(Exception):
    """A file that cannot be read as a table; `facts` holds what its sentence names (line, limit, column)."""

    def __init__(self, code: Refusal, **facts: int | str) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


class Fault(StrEnum):
    """Why one record of a file cannot be read; the rest can."""

    BAD_QUOTES = "bad_quotes"
    CELL_TOO_LONG = "cell_too_long"
    WRONG_CELL_COUNT = "wrong_cell_count"
    NUL = "nul"
    BAD_ENCODING = "bad_encoding"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be; `cell_characters` is also the most that one record spans."""

    bytes: int = 256 * 1024 * 1024
    rows: int = 200_000
    columns: int = 500
    cell_characters: int = 128 * 1024
    line_characters: int = 1024 * 1024
    # Each of these costs reading some lines twice.
    bad_records: int = 1_000


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the physical line it begins on, from 1, and its cells, as many as the header has."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be read, by the line it begins on; `detail` names what was found."""

    line: int
    fault: Fault
    detail: str = ""


@dataclass
class CsvFile:
    """An opened table: how it is written, its header, and `records()`, read once, a record at a time."""

    encoding: str
    delimiter: str
    header: list[str]
    size: int
    _lines: _Lines = field(repr=False)
    _limits: Limits = field(repr=False)

    @property
    def bytes_read(self) -> int:
        """How far the file has been read, for a progress bar."""
        return self._lines.bytes_read

    def records(self) -> Iterator[Record | BadRecord]:
        """Every record in its order, good or bad; blank lines are passed over. Raises FileRefused at a limit."""
        for count, found in enumerate(_parsed(self._lines, self.delimiter, self._limits)):
            if count == self._limits.rows:
                raise FileRefused(Refusal.TOO_MANY_ROWS, limit=self._limits.rows)
            yield self._checked(found) if isinstance(found, Record) else found

    def _checked(self, record: Record) -> Record | BadRecord:
        cells, expected = record.cells, len(self.header)
        if len(cells) > expected and not any(cells[expected:]):
            del cells[expected:]
        if len(cells) != expected:
            return BadRecord(record.line, Fault.WRONG_CELL_COUNT, f"{len(cells)} / {expected}")
        return record


def open_csv(file: BinaryIO, limits: Limits | None = None) -> CsvFile:
    """Look at a whole file once, guess how it is written, and read its header.

    The file must be seekable. Encodings: UTF-8 and UTF-16 by their marks, UTF-8 where the bytes say so, else
    Windows-1252. Delimiters: comma, semicolon, tab. Raises FileRefused.
    """
    limits = limits or Limits()
    size, encoding = _survey(file, limits)
    csv.field_size_limit(limits.cell_characters)
    lines = _Lines(file, encoding, limits)
    delimiter = _delimiter(lines)
    header = _header(lines, delimiter, limits)
    return CsvFile(encoding, delimiter, header, size, lines, limits)


_CHUNK = 1024 * 1024
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"%PDF", b"7z\xbc\xaf", b"Rar!")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LEAST_NULS = 8


def _survey(file: BinaryIO, limits: Limits) -> tuple[int, str]:
    """The size in bytes and the encoding of a file, read once from its beginning, a piece at a time."""
    file.seek(0)
    head = file.read(_CHUNK)
    if not head.strip():
        raise FileRefused(Refusal.EMPTY)
    if head.startswith(_ARCHIVES):
        raise FileRefused(Refusal.ARCHIVE)
    marked = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), "")
    if not marked.startswith("utf-16") and head[:4096].count(0) >= _LEAST_NULS:
        raise FileRefused(Refusal.NOT_TEXT)
    census = _Utf8Census()
    size, piece = 0, head
    while piece:
        size += len(piece)
        if size > limits.bytes:
            raise FileRefused(Refusal.TOO_LARGE, limit=limits.bytes)
        if not marked:
            census.count(piece)
        piece = file.read(_CHUNK)
    file.seek(0)
    return size, marked or census.verdict()


class _Utf8Census:
    """Whether bytes are UTF-8 with at most a few damaged places, or else Windows-1252."""

    def __init__(self) -> None:
        self.good = self.bad = 0
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode

    def count(self, piece: bytes) -> None:
        text = self._decode(piece)
        if not text.isascii():
            bad = text.count("\ufffd")
            self.bad += bad
            self.good += len(text) - len(text.encode("ascii", "ignore")) - bad

    def verdict(self) -> str:
        return "utf-8" if self.bad == 0 or self.good > 10 * self.bad else "cp1252"


class _Lines:
    """The physical lines of a file, one at a time; those of the present record are kept and can be taken back."""

    def __init__(self, file: BinaryIO, encoding: str, limits: Limits) -> None:
        # Without translation, so that line breaks inside quotes stay as they are.
        self._text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
        self._file = file
        self._limit = limits.line_characters
        self._again: deque[str] = deque()
        self._before = self._held = 0
        # The lines of the record that is being read
        self.pending: list[str] = []

    @property
    def bytes_read(self) -> int:
        return self._file.tell()

    @property
    def number(self) -> int:
        """The number of the last line that was read."""
        return self._before + len(self.pending)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(self._limit + 1)
        if not line:
            raise StopIteration
        self.pending.append(line)
        self._held += len(line)
        if self._held > self._limit:
            self._refuse(line)
        return line

    def _refuse(self, line: str) -> None:
        if len(line) > self._limit:
            raise FileRefused(Refusal.LINE_TOO_LONG, line=self.number, limit=self._limit)
        raise csv.Error("the record runs over too many lines")

    def begin(self) -> int:
        """A new record begins on the next line, whose number is returned."""
        self._before = self.number
        self._held = 0
        self.pending.clear()
        return self._before + 1

    def peek(self) -> str:
        """The next line, left where it is."""
        line = next(self, "")
        if line:
            self.take_back(1)
        return line

    def take_back(self, count: int) -> None:
        """Put the last lines of the present record in front of the rest again."""
        kept = len(self.pending) - count
        taken = self.pending[kept:]
        del self.pending[kept:]
        self._again.extendleft(reversed(taken))
        self._held -= sum(map(len, taken))


_DELIMITERS = ",;\t"


def _delimiter(lines: _Lines) -> str:
    """The candidate that stands most often in the header, outside quotes; a line "sep=;" decides and is consumed."""
    while (line := lines.peek()) and not line.strip():
        next(lines)
        lines.begin()
    named = re.fullmatch(r"sep=(.)\s*", line, re.IGNORECASE)
    if named and named[1] in _DELIMITERS:
        next(lines)
        return named[1]
    outside = re.sub(r'"[^"]*"', "", line)
    return max(_DELIMITERS, key=outside.count)


def _header(lines: _Lines, delimiter: str, limits: Limits) -> list[str]:
    first = next(_parsed(lines, delimiter, limits), None)
    if first is None:
        raise FileRefused(Refusal.EMPTY)
    if isinstance(first, BadRecord):
        raise FileRefused(Refusal.HEADER_UNREADABLE, line=first.line)
    header = [cell.strip() for cell in first.cells]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise FileRefused(Refusal.HEADER_UNREADABLE, line=first.line)
    if len(header) > limits.columns:
        raise FileRefused(Refusal.TOO_MANY_COLUMNS, limit=limits.columns)
    seen = Counter(cell.casefold() for cell in header if cell)
    twice = next((cell for cell in header if seen[cell.casefold()] > 1), "")
    if twice:
        raise FileRefused(Refusal.DUPLICATE_COLUMN, column=twice[:80])
    return header


def _parsed(lines: _Lines, delimiter: str, limits: Limits) -> Iterator[Record | BadRecord]:
    """Records as they come. After a bad one, reading begins again on the line after its first."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    bad = 0
    while True:
        line = lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad += 1
            if bad > limits.bad_records:
                raise FileRefused(Refusal.TOO_MANY_BAD_RECORDS, line=line, limit=limits.bad_records) from error
            lines.take_back(len(lines.pending) - 1)
            fault = Fault.CELL_TOO_LONG if _one_long_cell(error, lines) else Fault.BAD_QUOTES
            yield BadRecord(line, fault)
            continue
        if cells:
            yield _record(line, cells, lines.pending)


def _one_long_cell(error: csv.Error, lines: _Lines) -> bool:
    """A cell over the limit on one line is too long; one that runs over many is a quote that nobody closed."""
    return "limit" in str(error) and len(lines.pending[0]) > csv.field_size_limit()


def _record(line: int, cells: list[str], raw: list[str]) -> Record | BadRecord:
    text = raw[0] if len(raw) == 1 else "".join(raw)
    if "\0" in text:
        return BadRecord(line, Fault.NUL)
    if "\ufffd" in text:
        return BadRecord(line, Fault.BAD_ENCODING)
    if "'" in text:
        cells = [unescape(cell) for cell in cells]
    return Record(line, cells)
