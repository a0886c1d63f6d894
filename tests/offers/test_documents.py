"""A quote on paper says what its snapshot says, in its contact's language, whatever stands in the names."""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pikepdf
import pypdf
import pytest
from django.utils import translation

from certificates.wording import day
from offers.documents import drawing
from offers.documents.letterhead import letterhead
from offers.documents.snapshot import LineKind, PriceKind, PricePart, QuoteSnapshot, TaxKind, TaxPart
from portal.money import money
from tests.offers.quotes_on_paper import CUSTOMER, LINK, PARTNER, TERMS, line, logo, many, quote, with_logo

LANGUAGES = ["en", "fr"]


def read(document: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(document))


def on_paper(shown: QuoteSnapshot) -> bytes:
    """As a worker draws it: a draft has no link."""
    return drawing.quote_pdf(shown, link="" if shown.is_draft else LINK)


def pages(shown: QuoteSnapshot) -> list[str]:
    """The words of each page, with plain single spaces."""
    return [plain(page.extract_text()) for page in read(on_paper(shown)).pages]


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def poppler(document: bytes) -> str:
    """The words by another reader, which also knows letters that the fonts lack."""
    reading = subprocess.run(["pdftotext", "-layout", "-", "-"], input=document, capture_output=True, check=True)
    return plain(reading.stdout.decode())


def figures(shown: QuoteSnapshot) -> list[str]:
    """Every amount and date of the snapshot as its page writes them."""
    amounts = [shown.net, shown.tax.amount, shown.gross]
    for one in shown.lines:
        amounts += [
            one.net,
            *(price.amount for price in one.prices),
            *(price.unit for price in one.prices if price.unit),
        ]
    with translation.override(shown.language):
        dates = [day(when) for when in (shown.issued_on, shown.valid_until, *ends(shown)) if when]
    return [plain(word) for word in (*(money(amount, shown.currency, shown.language) for amount in amounts), *dates)]


def ends(shown: QuoteSnapshot) -> list[date | None]:
    return [when for one in shown.lines for when in (one.old_ends_on, one.new_ends_on, one.certificate_ends_on)]


# What it says


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("currency", ["EUR", "CHF", "USD"])
def test_figures_on_paper_are_those_of_the_snapshot(language: str, currency: str) -> None:
    shown = quote(language=language, currency=currency)

    (text,) = pages(shown)

    assert [figure for figure in figures(shown) if figure not in text] == []


def test_names_numbers_and_words_are_those_of_the_snapshot() -> None:
    shown = quote(note="A word to Claire.", purchase_order="PO-7", version=2)

    (text,) = pages(shown)

    told = ["Q-2026-0413", "PO-7", "A word to Claire.", "Granit Phare SA", "FR00987654321", "C-1042", "7101544"]
    told += ["www.granit-phare.example", "Secure Site Pro, 1 year", "Secure Site OV", "Step up to Pro (40%)", "KT7-94Q"]
    told += ["portal.relais.example/verify", "31 days", "199 days", "396 days", "RCS Lyon 000 000 000", "Page 1 of 1"]
    assert [words for words in told if words not in text] == []


def test_seller_stands_beside_the_customer_whatever_the_number_of_orders() -> None:
    for shown in (quote(), many(2)):
        text = pages(shown)[0]
        assert "Relais Partner 1 rue des Tests 69001 Lyon France VAT number FR00123456789" in text


