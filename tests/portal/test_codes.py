"""Codes that are read aloud: each its own, and understood however it is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.codes import CODE_BITS, as_printed, new_code, normalise_code, verification_code


def test_a_code_is_grouped_to_be_read_aloud() -> None:
    assert verification_code(0) == "0000-0000-00"
    assert verification_code(31) == "0000-0000-0Z"
    assert verification_code(2**CODE_BITS - 1) == "ZZZZ-ZZZZ-ZZ"
    assert verification_code(0b01010_01011_01100_01101_01110_01111_10000_10001_10010_10011) == "ABCD-EFGH-JK"


@pytest.mark.parametrize("bits", [-1, 2**CODE_BITS])
def test_more_bits_than_a_code_holds_are_refused(bits: int) -> None:
    with pytest.raises(ValueError, match=str(bits)):
        verification_code(bits)


@pytest.mark.parametrize("typed", ["ABCD-EFGH-10", "abcdefgh10", " abcd efgh lo ", "ABCD–EFGH–IO", "AbCd-EfGh-iO\t"])
def test_a_code_is_understood_as_people_type_it(typed: str) -> None:
    assert normalise_code(typed) == "ABCDEFGH10"


@given(st.integers(0, 2**CODE_BITS - 1), st.integers(0, 2**CODE_BITS - 1))
def test_every_code_reads_back_and_is_its_own(one: int, other: int) -> None:
    code = verification_code(one)
    mistaken = code.lower().replace("0", "o").replace("1", "l")

    assert normalise_code(mistaken) == normalise_code(code) == code.replace("-", "")
    assert as_printed(mistaken) == code
    assert (verification_code(other) == code) == (other == one)


def test_new_codes_differ() -> None:
    assert len({new_code() for _ in range(100)}) == 100
