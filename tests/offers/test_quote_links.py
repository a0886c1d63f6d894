"""The secret of a quote's link stands in the letter and on the paper, and nowhere in the quote."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import Any

import pypdf
import pytest

from offers.models import Quote
from offers.services import quotes
from offers.services.quotes import papers
from portal import links
from portal.models import Link, Membership, OutgoingMail, Partner
from tests.certificates.services.work import TEN
from tests.offers.quoting import make_buyer, make_due_order, make_shop, sent_quote

LATER = TEN + timedelta(hours=1)


@pytest.fixture
def shop(connected: Partner) -> Partner:
    return make_shop(connected)


@pytest.fixture
def sent(shop: Partner, claire: Membership) -> Quote:
    return sent_quote([make_due_order(make_buyer(shop))], claire)


def revised(quote: Quote, actor: Membership) -> Quote:
    return quotes.send_quote(quotes.new_version(quote, actor=actor.user, now=TEN), actor=actor.user, now=TEN)


def drawn(quote: Quote) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(papers.pdf_of(quote, now=LATER)))


def token_on(document: pypdf.PdfReader) -> str:
    notes: list[Any] = [note.get_object() for page in document.pages for note in page.get("/Annots", [])]
    return "".join(note["/A"]["/URI"].rpartition("/l/")[2].strip("/") for note in notes)


def sources() -> list[str]:
    return list(Link.objects.order_by("pk").values_list("source", flat=True))


def test_quote_keeps_no_token_of_its_letter(sent: Quote) -> None:
    (token,) = set(re.findall(r"/l/([\w-]+)/", OutgoingMail.objects.get(to_email=sent.contact.email).text))  # type: ignore[union-attr]

    assert Link.objects.get().token_hash == links.hash_of(token)
    stored = json.dumps(list(Quote.objects.values()), default=str)
    assert token not in stored
    assert "/l/" not in stored


def test_paper_bears_a_link_of_its_own_and_drawn_again_the_same_figures(sent: Quote) -> None:
    first, again = drawn(sent), drawn(sent)

    assert first.pages[0].extract_text() == again.pages[0].extract_text()
    assert token_on(first) != token_on(again)
    opened = [links.open_link(token_on(one), host="localhost", now=LATER) for one in (first, again)]
    assert [link and link.subject for link in opened] == [f"quote:{sent.pk}"] * 2
    assert sources() == ["quote", "paper", "paper"]


def test_paper_of_a_quote_taken_back_leads_nowhere(sent: Quote, claire: Membership) -> None:
    before = token_on(drawn(sent))
    quotes.withdraw_quote(sent, actor=claire.user, now=TEN)

    assert token_on(drawn(sent)) == ""
    assert links.open_link(before, host="localhost", now=LATER) is None


def test_no_link_is_given_to_an_older_version_of_a_quote_taken_back(sent: Quote, claire: Membership) -> None:
    quotes.withdraw_quote(revised(sent, claire), actor=claire.user, now=TEN)

    assert token_on(drawn(sent)) == ""
    with pytest.raises(quotes.QuoteMovedOn):
        quotes.fresh_link(sent, actor=claire.user, now=TEN)
    assert not Link.objects.filter(revoked_at=None).exists()


def test_number_without_a_letter_makes_no_link(shop: Partner, claire: Membership) -> None:
    sent_quote([make_due_order(make_buyer(shop))], claire, by_mail=False)

    assert sources() == []