def test_yen_have_no_decimals_on_paper() -> None:
    price = PricePart(kind=PriceKind.BASE, amount=Decimal(12345), unit=Decimal(12345))
    shown = quote((line(prices=(price,), net=Decimal(12345)),), currency="JPY")

    (text,) = pages(shown)

    assert "¥12,345" in text
    assert "12,345.0" not in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (TaxKind.REVERSE_CHARGE, "articles 44 and 196 of Directive 2006/112/EC"),
        (TaxKind.EXPORT, "outside the scope"),
        (TaxKind.EXEMPT, "research institute"),
        (TaxKind.NONE, "VAT, not charged"),
    ],
)
def test_untaxed_quote_says_why(kind: TaxKind, words: str) -> None:
    tax = TaxPart(kind=kind, amount=Decimal(0), name="VAT", reason="research institute")

    (text,) = pages(quote(tax=tax, gross=quote().net))

    assert words in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_document_is_tagged_titled_linked_and_holds_no_programs(language: str) -> None:
    shown = quote(language=language)

    document = read(on_paper(shown))

    root: Any = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == language
    assert document.metadata is not None
    assert document.metadata.title == drawing.document_title(shown)
    assert "Q-2026-0413" in str(document.metadata.title)
    assert document.metadata.author == "Relais Partner"
    assert document.attachments == {}
    assert links(document) == [LINK]
    assert not any(name in root for name in ("/OpenAction", "/AA", "/AcroForm"))
    assert "/JavaScript" not in root.get("/Names", {})


def links(document: pypdf.PdfReader) -> list[str]:
    notes: list[Any] = [note.get_object() for page in document.pages for note in page.get("/Annots", [])]
    return [note["/A"]["/URI"] for note in notes]


def test_pictures_have_words() -> None:
    with pikepdf.open(io.BytesIO(on_paper(with_logo(quote(), "#1b3a6b")))) as document:
        told = {str(item.Alt) for item in document.objects if isinstance(item, pikepdf.Dictionary) and "/Alt" in item}

    assert told == {"Relais Partner", "QR code with the address of this quote"}


def test_drawn_again_from_what_was_stored_it_is_the_same_to_the_byte() -> None:
    shown = with_logo(quote(language="fr"), "#ffffff")

    assert drawing.quote_pdf(shown.to_json(), link=LINK) == on_paper(shown)


def test_draft_says_so_and_cannot_be_accepted() -> None:
    draft = quote(is_draft=True, number="", verification_code="")

    (text,) = pages(draft)

    assert text.count("Draft") == 2  # across the page, and where the number will be
    assert "Accept" not in text
    assert links(read(on_paper(draft))) == []


def test_quote_taken_back_invites_nobody_to_sign() -> None:
    html = drawing.quote_html(quote())

    assert "Accept online" not in html
    assert "sign and send" not in html
    assert "€604.80" in html


def test_french_keeps_its_spaces_from_breaking() -> None:
    html = drawing.quote_html(quote(language="fr", note="Voici : « bon » ; oui ? 20 % !"))

    assert "Voici\u00a0: «\u00a0bon\u00a0»\u202f; oui\u202f? 20\u00a0%\u202f!" in html
    assert "@page :first" in html


# One page, and many

FACTS: list[dict[str, Any]] = [
    {},
    {"language": "fr"},
    {"customer": replace(CUSTOMER, country="US")},
    {"customer": replace(CUSTOMER, country="CA"), "language": "fr", "note": "Thank you for your call. " * 4},
    {
        "tax": TaxPart(kind=TaxKind.REVERSE_CHARGE, amount=Decimal(0), name="VAT"),
        "note": "Thank you for your call. " * 6,
    },
]


@pytest.mark.parametrize("facts", FACTS)
@pytest.mark.parametrize("ink", ["", "#ffffff", "#10233a"])
def test_quote_for_one_order_is_one_page(facts: dict[str, Any], ink: str) -> None:
    shown = quote(**facts)

    assert len(pages(with_logo(shown, ink) if ink else shown)) == 1


