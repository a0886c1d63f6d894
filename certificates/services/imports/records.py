"""What a source says about one order, as a value: the seam between files, the authority's API and the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import partial
from itertools import repeat
from operator import itemgetter, le
from typing import TypeVar

from certificates import rules
from certificates.services.imports import values
from certificates.services.imports.reasons import Caution, Reason
from certificates.services.imports.values import BadValue, DateOrder
from certificates.states import LIVE_ORDER_STATES, OrderStatus
from portal.texts import straight

T = TypeVar("T")


class EndSource(IntEnum):
    """How well an order's end is known: from its certificate alone, inferred from its term too, or stated."""

    CERTIFICATE = 0
    TERM = 1
    STATED = 2


@dataclass(frozen=True, slots=True)
class Rejection:
    """A line that is not taken over: where, why, and as much as could be read of which order it is."""

    line: int
    code: str
    column: str = ""
    value: str = ""
    number: str = ""
    common_name: str = ""

    @property
    def reason(self) -> dict[str, str]:
        return {"code": self.code, "column": self.column, "value": self.value}


@dataclass(frozen=True, slots=True)
class LineWarning:
    """Something about a line that is taken over, and that somebody should look at."""

    line: int
    code: str
    column: str = ""
    value: str = ""

    @property
    def reason(self) -> dict[str, str]:
        return {"code": self.code, "column": self.column, "value": self.value}


