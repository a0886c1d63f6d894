"""From a stored file to order records: what it is, how it is written, and each of its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings

from certificates.models import ImportRun
from certificates.services.imports import columns
from certificates.services.imports.reasons import Fault
from certificates.services.imports.records import Mapper, OrderRecord, Rejection
from certificates.services.imports.values import DateOrder
from portal import csvio

DATE_ORDER = "date_order"
_PEM_ENDINGS = (".pem", ".crt", ".cer", ".der", ".p7b", ".p7c", ".p7s")
_PEM_STARTS = (b"-----BEGIN CERTIFICATE-----", b"-----BEGIN PKCS7-----", b"-----BEGIN X509 CERTIFICATE-----")


class ColumnsMissing(Exception):
    """The header is of no known layout, and the mapping leaves out what every order needs."""

    def __init__(self, header: list[str], missing: tuple[str, ...]) -> None:
        super().__init__(missing)
        self.header = header
        self.missing = missing

    code = Fault.COLUMNS_MISSING

    @property
    def facts(self) -> dict[str, str]:
        """What its sentence names."""
        return {"columns": ", ".join(f"“{columns.FIELDS[name]}”" for name in self.missing)}


@dataclass
class OrderFile:
    """A table of orders, opened: `records()` reads it once, a line at a time."""

    format: ImportRun.Format
    table: csvio.CsvFile
    _mapper: Mapper

    def records(self) -> Iterator[OrderRecord | Rejection]:
        """Every line in its order. Raises csvio.FileRefused at a limit."""
        for found in self.table.records():
            if isinstance(found, csvio.BadRecord):
                yield Rejection(found.line, found.fault, value=found.detail)
            else:
                yield self._mapper.record(found.line, found.cells)

    @property
    def percent_read(self) -> int:
        return min(100, 100 * self.table.bytes_read // max(1, self.table.size))


def open_orders(file: BinaryIO, mapping: Mapping[str, str] | None = None) -> OrderFile:
    """Open a table of orders in CertCentral's layouts or, with a mapping {our field: their column}, in any.

    Raises csvio.FileRefused, and ColumnsMissing where somebody has to map the columns first.
    """
    table = csvio.open_csv(file, limits())
    mapping = mapping or {}
    if mapping:
        named = {name: column for name, column in mapping.items() if name in columns.FIELDS}
        order = DateOrder(mapping.get(DATE_ORDER, DateOrder.DAY_FIRST))
        return _opened(ImportRun.Format.MAPPED, table, named, order)
    known = columns.recognised(table.header)
    if known is None:
        raise ColumnsMissing(table.header, columns.REQUIRED)
    return _opened(known[0], table, known[1], DateOrder.DAY_FIRST)


def _opened(layout: ImportRun.Format, table: csvio.CsvFile, named: Mapping[str, str], order: DateOrder) -> OrderFile:
    present = {column.casefold() for column in table.header}
    missing = tuple(name for name in columns.REQUIRED if named.get(name, "").casefold() not in present)
    if missing:
        raise ColumnsMissing(table.header, missing)
    return OrderFile(layout, table, Mapper(table.header, named, order))


def limits() -> csvio.Limits:
    return csvio.Limits(bytes=settings.IMPORT_MAX_BYTES)


def looks_like_certificates(head: bytes, name: str) -> bool:
    """Whether a file holds certificates rather than a table: by its name, or by how it begins."""
    if name.lower().endswith(_PEM_ENDINGS):
        return True
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(_PEM_STARTS) or (start[:1] == b"\x30" and head[1:2] in (b"\x82", b"\x83", b"\x80"))
