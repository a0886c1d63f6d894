"""Many quotes at once: each made once, whoever stops in the middle; the archive holds all their documents."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certificates.models import Order
from offers.models import Quote, QuoteBatch, QuoteDocument, SalesSettings
from offers.models.documents import WorkState
from offers.services import quotes
from offers.services.quotes import batches, filing, papers
from offers.services.quotes.refusals import Reason
from portal.models import Membership, OutgoingMail, Partner
from portal.models.mail import MailPurpose
from tests import factories
from tests.certificates.services.work import TEN
from tests.offers.quoting import make_buyer, make_due_order, make_shop, sent_quote

Grouping, Delivery = QuoteBatch.Grouping, QuoteBatch.Delivery


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture(autouse=True)
def _quick_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a drawn page looks like is tested where it is drawn."""
    monkeypatch.setattr(papers, "pdf_of", lambda quote, now: f"%PDF {quote.number}".encode())


@pytest.fixture
def shop(connected: Partner) -> Partner:
    return make_shop(connected)


@pytest.fixture
def orders(shop: Partner) -> list[Order]:
    """Two of one customer, one of another."""
    granit, tilleul = make_buyer(shop), make_buyer(shop, "Tilleul & Fils / SA")
    return [make_due_order(granit), make_due_order(granit, ends_in=30), make_due_order(tilleul, ends_in=40)]


def now() -> datetime:
    return TEN


def later(minutes: int) -> Any:
    return lambda: TEN + timedelta(minutes=minutes)


def make_batch(claire: Membership, **fields: Any) -> QuoteBatch:
    chosen: dict[str, Any] = {"grouping": Grouping.CUSTOMER, "delivery": Delivery.ARCHIVE} | fields
    orders = Order.objects.order_by("ends_on")
    return batches.start_batch(orders, partner=claire.partner, actor=claire.user, now=TEN, **chosen)