@dataclass(frozen=True, slots=True)
class Holder:
    """The organisation an order is made out to; an empty number and name say that it names none (DV)."""

    number: str = ""
    name: str = ""
    address: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """The technical contact; the address, in lower case, is what the person is recognised by."""

    email: str
    name: str = ""
    title: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """The order's present certificate. `starts_at` may be unknown; `ends_at` is exclusive."""

    ends_at: datetime
    starts_at: datetime | None = None
    number: str = ""
    serial_number: str = ""
    thumbprint: str = ""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One order as a source describes it. None: the source does not say, and what is known already stays.

    `ends_at` comes with how well it is known. Ends are exclusive, moments are in UTC, names as certificates carry
    them, the common name first; addresses are in lower case.
    """

    line: int
    number: str
    common_name: str
    names: tuple[str, ...] | None = None
    status: OrderStatus | None = None
    authority_status: str | None = None
    placed_at: datetime | None = None
    term_years: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    end_source: EndSource | None = None
    certificate: Issued | None = None
    holder: Holder | None = None
    contact: Person | None = None
    product_name_id: str | None = None
    product_name: str | None = None
    customer_reference: str | None = None
    is_renewed: bool | None = None
    successor_number: str | None = None
    notices_enabled: bool | None = None
    auto_renew: bool | None = None
    additional_emails: tuple[str, ...] | None = None
    csr: str | None = None
    server_platform: str | None = None
    dcv_method: str | None = None
    division: str | None = None
    warnings: tuple[LineWarning, ...] = ()


# From cells

# What people recognise an order, a customer or a certificate by: too long, and the line is rejected.
_KEYS = {
    "number": 40,
    "successor_number": 40,
    "customer_reference": 120,
    "organization_number": 60,
    "organization_name": 200,
    "product_name_id": 120,
    "product_name": 120,
    "thumbprint": 40,
    "certificate_number": 40,
    "status": 60,
}
# What only describes: too long, and it is left out with a warning.
_WORDS = {
    "address": 120,
    "address_2": 120,
    "city": 120,
    "state": 120,
    "country": 2,
    "contact_name": 200,
    "contact_first_name": 90,
    "contact_last_name": 90,
    "contact_title": 120,
    "contact_phone": 40,
    "server_platform": 60,
    "dcv_method": 20,
    "division": 120,
    "csr": 64 * 1024,
}
_LIMITS = {**_KEYS, **_WORDS}
NO_LIMIT = 2**31
_BETWEEN_ADDRESSES = re.compile(r"[\s,;]+")
_NO_ORDER = ("", "0")


class _Refused(Exception):
    def __init__(self, reason: Reason, column: str, value: str) -> None:
        super().__init__(reason, column, value)
        self.reason = reason
        self.column = column
        self.value = value


class Mapper:
    """Turns the cells of one layout into records; `columns` names the column of each field that the file has."""

    def __init__(
        self, header: Sequence[str], columns: Mapping[str, str], dates: DateOrder = DateOrder.DAY_FIRST
    ) -> None:
        places = {column.casefold(): place for place, column in enumerate(header)}
        found = {name: places[column.casefold()] for name, column in columns.items() if column.casefold() in places}
        self._columns = {name: header[place] for name, place in found.items()}
        self._names = tuple(found)
        self._cells = _getter(tuple(found.values()))
        self._limits = tuple(map(_LIMITS.get, found, repeat(NO_LIMIT)))
        self._dates = _Dates(dates)

    def record(self, line: int, cells: Sequence[str]) -> OrderRecord | Rejection:
        """The order that the line describes, or why it is not taken over."""
        given = [straight(cell).strip() for cell in self._cells(cells)]
        # Nearly every line keeps all the limits, which is found out at once.
        fits = all(map(le, map(len, given), self._limits))
        row = _Row(line, dict(zip(self._names, given, strict=True)), self._columns, fits=fits)
        try:
            return _order(row, self._dates)
        except _Refused as refused:
            number, name = row.given("number"), row.given("common_name")
            return Rejection(line, refused.reason, refused.column, refused.value, number, name)


def _getter(places: tuple[int, ...]) -> Callable[[Sequence[str]], Iterable[str]]:
    if len(places) == 1:
        return lambda cells: (cells[places[0]],)
    return itemgetter(*places)


class _Row:
    """One line by our field names. A field without a column is None; an empty cell is empty."""

    __slots__ = ("_columns", "_fits", "_values", "line", "warnings")

    def __init__(self, line: int, values: dict[str, str], columns: Mapping[str, str], *, fits: bool) -> None:
        self.line = line
        self._fits = fits
        self.warnings: list[LineWarning] = []
        self._values = values
        self._columns = columns

    def text(self, name: str) -> str:
        return self._values.get(name, "")

    def given(self, name: str) -> str:
        """What stands in a cell, for a report."""
        return values.shown(self.text(name))

    def line_of(self, name: str) -> str | None:
        """The cell in one line: a quoted line break in a name is no other name."""
        text = self._values.get(name)
        return " ".join(text.split()) if text else text

    def key(self, name: str) -> str | None:
        text = self.line_of(name)
        if not self._fits and text and len(text) > _LIMITS[name]:
            raise self.refused(Reason.TOO_LONG, name)
        return text

    def words(self, name: str) -> str | None:
        text = self.line_of(name)
        return text if self._fits else self._within(name, text)

    def block(self, name: str) -> str | None:
        """A text whose line breaks matter."""
        return self._within(name, self._values.get(name))

    def _within(self, name: str, text: str | None) -> str | None:
        if text and len(text) > _LIMITS[name]:
            self.warn(Caution.LEFT_OUT, name, text)
            return ""
        return text

    def read(self, name: str, parse: Callable[[str], T]) -> T | None:
        """The parsed cell, or None where there is no column or nothing in it."""
        text = self._values.get(name)
        if not text:
            return None
        try:
            return parse(text)
        except BadValue as bad:
            raise self.refused(bad.reason, name, bad.value) from None

    def has(self, *names: str) -> bool:
        return any(name in self._values for name in names)

    def refused(self, reason: Reason, name: str, value: str = "") -> _Refused:
        return _Refused(reason, self._columns.get(name, name), value or self.given(name))

    def warn(self, code: Caution, name: str, value: str) -> None:
        self.warnings.append(LineWarning(self.line, code, self._columns[name], values.shown(value)))


class _Dates:
    """How the layout writes moments and ends."""

    def __init__(self, order: DateOrder) -> None:
        self.moment = partial(values.moment, order=order)
        self.end = partial(values.end, order=order)


def _order(row: _Row, dates: _Dates) -> OrderRecord:
    names = _names(row)
    certificate = _certificate(row, dates)
    status = row.read("status", values.status)
    placed_at = row.read("placed", dates.moment)
    term_years = row.read("term_years", values.years)
    explicit = row.read("order_end", dates.end)
    ends_at, end_source = known_end(explicit, status, certificate, placed_at, term_years)
    notices_off = row.read("notices_off", values.boolean)
    return OrderRecord(
        line=row.line,
        number=_required(row.key("number"), row),
        common_name=names[0],
        names=names if row.has("names") else None,
        status=status,
        authority_status=row.key("status") or None,
        placed_at=placed_at,
        term_years=term_years,
        starts_at=row.read("order_start", dates.moment),
        ends_at=ends_at,
        end_source=end_source,
        certificate=certificate,
        holder=_holder(row),
        contact=_contact(row),
        product_name_id=row.key("product_name_id"),
        product_name=row.key("product_name"),
        customer_reference=row.key("customer_reference"),
        is_renewed=row.read("renewed", values.boolean),
        successor_number=_successor(row),
        notices_enabled=None if notices_off is None else not notices_off,
        auto_renew=row.read("auto_renew", values.boolean),
        additional_emails=_addresses(row),
        csr=row.block("csr"),
        server_platform=row.words("server_platform"),
        dcv_method=row.words("dcv_method"),
        division=row.words("division"),
        warnings=tuple(row.warnings),
    )


def known_end(
    explicit: datetime | None,
    status: OrderStatus | None,
    certificate: Issued | None,
    placed_at: datetime | None,
    term_years: int | None,
) -> tuple[datetime | None, EndSource | None]:
    """When an order ends, and how that is known.

    Where the source does not say: the later of its certificate's end and the moment of ordering + its years. An
    order for which nothing was issued has no end yet.
    """
    if explicit:
        return explicit, EndSource.STATED
    if certificate is None and status not in LIVE_ORDER_STATES:
        return None, None
    term_end = rules.add_years(placed_at, term_years) if placed_at and term_years else None
    if term_end:
        return max(term_end, certificate.ends_at) if certificate else term_end, EndSource.TERM
    return (certificate.ends_at, EndSource.CERTIFICATE) if certificate else (None, None)


def _required(number: str | None, row: _Row) -> str:
    if not number:
        raise row.refused(Reason.MISSING, "number")
    return number


def _names(row: _Row) -> tuple[str, ...]:
    common_name = row.read("common_name", values.host)
    names = row.read("names", lambda text: values.hosts(common_name or "", text)) or (common_name or "",)
    names = names if names[0] else names[1:]
    if not names:
        raise row.refused(Reason.MISSING, "common_name")
    return names


def _certificate(row: _Row, dates: _Dates) -> Issued | None:
    ends_at = row.read("certificate_end", dates.end)
    starts_at = row.read("certificate_start", dates.moment)
    if ends_at is None:
        return None
    if starts_at and starts_at >= ends_at:
        raise row.refused(Reason.ENDS_BEFORE_START, "certificate_end")
    return Issued(
        ends_at=ends_at,
        starts_at=starts_at,
        number=row.key("certificate_number") or "",
        serial_number=row.read("serial_number", values.serial) or "",
        thumbprint=(row.key("thumbprint") or "").replace(":", "").upper(),
    )


def _holder(row: _Row) -> Holder | None:
    if not row.has("organization_number", "organization_name"):
        return None
    number, name = row.key("organization_number") or "", row.key("organization_name") or ""
    if not number and not name:
        return Holder()
    lines = [row.words("address"), row.words("address_2")]
    return Holder(
        number=number,
        name=name,
        address=None if lines[0] is None else ", ".join(filter(None, lines)),
        city=row.words("city"),
        state=row.words("state"),
        country=_upper(row.words("country")),
    )


def _upper(text: str | None) -> str | None:
    return text.upper() if text else text


def _contact(row: _Row) -> Person | None:
    given = row.text("contact_email")
    address = values.email(given) if given else None
    if address is None:
        if given:
            row.warn(Caution.LEFT_OUT, "contact_email", given)
        return None
    parts = (row.words("contact_first_name"), row.words("contact_last_name"))
    return Person(
        email=address,
        name=row.words("contact_name") or " ".join(filter(None, parts)),
        title=row.words("contact_title") or "",
        phone=row.words("contact_phone") or "",
    )


def _addresses(row: _Row) -> tuple[str, ...] | None:
    if not row.has("additional_emails"):
        return None
    given = row.read("additional_emails", _BETWEEN_ADDRESSES.split) or []
    found = {text: values.email(text) for text in given if text}
    for text in (text for text, address in found.items() if address is None):
        row.warn(Caution.LEFT_OUT, "additional_emails", text)
    return tuple(dict.fromkeys(filter(None, found.values())))


def _successor(row: _Row) -> str | None:
    number = row.key("successor_number")
    return None if number is None else "" if number in _NO_ORDER else number
