"""Short codes that are printed, read aloud and typed again: by one, its reader can ask whether something is ours."""

from __future__ import annotations

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O or U
CODE_LENGTH = 10
CODE_BITS = 5 * CODE_LENGTH
_AS_READ = str.maketrans("OIL", "011")


def new_code() -> str:
    """A code that nobody can guess and no two things share: "ABCD-EFGH-10"."""
    return verification_code(secrets.randbits(CODE_BITS))


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