@pytest.mark.parametrize("country", ["FR", "US"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_quote_for_one_order_is_one_page_also_with_everything_that_can_be_told(country: str, language: str) -> None:
    prices = (
        PricePart(kind=PriceKind.BASE, unit=Decimal(795), amount=Decimal(795)),
        PricePart(kind=PriceKind.NAMES, quantity=4, unit=Decimal(45), amount=Decimal(180)),
        PricePart(kind=PriceKind.WILDCARDS, unit=Decimal(290), amount=Decimal(290)),
        PricePart(kind=PriceKind.OFFER, amount=Decimal(-506), offer_words="Step up to Pro", is_limited=True),
    )
    names = ("*.granit-phare.example", *(f"host-{number}.granit-phare.example" for number in range(4)))
    shown = quote(
        (line(prices=prices, net=Decimal(759), names=names, names_count=5),),
        language=language,
        currency="CHF",
        version=2,
        purchase_order="PO-2026-7781",
        note="Thank you for your call. " * 4,
        customer=replace(CUSTOMER, city="Lyon", country=country),
        tax=TaxPart(kind=TaxKind.REVERSE_CHARGE, amount=Decimal(0), name="VAT"),
        gross=Decimal(759),
    )

    (text,) = pages(with_logo(shown, "#10233a"))

    assert "FR00987654321" in text
    assert "FR00123456789" in text


def test_americans_get_letter_and_others_a4() -> None:
    papers = [quote(customer=replace(CUSTOMER, country=country)) for country in ("US", "FR", "")]

    boxes = [read(on_paper(shown)).pages[0].mediabox for shown in papers]

    assert [(round(box.width), round(box.height)) for box in boxes] == [(612, 792), (595, 842), (595, 842)]


@pytest.mark.parametrize(("count", "sheets"), [(40, 3), (200, 10)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_long_quote_repeats_its_head_and_carries_its_sum(count: int, sheets: int, language: str) -> None:
    shown = many(count, language=language)

    found = pages(shown)

    assert len(found) == sheets
    text = " ".join(found)
    hosts = [one.host for one in shown.lines]
    assert re.findall(r"www\d*\.granit-phare\.example", text) == hosts
    with translation.override(language):
        head = plain(translation.gettext("Certificate and price"))
        number = plain(
            translation.gettext("Quote %(number)s, version %(version)s") % {"number": shown.number, "version": 1}
        )
    assert all(head in page for page in found)
    assert all(number in page for page in found[1:])
    nets = iter(shown.lines)
    so_far = Decimal(0)
    for page, following in pairwise(found):
        so_far += sum(next(nets).net for _ in re.findall(r"www\d*\.granit", page))
        carried = plain(money(so_far, "EUR", language))
        assert carried in page.split("Relais Partner SAS")[0] + page.split("Relais Partner SAS")[-1]
        assert carried in following
    assert plain(money(shown.gross, "EUR", language)) in found[-1]


@pytest.mark.parametrize("count", [15, 16, 37, 38, 40])
def test_totals_stand_below_lines_and_never_alone_on_a_page(count: int) -> None:
    found = pages(many(count))

    (last,) = [page for page in found if "VAT at 20%" in page]
    assert len(re.findall(r"www\d*\.granit", last)) >= 2
    assert "Carried forward" not in last
    assert [("Brought forward" in page) for page in found[1 : found.index(last) + 1]] == [True] * found.index(last)


@pytest.mark.parametrize("count", [10, 14, 25, 33, 40])
@pytest.mark.parametrize("terms", [TERMS, TERMS * 4])
def test_last_page_is_where_one_signs_below_lines_and_totals_and_holds_the_terms(count: int, terms: str) -> None:
    last = pages(many(count, terms=terms))[-1]

    assert len(re.findall(r"www\d*\.granit", last)) >= 2
    assert "VAT at 20%" in last
    assert "Date, signature" in last
    assert plain(terms) in last


def test_every_line_of_a_long_quote_shows_its_arithmetic() -> None:
    shown = many(40)

    text = " ".join(pages(shown))

    for one in shown.lines:
        for price in one.prices:
            assert plain(money(abs(price.unit or price.amount), "EUR", "en")) in text
        assert plain(money(one.net, "EUR", "en")) in text
    assert "Secure Site Pro, 1 year €795.00 + Host names 4 × €45.00 − Step up to Pro (40%) €390.00" in text


def test_quote_that_nobody_would_read_is_refused() -> None:
    with pytest.raises(drawing.TooManyLines):
        drawing.quote_html(quote((line(),) * (drawing.MOST_LINES + 1)))


def test_promise_of_no_lost_day_is_made_only_where_it_holds() -> None:
    kept = many(3)
    lost = replace(kept, lines=(*kept.lines, line(3, lost_days=12)))
    late = replace(kept, valid_until=date(2027, 3, 1))
    new = replace(kept, lines=(*kept.lines, line(3, kind=LineKind.NEW, old_ends_on=None, order_number="")))

    assert [shown.keeps_all_days for shown in (kept, lost, late, new)] == [True, False, False, False]
    assert ["No day is lost" in drawing.quote_html(shown) for shown in (kept, lost)] == [True, False]


NEW: dict[str, Any] = {"kind": LineKind.NEW, "old_ends_on": None, "order_number": "", "upgrade_from": ""}
OLD = date(2026, 11, 10)
IF = "f accepted on 22 November 2026, the new order ends on 23 December 2027."


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, "Order 7101544 ends on 23 December 2026; the new order ends on 23 December 2027."),
        (NEW, f"I{IF}"),
        ({"old_ends_on": OLD}, f"Order 7101544 ended on 10 November 2026; i{IF}"),
        ({"lost_days": 3}, f"Order 7101544 ends on 23 December 2026; i{IF}"),
        ({"new_ends_on": None, "order_days": 0}, "Order 7101544"),
        (
            {**NEW, "old_ends_on": date(2026, 12, 30), "moved_from": "Another CA"},
            f"The present certificate ends on 30 December 2026; i{IF} "
            "It moves from Another CA: the days left there are not kept.",
        ),
    ],
)
def test_end_that_hangs_on_the_day_of_acceptance_is_told_with_its_day(facts: dict[str, Any], told: str) -> None:
    (text,) = pages(quote((line(**facts),)))

    assert f"{told} Item" in text
    assert ("whenever you accept" in text) is (facts == {})


def test_table_marks_the_ends_that_hang_on_the_day_of_acceptance() -> None:
    kept, new, late = line(0), line(1, **NEW), line(2, old_ends_on=OLD)

    mixed, none_kept, all_kept = (
        " ".join(pages(quote(lines))) for lines in ((kept, new, late), (new, late), (kept, kept))
    )

    assert re.findall(r"(\d+ Dec 2027\S?)", mixed) == ["23 Dec 2027", "24 Dec 2027*", "25 Dec 2027*"]
    counted = "A new end with an asterisk is counted as if accepted on 22 November 2026."
    assert f"{counted} Every other one stays the same, on whatever day you accept." in mixed
    assert (counted in none_kept, "Every other one" in none_kept) == (True, False)
    assert ("*" in all_kept, "asterisk" in all_kept, "No day is lost on any of these orders" in all_kept) == (
        False,
        False,
        True,
    )


def test_certificate_of_many_names_tells_some_and_how_many_more() -> None:
    names = tuple(f"host-{number}.granit-phare.example" for number in range(250))

    (text,) = pages(quote((line(names=names, names_count=250),)))

    told = re.sub(r"\s", "", text)
    assert "host-9.granit-phare.exampleand240more" in told
    assert "host-10." not in told


# Whatever stands in the names

HOSTILE = [
    "<script>app.alert('x')</script>",
    "<img src=http://127.0.0.1:9/x.png>",
    "</td></tr></table><h1>Total: €0.00</h1>",
    "</style><style>* { display: none }</style>",
    "{{ link }}{% include 'base.html' %}",
    "</title><link rel=attachment href=file:///etc/hostname>",
    "<a href='javascript:alert(1)'>press</a>",
    "W" * 3000,
    "a very long name of many words " * 100,
    "\u202e\u2066elpmaxe.knab\u2069",
    "\x00\x07\x1b[31m\x85red",
    "שלום مرحبا 你好 नमस्ते",
    "👩‍👩‍👧‍👦🏴‍☠️" * 20,
    "Z̸̢̧̛͙̺͖̯̗͑̇̈́̕a̴̡̲̝̦͉̳̎͗̅̚͝l̶̨̩̬͍̦̗̽̈́̒̕͝g̵̨̛͍̹̮̥̈́̓̚͝o̷̢̟͕̪̯͛̈́̆͋͝",
    "\u00ad\u200b\ufeff\ufff9\U000e0041",
    "\ud800 half a character",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_are_words(hostile: str) -> None:
    clean = quote()
    shown = replace(
        clean,
        customer=replace(CUSTOMER, name=hostile, address=hostile, vat_number=hostile),
        contact=replace(clean.contact, name=hostile),
        partner=replace(PARTNER, name=hostile, legal_footer=hostile[:300]),
        lines=(line(host=hostile, names=(hostile,), product=hostile, upgrade_from=hostile, order_number=hostile[:60]),),
        note=hostile,
        terms=hostile,
        purchase_order=hostile,
        prepared_by=hostile,
    )

    drawn = drawing.quote_pdf(shown, link=LINK, timeout=10)

    document, text = read(drawn), poppler(drawn)
    assert links(document) == [LINK]
    assert document.attachments == {}
    assert "€604.80" in text
    assert len(document.pages) <= 6
    assert not re.search(r"[\x00-\x08\x0e-\x1f\u202e\u2066]", text)
    if hostile.startswith(("<", "{", "</")):
        assert re.sub(r"\s", "", hostile) in re.sub(r"\s", "", text)


@pytest.mark.parametrize("hostile", ["W" * 400, "<b>" * 60, "\u202eexample", "مثال" * 30])
def test_hostile_lines_leave_the_table_in_its_place(hostile: str) -> None:
    shown = quote(tuple(line(number, host=hostile, product=hostile, upgrade_from="") for number in range(60)))

    document = read(on_paper(shown))

    edge = float(document.pages[0].mediabox.width)
    for page in document.pages:
        places: list[float] = []
        page.extract_text(
            visitor_text=lambda text, cm, tm, *_, at=places: at.append(tm[4] * cm[0] + cm[4]) if text.strip() else None
        )
        assert all(0 <= x < edge for x in places)
    amounts = re.findall(r"€\d[\d,.]*\d", plain(" ".join(page.extract_text() for page in document.pages)))
    assert all(plain(money(one.net, "EUR", "en")) in amounts for one in shown.lines)


def test_longest_footer_stays_on_the_page() -> None:
    footer = ("Relais Partner SAS, capital 50 000 €, RCS Lyon 000 000 000, 1 rue des Tests, 69001 Lyon, France. " * 4)[
        :300
    ]
    (page,) = read(on_paper(quote(partner=replace(PARTNER, legal_footer=footer)))).pages

    heights: list[float] = []
    page.extract_text(
        visitor_text=lambda text, cm, tm, *_: heights.append(tm[5] * cm[3] + cm[5]) if text.strip() else None
    )

    assert min(heights) > 8  # points above the lower edge


@pytest.mark.parametrize(
    "picture",
    [
        "http://127.0.0.1:9/logo.png",
        "file:///etc/hostname",
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "data:image/png;base64,%%%",
        "data:image/png;base64,iVBORw0KGgo=",
        logo("#fff")[:-400],
        '"><script>alert(1)</script>',
    ],
)
def test_logo_that_is_none_gives_way_to_the_name(picture: str) -> None:
    shown = quote(partner=replace(PARTNER, logo=picture))

    (text,) = pages(shown)

    assert letterhead(shown.partner).logo == ""
    assert "Relais Partner" in text.split("Renewal of")[0]


@pytest.mark.parametrize(
    ("ink", "is_on_plate"), [("#ffffff", True), ("#fff200", True), ("#0b5cad", False), ("#000000", False)]
)
def test_logo_that_paper_would_swallow_stands_on_a_plate(ink: str, is_on_plate: bool) -> None:
    assert bool(letterhead(with_logo(quote(), ink).partner).plate) is is_on_plate


@pytest.mark.parametrize("colour", ["#ffff00", "#ffffff", "#000000", "red", ""])
def test_any_colour_of_a_partner_can_be_read_on_paper(colour: str) -> None:
    from portal.colours import RGB, WHITE, contrast

    look = letterhead(replace(PARTNER, brand=colour, accent=colour))

    assert contrast(RGB.parse(look.brand), WHITE) >= 4.5
    assert contrast(RGB.parse(look.ink), RGB.parse(look.brand)) >= 4.5
