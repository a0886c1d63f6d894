"""Quotes in the house's browser: the list, the draft and its figures, what was sent, answers on the telephone."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from certificates.models import Order, Product, Request
from offers.forms.quotes import HeaderForm, key_of
from offers.models import Quote, QuoteBatch, SalesSettings
from offers.models.quotes import QuoteState
from offers.services import quotes
from offers.services.quotes import batches, papers
from portal.models import Activity, Link, Membership, OutgoingMail, Partner
from portal.models.mail import MailPurpose
from portal.roles import Role
from tests import factories
from tests.certificates.services.work import TEN
from tests.factories import TODAY, product
from tests.offers.factories import make_offer
from tests.offers.quoting import make_buyer, make_due_order, make_reader, make_shop, sent_quote


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def shop(connected: Partner) -> Partner:
    return make_shop(connected)


@pytest.fixture
def order(shop: Partner) -> Order:
    return make_due_order(make_buyer(shop))


@pytest.fixture
def draft(order: Order, claire: Membership) -> Quote:
    return quotes.draft_quote([order], actor=claire.user, now=TEN)


@pytest.fixture
def sent(order: Order, claire: Membership) -> Quote:
    return sent_quote([order], claire)


@pytest.fixture
def support(shop: Partner) -> Client:
    client = Client()
    client.force_login(factories.make_member(shop, Role.SUPPORT).user)
    return client


def url(name: str, row: Any = None) -> str:
    return reverse(f"offers:{name}", args=[row.pk] if row is not None else [])


def typed(quote: Quote, **changes: Any) -> dict[str, Any]:
    """What the browser would post of a draft that nobody has touched."""
    lines = quotes.wishes_of(quote)
    form: dict[str, Any] = {
        "contact": quote.contact_id or "",
        "language": quote.language,
        "valid_until": quote.valid_until.isoformat(),
    }
    for wish in lines:
        key = key_of(wish)
        form |= {f"{key}-product": wish.product.pk, f"{key}-term_years": wish.term_years}
        form[f"{key}-names"] = "\n".join(wish.names)
    return form | changes


def text(response: Any) -> str:
    return str(response.content.decode())


# Making one


def test_orders_of_a_customer_are_ticked_and_become_a_draft(page: Client, order: Order) -> None:
    early = make_due_order(order.customer, ends_in=120)

    shown = text(page.get(f"{url('quote_new')}?customer={order.customer_id}"))
    made = page.post(url("quote_new"), {"customer": order.customer_id, "orders": [order.pk], "how": "one"})

    assert f'value="{order.pk}" checked' in shown
    assert f'value="{early.pk}" disabled' in shown
    assert "Its renewal opens on 22 December 2026." in shown
    assert made.headers["Location"] == url("quote", Quote.objects.get())


def test_order_that_was_renewed_meanwhile_is_named_and_nothing_is_made(page: Client, order: Order) -> None:
    factories.make_request(order)

    answer = page.post(url("quote_new"), {"customer": order.customer_id, "orders": [order.pk], "how": "one"})

    assert answer.status_code == 422
    assert "It has been renewed already" in text(answer)
    assert not Quote.objects.exists()


def test_orders_of_another_customer_are_refused(page: Client, order: Order) -> None:
    other = make_due_order(make_buyer(order.partner, "Somebody else"))

    answer = page.post(url("quote_new"), {"customer": order.customer_id, "orders": [other.pk], "how": "one"})

    assert answer.status_code == 422
    assert not Quote.objects.exists()


def test_a_quote_for_each_order_goes_to_the_worker(page: Client, order: Order) -> None:
    make_due_order(order.customer)
    chosen = Order.objects.values_list("pk", flat=True)

    made = page.post(url("quote_new"), {"customer": order.customer_id, "orders": chosen, "how": "each"})

    batch = QuoteBatch.objects.get()
    assert made.headers["Location"] == url("quote_batch", batch)
    assert (batch.total, batch.grouping) == (2, QuoteBatch.Grouping.ORDER)


def test_quotes_for_each_order_name_no_certificate_of_another_authority(page: Client, order: Order) -> None:
    theirs = factories.make_certificate_elsewhere(order.customer)
    chosen = {"orders": [order.pk], "certificates": [theirs.pk], "how": "each", "code": "EARLY"}

    answer = page.post(url("quote_new"), {"customer": order.customer_id, **chosen})

    shown = text(answer)
    assert answer.status_code == 422
    assert "leaves certificates of other authorities out, so nothing was made" in shown
    assert f'name="certificates" value="{theirs.pk}" checked' in shown
    assert f'name="orders" value="{order.pk}" checked' in shown
    assert 'value="EARLY"' in shown
    assert not QuoteBatch.objects.exists()


@pytest.mark.parametrize("how", ["one", "each"])
def test_nothing_ticked_makes_nothing(page: Client, order: Order, how: str) -> None:
    answer = page.post(url("quote_new"), {"customer": order.customer_id, "how": how})

    assert answer.status_code == 422
    assert "Tick what the quote is for." in text(answer)
    assert " checked" not in text(answer)
    assert not QuoteBatch.objects.exists()


def test_certificate_that_is_with_us_already_is_not_offered(page: Client, order: Order) -> None:
    theirs = factories.make_certificate_elsewhere(order.customer)
    Request.objects.filter(pk=factories.make_request(order, kind="new").pk).update(moves=theirs)

    shown = text(page.get(f"{url('quote_new')}?customer={order.customer_id}"))
    answer = page.post(url("quote_new"), {"customer": order.customer_id, "certificates": [theirs.pk], "how": "one"})

    assert theirs.common_name not in shown
    assert answer.status_code == 422
    assert "It has been moved to us already, or the order that replaces it is in hand." in text(answer)


@pytest.mark.parametrize("how", ["one", "each"])
def test_mistyped_code_is_told_beside_its_field_and_nothing_is_made(page: Client, order: Order, how: str) -> None:
    make_offer(order.partner, code="EARLY20", percent="20")
    chosen = {"customer": order.customer_id, "orders": [order.pk], "how": how}

    answer = page.post(url("quote_new"), {**chosen, "code": "EARLY2O"})

    assert answer.status_code == 422
    assert 'id="code-refused">There is no offer with the code EARLY2O.' in text(answer)
    assert not Quote.objects.exists()
    assert not QuoteBatch.objects.exists()
    assert page.post(url("quote_new"), {**chosen, "code": "early20"}).status_code == 302


def test_selected_rows_of_the_expiring_page_become_a_batch(page: Client, order: Order) -> None:
    bulk = {"action": "quotes", "ids": [order.pk], "query": "tab=30"}

    asked = page.post(reverse("certificates:bulk"), bulk)
    done = page.post(reverse("certificates:bulk"), bulk | {"choice": "customer-mail"})

    assert "One quote per customer, each sent by e-mail" in text(asked)
    batch = QuoteBatch.objects.get()
    assert done.headers["Location"] == url("quote_batch", batch)
    assert (batch.orders, batch.delivery) == ([order.pk], QuoteBatch.Delivery.MAIL)


# A draft


def test_draft_shows_what_the_customer_will_read(page: Client, draft: Quote) -> None:
    shown = text(page.get(url("quote", draft)))

    assert "€264.00" in shown
    assert "the new order ends on 12 December 2027" in shown


def test_staff_see_the_same_sheet_as_the_customer(page: Client, draft: Quote) -> None:
    SalesSettings.objects.update(vat_number="FR00123456789", legal_footer="Relais Partner SAS, capital €50,000")
    draft.partner.postal_address = "1 rue des Tests\n69001 Lyon"
    draft.partner.save(update_fields=["postal_address"])

    before = text(page.get(url("quote", draft)))
    sent = quotes.send_quote(draft, actor=None, now=TEN)
    after = text(page.get(url("quote", sent)))

    seller = ["1 rue des Tests<br>69001 Lyon", "VAT number FR00123456789", "Relais Partner SAS, capital €50,000"]
    told = [*seller, "Elise Roy", "Payable within 30 days."]
    assert [words for words in told if words not in before] == []
    assert [words for words in [*told, sent.verification_code] if words not in after] == []
    assert "Is this quote really ours?" not in before


@pytest.mark.parametrize("is_sent", [False, True])
def test_sheet_is_in_the_customers_language_on_a_page_in_the_readers(
    page: Client, order: Order, claire: Membership, is_sent: bool
) -> None:
    order.customer.contacts.update(language="fr")
    made = sent_quote([order], claire) if is_sent else quotes.draft_quote([order], actor=claire.user, now=TEN)

    frame, _, sheet = text(page.get(url("quote", made))).partition('<div class="stack" lang="fr">')

    assert "Quantité" in sheet
    assert "Montant" in sheet
    assert "Quantity" not in sheet
    assert "the new order ends" not in sheet
    assert ("Renewal of" if is_sent else "Draft of a quote") in frame


def test_figures_follow_what_is_typed_and_nothing_is_stored(page: Client, draft: Quote, order: Order) -> None:
    changed = typed(draft, **{f"order-{order.pk}-term_years": "2", f"order-{order.pk}-names": "a.example\nb.example"})

    shown = text(page.post(url("quote_figures", draft), changed))

    # 2 x 200.00 + 2 x 40.00, and a fifth of tax
    assert "€576.00" in shown
    draft.refresh_from_db()
    assert draft.gross == Decimal("264.00")


def test_without_script_a_button_works_the_figures_out(page: Client, draft: Quote, order: Order) -> None:
    changed = typed(draft, do="look", **{f"order-{order.pk}-term_years": "3"})

    shown = text(page.post(url("quote_change", draft), changed))

    assert "€792.00" in shown
    assert '<option value="3" selected>' in shown
    draft.refresh_from_db()
    assert draft.gross == Decimal("264.00")


def test_code_that_changes_nothing_says_why(page: Client, draft: Quote) -> None:
    make_offer(draft.partner, code="EARLY20", percent="20")

    wrong = text(page.post(url("quote_figures", draft), typed(draft, code="EARLY")))
    right = text(page.post(url("quote_figures", draft), typed(draft, code="early20")))

    assert "There is no offer with the code EARLY." in wrong
    assert "€211.20" in right


def test_saved_draft_keeps_every_word(page: Client, draft: Quote, order: Order) -> None:
    other = make_reader(order.customer, email="second@customer.example")
    dearer = product("ssl_securesite_pro")
    changed = typed(
        draft,
        contact=other.pk,
        language="fr",
        note="As agreed.",
        purchase_order="PO 7",
        do="save",
        **{f"order-{order.pk}-product": dearer.pk},
    )

    page.post(url("quote_change", draft), changed)

    draft.refresh_from_db()
    assert (draft.contact, draft.language, draft.note, draft.purchase_order) == (other, "fr", "As agreed.", "PO 7")
    assert quotes.lines_of(draft)[0].product == dearer


def test_line_can_be_left_out_and_another_order_added(page: Client, draft: Quote, order: Order) -> None:
    other = make_due_order(order.customer, ends_in=50)
    changed = typed(draft, add=f"order-{other.pk}", do="save", **{f"order-{order.pk}-dropped": "on"})

    page.post(url("quote_change", draft), changed)

    assert [line.order for line in quotes.lines_of(draft)] == [other]


def test_order_of_another_customer_cannot_be_slipped_in(page: Client, draft: Quote) -> None:
    stranger = make_due_order(make_buyer(draft.partner, "Somebody else"))
    key = f"order-{stranger.pk}"
    form = typed(draft, do="save", add=key)
    form |= {f"{key}-product": product().pk, f"{key}-term_years": "1", f"{key}-names": "a.example"}

    page.post(url("quote_change", draft), form)

    assert stranger not in [line.order for line in quotes.lines_of(draft)]


def test_names_that_are_none_are_refused_beside_their_line(page: Client, draft: Quote, order: Order) -> None:
    answer = page.post(
        url("quote_change", draft), typed(draft, do="send", **{f"order-{order.pk}-names": "not a name!"})
    )

    assert answer.status_code == 422
    assert "is no host name" in text(answer)
    assert Quote.objects.get().is_draft


def test_plain_host_is_refused_as_a_wildcard_product_beside_its_line(page: Client, draft: Quote, order: Order) -> None:
    changes = {f"order-{order.pk}-product": product("wildcard_dv_rapidssl").pk}

    answer = page.post(url("quote_change", draft), typed(draft, do="save", **changes))
    figures = text(page.post(url("quote_figures", draft), typed(draft, **changes)))

    words = "RapidSSL Wildcard DV is for wildcards such as *.example.org: choose another product."
    beside = rf'id="order-{order.pk}-errors"[^>]*>\s*<div class="invalid-feedback d-block">{re.escape(words)}'
    assert answer.status_code == 422
    assert re.search(beside, text(answer))
    assert re.search(beside, figures)
    assert "€264.00" in figures


def test_years_are_those_of_the_product(page: Client, draft: Quote, order: Order) -> None:
    def offered(shown: str) -> list[str]:
        select = re.search(rf'<select name="order-{order.pk}-term_years".*?</select>', shown, re.DOTALL)
        return re.findall(r'value="(\d)"', select[0]) if select else []

    short = product("ssl_securesite_pro")
    Product.objects.filter(pk=short.pk).update(max_years=2)
    changes = {f"order-{order.pk}-product": short.pk}

    figures = text(page.post(url("quote_figures", draft), typed(draft, **changes)))
    longer = page.post(url("quote_change", draft), typed(draft, **changes, **{f"order-{order.pk}-term_years": "3"}))

    assert offered(text(page.get(url("quote", draft)))) == ["1", "2", "3"]
    assert offered(figures) == offered(text(longer)) == ["1", "2"]
    assert longer.status_code == 422
    assert "This product is sold for 2 years at most." in text(longer)
    assert "€0.00" not in text(longer)


def test_figures_that_are_right_clear_the_complaints(page: Client, draft: Quote, order: Order) -> None:
    wrong = page.post(url("quote_figures", draft), typed(draft, **{f"order-{order.pk}-term_years": "5"}))
    right = page.post(url("quote_figures", draft), typed(draft))

    assert "data-clears-complaints" not in text(wrong)
    assert "data-clears-complaints" in text(right)
    assert "invalid-feedback" not in text(right)


def test_figures_say_what_could_not_be_read(page: Client, draft: Quote, order: Order) -> None:
    wrong = typed(draft, valid_until="", **{f"order-{order.pk}-names": "not a name!"})

    shown = text(page.post(url("quote_figures", draft), wrong))

    assert "these are the figures of the saved draft" in shown
    assert "is no host name" in shown
    assert "Valid until:" in shown


def test_figures_say_it_with_the_colon_of_the_readers_language(
    page: Client, draft: Quote, order: Order, claire: Membership
) -> None:
    claire.user.language = "fr"
    claire.user.save(update_fields=["language"])
    wrong = typed(draft, valid_until="", **{f"order-{order.pk}-names": "not a name!"})

    shown = text(page.post(url("quote_figures", draft), wrong))

    assert "Valide jusqu’au\N{NO-BREAK SPACE}: " in shown
    assert f"{order.common_name}\N{NO-BREAK SPACE}: " in shown


def test_validity_ends_with_the_first_order_and_never_in_the_past(page: Client, draft: Quote, order: Order) -> None:
    far = (TODAY + timedelta(days=80)).isoformat()

    past = page.post(url("quote_change", draft), typed(draft, valid_until="2026-11-01", do="save"))
    shown = text(page.post(url("quote_figures", draft), typed(draft, valid_until=far)))
    page.post(url("quote_change", draft), typed(draft, valid_until=far, do="save"))

    assert past.status_code == 422
    assert "on that day one of its orders ends" in shown
    draft.refresh_from_db()
    assert draft.valid_until == order.ends_on


def test_one_press_saves_and_sends(page: Client, draft: Quote) -> None:
    answer = page.post(url("quote_change", draft), typed(draft, note="At last.", do="send"), follow=True)

    draft.refresh_from_db()
    assert (draft.state, draft.number) == (QuoteState.SENT, "Q-2026-00001")
    assert "At last." in OutgoingMail.objects.get(purpose=MailPurpose.QUOTE).text
    assert "is on its way to" in text(answer)


def test_second_press_finds_it_sent(page: Client, draft: Quote) -> None:
    form = typed(draft, do="send")
    page.post(url("quote_change", draft), form)

    again = page.post(url("quote_change", draft), form)

    assert again.status_code == 409
    assert SalesSettings.objects.get().quote_numbers == {"2026": 1}


def test_without_an_address_it_can_only_be_finished_without_a_letter(page: Client, draft: Quote) -> None:
    refused = page.post(url("quote_change", draft), typed(draft, contact="", do="send"))
    page.post(url("quote_change", draft), typed(draft, contact="", do="number"))

    assert refused.status_code == 422
    assert "cannot be reached by e-mail" in text(refused)
    draft.refresh_from_db()
    assert draft.number == "Q-2026-00001"
    assert not OutgoingMail.objects.filter(purpose=MailPurpose.QUOTE).exists()


def test_draft_is_thrown_away_and_leaves_no_number(page: Client, draft: Quote) -> None:
    page.post(url("quote_discard", draft))

    assert not Quote.objects.exists()
    assert SalesSettings.objects.get().quote_numbers == {}


# What was sent


def test_sent_quote_is_changed_by_no_form(page: Client, sent: Quote) -> None:
    before = Quote.objects.values().get()
    everything = {
        **typed(sent, do="send", note="Other words", purchase_order="X"),
        **dict.fromkeys([field.name for field in Quote._meta.concrete_fields], "1"),
    }

    for name in ("quote_change", "quote_figures", "quote_discard"):
        page.post(url(name, sent), everything)

    assert Quote.objects.values().get() == before


def test_posted_columns_that_are_no_fields_change_nothing(page: Client, draft: Quote) -> None:
    allowed = set(HeaderForm.base_fields)
    forged = {field.name: "7" for field in Quote._meta.concrete_fields if field.name not in allowed}

    page.post(url("quote_change", draft), typed(draft, do="save", **forged))

    draft.refresh_from_db()
    assert (draft.gross, draft.state, draft.number, draft.version) == (Decimal("264.00"), QuoteState.DRAFT, "", 1)


def test_document_comes_with_a_safe_name(page: Client, sent: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    early = page.get(url("quote_pdf", sent))
    monkeypatch.setattr(papers, "pdf_of", lambda _quote, **_: b"%PDF")
    papers.draw_document(sent.document.pk, clock=lambda: TEN)

    answer = page.get(url("quote_pdf", sent))

    assert early.headers["Location"] == url("quote", sent)
    assert answer.content == b"%PDF"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Q-2026-00001-Granit-Phare-SA.pdf"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_link_is_made_by_a_press_and_shown_once(page: Client, sent: Quote) -> None:
    before = Link.objects.count()

    asked, shown = page.get(url("quote_link", sent)), page.post(url("quote_link", sent))

    assert asked.status_code == 405
    assert "/l/" in text(shown)
    assert Link.objects.count() == before + 1
    assert "/l/" not in text(page.get(url("quote", sent)))


def test_word_on_the_telephone_orders_everything(page: Client, sent: Quote, claire: Membership) -> None:
    said = {"accept-name": "Elise Roy", "accept-role": "Buyer", "accept-purchase_order": "PO 1", "accept-terms": "on"}

    without_terms = page.post(url("quote_accept", sent), said | {"accept-terms": ""})
    page.post(url("quote_accept", sent), said)
    again = page.post(url("quote_accept", sent), said)

    sent.refresh_from_db()
    assert without_terms.status_code == 422
    assert (sent.state, sent.answered_for) == (QuoteState.ACCEPTED, claire.user)
    assert again.status_code == 409
    assert Request.objects.count() == 1


def test_quote_that_no_longer_holds_names_the_lines(page: Client, sent: Quote, order: Order) -> None:
    factories.make_request(order)

    answer = page.post(url("quote_accept", sent), {"accept-name": "Elise", "accept-terms": "on"})

    assert answer.status_code == 409
    assert order.number in text(answer)
    assert "It has been renewed already" in text(answer)


def test_refused_yes_keeps_what_was_typed_and_stays_open(page: Client, sent: Quote, order: Order) -> None:
    factories.make_request(order)
    said = {"accept-name": "Elise Roy", "accept-role": "Buyer", "accept-purchase_order": "PO 1", "accept-terms": "on"}

    shown = text(page.post(url("quote_accept", sent), said))

    assert [one for one in ("Elise Roy", "Buyer", "PO 1") if f'value="{one}"' not in shown] == []
    assert re.search(r'<details class="disclosure" open>\s*<summary>.*They accept', shown)


def test_staff_see_what_is_gone_before_anything_is_typed(
    page: Client, sent: Quote, order: Order, claire: Membership
) -> None:
    both = sent_quote([order, make_due_order(sent.customer, ends_in=50)], claire)
    quotes.accept_quote(sent, name="Elise Roy", terms_accepted=True, now=TEN)

    shown = page.get(url("quote", both))
    page.post(url("quote_version", both))

    draft = Quote.objects.get(replaces=both)
    assert [name for name, _why in shown.context["gone"]] == [f"{order.number} · {order.common_name}"]
    assert "can no longer be accepted as it is" in text(shown)
    assert "Make a new version without them" in text(shown)
    assert order not in [line.order for line in quotes.lines_of(draft)]
    assert "Of the version before, these are left out:" in text(page.get(url("quote", draft)))


@pytest.mark.parametrize("state", ["draft", "sent"])
def test_page_of_a_quote_asks_as_often_for_three_lines_as_for_one(
    state: str, page: Client, shop: Partner, claire: Membership
) -> None:
    asked = []
    for count in (1, 3):
        customer = make_buyer(shop, f"Customer {count}")
        orders = [make_due_order(customer) for _ in range(count)]
        sent_quote(orders, claire)
        quote = quotes.draft_quote(orders, actor=claire.user, now=TEN)
        if state == "sent":
            quote = quotes.send_quote(quote, actor=claire.user, now=TEN)
        page.get(url("quote", quote))
        with CaptureQueriesContext(connection) as queries:
            page.get(url("quote", quote))
        asked.append(len(queries))

    assert asked[0] == asked[1]


def test_other_open_quote_of_the_same_orders_is_named_and_blocks_nothing(
    page: Client, sent: Quote, order: Order
) -> None:
    chosen = {"customer": order.customer_id, "orders": [order.pk], "how": "one"}

    choosing = text(page.get(f"{url('quote_new')}?customer={order.customer_id}"))
    draft = Quote.objects.get(pk=page.post(url("quote_new"), chosen).headers["Location"].split("/")[-2])
    written = text(page.get(url("quote", draft)))
    page.post(url("quote_change", draft), typed(draft, do="send"))
    results = [text(page.get(url("quote", one))) for one in (draft, sent)]

    assert f"stands in the open quote {sent.number}" in choosing
    assert f'<a href="{url("quote", sent)}">{sent.number}</a>: 1 certificate in common' in written
    assert Quote.objects.get(pk=draft.pk).is_open
    assert [shown for shown in results if "stand in another open quote" not in shown] == []


def test_versions_of_one_quote_are_no_overlap(page: Client, sent: Quote, claire: Membership) -> None:
    draft = quotes.new_version(sent, actor=claire.user, now=TEN)

    assert page.get(url("quote", draft)).context["overlaps"] == []


def test_batch_names_the_open_quotes_of_its_orders(
    page: Client, sent: Quote, order: Order, claire: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "pdf_of", lambda _quote, **_: b"%PDF")
    batch = batches.start_batch(
        Order.objects.all(), partner=claire.partner, grouping="order", delivery="archive", actor=claire.user, now=TEN
    )
    batches.work_on(batch.pk, clock=lambda: TEN)

    shown = text(page.get(url("quote_batch", batch)))

    assert f'<a href="{url("quote", sent)}">{sent.number}</a>: 1 certificate in common' in shown


def test_no_on_the_telephone_needs_a_reason_that_somebody_chose(page: Client, sent: Quote) -> None:
    shown = text(page.get(url("quote", sent)))
    refused = page.post(url("quote_decline", sent), {"decline-words": "Too much."})

    reasons = re.findall(r'<input[^>]*name="decline-reason"[^>]*>', shown)
    assert len(reasons) == 5
    assert [one for one in reasons if "checked" in one] == []
    assert "Note that they decline?" in shown
    assert refused.status_code == 422
    assert "Choose a reason, whichever comes closest." in text(refused)
    assert Quote.objects.get().is_open


def test_no_on_the_telephone_is_kept_with_its_reason(page: Client, sent: Quote) -> None:
    page.post(url("quote_decline", sent), {"decline-reason": "price", "decline-words": "Too much."})

    shown = text(page.get(url("quote", sent)))
    assert "Too dear" in shown
    assert "Too much." in shown


def test_change_on_the_telephone_is_noted_with_who_took_it(page: Client, sent: Quote, claire: Membership) -> None:
    wordless = page.post(url("quote_ask_change", sent), {"change-words": " "})
    page.post(url("quote_ask_change", sent), {"change-words": "Two years", "change-name": "Elise Roy"})

    shown = text(page.get(url("quote", sent)))
    deed = Activity.objects.get(verb="quote.change_asked")
    assert wordless.status_code == 422
    assert list(Quote.objects.change_asked()) == [sent]
    assert (deed.actor, deed.facts["by_telephone"]) == (claire.user, True)
    assert "The customer asked for a change on" in shown
    assert "Two years" in shown


def test_new_version_begins_where_the_old_one_stands(page: Client, sent: Quote) -> None:
    first, again = page.post(url("quote_version", sent)), page.post(url("quote_version", sent))

    draft = Quote.objects.get(replaces=sent)
    assert first.headers["Location"] == again.headers["Location"] == url("quote", draft)
    assert "Quote Q-2026-00001, version 2" in text(page.get(url("quote", draft)))


def test_withdrawn_quote_can_be_revised_and_not_accepted(page: Client, sent: Quote) -> None:
    page.post(url("quote_withdraw", sent))

    answer = page.post(url("quote_accept", sent), {"accept-name": "Elise", "accept-terms": "on"})

    assert answer.status_code == 409
    assert page.post(url("quote_version", sent)).status_code == 302


# Who may what


def test_support_reads_and_resends_and_writes_nothing(support: Client, draft: Quote, order: Order) -> None:
    sent = sent_quote([order], Membership.objects.get(role=Role.ACCOUNT_MANAGER))

    assert "Send by e-mail" not in text(support.get(url("quote", draft)))
    assert "€264.00" in text(support.get(url("quote", draft)))
    assert support.get(url("quote", sent)).status_code == 200
    refused = ("quote_change", "quote_discard", "quote_accept", "quote_decline", "quote_version", "quote_withdraw")
    assert {support.post(url(name, sent), typed(draft)).status_code for name in refused} == {403}
    assert support.post(url("quote_resend", sent)).status_code == 302
    assert "/l/" in text(support.post(url("quote_link", sent)))
    assert Activity.objects.filter(verb="quote.resent").count() == 1


# The list


def test_tabs_hold_what_they_say(page: Client, sent: Quote, claire: Membership) -> None:
    customer = sent.customer
    asked, declined = sent_quote([make_due_order(customer)], claire), sent_quote([make_due_order(customer)], claire)
    soon = sent_quote([make_due_order(customer, ends_in=3)], claire)
    quotes.ask_for_change(asked, words="Two years", now=TEN)
    quotes.decline_quote(declined, reason="price", now=TEN)
    draft = quotes.draft_quote([make_due_order(customer)], actor=claire.user, now=TEN)

    def rows(tab: str) -> set[int]:
        shown = text(page.get(f"{url('quotes')}?tab={tab}"))
        return {one.pk for one in Quote.objects.all() if f'href="{url("quote", one)}"' in shown}

    assert rows("open") == {sent.pk, asked.pk, soon.pk}
    assert rows("soon") == {soon.pk}
    assert rows("asked") == {asked.pk}
    assert rows("declined") == {declined.pk}
    assert rows("drafts") == {draft.pk}
    assert rows("accepted") == set()
    assert len(rows("all")) == 5


def test_totals_stand_above_the_list_for_each_currency(page: Client, sent: Quote, claire: Membership) -> None:
    sent_quote([make_due_order(sent.customer)], claire)

    shown = text(page.get(url("quotes")))

    assert "€528.00" in shown
    assert "2 quotes" in shown


def test_totals_of_all_quotes_tell_what_is_open_from_what_was_accepted(
    page: Client, sent: Quote, claire: Membership
) -> None:
    customer = sent.customer
    accepted = sent_quote([make_due_order(customer), make_due_order(customer)], claire)
    quotes.accept_quote(accepted, name="Elise Roy", terms_accepted=True, now=TEN)
    quotes.decline_quote(sent_quote([make_due_order(customer)], claire), reason="price", now=TEN)
    quotes.draft_quote([make_due_order(customer)], actor=claire.user, now=TEN)
    Quote.objects.filter(pk=sent_quote([make_due_order(customer)], claire).pk).update(currency="CHF")

    told = page.get(f"{url('quotes')}?tab=all").context["kpis"]

    assert [(str(one.label), one.value, one.note) for one in told] == [
        ("Open", "CHF\N{NO-BREAK SPACE}264.00", "1 quote"),
        ("Open", "€264.00", "1 quote"),
        ("Accepted", "€528.00", "1 quote"),
    ]


@pytest.mark.parametrize(
    ("sort", "in_order"),
    [
        ("customer", ["Alder", "Birch", "Cedar"]),
        ("-customer", ["Cedar", "Birch", "Alder"]),
        ("total", ["Birch", "Alder", "Cedar"]),
        ("-total", ["Cedar", "Alder", "Birch"]),
        ("state", ["Cedar", "Birch", "Alder"]),
    ],
)
def test_list_is_sorted_page_by_page(
    page: Client, shop: Partner, claire: Membership, monkeypatch: pytest.MonkeyPatch, sort: str, in_order: list[str]
) -> None:
    monkeypatch.setattr("offers.views.quotes.lists.QuotesPage.sizes", (2,))
    monkeypatch.setattr("offers.views.quotes.lists.QuotesPage.default_size", 2)
    for name, lines, ends_in in (("Birch", 1, 10), ("Alder", 2, 20), ("Cedar", 3, 30)):
        customer = make_buyer(shop, name)
        sent_quote([make_due_order(customer, ends_in=ends_in) for _ in range(lines)], claire)
    accepted = Quote.objects.get(customer__name="Cedar")
    quotes.accept_quote(accepted, name="Elise Roy", terms_accepted=True, now=TEN)

    first = page.get(f"{url('quotes')}?tab=all&sort={sort}")
    second = page.get(url("quotes") + first.context["page"].older_url)

    shown = [row.customer__name for answer in (first, second) for row in answer.context["table"].data.data]
    assert shown == in_order


def test_view_of_the_list_can_be_saved(page: Client, sent: Quote) -> None:
    saved = page.post(reverse("certificates:save_view", args=["quotes"]), {"name": "Soon", "query": "tab=soon"})

    assert saved.headers["Location"] == f"{url('quotes')}?tab=soon"
    assert "Soon" in text(page.get(reverse("certificates:saved_views", args=["quotes"])))


def test_export_holds_the_rows_of_the_list(page: Client, sent: Quote) -> None:
    answer = page.get(f"{url('quotes')}?export=csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]

    assert len(lines) == 2
    assert "Q-2026-00001" in lines[1]


@pytest.mark.parametrize("query", ["", "?tab=all&sort=customer"])
@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_as_often_for_one_row_as_for_three(
    count: int, query: str, page: Client, shop: Partner, claire: Membership, django_assert_max_num_queries: Any
) -> None:
    customer = make_buyer(shop)
    for _ in range(count):
        sent_quote([make_due_order(customer)], claire)

    with django_assert_max_num_queries(20):
        page.get(url("quotes") + query)


@pytest.mark.parametrize("words", ["number", "code", "code as spoken"])
def test_search_finds_a_quote_by_number_and_by_code(words: str, page: Client, sent: Quote) -> None:
    spoken = sent.verification_code.replace("-", " ").lower()
    wanted = {"number": "q-2026-00001", "code": sent.verification_code, "code as spoken": spoken}[words]

    shown = page.get(f"{reverse('certificates:search')}?{urlencode({'q': wanted})}", follow=True)

    assert url("quote", sent) in text(shown) or shown.redirect_chain[-1][0] == url("quote", sent)


def test_dashboard_shows_what_waits(page: Client, sent: Quote) -> None:
    quotes.ask_for_change(sent, words="Two years", now=TEN)

    assert "Quotes that wait for you" in text(page.get(reverse("certificates:dashboard")))


def test_story_stands_on_the_pages_of_order_and_customer(page: Client, sent: Quote, order: Order) -> None:
    for address in (
        reverse("certificates:order", args=[order.pk]),
        reverse("certificates:customer", args=[order.customer_id]),
        reverse("certificates:quick_view", args=[order.pk]),
    ):
        assert "Q-2026-00001" in text(page.get(address)), address


# Many at once


def test_batch_shows_its_progress_then_its_report(page: Client, order: Order, claire: Membership) -> None:
    make_due_order(order.customer, ends_in=120)
    orders = Order.objects.order_by("pk")
    batch = batches.start_batch(
        orders, partner=claire.partner, grouping="order", delivery="archive", actor=claire.user, now=TEN
    )

    waiting = text(page.get(url("quote_batch", batch)))
    bar = page.get(url("quote_batch_progress", batch))
    QuoteBatch.objects.update(state="running")
    page.post(url("quote_batch_cancel", batch))

    assert "<progress" in waiting
    assert "0 of 2 quotes made" in text(bar)
    assert "It was stopped." in text(page.get(url("quote_batch", batch)))
    assert page.get(url("quote_batch_progress", batch)).headers["HX-Redirect"] == url("quote_batch", batch)


def test_list_leads_back_to_what_is_being_made(page: Client, order: Order, claire: Membership) -> None:
    orders = Order.objects.order_by("pk")
    batch = batches.start_batch(
        orders, partner=claire.partner, grouping="order", delivery="archive", actor=claire.user, now=TEN
    )

    assert url("quote_batch", batch) in text(page.get(url("quotes")))


def test_left_out_orders_are_told_with_their_reason(
    page: Client, order: Order, claire: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "pdf_of", lambda _quote, **_: b"%PDF")
    early = make_due_order(order.customer, ends_in=120)
    batch = batches.start_batch(
        Order.objects.order_by("pk"),
        partner=claire.partner,
        grouping="order",
        delivery="archive",
        actor=claire.user,
        now=TEN,
    )
    batches.work_on(batch.pk, clock=lambda: TEN)

    shown = text(page.get(url("quote_batch", batch)))
    archive = page.get(url("quote_batch_archive", batch))

    assert early.number in shown
    assert "Its renewal opens on 22 December 2026." in shown
    assert archive.headers["Content-Type"] == "application/zip"
    assert archive.headers["X-Content-Type-Options"] == "nosniff"
