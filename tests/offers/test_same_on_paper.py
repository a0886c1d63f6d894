"""The public page of a quote and its PDF say the same: every figure, name, address, date and word of it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pypdf
import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from offers.documents import drawing
from offers.documents.snapshot import LineKind, QuoteSnapshot
from offers.models import Quote
from offers.services.quotes import make_quote_link
from portal import clock
from portal.models import Membership, Partner
from tests.offers.quotes_on_paper import CUSTOMER, LINK, line, quote
from tests.offers.quoting import make_buyer, make_due_order, make_shop, sent_quote

pytestmark = pytest.mark.ci_embedded

# What only one of them has, having other ways to answer and to turn pages.
ONLY_ON_THE_PAGE = [
    "Ends on",
    "New end",
    "Accept or answer",
    "Download as PDF",
    ", version 2",
    "22 November 2026, valid until 22 December 2026",
    "22 novembre 2026, valable jusqu’au 22 décembre 2026",
]
ONLY_ON_PAPER = [
    "No.",
    "Ends, new end",
    "Date",
    "Valid until",
    "Version",
    "Accept online",
    "Scan the code, or press the button: you see the same quote and accept it there.",
    "Or sign and send this page back",
    "Name and role",
    "Your order number",
    "Date, signature",
]


class Texts(HTMLParser):
    """The texts between the tags, line by line, from behind `begin` up to `end`."""

    def __init__(self, html: str, *, begin: str, end: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html[html.index(begin) + len(begin) : html.index(end)])

    def handle_data(self, data: str) -> None:
        self.found += [words for words in data.splitlines() if words.strip()]


def tight(text: str) -> str:
    """Without spaces, which lines that break swallow, and languages set differently."""
    return re.sub(r"\s", "", text)


def a_quote(count: int, language: str) -> QuoteSnapshot:
    """For so many orders, with everything that a quote can tell, among them ends that hang on the day."""
    lines = [line(number) for number in range(count)]
    if count > 1:
        lines[1] = replace(lines[1], kind=LineKind.NEW, order_number="", old_ends_on=None, upgrade_from="")
        lines[3] = replace(lines[3], old_ends_on=date(2026, 11, 3))
    return quote(
        tuple(lines),
        language=language,
        version=2,
        purchase_order="PO-2026-7781",
        note="Thank you for your call.\n\nWe look forward to it.",
        customer=replace(CUSTOMER, city="Lyon"),
    )


@pytest.fixture
def sent(connected: Partner, claire: Membership) -> Quote:
    return sent_quote([make_due_order(make_buyer(make_shop(connected)))], claire)


def page_of(sent: Quote, shown: QuoteSnapshot) -> str:
    Quote.objects.filter(pk=sent.pk).update(snapshot=shown.to_json(), language=shown.language)
    sent.refresh_from_db()
    client = Client()
    token = make_quote_link(sent, now=clock.now()).partition("/l/")[2]
    page = client.get(client.get(f"/l/{token}")["Location"])
    return page.content.decode()


def paper_of(shown: QuoteSnapshot) -> str:
    document = pypdf.PdfReader(io.BytesIO(drawing.quote_pdf(shown, link=LINK)))
    return "\n".join(page.extract_text() for page in document.pages)


def without_running_sums(paper: str, language: str) -> str:
    """The paper without what it carries from page to page."""
    with translation.override(language):
        for words in (gettext("Brought forward: %(sum)s"), gettext("Carried forward: %(sum)s")):
            paper = re.sub(words.replace(" :", r"\s:") % {"sum": AMOUNT}, " ", paper)
    return paper


AMOUNT = r"(?:−?€\d[\d,]*\.\d\d|−?\d+(?:\u202f\d{3})*,\d\d\xa0€)"


def amounts(text: str) -> list[str]:
    return re.findall(AMOUNT, text)


def dates(text: str, language: str) -> list[str]:
    month = {"en": r"[A-Z][a-z]{2,8}", "fr": r"[a-zéû]{3,9}\.?"}[language]
    return [" ".join(found.split()) for found in re.findall(rf"\d{{1,2}}(?:er)?\s{month}\s20\d\d\*?", text)]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("count", [1, 40, 200])
def test_paper_and_page_say_the_same(count: int, language: str, sent: Quote) -> None:
    shown = a_quote(count, language)

    page = Texts(page_of(sent, shown), begin='class="page-header">', end='id="answer"').found
    paper = without_running_sums(paper_of(shown), language)

    told = " ".join(page)
    assert amounts(told) == amounts(paper)
    assert len(amounts(paper)) >= 3 + sum(len(one.prices) + 1 for one in shown.lines)
    assert set(dates(told, language)) == set(dates(paper, language))
    assert missing(page, paper, except_for=ONLY_ON_THE_PAGE, language=language) == []
    drawn = Texts(drawing.quote_html(shown, link=LINK), begin="<main>", end="</main>").found
    assert missing(drawn, told, except_for=ONLY_ON_PAPER, language=language) == []


def missing(texts: list[str], where: str, *, except_for: list[str], language: str) -> list[str]:
    with translation.override(language):
        known = {tight(gettext(words)) for words in except_for}
    return [text for text in texts if tight(text) not in tight(where) and tight(text) not in known]
