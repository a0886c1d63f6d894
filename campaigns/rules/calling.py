"""When it is decent to ring somebody, on which day to try again, and how a number is dialled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from certificates.rules import DAY

# Whoever promises to renew says by when; a promise further off than the renewal window is none.
LONGEST_PROMISE = timedelta(days=90)
# Days to which somebody who leaves a message, or hears a promise, looks ahead at most for a working day.
_LOOKED_AHEAD = 30
# An order that ended longer ago is nobody's reason to ring.
STANDS_AFTER = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Office:
    """When the house rings: its working days (ISO, 1 is Monday), days off, and the hours in which others are quiet."""

    working_days: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    days_off: frozenset[date] = frozenset()
    quiet_from: time = time(18)
    quiet_until: time = time(8)

    def works_on(self, day: date) -> bool:
        return day.isoweekday() in self.working_days and day not in self.days_off

    def next_working_day(self, after: date) -> date:
        """The first day after this one on which the house works; the next day where it never does.

        Friday 27 November 2026, Monday to Friday -> Monday 30 November 2026.
        """
        days = (after + ahead * DAY for ahead in range(1, _LOOKED_AHEAD))
        return next((day for day in days if self.works_on(day)), after + DAY)

    def disturbs(self, local: datetime) -> bool:
        """Whether a call would come at night, or on a day on which nobody works, by the clock over there."""
        return _is_within(local.time(), self.quiet_from, self.quiet_until) or not self.works_on(local.date())


def _is_within(moment: time, start: time, end: time) -> bool:
    """Whether a time of day lies in a span that may run past midnight; the start counts, the end does not."""
    return start <= moment < end if start < end else moment >= start or moment < end


def may_promise(day: date, *, today: date) -> bool:
    """Whether it is a day that a customer can promise to renew by: today, or later, and not beyond the window."""
    return today <= day <= today + LONGEST_PROMISE


def rings_again_on(promised: date) -> date:
    """The day after the promise: whoever has kept it is not rung."""
    return promised + DAY


# How a number is dialled

# ITU-T E.164 country codes of where customers are, and the zero that is dialled inside the country only.
_COUNTRY_CODES = {
    "AT": "43",
    "BE": "32",
    "CH": "41",
    "DE": "49",
    "DK": "45",
    "ES": "34",
    "FI": "358",
    "FR": "33",
    "GB": "44",
    "IE": "353",
    "IT": "39",
    "LU": "352",
    "NL": "31",
    "NO": "47",
    "PL": "48",
    "PT": "351",
    "SE": "46",
}
# Where the leading zero belongs to the number itself.
_KEEPS_ZERO = {"IT"}
_EXTENSION = re.compile(r"(?:ext|extension|x|poste|p|#)\.?\s*(\d{1,8})\s*$", re.IGNORECASE)
# The zero in "+33 (0)4 00": written for callers from inside, left out by those from abroad.
_TRUNK = re.compile(r"\(0\)")


def tel_uri(written: str, *, country: str = "") -> str:
    """How a telephone dials what somebody wrote down (RFC 3966); empty where it holds no number.

    "+33 (0)4 00 27 53 64" -> "tel:+33400275364"; "04 00 27 53 64" of a customer in FR the same;
    "0041 44 1234567 ext. 12" -> "tel:+41441234567;ext=12". Without a known country the digits stay as written.
    """
    extension = _EXTENSION.search(written)
    number = written[: extension.start()] if extension else written
    is_abroad = number.strip().lstrip("(").startswith(("+", "00"))
    digits = _digits(_TRUNK.sub("", number) if is_abroad else number)
    if len(digits) < 3:
        return ""
    dialled = _dialled(digits, country, is_abroad=is_abroad, has_plus="+" in number)
    return f"tel:{dialled};ext={extension[1]}" if extension else f"tel:{dialled}"


def _dialled(digits: str, country: str, *, is_abroad: bool, has_plus: bool) -> str:
    if is_abroad:
        return f"+{digits if has_plus else digits[2:]}"
    code = _COUNTRY_CODES.get(country)
    if not (code and digits.startswith("0")):
        return digits
    return f"+{code}{digits if country in _KEEPS_ZERO else digits[1:]}"


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdecimal() and letter.isascii())
