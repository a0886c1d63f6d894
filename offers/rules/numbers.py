"""The numbers a quote bears: its own, the code by which it is verified, and its last day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O or U
CODE_LENGTH = 10
CODE_BITS = 5 * CODE_LENGTH
_AS_READ = str.maketrans("OIL", "011")


def quote_number(prefix: str, year: int, n: int) -> str:
    """("Q", 2026, 42) -> "Q-2026-00042"; without a prefix "2026-00042"."""
    return "-".join(filter(None, (prefix, str(year), f"{n:05d}")))


def verification_code(bits: int) -> str:
    """50 random bits as a code to read aloud: 0 -> "0000-0000-00". Raises ValueError for more bits."""
    if not 0 <= bits < 1 << CODE_BITS:
        raise ValueError(bits)
    digits = [ALPHABET[bits >> shift & 31] for shift in range(CODE_BITS - 5, -1, -5)]
    return _in_groups("".join(digits))


def normalise_code(typed: str) -> str:
    """What was meant by what was typed, letters and digits alone: "abcd-efgh lo" -> "ABCDEFGH10"."""
    return "".join(filter(str.isalnum, typed.upper())).translate(_AS_READ)


def as_printed(typed: str) -> str:
    """The same in the groups in which it is stored and printed: "abcdefgh1o" -> "ABCD-EFGH-10"."""
    return _in_groups(normalise_code(typed))


def _in_groups(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def validity_limit(asked: date, order_last_days: Iterable[date], today: date) -> date:
    """The last day of a quote: the day asked for, at the latest the first last day of an order still running.

    So each new order ends on the same date on whatever day the quote is accepted. An order that has ended
    already sets no limit.
    """
    return min([asked, *(last_day for last_day in order_last_days if last_day >= today)])
