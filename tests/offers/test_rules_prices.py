"""What an order costs, by example: each case is a bill one can check by hand.

A basket is written as its prices "base / host name / wildcard" and its names "3+1": three host names, one wildcard.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from inspect import cleandoc
from typing import Any

import pytest

from offers.rules.discounts import Conditions, OfferKind, OfferTerms, best_discount
from offers.rules.prices import Basket, Line, LineKind, Priced, UnitPrices, price


def basket(currency: str, prices: str, names: str = "1", *, cost: str = "", present: str = "", **more: Any) -> Basket:
    hosts, _, wildcards = names.partition("+")
    named = [f"host{n}.example.com" for n in range(int(hosts))] + [
        f"*.w{n}.example.com" for n in range(int(wildcards or 0))
    ]
    return Basket(
        product=more.pop("product", "ssl_securesite_flex"),
        family="Secure Site",
        level="ov",
        term_years=more.pop("years", 1),
        names=tuple(named),
        prices=UnitPrices(*figures(prices), *figures(cost)),
        currency=currency,
        present_prices=UnitPrices(*figures(present)) if present else None,
        **more,
    )


def figures(text: str) -> Iterator[Any]:
    """ "200 / 25 / ?" as 200, 25 and None: unknown."""
    return (None if part == "?" else Decimal(part) for part in text.replace(" ", "").split("/") if part)


def upgrade(currency: str, prices: str, names: str = "1", *, to: str = "ssl_securesite_pro", **more: Any) -> Basket:
    return basket(currency, prices, names, product=to, is_upgrade=True, **more)


def offer(id: int, kind: OfferKind, *, to: str = "", floor: str = "", **terms: Any) -> OfferTerms:  # noqa: A002
    return OfferTerms(
        id,
        kind,
        floor_margin=Decimal(floor) if floor else None,
        conditions=Conditions(upgrade_targets=frozenset(to.split())),
        **terms,
    )


def percent(id: int, off: str, kind: OfferKind = OfferKind.PERCENT, **terms: Any) -> OfferTerms:  # noqa: A002
    return offer(id, kind, percent=Decimal(off), **terms)


def amount(id: int, off: str, currency: str = "EUR", **terms: Any) -> OfferTerms:  # noqa: A002
    return offer(id, OfferKind.AMOUNT, amount=Decimal(off), currency=currency, **terms)


def same_price(id: int, **terms: Any) -> OfferTerms:  # noqa: A002
    return offer(id, OfferKind.UPGRADE_SAME_PRICE, **terms)


def longer(id: int, off: str, from_years: int) -> OfferTerms:  # noqa: A002
    return percent(id, off, OfferKind.LONGER_PLAN, min_term_years=from_years)


def extra_names(id: int, free: int, **terms: Any) -> OfferTerms:  # noqa: A002
    return offer(id, OfferKind.EXTRA_NAMES, free_names=free, **terms)


def moved(id: int, off: str) -> OfferTerms:  # noqa: A002
    return percent(id, off, OfferKind.CONSOLIDATION)


def bill(priced: Priced) -> str:
    """As a customer would read it."""
    return "\n".join([*map(written, priced.lines), f"net {priced.net}"])


def written(line: Line) -> str:
    if line.kind is not LineKind.DISCOUNT:
        return f"{line.kind} {line.quantity} x {line.unit} = {line.amount}"
    what = f", {line.percent} %" if line.percent is not None else ""
    what += f", {line.quantity} x {-line.unit}" if line.quantity > 1 else ""
    return f"offer {line.offer}{what}: {line.amount}" + (
        f" instead of {line.quantity * line.unit}" if line.is_limited else ""
    )


LIST = [
    (
        "one name",
        basket("EUR", "200 / 25 / 150"),
        """
        base 1 x 200 = 200.00
        names 1 x 25 = 25.00
        net 225.00
        """,
    ),
    (
        "names and a wildcard are each counted at their own price",
        basket("EUR", "200 / 25 / 150", "3+1"),
        """
        base 1 x 200 = 200.00
        names 3 x 25 = 75.00
        wildcards 1 x 150 = 150.00
        net 425.00
        """,
    ),
    (
        "only wildcards",
        basket("USD", "95.50 / 25 / 349.99", "0+2"),
        """
        base 1 x 95.50 = 95.50
        wildcards 2 x 349.99 = 699.98
        net 795.48
        """,
    ),
    (
        "names that cost nothing are still named",
        basket("USD", "249 / 0 / 0", "4"),
        """
        base 1 x 249 = 249.00
        names 4 x 0 = 0.00
        net 249.00
        """,
    ),
    (
        "a plan of three years has prices of its own",
        basket("CHF", "540 / 67.50 / 400", "2", years=3),
        """
        base 1 x 540 = 540.00
        names 2 x 67.50 = 135.00
        net 675.00
        """,
    ),
    (
        "a half cent goes up",
        basket("EUR", "10.005 / 0 / 0", "0"),
        """
        base 1 x 10.005 = 10.01
        net 10.01
        """,
    ),
    (
        "rounded once on the line, not on each name",
        basket("EUR", "10 / 10.005 / 0", "2"),
        """
        base 1 x 10 = 10.00
        names 2 x 10.005 = 20.01
        net 30.01
        """,
    ),
    (
        "rounded on each line before adding up",
        basket("EUR", "0.335 / 0.335 / 0.335", "1+1"),
        """
        base 1 x 0.335 = 0.34
        names 1 x 0.335 = 0.34
        wildcards 1 x 0.335 = 0.34
        net 1.02
        """,
    ),
    (
        "yen have no cents",
        basket("JPY", "30000 / 3800 / 22000", "2+1"),
        """
        base 1 x 30000 = 30000
        names 2 x 3800 = 7600
        wildcards 1 x 22000 = 22000
        net 59600
        """,
    ),
    (
        "half a yen goes up",
        basket("JPY", "1234.50 / 0.25 / 0", "2"),
        """
        base 1 x 1234.50 = 1235
        names 2 x 0.25 = 1
        net 1236
        """,
    ),
    (
        "francs go to the centime",
        basket("CHF", "199.95 / 24.95 / 149.95", "1+1"),
        """
        base 1 x 199.95 = 199.95
        names 1 x 24.95 = 24.95
        wildcards 1 x 149.95 = 149.95
        net 374.85
        """,
    ),
]

ONE_OFFER = [
    (
        "ten per cent off everything",
        basket("EUR", "200 / 25 / 150", "3+1"),
        [percent(1, "10")],
        """
        base 1 x 200 = 200.00
        names 3 x 25 = 75.00
        wildcards 1 x 150 = 150.00
        offer 1, 10 %: -42.50
        net 382.50
        """,
    ),
    (
        "7.5 % of 199.00 is 14.925, and a half cent goes up",
        basket("EUR", "174 / 25 / 0"),
        [percent(1, "7.5")],
        """
        base 1 x 174 = 174.00
        names 1 x 25 = 25.00
        offer 1, 7.5 %: -14.93
        net 184.07
        """,
    ),
    (
        "15 % of 30,003 yen is 4500.45",
        basket("JPY", "30003 / 0 / 0", "0"),
        [percent(1, "15")],
        """
        base 1 x 30003 = 30003
        offer 1, 15 %: -4500
        net 25503
        """,
    ),
    (
        "a hundred per cent gives it away",
        basket("USD", "99 / 10 / 0"),
        [percent(1, "100")],
        """
        base 1 x 99 = 99.00
        names 1 x 10 = 10.00
        offer 1, 100 %: -109.00
        net 0.00
        """,
    ),
    (
        "an amount off",
        basket("USD", "200 / 25 / 150", "2"),
        [amount(1, "30", "USD")],
        """
        base 1 x 200 = 200.00
        names 2 x 25 = 50.00
        offer 1: -30.00
        net 220.00
        """,
    ),
    (
        "an amount in another currency says nothing here",
        basket("USD", "200 / 25 / 150", "2"),
        [amount(1, "30", "EUR")],
        """
        base 1 x 200 = 200.00
        names 2 x 25 = 50.00
        net 250.00
        """,
    ),
    (
        "more than it costs takes it to zero and no further",
        basket("EUR", "20 / 5 / 0"),
        [amount(1, "30")],
        """
        base 1 x 20 = 20.00
        names 1 x 5 = 5.00
        offer 1: -25.00 instead of -30.00
        net 0.00
        """,
    ),
    (
        "Pro at the price of Secure Site: 480 + 2 x 40 becomes 300 + 2 x 30",
        upgrade("EUR", "480 / 40 / 300", "2", present="300 / 30 / 200"),
        [same_price(1)],
        """
        base 1 x 480 = 480.00
        names 2 x 40 = 80.00
        offer 1: -200.00
        net 360.00
        """,
    ),
    (
        "an upgrade that is no dearer saves nothing",
        upgrade("EUR", "280 / 30 / 200", present="300 / 30 / 200"),
        [same_price(1)],
        """
        base 1 x 280 = 280.00
        names 1 x 30 = 30.00
        net 310.00
        """,
    ),
    (
        "the present product has no price: nothing to match",
        upgrade("EUR", "480 / 40 / 300"),
        [same_price(1, percent=Decimal(50))],
        """
        base 1 x 480 = 480.00
        names 1 x 40 = 40.00
        net 520.00
        """,
    ),
    (
        "the present product again is no upgrade",
        basket("EUR", "480 / 40 / 300", present="300 / 30 / 200"),
        [same_price(1), percent(2, "25", OfferKind.UPGRADE_PERCENT)],
        """
        base 1 x 480 = 480.00
        names 1 x 40 = 40.00
        net 520.00
        """,
    ),
    (
        "a quarter off an upgrade",
        upgrade("CHF", "480 / 40 / 300", "2"),
        [percent(1, "25", OfferKind.UPGRADE_PERCENT)],
        """
        base 1 x 480 = 480.00
        names 2 x 40 = 80.00
        offer 1, 25 %: -140.00
        net 420.00
        """,
    ),
    (
        "an upgrade the offer leads to",
        upgrade("EUR", "500 / 0 / 0", "0"),
        [percent(1, "20", OfferKind.UPGRADE_PERCENT, to="ssl_securesite_pro ssl_ev_securesite_pro")],
        """
        base 1 x 500 = 500.00
        offer 1, 20 %: -100.00
        net 400.00
        """,
    ),
    (
        "an upgrade the offer does not lead to",
        upgrade("EUR", "500 / 0 / 0", "0"),
        [percent(1, "20", OfferKind.UPGRADE_PERCENT, to="ssl_ev_securesite_pro")],
        """
        base 1 x 500 = 500.00
        net 500.00
        """,
    ),
    (
        "12 % off a plan of two years and more: for two",
        basket("EUR", "380 / 50 / 0", years=2),
        [longer(1, "12", from_years=2)],
        """
        base 1 x 380 = 380.00
        names 1 x 50 = 50.00
        offer 1, 12 %: -51.60
        net 378.40
        """,
    ),
    (
        "12 % off a plan of two years and more: not for one",
        basket("EUR", "200 / 25 / 0", years=1),
        [longer(1, "12", from_years=2)],
        """
        base 1 x 200 = 200.00
        names 1 x 25 = 25.00
        net 225.00
        """,
    ),
    (
        "three of the four names beyond the present two are free",
        basket("EUR", "200 / 25 / 150", "6", present_names=2),
        [extra_names(1, 3)],
        """
        base 1 x 200 = 200.00
        names 6 x 25 = 150.00
        offer 1, 3 x 25: -75.00
        net 275.00
        """,
    ),
    (
        "two free names of which a half cent is rounded once",
        basket("EUR", "200 / 10.005 / 0", "4", present_names=1),
        [extra_names(1, 2)],
        """
        base 1 x 200 = 200.00
        names 4 x 10.005 = 40.02
        offer 1, 2 x 10.005: -20.01
        net 220.01
        """,
    ),
    (
        "no name is new, so none is free",
        basket("EUR", "200 / 25 / 150", "2", present_names=3),
        [extra_names(1, 3)],
        """
        base 1 x 200 = 200.00
        names 2 x 25 = 50.00
        net 250.00
        """,
    ),
    (
        "a further wildcard is not given away as a name",
        basket("EUR", "200 / 25 / 150", "0+2", present_names=1),
        [extra_names(1, 3)],
        """
        base 1 x 200 = 200.00
        wildcards 2 x 150 = 300.00
        net 500.00
        """,
    ),
    (
        "a certificate moved over from another authority",
        basket("USD", "200 / 25 / 150", "2", consolidates=True),
        [moved(1, "30")],
        """
        base 1 x 200 = 200.00
        names 2 x 25 = 50.00
        offer 1, 30 %: -75.00
        net 175.00
        """,
    ),
    (
        "a renewal moves nothing over",
        basket("USD", "200 / 25 / 150", "2"),
        [moved(1, "30")],
        """
        base 1 x 200 = 200.00
        names 2 x 25 = 50.00
        net 250.00
        """,
    ),
]

STACKING = [
    (
        "10 % and 20.00 that stack are added, each on the list price",
        basket("EUR", "300 / 0 / 0", "0"),
        [percent(1, "10", stacks=True), amount(2, "20", stacks=True)],
        """
        base 1 x 300 = 300.00
        offer 1, 10 %: -30.00
        offer 2: -20.00
        net 250.00
        """,
    ),
    (
        "10 % and 5 % that stack are 15 %, not 14.5 %",
        basket("EUR", "200 / 0 / 0", "0"),
        [percent(1, "10", stacks=True), percent(2, "5", stacks=True)],
        """
        base 1 x 200 = 200.00
        offer 1, 10 %: -20.00
        offer 2, 5 %: -10.00
        net 170.00
        """,
    ),
    (
        "together they save more than the one that stands alone",
        basket("EUR", "300 / 0 / 0", "0"),
        [percent(1, "15"), percent(2, "10", stacks=True), amount(3, "20", stacks=True)],
        """
        base 1 x 300 = 300.00
        offer 2, 10 %: -30.00
        offer 3: -20.00
        net 250.00
        """,
    ),
    (
        "the one that stands alone saves more than the others together",
        basket("EUR", "300 / 0 / 0", "0"),
        [percent(1, "20"), percent(2, "10", stacks=True), amount(3, "20", stacks=True)],
        """
        base 1 x 300 = 300.00
        offer 1, 20 %: -60.00
        net 240.00
        """,
    ),
    (
        "two that stand alone: the better one",
        basket("EUR", "300 / 0 / 0", "0"),
        [percent(1, "10"), amount(2, "31")],
        """
        base 1 x 300 = 300.00
        offer 2: -31.00
        net 269.00
        """,
    ),
    (
        "as much either way: the fewer lines",
        basket("EUR", "200 / 0 / 0", "0"),
        [percent(1, "10", stacks=True), percent(2, "5", stacks=True), percent(3, "15")],
        """
        base 1 x 200 = 200.00
        offer 3, 15 %: -30.00
        net 170.00
        """,
    ),
    (
        "as much, and as few lines: the lower number",
        basket("EUR", "200 / 0 / 0", "0"),
        [percent(5, "10"), amount(4, "20")],
        """
        base 1 x 200 = 200.00
        offer 4: -20.00
        net 180.00
        """,
    ),
    (
        "as much, whether it stacks or not: the lower number",
        basket("EUR", "200 / 0 / 0", "0"),
        [percent(4, "10", stacks=True), amount(5, "20")],
        """
        base 1 x 200 = 200.00
        offer 4, 10 %: -20.00
        net 180.00
        """,
    ),
    (
        "half a cent each, rounded on each line",
        basket("EUR", "0.50 / 0 / 0", "0"),
        [percent(1, "1", stacks=True), percent(2, "1", stacks=True)],
        """
        base 1 x 0.50 = 0.50
        offer 1, 1 %: -0.01
        offer 2, 1 %: -0.01
        net 0.48
        """,
    ),
    (
        "every kind at once: 66 + 80.00 + 99 for the names + 66 + 66, and then the price is used up",
        upgrade("EUR", "462 / 33 / 99", "3+1", years=3, present="382 / 33 / 99", present_names=1, consolidates=True),
        [
            percent(1, "10", stacks=True),
            same_price(2, stacks=True),
            extra_names(3, 5, stacks=True),
            percent(4, "10", OfferKind.LONGER_PLAN, stacks=True),
            percent(5, "10", OfferKind.CONSOLIDATION, stacks=True),
            percent(6, "50", OfferKind.UPGRADE_PERCENT, stacks=True),
        ],
        """
        base 1 x 462 = 462.00
        names 3 x 33 = 99.00
        wildcards 1 x 99 = 99.00
        offer 1, 10 %: -66.00
        offer 2: -80.00
        offer 3, 3 x 33: -99.00
        offer 4, 10 %: -66.00
        offer 5, 10 %: -66.00
        offer 6, 50 %: -283.00 instead of -330.00
        net 0.00
        """,
    ),
]

FLOORS = [
    (
        "a margin of 20 % on a cost of 200: never below 250.00",
        basket("EUR", "300 / 0 / 0", "0", cost="200 / 0 / 0"),
        [percent(1, "30")],
        "0.20",
        """
        base 1 x 300 = 300.00
        offer 1, 30 %: -50.00 instead of -90.00
        net 250.00
        """,
    ),
    (
        "just at the floor nothing is cut",
        basket("EUR", "300 / 0 / 0", "0", cost="200 / 0 / 0"),
        [amount(1, "50")],
        "0.20",
        """
        base 1 x 300 = 300.00
        offer 1: -50.00
        net 250.00
        """,
    ),
    (
        "two that stack: the later number is cut, in whatever order they are given",
        basket("EUR", "300 / 0 / 0", "0", cost="200 / 0 / 0"),
        [amount(2, "25", stacks=True), amount(1, "30", stacks=True)],
        "0.20",
        """
        base 1 x 300 = 300.00
        offer 1: -30.00
        offer 2: -20.00 instead of -25.00
        net 250.00
        """,
    ),
    (
        "what nothing is left for is not on the bill",
        basket("EUR", "300 / 0 / 0", "0", cost="200 / 0 / 0"),
        [amount(1, "50", stacks=True), amount(2, "25", stacks=True)],
        "0.20",
        """
        base 1 x 300 = 300.00
        offer 1: -50.00
        net 250.00
        """,
    ),
    (
        "the floor is rounded up: 100 / 0.75 is 133.333…",
        basket("EUR", "150 / 0 / 0", "0", cost="100 / 0 / 0"),
        [percent(1, "50")],
        "0.25",
        """
        base 1 x 150 = 150.00
        offer 1, 50 %: -16.66 instead of -75.00
        net 133.34
        """,
    ),
    (
        "and in yen to the next yen",
        basket("JPY", "15000 / 0 / 0", "0", cost="10000 / 0 / 0"),
        [percent(1, "50")],
        "0.25",
        """
        base 1 x 15000 = 15000
        offer 1, 50 %: -1666 instead of -7500
        net 13334
        """,
    ),
    (
        "cost counts the names as well: 100 + 2 x 20 + 50, never below it",
        basket("EUR", "150 / 30 / 80", "2+1", cost="100 / 20 / 50"),
        [amount(1, "120")],
        "0",
        """
        base 1 x 150 = 150.00
        names 2 x 30 = 60.00
        wildcards 1 x 80 = 80.00
        offer 1: -100.00 instead of -120.00
        net 190.00
        """,
    ),
    (
        "a list price below the floor leaves no room at all",
        basket("EUR", "210 / 0 / 0", "0", cost="200 / 0 / 0"),
        [percent(1, "10")],
        "0.2",
        """
        base 1 x 210 = 210.00
        net 210.00
        """,
    ),
    (
        "a margin of all of it leaves no room either",
        basket("EUR", "210 / 0 / 0", "0", cost="20 / 0 / 0"),
        [percent(1, "10")],
        "1",
        """
        base 1 x 210 = 210.00
        net 210.00
        """,
    ),
    (
        "unknown cost: no floor but zero",
        basket("EUR", "210 / 0 / 0", "0"),
        [percent(1, "90")],
        "0.2",
        """
        base 1 x 210 = 210.00
        offer 1, 90 %: -189.00
        net 21.00
        """,
    ),
    (
        "the cost of the names is unknown, and there are some",
        basket("EUR", "200 / 10 / 0", "1", cost="150 / ? / ?"),
        [percent(1, "50")],
        "0.2",
        """
        base 1 x 200 = 200.00
        names 1 x 10 = 10.00
        offer 1, 50 %: -105.00
        net 105.00
        """,
    ),
    (
        "the cost of wildcards is unknown, and there is none",
        basket("EUR", "200 / 10 / 90", "1", cost="150 / 5 / ?"),
        [percent(1, "50")],
        "0",
        """
        base 1 x 200 = 200.00
        names 1 x 10 = 10.00
        offer 1, 50 %: -55.00 instead of -105.00
        net 155.00
        """,
    ),
    (
        "no margin is asked for: even below cost",
        basket("EUR", "300 / 0 / 0", "0", cost="200 / 0 / 0"),
        [percent(1, "50")],
        "",
        """
        base 1 x 300 = 300.00
        offer 1, 50 %: -150.00
        net 150.00
        """,
    ),
    (
        "the offer is stricter than the house",
        basket("EUR", "300 / 0 / 0", "0", cost="150 / 0 / 0"),
        [percent(1, "40", floor="0.4")],
        "0.1",
        """
        base 1 x 300 = 300.00
        offer 1, 40 %: -50.00 instead of -120.00
        net 250.00
        """,
    ),
    (
        "the house is stricter than the offer",
        basket("EUR", "300 / 0 / 0", "0", cost="150 / 0 / 0"),
        [percent(1, "40", floor="0.1")],
        "0.4",
        """
        base 1 x 300 = 300.00
        offer 1, 40 %: -50.00 instead of -120.00
        net 250.00
        """,
    ),
    (
        "one with a floor of its own is left out where it would cost more than it brings",
        basket("EUR", "300 / 0 / 0", "0", cost="150 / 0 / 0"),
        [percent(1, "30", stacks=True), percent(2, "5", stacks=True, floor="0.4")],
        "0.1",
        """
        base 1 x 300 = 300.00
        offer 1, 30 %: -90.00
        net 210.00
        """,
    ),
    (
        "and is taken where it brings more",
        basket("EUR", "300 / 0 / 0", "0", cost="150 / 0 / 0"),
        [percent(1, "10", stacks=True), percent(2, "10", stacks=True, floor="0.4")],
        "0.1",
        """
        base 1 x 300 = 300.00
        offer 1, 10 %: -30.00
        offer 2, 10 %: -20.00 instead of -30.00
        net 250.00
        """,
    ),
    (
        "free names stop at the floor too",
        basket("EUR", "100 / 20 / 0", "5", cost="80 / 10 / 0", present_names=1),
        [extra_names(1, 4)],
        "0",
        """
        base 1 x 100 = 100.00
        names 5 x 20 = 100.00
        offer 1, 4 x 20: -70.00 instead of -80
        net 130.00
        """,
    ),
    (
        "an upgrade at the present price stops at the floor",
        upgrade("USD", "480 / 0 / 0", "0", present="300 / 0 / 0", cost="300 / 0 / 0"),
        [same_price(1)],
        "0.25",
        """
        base 1 x 480 = 480.00
        offer 1: -80.00 instead of -180.00
        net 400.00
        """,
    ),
]


@pytest.mark.parametrize(("words", "bought", "expected"), LIST, ids=[case[0] for case in LIST])
def test_the_list_price(words: str, bought: Basket, expected: str) -> None:
    assert bill(price(bought)) == cleandoc(expected)


WITH_OFFERS = ONE_OFFER + STACKING


@pytest.mark.parametrize(("words", "bought", "offers", "expected"), WITH_OFFERS, ids=[case[0] for case in WITH_OFFERS])
def test_the_price_with_offers(words: str, bought: Basket, offers: list[OfferTerms], expected: str) -> None:
    assert bill(price(bought, offers)) == cleandoc(expected)


@pytest.mark.parametrize(("words", "bought", "offers", "margin", "expected"), FLOORS, ids=[case[0] for case in FLOORS])
def test_the_price_above_its_floor(
    words: str, bought: Basket, offers: list[OfferTerms], margin: str, expected: str
) -> None:
    floor_margin = Decimal(margin) if margin else None

    assert bill(price(bought, offers, floor_margin=floor_margin)) == cleandoc(expected)


# Ceilings, and what is chosen by hand

PLAIN = basket("EUR", "200 / 0 / 0", "0")
TEN, FIFTEEN = percent(1, "10"), percent(2, "15")


def off(
    *offers: OfferTerms, ceiling: str = "", chosen: Sequence[OfferTerms] = (), bought: Basket = PLAIN
) -> tuple[str, tuple[int, ...]]:
    priced = price(bought, offers, ceiling=Decimal(ceiling) if ceiling else None, chosen=chosen)
    return str(priced.discount), priced.offers


def test_no_more_than_the_ceiling_comes_off() -> None:
    assert off(FIFTEEN, ceiling="0.1") == ("20.00", (2,))
    assert off(TEN, ceiling="0.15") == ("20.00", (1,))
    assert off(TEN, FIFTEEN, ceiling="0.1") == ("20.00", (1,))
    assert off(FIFTEEN, ceiling="0") == ("0.00", ())


def test_the_line_says_that_the_ceiling_and_not_the_margin_limits_it() -> None:
    dear = basket("EUR", "200 / 0 / 0", "0", cost="195 / 0 / 0")
    cut = price(PLAIN, [FIFTEEN], ceiling=Decimal("0.1")).lines[-1]
    cut_further = price(dear, [FIFTEEN], ceiling=Decimal("0.1"), floor_margin=Decimal(0)).lines[-1]

    assert (cut.amount, cut.is_limited, cut.by_ceiling) == (Decimal("-20.00"), True, True)
    assert (cut_further.amount, cut_further.is_limited, cut_further.by_ceiling) == (Decimal("-5.00"), True, False)


def test_offers_that_stack_are_cut_together_the_later_number_first() -> None:
    both = [percent(1, "10", stacks=True), amount(2, "20", stacks=True)]

    assert [line.amount for line in price(PLAIN, both, ceiling=Decimal("0.15")).lines[1:]] == [-20, -10]


def test_the_share_is_what_the_ceiling_speaks_of_and_the_list_price_that_of_the_day() -> None:
    assert off(amount(1, "20"), ceiling="0.1", bought=basket("EUR", "150 / 0 / 0", "0")) == ("15.00", (1,))
    assert off(amount(1, "20"), ceiling="0.1", bought=basket("EUR", "400 / 0 / 0", "0")) == ("20.00", (1,))


@pytest.mark.parametrize(
    ("off_by", "bought", "expected"),
    [
        (percent(1, "7.5"), basket("EUR", "199 / 0 / 0", "0"), "0.075"),
        (amount(1, "20"), basket("EUR", "300 / 0 / 0", "0"), "0.06666667"),
        (percent(1, "0.01"), basket("EUR", "1 / 0 / 0", "0"), "0.0001"),
        (amount(1, "20"), basket("EUR", "0 / 0 / 0", "0"), "0"),
    ],
)
def test_a_share_is_told_before_it_is_rounded_to_coins(off_by: OfferTerms, bought: Basket, expected: str) -> None:
    assert best_discount(bought, [off_by], floor_margin=None).share == Decimal(expected)


def test_where_the_margin_stops_it_the_share_is_what_comes_off() -> None:
    dear = basket("EUR", "200 / 0 / 0", "0", cost="170 / 0 / 0")

    assert best_discount(dear, [percent(1, "50")], floor_margin=Decimal(0)).share == Decimal("0.15")


def test_a_chosen_offer_that_stacks_comes_on_top_of_automatic_ones_that_do() -> None:
    automatic, code = percent(1, "10", stacks=True), amount(7, "5", stacks=True)

    assert off(automatic, chosen=[code]) == ("25.00", (1, 7))
    assert off(automatic, chosen=[code], ceiling="0.05") == ("15.00", (1, 7))


def test_a_chosen_offer_that_stands_alone_is_taken_where_it_saves_more() -> None:
    assert off(TEN, chosen=[amount(7, "50")]) == ("50.00", (7,))
    assert off(TEN, chosen=[amount(7, "5")]) == ("20.00", (1,))


def test_a_chosen_offer_works_where_nothing_is_automatic() -> None:
    assert off(chosen=[percent(7, "20")]) == ("40.00", (7,))
    assert off(chosen=[percent(7, "20")], ceiling="0") == ("40.00", (7,))


# The sum as a whole


def test_a_sum_tells_its_parts() -> None:
    priced = price(basket("EUR", "300 / 25 / 0", "4", cost="180 / 15 / ?"), [percent(3, "20")])

    assert (priced.subtotal, priced.discount, priced.net) == (Decimal(400), Decimal(80), Decimal(320))
    assert priced.share == Decimal("0.2")
    assert priced.cost == Decimal(240)
    assert priced.margin == Decimal("0.25")
    assert priced.offers == (3,)


def test_the_margin_is_unknown_where_the_cost_is() -> None:
    priced = price(basket("EUR", "300 / 25 / 0", "1", cost="180 / ? / ?"))

    assert (priced.cost, priced.margin) == (None, None)


def test_what_is_given_away_has_no_margin_and_what_costs_nothing_no_share() -> None:
    assert price(basket("EUR", "300 / 0 / 0", "0", cost="100 / 0 / 0"), [percent(1, "100")]).margin is None
    assert price(basket("EUR", "0 / 0 / 0", "0")).share == 0


def test_a_sum_is_kept_as_plain_text_and_read_back() -> None:
    priced = price(
        basket("EUR", "300 / 0 / 0", "0", cost="200 / 0 / 0"), [percent(3, "30")], floor_margin=Decimal("0.2")
    )

    stored = json.loads(json.dumps(priced.to_json()))

    assert stored == {
        "currency": "EUR",
        "lines": [
            {
                "kind": "base",
                "quantity": 1,
                "unit": "300",
                "amount": "300.00",
                "offer": None,
                "percent": None,
                "is_limited": False,
                "by_ceiling": False,
            },
            {
                "kind": "discount",
                "quantity": 1,
                "unit": "-90.00",
                "amount": "-50.00",
                "offer": 3,
                "percent": "30",
                "is_limited": True,
                "by_ceiling": False,
            },
        ],
        "cost": "200.00",
    }
    assert Priced.from_json(stored) == priced
