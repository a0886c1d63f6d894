"""What a quote said is read back as it was written, or not at all."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from offers.documents.snapshot import QuoteSnapshot, SnapshotUnreadable, TaxKind
from offers.rules.taxes import TaxCode
from tests.offers.quotes_on_paper import many, quote


@pytest.mark.parametrize("shown", [quote(), quote(is_draft=True, number=""), many(3, language="fr")])
def test_snapshot_survives_json(shown: QuoteSnapshot) -> None:
    assert QuoteSnapshot.from_json(json.loads(json.dumps(shown.to_json()))) == shown


def test_amounts_are_stored_as_they_are_written() -> None:
    stored = quote(net=Decimal("1E+3")).to_json()

    assert stored["net"] == "1000"
    assert stored["lines"][0]["prices"][0]["amount"] == "795.00"
    assert stored["valid_until"] == "2026-12-22"


def test_what_a_later_version_adds_is_left_out_and_what_an_earlier_one_lacks_has_its_default() -> None:
    stored = quote().to_json()
    stored["colour_of_the_envelope"] = "blue"
    del stored["note"]

    assert QuoteSnapshot.from_json(stored) == quote()


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("net",), 12.5, "net"),
        (("net",), "twelve", "net"),
        (("net",), None, "net"),
        (("valid_until",), "tomorrow", "valid_until"),
        (("version",), True, "version"),
        (("lines",), {}, "lines"),
        (("lines", 0, "prices", 1, "kind"), "gift", r"lines\[0\].prices\[1\].kind"),
        (("partner",), "Relais", "partner"),
        (("customer", "name"), None, "customer.name"),
    ],
)
def test_what_is_no_snapshot_is_refused_by_the_name_of_its_field(path: tuple[Any, ...], value: Any, named: str) -> None:
    stored = quote().to_json()
    place: Any = stored
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    with pytest.raises(SnapshotUnreadable, match=named):
        QuoteSnapshot.from_json(stored)


def test_what_is_missing_is_refused_by_its_name() -> None:
    with pytest.raises(SnapshotUnreadable, match=r"QuoteSnapshot\.partner"):
        QuoteSnapshot.from_json({})


def test_kinds_of_tax_are_those_of_the_rules() -> None:
    assert [kind.value for kind in TaxKind] == [code.value for code in TaxCode]
