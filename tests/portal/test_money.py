"""Money is written as its currency and the reader's language ask."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.template import engines
from django.utils import translation

from portal.money import money

CASES = [
    ("en", "1234.5", "EUR", "€1,234.50"),
    ("fr", "1234.5", "EUR", "1\u202f234,50\xa0€"),
    ("en", "1234", "JPY", "¥1,234"),
    ("fr", "1234", "JPY", "1\u202f234\xa0JPY"),
    ("en", "-336", "GBP", "−£336.00"),
    ("fr", "-336", "CHF", "−336,00\xa0CHF"),
    ("en", "1234.5", "CHF", "CHF\xa01,234.50"),
    ("en", "-12", "SEK", "−SEK\xa012.00"),
    ("en", "12", "CAD", "CA$12.00"),
    ("en", "0", "USD", "$0.00"),
    ("en", "-0.00", "USD", "$0.00"),
]


@pytest.mark.parametrize(("language", "amount", "currency", "written"), CASES)
def test_money_is_written_in_the_language(language: str, amount: str, currency: str, written: str) -> None:
    assert money(Decimal(amount), currency, language) == written


@pytest.mark.parametrize(("amount", "shown"), [(Decimal("12"), "12,00\xa0€"), (None, "")])
def test_filter_writes_money_in_the_active_language(amount: Decimal | None, shown: str) -> None:
    template = engines["django"].from_string("{% load portal_tags %}{{ amount|money:'EUR' }}")

    with translation.override("fr"):
        assert template.render({"amount": amount}) == shown