def names_in(batch: QuoteBatch) -> list[str]:
    with zipfile.ZipFile(filing.path_of(batch.stored_as)) as archive:
        return archive.namelist()


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A worker that dies when it reaches a point; without a word, as after a kill."""

    def at(point: str) -> None:
        def reach(reached: str) -> None:
            if reached == point:
                raise SystemExit

        monkeypatch.setattr("portal.crashpoints.reach", reach)

    return at


def test_customers_get_a_quote_each_and_the_archive_holds_them(orders: list[Order], claire: Membership) -> None:
    batch = make_batch(claire)

    batches.work_on(batch.pk, clock=now)

    batch.refresh_from_db()
    assert (batch.state, batch.total, batch.done, batch.left_out) == (WorkState.DONE, 2, 2, {})
    assert [quotes.lines_of(one)[0].order for one in batch.quotes.order_by("number")] == [orders[0], orders[2]]
    assert names_in(batch) == ["Q-2026-00001-Granit-Phare-SA.pdf", "Q-2026-00002-Tilleul-Fils-SA.pdf"]
    assert not OutgoingMail.objects.filter(purpose=MailPurpose.QUOTE).exists()


def test_each_order_gets_a_quote_and_a_letter_where_that_was_chosen(orders: list[Order], claire: Membership) -> None:
    batch = make_batch(claire, grouping=Grouping.ORDER, delivery=Delivery.MAIL)

    batches.work_on(batch.pk, clock=now)

    assert Quote.objects.count() == 3
    assert OutgoingMail.objects.filter(purpose=MailPurpose.QUOTE).count() == 3


def test_orders_that_cannot_be_quoted_are_left_out_with_their_reason(orders: list[Order], claire: Membership) -> None:
    early = make_due_order(orders[0].customer, ends_in=120)
    mute = factories.make_customer(claire.partner, "Nobody to write to")
    factories.make_organization(mute)
    silent = make_due_order(mute)
    batch = make_batch(claire, delivery=Delivery.MAIL)

    batches.work_on(batch.pk, clock=now)

    batch.refresh_from_db()
    assert {pk: one["reason"] for pk, one in batch.left_out.items()} == {
        str(early.pk): Reason.TOO_EARLY,
        str(silent.pk): Reason.NO_ADDRESS,
    }
    assert (batch.state, batch.quotes.count()) == (WorkState.DONE, 2)


@pytest.mark.parametrize("point", ["quote_sent", "batch_quote_made", "document_drawn", "batch_packed"])
def test_worker_that_dies_anywhere_doubles_no_quote_and_no_number(
    point: str, orders: list[Order], claire: Membership, crash: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch(claire, grouping=Grouping.ORDER)
    crash(point)
    with pytest.raises(SystemExit):
        batches.work_on(batch.pk, clock=now)
    monkeypatch.undo()
    monkeypatch.setattr(papers, "pdf_of", lambda quote, now: f"%PDF {quote.number}".encode())

    batches.work_on(batch.pk, clock=now)  # the lease still runs: nobody else takes it up
    assert QuoteBatch.objects.get().state == WorkState.RUNNING
    for minutes in (5, 10, 15):
        batches.work_on(batch.pk, clock=later(minutes))

    batch.refresh_from_db()
    assert (batch.state, Quote.objects.count()) == (WorkState.DONE, 3)
    assert SalesSettings.objects.get().quote_numbers == {"2026": 3}
    assert len(names_in(batch)) == 3


def test_batch_done_twice_is_done_once(orders: list[Order], claire: Membership) -> None:
    batch = make_batch(claire)

    batches.work_on(batch.pk, clock=now)
    batches.work_on(batch.pk, clock=later(60))

    assert Quote.objects.count() == 2


def test_cancelled_batch_makes_no_more(orders: list[Order], claire: Membership) -> None:
    batch = make_batch(claire)
    batches.cancel_batch(batch, actor=claire.user, now=TEN)

    batches.work_on(batch.pk, clock=now)

    assert not Quote.objects.exists()
    with pytest.raises(batches.BatchMovedOn):
        batches.cancel_batch(batch, actor=claire.user, now=TEN)


def test_archive_that_is_gone_is_made_anew(orders: list[Order], claire: Membership) -> None:
    batch = make_batch(claire)
    batches.work_on(batch.pk, clock=now)
    batch.refresh_from_db()
    assert batches.drop_archives(TEN + timedelta(days=31)) == 1

    batches.retry_batch(batch, actor=claire.user, now=TEN)
    batches.work_on(batch.pk, clock=later(1))

    batch.refresh_from_db()
    assert (len(names_in(batch)), Quote.objects.count()) == (2, 2)


# Documents


def test_document_is_drawn_once_and_stored_whole(orders: list[Order], claire: Membership) -> None:
    document = sent_quote([orders[0]], claire).document

    assert papers.draw_document(document.pk, clock=now)
    assert not papers.draw_document(document.pk, clock=now)

    document.refresh_from_db()
    assert papers.content_of(document) == b"%PDF Q-2026-00001"
    assert [path.name for path in filing.folder().iterdir()] == [document.stored_as]


def test_document_that_fails_is_tried_again_and_then_left_to_a_person(
    orders: list[Order], claire: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_quote: Quote, **_: object) -> bytes:
        raise MemoryError("no room")

    document = sent_quote([orders[0]], claire).document
    with monkeypatch.context() as broken:
        broken.setattr(papers, "pdf_of", fail)
        for hours in range(papers.MOST_ATTEMPTS):
            papers.draw_document(document.pk, clock=later(60 * hours))

    document.refresh_from_db()
    assert (document.state, document.attempts, document.last_error) == (WorkState.FAILED, 5, "MemoryError: no room")

    papers.retry_document(document, actor=claire.user, now=TEN)
    papers.draw_document(document.pk, clock=later(600))

    assert QuoteDocument.objects.get().state == WorkState.DONE


def test_full_disk_leaves_no_half_written_document(
    orders: list[Order], claire: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    document = sent_quote([orders[0]], claire).document
    monkeypatch.setattr("os.fsync", full)

    papers.draw_document(document.pk, clock=now)

    assert list(filing.folder().iterdir()) == []
    assert "No space left" in QuoteDocument.objects.get().last_error


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("Q-2026-00042", "Crème & Fils"), "Q-2026-00042-Creme-Fils.pdf"),
        (("Q-1", "../../etc/passwd"), "Q-1-etc-passwd.pdf"),
        (("Q-1", 'a"\r\nSet-Cookie: x'), "Q-1-a-Set-Cookie-x.pdf"),
        (("", "日本"), "quote.pdf"),
    ],
)
def test_file_names_are_made_of_plain_letters(words: tuple[str, str], name: str) -> None:
    assert filing.safe_name(*words, ending="pdf") == name
