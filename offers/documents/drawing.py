"""A quote on paper, drawn from its snapshot and nothing else: drawn again, it shows the same figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

import segno
from django.conf import settings
from django.template.loader import get_template
from django.utils import translation
from django.utils.translation import gettext

from offers.documents import words
from offers.documents.letterhead import letterhead
from offers.documents.sheet import paper, readable
from offers.documents.snapshot import QuoteSnapshot
from offers.documents.words import Item
from portal import pdf
from portal.drawings import parts_to_scale
from portal.typography import spaced_html

MOST_LINES = 1_000
# Countries that print on Letter; all others print on A4.
LETTER = frozenset(["US", "CA", "MX", "PR", "PH", "CL", "CO", "CR", "GT", "PA", "SV", "VE", "DO", "NI"])
QR_INK = "#14202e"


class TooManyLines(ValueError):
    """A quote of more lines than anybody reads on paper."""


def quote_pdf(snapshot: QuoteSnapshot | Mapping[str, Any], *, link: str = "", timeout: float = 30) -> bytes:
    """The quote as a PDF in its contact's language; `timeout` in seconds.

    `link` is the address at which it is accepted; it bears a secret, and stands on the paper only.

    Raises SnapshotUnreadable, TooManyLines, pdf.RenderTimeout and pdf.RenderFailed.
    """
    quote = readable(snapshot)
    return pdf.render(
        quote_html(quote, link=link),
        title=document_title(quote),
        author=quote.partner.name,
        language=quote.language,
        created=datetime.combine(quote.issued_on, time.min, UTC),
        timeout=timeout,
    )


def quote_html(snapshot: QuoteSnapshot | Mapping[str, Any], *, link: str = "") -> str:
    """The same as one page of HTML that needs nothing from elsewhere. Raises SnapshotUnreadable and TooManyLines."""
    quote = readable(snapshot)
    if len(quote.lines) > MOST_LINES:
        raise TooManyLines(f"{len(quote.lines)} lines, where {MOST_LINES} are the most")
    with translation.override(quote.language):
        page = get_template("documents/quote.html").render(_context(quote, link))
    head, mark, body = page.partition("<body")
    return head + mark + spaced_html(body, quote.language)


def document_title(quote: QuoteSnapshot) -> str:
    """What a window that shows the document is called."""
    with translation.override(quote.language):
        facts = {"number": quote.number or gettext("draft"), "title": words.title(quote)}
        return gettext("Quote %(number)s: %(title)s") % facts


# What the templates are given


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a quote for many orders, with what all lines come to before and after it."""

    item: Item
    number: int
    before: Decimal
    after: Decimal


def _context(quote: QuoteSnapshot, link: str) -> dict[str, Any]:
    sheet = paper(quote, language=quote.language)
    only = sheet["only"]
    return {
        **sheet,
        "document_title": document_title(quote),
        "css": stylesheet(),
        "page_numbers": page_numbers(),
        "paper": "letter" if quote.customer.country in LETTER else "A4",
        "look": letterhead(quote.partner),
        "shapes": parts_to_scale(only.bar) if only else [],
        "rows": [] if only else list(_rows(sheet["items"])),
        "link": link,
        "qr": qr_code(link),
    }


def _rows(items: Sequence[Item]) -> Iterator[Row]:
    before = Decimal(0)
    for number, item in enumerate(items, start=1):
        after = before + item.line.net
        yield Row(item, number, before, after)
        before = after


def qr_code(link: str) -> str:
    """The address as a QR code that a telephone reads off paper: an SVG as data: address; empty without a link."""
    if not link:
        return ""
    code = segno.make(link, error="m", micro=False)
    found: str = code.svg_data_uri(border=0, dark=QR_INK, xmldecl=False, svgns=True, nl=False)
    return found


def page_numbers() -> str:
    """Page x of y in the reader's words, as the style sheet's `content`, which counts."""
    sentence = gettext("Page %(page)s of %(pages)s").replace("\\", "").replace('"', "")
    counted = sentence.replace("%(page)s", '" counter(page) "').replace("%(pages)s", '" counter(pages) "')
    return f'"{counted}"'


@cache
def stylesheet() -> str:
    return (settings.BASE_DIR / "static" / "documents" / "quote.css").read_text()
