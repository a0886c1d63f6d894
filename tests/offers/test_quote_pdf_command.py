"""`manage.py quote_pdf`: the document of a sent quote, drawn from what was kept, whatever has changed since."""

from __future__ import annotations

from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django_scopes import scope
from pypdf import PdfReader

from offers.documents.drawing import quote_html
from offers.models import Price, Quote, SalesSettings
from offers.services import quotes
from portal.models import Membership, Partner
from tests import factories
from tests.certificates.services.work import TEN
from tests.offers.quoting import make_buyer, make_due_order, make_shop, sent_quote


@pytest.fixture
def sent(connected: Partner, claire: Membership) -> Quote:
    return sent_quote([make_due_order(make_buyer(make_shop(connected)))], claire)


def drawn(number: str, file: Path, **options: object) -> str:
    said = StringIO()
    call_command("quote_pdf", number, output=file, stdout=said, **options)
    return said.getvalue()


def words_of(file: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(file.read_bytes())).pages)


def test_document_holds_the_figures_of_the_quote(sent: Quote, tmp_path: Path) -> None:
    said = drawn(sent.number, tmp_path / "quote.pdf")

    words = words_of(tmp_path / "quote.pdf")
    assert "quote Q-2026-00001, version 1" in said
    assert all(figure in words for figure in ("220.00", "44.00", "264.00", sent.verification_code))


def test_drawn_again_it_says_the_same_whatever_has_changed(sent: Quote) -> None:
    before = quote_html(sent.snapshot)
    Price.objects.update(base=999)
    SalesSettings.objects.update(terms_en="Other terms.", legal_footer="Another footer")
    sent.partner.name = "Another name"
    sent.partner.save(update_fields=["name"])

    assert quote_html(Quote.objects.get().snapshot) == before


def test_older_version_is_drawn_where_it_is_asked_for(sent: Quote, claire: Membership, tmp_path: Path) -> None:
    draft = quotes.new_version(sent, actor=claire.user, now=TEN)
    quotes.send_quote(draft, actor=claire.user, now=TEN)

    assert "version 2" in drawn(sent.number, tmp_path / "newest.pdf")
    assert "version 1" in drawn(sent.number, tmp_path / "older.pdf", version=1)


def test_number_of_several_partners_asks_whose_it_is(sent: Quote, tmp_path: Path) -> None:
    other = factories.make_partner("Another partner", slug="another")
    factories.make_connection(other)
    with scope(partner=other):
        sent_quote([make_due_order(make_buyer(make_shop(other)))], factories.make_member(other))

    with pytest.raises(CommandError, match="say --partner"):
        drawn(sent.number, tmp_path / "quote.pdf")
    assert "Q-2026-00001" in drawn(sent.number, tmp_path / "quote.pdf", partner="another")


@pytest.mark.parametrize(
    ("number", "options", "words"),
    [
        ("Q-2026-00099", {}, r"^No quote Q-2026-00099 was sent\.$"),
        ("", {}, r"^A quote's number is like Q-2026-00042\.$"),
        ("Q-\udcff", {}, r"^A quote's number is like Q-2026-00042\.$"),
        ("Q-2026-00001", {"version": 7}, r"^Quote Q-2026-00001 was not sent in version 7; the newest is 1\.$"),
        ("Q-2026-00001", {"version": 0}, r"^Quote Q-2026-00001 was not sent in version 0; the newest is 1\.$"),
        ("Q-2026-00001", {"partner": "nobody"}, r"^There is no partner 'nobody'\.$"),
        ("Q-2026-00001", {"partner": ""}, r"^There is no partner ''\.$"),
        ("Q-2026-00001", {"partner": "other"}, r"^No quote Q-2026-00001 was sent\.$"),
    ],
)
def test_what_was_never_sent_is_not_drawn(
    number: str, options: dict[str, object], words: str, sent: Quote, tmp_path: Path
) -> None:
    factories.make_partner("Other", slug="other")

    with pytest.raises(CommandError, match=words):
        drawn(number, tmp_path / "quote.pdf", **options)


def test_draft_has_no_document(connected: Partner, claire: Membership, tmp_path: Path) -> None:
    order = make_due_order(make_buyer(make_shop(connected)))
    quotes.draft_quote([order], actor=claire.user, now=TEN)

    with pytest.raises(CommandError):
        drawn("", tmp_path / "quote.pdf")


def test_file_that_cannot_be_written_is_told(sent: Quote, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"quote\.pdf could not be written: No such file or directory\.$"):
        drawn(sent.number, tmp_path / "missing" / "quote.pdf")
    with pytest.raises(CommandError, match=r"could not be written: Is a directory\.$"):
        drawn(sent.number, tmp_path)


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ({}, r"^Quote Q-2026-00001 could not be drawn: what was kept of it is broken at QuoteSnapshot\.partner\.$"),
        ({"net": "much"}, r"what was kept of it is broken at QuoteSnapshot\.net\.$"),
        ({"lines": 1001}, r"could not be drawn: 1001 lines, where 1000 are the most\.$"),
    ],
)
def test_quote_that_cannot_be_drawn_says_why(kept: dict[str, object], words: str, sent: Quote, tmp_path: Path) -> None:
    snapshot = {**sent.snapshot, **kept} if kept else {}
    if "lines" in kept:
        snapshot["lines"] = sent.snapshot["lines"] * 1001
    Quote.objects.filter(pk=sent.pk).update(snapshot=snapshot)

    with pytest.raises(CommandError, match=words):
        drawn(sent.number, tmp_path / "quote.pdf")
    assert not (tmp_path / "quote.pdf").exists()
