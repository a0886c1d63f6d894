"""A quote on paper, drawn from its snapshot and nothing else: drawn again, it shows the same figures."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

import segno
from babel import Locale
from django.conf import settings
from django.template.loader import get_template
from django.utils import translation
from django.utils.translation import gettext

from certificates.x509 import display_name
from offers.documents.letterhead import letterhead
from offers.documents.snapshot import CustomerPart, LinePart, QuoteSnapshot
from offers.wording import paper as wording
from offers.wording.paper import Item, Step
from portal import pdf
from portal.drawings import parts_to_scale
from portal.money import MINUS
from portal.typography import spaced_html

MOST_LINES = 1_000
# Names told one by one; of more, these and how many others.
MOST_NAMES = 10
# Countries that print on Letter; all others print on A4.
LETTER = frozenset(["US", "CA", "MX", "PR", "PH", "CL", "CO", "CR", "GT", "PA", "SV", "VE", "DO", "NI"])
# In characters: of a name, a number or an address, and of the fields that hold more.
LONGEST_WORDS = 255
LONGEST = {"note": 4_000, "terms": 8_000, "legal_footer": 300, "logo": 4_000_000}
QR_INK = "#14202e"
LAYOUT = {"\n", "\t"}
# Marks that turn the direction of what follows, so that a name could rewrite its neighbours.
TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


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
        raise TooManyLines(len(quote.lines))
    with translation.override(quote.language):
        page = get_template("documents/quote.html").render(_context(quote, link))
    head, mark, body = page.partition("<body")
    return head + mark + spaced_html(body, quote.language)


def document_title(quote: QuoteSnapshot) -> str:
    """What a window that shows the document is called."""
    with translation.override(quote.language):
        facts = {"number": quote.number or gettext("draft"), "title": wording.title(quote)}
        return gettext("Quote %(number)s: %(title)s") % facts


# Text


def readable(snapshot: QuoteSnapshot | Mapping[str, Any]) -> QuoteSnapshot:
    """The snapshot as it can be set: no text endless, none with controls or marks that turn the reading direction."""
    stored = snapshot.to_json() if isinstance(snapshot, QuoteSnapshot) else snapshot
    return QuoteSnapshot.from_json(_clean(stored))


def _clean(value: Any, field: str = "") -> Any:
    if isinstance(value, str):
        return clean_text(value, LONGEST.get(field, LONGEST_WORDS))
    if isinstance(value, Mapping):
        return {key: _clean(item, key) for key, item in value.items()}
    return [_clean(item, field) for item in value] if isinstance(value, list | tuple) else value


def clean_text(text: str, longest: int) -> str:
    """The text without controls and marks that turn the reading direction, cut off after `longest` characters."""
    if len(text) > longest:
        text = f"{text[: longest - 1]}…"
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def one_line(text: str, longest: int) -> str:
    """The same on one line, without spaces around it."""
    return clean_text(" ".join(clean_text(text, len(text)).split()), longest)


def _shown(character: str) -> str:
    if character in TURNS:
        return ""
    # Cc are controls, Cs half characters that no encoding holds, Cn and Co have no agreed look
    return " " if character not in LAYOUT and unicodedata.category(character) in ("Cc", "Cs", "Cn") else character


# What the templates are given


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a sum written in one line: its sign, its words, and so many times an amount."""

    sign: str
    words: str
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a quote for many orders, with what all lines come to before and after it."""

    item: Item
    number: int
    terms: Sequence[Term]
    before: Decimal
    after: Decimal


def _context(quote: QuoteSnapshot, link: str) -> dict[str, Any]:
    items = wording.items(quote)
    only = items[0] if len(items) == 1 else None
    return {
        "quote": quote,
        "document_title": document_title(quote),
        "css": stylesheet(),
        "page_numbers": page_numbers(),
        "paper": "letter" if quote.customer.country in LETTER else "A4",
        "look": letterhead(quote.partner),
        "title": wording.title(quote),
        "lead": wording.lead(quote),
        "country": country_name(quote.customer, quote.language),
        "only": only,
        "names": names_told(only.line) if only else "",
        "shapes": parts_to_scale(only.bar) if only else [],
        "rows": [] if only else list(_rows(items)),
        "tax_label": wording.tax_label(quote.tax),
        "tax_sentence": wording.tax_sentence(quote.tax),
        "keeps_all_days": keeps_all_days(quote),
        "link": link,
        "qr": qr_code(link),
    }


def _rows(items: Sequence[Item]) -> Iterator[Row]:
    before = Decimal(0)
    for number, item in enumerate(items, start=1):
        after = before + item.line.net
        yield Row(item, number, [_term(step) for step in item.steps], before, after)
        before = after


def _term(step: Step) -> Term:
    sign = MINUS if step.amount < 0 else "+"
    if step.unit is None or step.quantity is None:
        words = f"{step.words}, {step.detail}" if step.detail else step.words
        return Term(sign, words, 1, abs(step.amount))
    return Term(sign, step.words, step.quantity, step.unit)


def keeps_all_days(quote: QuoteSnapshot) -> bool:
    """Whether every line ends on its date whenever the quote is accepted: none loses days, none begins anew."""
    return all(
        line.old_ends_on and not line.lost_days and line.old_ends_on >= quote.valid_until for line in quote.lines
    )


def names_told(line: LinePart) -> str:
    """The names of the certificate, the host first; of very many, some and how many more."""
    told = ", ".join(display_name(name) for name in line.names[:MOST_NAMES])
    others = len(line.names) - MOST_NAMES
    if others <= 0:
        return told
    return gettext("%(names)s and %(count)s more") % {"names": told, "count": others}


def country_name(customer: CustomerPart, language: str) -> str:
    return Locale.parse(language).territories.get(customer.country, customer.country) if customer.country else ""


def qr_code(link: str) -> str:
    """The address as a QR code that a telephone reads off paper: an SVG as data: address; empty without a link."""
    if not link:
        return ""
    code = segno.make(link, error="m", micro=False)
    found: str = code.svg_data_uri(border=0, dark=QR_INK, xmldecl=False, svgns=True, nl=False)
    return found


def page_numbers() -> str:
    """Page x of y in the reader's words, as the style sheet's `content`, which counts."""
    words = gettext("Page %(page)s of %(pages)s").replace("\\", "").replace('"', "")
    counted = words.replace("%(page)s", '" counter(page) "').replace("%(pages)s", '" counter(pages) "')
    return f'"{counted}"'


@cache
def stylesheet() -> str:
    return (settings.BASE_DIR / "static" / "documents" / "quote.css").read_text()
