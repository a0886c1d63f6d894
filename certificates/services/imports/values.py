"""Cells into values: dates in UTC, host names as certificates carry them, yes and no in the ways sources write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from certificates import x509
from certificates.services.imports.reasons import Reason
from certificates.states import OrderStatus

SECOND = timedelta(seconds=1)
NAME_LENGTH = 253
_SHOWN = 80


class BadValue(ValueError):
    """A cell that cannot be understood."""

    def __init__(self, reason: Reason, value: str) -> None:
        super().__init__(reason, value)
        self.reason = reason
        self.value = shown(value)


def shown(value: str) -> str:
    """As much of a cell as a report repeats."""
    return "".join(character for character in value[:_SHOWN] if character.isprintable())


# Dates


class DateOrder(StrEnum):
    """How dates with the year last are written."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


# What is older or later stands for no date, such as 0001-01-01 and 9999-12-31, or is a slip of the keyboard.
_YEARS = range(1970, 2201)
_YEAR_LAST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")


@lru_cache(maxsize=4096)
def moment(text: str, order: DateOrder = DateOrder.DAY_FIRST) -> datetime:
    """A moment in UTC: "2026-11-22 10:00:00", "2026-11-22", ISO 8601 with a zone; without a zone it is UTC.

    "22/11/2026" and "22.11.2026" are read in the order given. Raises BadValue.
    """
    found = _read(text, order)
    return datetime.combine(found, time.min, UTC) if isinstance(found, _Day) else found


@lru_cache(maxsize=4096)
def end(text: str, order: DateOrder = DateOrder.DAY_FIRST) -> datetime:
    """The exclusive end of something valid until a moment: a second after it; a date alone is valid all day."""
    found = _read(text, order)
    if isinstance(found, _Day):
        return datetime.combine(found + timedelta(days=1), time.min, UTC)
    return found + SECOND


class _Day(date):
    """Told apart from a moment, which Python counts among the dates."""


def _read(text: str, order: DateOrder) -> datetime | _Day:
    try:
        if len(text) == 19 and text[4] == "-" and text[10] == " ":  # the order report, far ahead of the rest
            found: datetime | _Day = datetime.fromisoformat(text).replace(tzinfo=UTC)
        else:
            found = _read_other(text, order)
    except (ValueError, OverflowError):
        raise BadValue(Reason.BAD_DATE, text) from None
    if found.year not in _YEARS:
        raise BadValue(Reason.BAD_DATE, text)
    return found


def _read_other(text: str, order: DateOrder) -> datetime | _Day:
    year_last = _YEAR_LAST.fullmatch(text)
    if year_last:
        return _year_last(year_last, order)
    if len(text) <= 10:
        return _Day.fromisoformat(text)
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _year_last(found: re.Match[str], order: DateOrder) -> datetime | _Day:
    first, second, year = (int(found[group]) for group in (1, 2, 3))
    month, day = (second, first) if order is DateOrder.DAY_FIRST else (first, second)
    if found[4] is None:
        return _Day(year, month, day)
    return datetime(year, month, day, int(found[4]), int(found[5]), int(found[6] or 0), tzinfo=UTC)


# Yes, no, numbers, words

_YES = {"1", "true", "yes", "y", "on", "oui", "o", "vrai", "ja", "10"}
_NO = {"0", "false", "no", "n", "off", "non", "faux", "nein"}


def boolean(text: str) -> bool:
    """Yes or no; CertCentral's auto-renew also knows 10, which is a yes. Raises BadValue."""
    word = text.lower()
    if word in _NO:
        return False
    if word in _YES:
        return True
    raise BadValue(Reason.BAD_CHOICE, text)


def years(text: str) -> int | None:
    """Whole years of a plan; "0" says nothing. Raises BadValue."""
    match = re.fullmatch(r"(\d{1,2})(?:\s*\w+)?", text)
    if not match or int(match[1]) > 10:
        raise BadValue(Reason.BAD_NUMBER, text)
    return int(match[1]) or None


def serial(text: str) -> str:
    """A serial number as people read it to support: upper-case hexadecimal, no separators, no leading zeros."""
    return re.sub(r"[\s:-]", "", text).upper().removeprefix("0X").lstrip("0")[:64]


_EMAIL = re.compile(r"[^\s@,;<>\"()]{1,64}@[^\s@,;<>\"()]+\.[^\s@,;<>\"().]{2,}")


def email(text: str) -> str | None:
    """The address in lower case, or None where it is no address."""
    address = text.strip().lower()
    return address if len(address) <= 254 and _EMAIL.fullmatch(address) else None


_STATUSES = {
    "issued": OrderStatus.ISSUED,
    "approved": OrderStatus.ISSUED,
    "expired": OrderStatus.ISSUED,
    "pending": OrderStatus.PENDING,
    "processing": OrderStatus.PENDING,
    "needs_csr": OrderStatus.PENDING,
    "needs_approval": OrderStatus.NEEDS_APPROVAL,
    "waiting_pickup": OrderStatus.WAITING_PICKUP,
    "reissue_pending": OrderStatus.REISSUE_PENDING,
    "reissue_processing": OrderStatus.REISSUE_PENDING,
    "revoked": OrderStatus.REVOKED,
    "rejected": OrderStatus.REJECTED,
    "denied": OrderStatus.REJECTED,
    "canceled": OrderStatus.CANCELED,
    "cancelled": OrderStatus.CANCELED,
}


@lru_cache(maxsize=256)
def status(text: str) -> OrderStatus:
    """What CertCentral's word means here; a word that nobody listed is UNKNOWN, not an error."""
    return _STATUSES.get("_".join(text.lower().split()), OrderStatus.UNKNOWN)


# Host names

_PLAIN_HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9]|-(?!-)){0,62}\.)+[a-z][a-z0-9-]{0,62}", re.ASCII)
_BETWEEN_NAMES = re.compile(r"[\s,;]+")


def host(text: str) -> str:
    """A name in lower case and, where it is a host name, as the certificate carries it. Raises BadValue."""
    name = text.strip().lower()
    if len(name) <= NAME_LENGTH and _PLAIN_HOST.fullmatch(name):
        return name
    try:
        return x509.normalise_name(name)
    except x509.BadRequest:
        # What is no host name still names the order: a person, a product, an address.
        if len(name) > NAME_LENGTH:
            raise BadValue(Reason.BAD_NAME, text) from None
        return name


def hosts(common_name: str, text: str) -> tuple[str, ...]:
    """Every name once, the common name first."""
    found = dict.fromkeys([common_name])
    for name in _BETWEEN_NAMES.split(text):
        if name:
            found[host(name)] = None
    return tuple(found)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=16_384)
def registrable(name: str) -> str:
    """The domain somebody registered: "*.shop.example.co.uk" -> "example.co.uk"; empty for what is no host name."""
    host_name = name.removeprefix("*.")
    if "." not in host_name or " " in host_name or host_name.replace(".", "").isdigit():
        return ""
    return str(_suffixes().privatesuffix(host_name) or "")


def registrables(names: Iterable[str]) -> tuple[str, ...]:
    """The registrable domains of the names, each once, in their order."""
    return tuple(dict.fromkeys(domain for name in names if (domain := registrable(name))))
