"""Quotes as the portal keeps them, made up for the tests of the document: of one order, and of many."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from offers.documents.snapshot import (
    ContactPart,
    CustomerPart,
    LineKind,
    LinePart,
    PartnerPart,
    PriceKind,
    PricePart,
    QuoteSnapshot,
    TaxKind,
    TaxPart,
)

PARTNER = PartnerPart(
    name="Relais Partner",
    address="1 rue des Tests\n69001 Lyon\nFrance",
    vat_number="FR00123456789",
    support_email="support@relais.example",
    support_phone="+33 1 00 00 00 00",
    website="https://relais.example",
    legal_footer="Relais Partner SAS, capital €50,000 · RCS Lyon 000 000 000 · 1 rue des Tests, 69001 Lyon, France",
)
CUSTOMER = CustomerPart(
    name="Granit Phare SA",
    address="12 quai des Tests\n69002 Lyon",
    country="FR",
    vat_number="FR00987654321",
    number="C-1042",
)
LINK = "https://portal.relais.example/l/3kJ8vQ1xT0yZb7Lr5Nw2Ha"
TERMS = (
    "Payment within 30 days of the invoice. Prices are net of tax and hold for acceptance until the date above. "
    "Certificates are issued once domain and organisation are validated. A sent quote is not changed: a change is a "
    "new version."
)


def line(number: int = 0, **facts: Any) -> LinePart:
    """A renewal in its window, upgraded and discounted; `number` tells it from others."""
    old_end = date(2026, 12, 23) + timedelta(days=number % 30)
    base, names = Decimal("795.00"), 1 + number % 4
    prices = [PricePart(kind=PriceKind.BASE, amount=base, unit=base)]
    prices.append(
        PricePart(kind=PriceKind.NAMES, quantity=names, unit=Decimal("45.00"), amount=Decimal("45.00") * names)
    )
    if number % 3 == 0:
        off = -(sum((price.amount for price in prices), Decimal(0)) * Decimal("0.4")).quantize(Decimal("0.01"))
        prices.append(
            PricePart(kind=PriceKind.OFFER, amount=off, offer_words="Step up to Pro", percent=Decimal("40.00"))
        )
    host = f"www{number or ''}.granit-phare.example"
    usual: dict[str, Any] = {
        "kind": LineKind.RENEWAL,
        "order_number": str(7101544 + number),
        "host": host,
        "names": (host, *(f"app{n}.granit-phare.example" for n in range(1, names))),
        "names_count": names,
        "product": "Secure Site Pro",
        "upgrade_from": "Secure Site OV",
        "benefits": ("CT log monitoring", "vulnerability assessment", "priority support"),
        "term_years": 1,
        "prices": tuple(prices),
        "net": sum((price.amount for price in prices), Decimal(0)),
        "old_ends_on": old_end,
        "new_ends_on": old_end.replace(year=old_end.year + 1),
        "term_days": 365,
        "carried_days": 31 + number % 30,
        "order_days": 396 + number % 30,
        "certificate_days": 199,
        "certificate_ends_on": date(2027, 6, 8),
        "reissues": 1,
    }
    return LinePart(**{**usual, **facts})


def quote(lines: tuple[LinePart, ...] = (), **facts: Any) -> QuoteSnapshot:
    """A sent quote for these lines, else for one; its totals are theirs at 20 % tax."""
    lines = lines or (line(),)
    net = sum((one.net for one in lines), Decimal(0))
    tax = (net * Decimal("0.20")).quantize(Decimal("0.01"))
    usual: dict[str, Any] = {
        "partner": PARTNER,
        "customer": CUSTOMER,
        "contact": ContactPart(name="Claire Martin", email="claire@granit-phare.example"),
        "language": "en",
        "currency": "EUR",
        "number": "Q-2026-0413",
        "issued_on": date(2026, 11, 22),
        "valid_until": date(2026, 12, 22),
        "reference_day": date(2026, 11, 22),
        "prepared_by": "Hélène Roux",
        "lines": lines,
        "net": net,
        "tax": TaxPart(kind=TaxKind.STANDARD, amount=tax, rate=Decimal("20.00"), country="FR", name="VAT"),
        "gross": net + tax,
        "terms": TERMS,
        "verification_code": "KT7-94Q",
        "verify_at": "portal.relais.example/verify",
    }
    return QuoteSnapshot(**{**usual, **facts})


def many(count: int, **facts: Any) -> QuoteSnapshot:
    return quote(tuple(line(number) for number in range(count)), **facts)


def logo(ink: str, *, size: tuple[int, int] = (360, 96)) -> str:
    """A word in one colour on nothing, as a data: address."""
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((0, 8, 80, 88), fill=ink)
    for n in range(5):
        draw.rectangle((104 + n * 52, 28, 140 + n * 52, 68), fill=ink)
    out = BytesIO()
    picture.save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def with_logo(shown: QuoteSnapshot, ink: str, **partner: Any) -> QuoteSnapshot:
    return replace(shown, partner=replace(shown.partner, logo=logo(ink), **partner))
