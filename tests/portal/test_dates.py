"""Dates, percentages and sizes are written as each language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import translation

from portal.dates import date_format
from portal.quantities import percentage, size_of_file

FIRST, ELEVENTH = date(2026, 12, 1), date(2026, 12, 11)


@pytest.mark.parametrize(
    ("language", "when", "style", "words"),
    [
        ("fr", FIRST, "DATE_FORMAT", "1er décembre 2026"),
        ("fr", FIRST, "SHORT_DATE_FORMAT", "1er déc. 2026"),
        ("fr", FIRST, "j F", "1er décembre"),
        ("fr", datetime(2026, 12, 1, 14, 5, tzinfo=UTC), "DATETIME_FORMAT", "1er décembre 2026, 14:05"),
        ("fr", ELEVENTH, "DATE_FORMAT", "11 décembre 2026"),
        ("fr", FIRST, "Y-m-d", "2026-12-01"),
        ("fr", FIRST, "j", "1"),
        ("en", FIRST, "DATE_FORMAT", "1 December 2026"),
    ],
)
def test_first_of_a_month_is_an_ordinal_in_french_alone(language: str, when: date, style: str, words: str) -> None:
    template = Template("{{ when|date:style }}")

    with translation.override(language):
        assert date_format(when, style) == words
        assert template.render(Context({"when": when, "style": style})) == words


def test_no_date_is_written_as_nothing() -> None:
    assert Template("{{ when|date:'DATE_FORMAT' }}|{{ gone|date }}").render(Context({"when": None})) == "|"


@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("en", 62, "62%"),
        ("fr", 62, "62\N{NARROW NO-BREAK SPACE}%"),
        ("en", Decimal("12.5"), "12.5%"),
        ("fr", Decimal("12.5"), "12,5\N{NARROW NO-BREAK SPACE}%"),
        ("en", 0, "0%"),
    ],
)
def test_percentages_follow_the_language(language: str, number: Decimal | int, words: str) -> None:
    with translation.override(language):
        assert percentage(number) == words


@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("en", 5 * 1024 * 1024, "5 MB"),
        ("fr", 5 * 1024 * 1024, "5\N{NARROW NO-BREAK SPACE}Mo"),
        ("en", 256 * 1024 * 1024, "256 MB"),
        ("en", 64 * 1024, "64 kB"),
        ("en", 12, "12 byte"),
    ],
)
def test_sizes_of_files_follow_the_language(language: str, number: int, words: str) -> None:
    with translation.override(language):
        assert size_of_file(number) == words
