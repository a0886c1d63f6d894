"""Dates of files: one that no certificate has is named as bad and stops nothing."""

from __future__ import annotations

import pytest

from certificates.services.imports import values
from certificates.services.imports.reasons import Reason
from certificates.services.imports.values import BadValue


@pytest.mark.parametrize(
    "text", ["0001-01-01", "0001-01-01 00:00:00", "01/01/0001", "1899-12-31", "9998-12-31", "9999-12-31 23:59:59"]
)
def test_what_programs_write_for_no_date_is_none(text: str) -> None:
    for read in (values.moment, values.end):
        with pytest.raises(BadValue) as bad:
            read(text)
        assert (bad.value.reason, bad.value.value) == (Reason.BAD_DATE, text)
