"""Which tax a sale bears, by example: from whom to whom, and what the document comes to."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.rules.taxes import (
    EUROPEAN_UNION,
    Buyer,
    Seller,
    Tax,
    TaxCode,
    Totals,
    Treatment,
    has_own_vat_number,
    shares,
    tax_for,
    totals,
)

AUTOMATIC, EXEMPT, STANDARD = Treatment
RATES = {
    country: Decimal(rate) for country, rate in {"FR": "20", "DE": "19", "CH": "8.1", "US": "0", "JP": "10"}.items()
}
PARIS, ZURICH, TOKYO = Seller("FR", "FR40303265045"), Seller("CH", "CHE-107.787.577"), Seller("JP", "")

CASES = [
    # From Paris
    ("at home", PARIS, Buyer("FR", "", AUTOMATIC), "standard 20 % FR"),
    ("at home, to a business", PARIS, Buyer("FR", "FR83404833048", AUTOMATIC), "standard 20 % FR"),
    ("to a business in the Union", PARIS, Buyer("DE", "DE129273398", AUTOMATIC), "reverse_charge 0 % DE"),
    ("to one whose country has no rate", PARIS, Buyer("ES", "ESB58378431", AUTOMATIC), "reverse_charge 0 % ES"),
    (
        "to a Greek business, whose number begins with EL",
        PARIS,
        Buyer("GR", "EL094259216", AUTOMATIC),
        "reverse_charge 0 % GR",
    ),
    ("Greek, but not as Greek numbers are", PARIS, Buyer("GR", "GR094259216", AUTOMATIC), "standard 20 % FR"),
    ("a number as people type it", PARIS, Buyer("DE", " de 129 273 398", AUTOMATIC), "reverse_charge 0 % DE"),
    ("a number of another country", PARIS, Buyer("DE", "ESB58378431", AUTOMATIC), "standard 19 % DE"),
    ("a prefix is no number", PARIS, Buyer("DE", "DE", AUTOMATIC), "standard 19 % DE"),
    ("to a consumer in the Union, taxed there", PARIS, Buyer("DE", "", AUTOMATIC), "standard 19 % DE"),
    ("to one whose country has no rate listed, taxed here", PARIS, Buyer("IT", "", AUTOMATIC), "standard 20 % FR"),
    ("out of the Union", PARIS, Buyer("GB", "GB220430231", AUTOMATIC), "export 0 % GB"),
    ("out of the Union, where a rate is listed", PARIS, Buyer("CH", "", AUTOMATIC), "standard 8.1 % CH"),
    ("out of the Union, where none is owed", PARIS, Buyer("US", "", AUTOMATIC), "standard 0 % US"),
    ("to an unknown country", PARIS, Buyer("", "", AUTOMATIC), "standard 20 % FR"),
    # What was agreed
    ("exempt at home", PARIS, Buyer("FR", "", EXEMPT), "exempt 0 % FR"),
    ("exempt abroad", PARIS, Buyer("DE", "DE129273398", EXEMPT), "exempt 0 % FR"),
    ("always our rate, in the Union", PARIS, Buyer("DE", "DE129273398", STANDARD), "standard 20 % FR"),
    ("always our rate, out of it", PARIS, Buyer("GB", "", STANDARD), "standard 20 % FR"),
    # From elsewhere
    ("from Zurich at home", ZURICH, Buyer("CH", "", AUTOMATIC), "standard 8.1 % CH"),
    ("from Zurich into the Union", ZURICH, Buyer("IT", "IT00743110157", AUTOMATIC), "export 0 % IT"),
    ("from Zurich to where a rate is listed", ZURICH, Buyer("DE", "DE129273398", AUTOMATIC), "standard 19 % DE"),
    ("from Tokyo to Zurich", TOKYO, Buyer("CH", "", AUTOMATIC), "standard 8.1 % CH"),
    ("from a country without a rate, at home", Seller("SE", ""), Buyer("SE", "", AUTOMATIC), "none 0 % SE"),
    ("from an unknown country", Seller("", ""), Buyer("FR", "", AUTOMATIC), "none 0 % "),
]


@pytest.mark.parametrize(("words", "seller", "buyer", "expected"), CASES, ids=[case[0] for case in CASES])
def test_the_tax(words: str, seller: Seller, buyer: Buyer, expected: str) -> None:
    tax = tax_for(seller, buyer, RATES)

    assert f"{tax.code} {tax.rate} % {tax.country}" == expected


def test_the_union_has_27_members() -> None:
    assert len(EUROPEAN_UNION) == 27


def test_the_union_taxes_every_sale_between_its_members_somewhere() -> None:
    rates = {country: Decimal(20) for country in EUROPEAN_UNION}
    consumers = [Buyer(country, "", AUTOMATIC) for country in sorted(EUROPEAN_UNION)]

    assert [tax_for(PARIS, buyer, rates) for buyer in consumers] == [
        Tax(TaxCode.STANDARD, Decimal(20), buyer.country) for buyer in consumers
    ]


def test_a_number_of_ones_own_begins_with_ones_own_country() -> None:
    assert has_own_vat_number(Buyer("BE", "BE0203201340", AUTOMATIC))
    assert not has_own_vat_number(Buyer("BE", "0203201340", AUTOMATIC))


DOCUMENTS = [
    ("EUR", ["225.00"], "20", "225.00 + 45.00 = 270.00"),
    ("EUR", ["0.33", "0.33", "0.33"], "20", "0.99 + 0.20 = 1.19"),  # line by line it would be 0.21
    ("EUR", ["0.10", "0.10"], "19", "0.20 + 0.04 = 0.24"),
    ("EUR", ["12.50"], "5", "12.50 + 0.63 = 13.13"),  # 0.625: half a cent goes up
    ("CHF", ["374.85", "199.95"], "8.1", "574.80 + 46.56 = 621.36"),
    ("JPY", ["59600", "1235"], "10", "60835 + 6084 = 66919"),  # 6083.5
    ("USD", ["184.07"], "0", "184.07 + 0.00 = 184.07"),
    ("EUR", [], "20", "0.00 + 0.00 = 0.00"),
]


@pytest.mark.parametrize(("currency", "nets", "rate", "expected"), DOCUMENTS)
def test_what_a_document_comes_to(currency: str, nets: list[str], rate: str, expected: str) -> None:
    come_to = totals(map(Decimal, nets), Tax(TaxCode.STANDARD, Decimal(rate), "FR"), currency)

    assert f"{come_to.net} + {come_to.tax} = {come_to.gross}" == expected


@given(st.lists(st.decimals(0, 100_000, places=2), max_size=200), st.decimals(0, 30, places=2))
def test_a_document_adds_up_in_whatever_order_its_lines_stand(nets: list[Decimal], rate: Decimal) -> None:
    tax = Tax(TaxCode.STANDARD, rate, "FR")

    come_to = totals(nets, tax, "EUR")

    assert come_to == totals(sorted(nets), tax, "EUR")
    assert come_to == Totals(sum(nets, Decimal(0)), come_to.tax, come_to.net + come_to.tax)
    assert abs(come_to.tax - come_to.net * rate / 100) <= Decimal("0.005")


@given(st.lists(st.decimals(0, 100_000, places=2), max_size=200), st.decimals(0, 30, places=2))
def test_lines_bear_together_exactly_the_tax_of_their_document(nets: list[Decimal], rate: Decimal) -> None:
    borne = shares(nets, rate, "EUR")

    assert sum(borne, Decimal(0)) == totals(nets, Tax(TaxCode.STANDARD, rate, "FR"), "EUR").tax
    assert len(borne) == len(nets)
    assert all(tax >= 0 for tax in borne)
    # none is further than a cent from what it would bear alone
    assert all(abs(tax - net * rate / 100) <= Decimal("0.01") for tax, net in zip(borne, nets, strict=True))


def test_coins_that_rounding_leaves_stand_on_the_lines_that_make_them() -> None:
    assert shares([Decimal("0.33")] * 3, Decimal(20), "EUR") == [Decimal("0.07"), Decimal("0.06"), Decimal("0.07")]
    assert shares([Decimal(1235), Decimal(1235)], Decimal(10), "JPY") == [Decimal(124), Decimal(123)]
