"""The public page of a quote: what its reader sees, and that every answer counts once."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scopes_disabled

from certificates.models import Order, Request
from offers.models import Quote, QuoteDocument
from offers.models.quotes import QuoteState
from offers.services.quotes import (
    draft_quote,
    make_quote_link,
    new_version,
    send_quote,
    stored_snapshot,
    withdraw_quote,
)
from offers.tasks import draw_quote
from portal import clock
from portal.models import Activity, Link, Membership, Partner
from portal.money import money
from portal.roles import Role
from tests import factories
from tests.certificates.certs import make_csr
from tests.offers.factories import make_prices, make_settings, make_tax_rate
from tests.offers.reading import words

DEEDS = ("accept", "decline", "change", "again")
TYPED = {
    "accept-name": "Awa Diallo",
    "accept-role": "Buyer",
    "accept-purchase_order": "PO-77",
    "accept-terms": "on",
}


@pytest.fixture(autouse=True)
def _fresh_counters(db: None) -> None:
    cache.clear()


@pytest.fixture
def house(connected: Partner) -> Partner:
    """A partner that sells in France, with prices and terms."""
    connected.support_email = "help@relais.example"
    connected.save(update_fields=["support_email"])
    make_prices(connected)
    make_settings(connected, terms_en="Payable within 30 days.", terms_fr="Payable à 30 jours.")
    make_tax_rate(connected)
    return connected


def make_order(partner: Partner, **fields: Any) -> Order:
    """A renewable order of a customer with a contact."""
    host = fields.setdefault("common_name", "www.granit-phare.example")
    fields.setdefault("customer", factories.make_customer(partner, country="FR"))
    if "contact" not in fields:
        fields["contact"] = factories.make_contact(fields["customer"])
    fields.setdefault("product", factories.product("ssl_dv_geotrust_flex"))
    return factories.make_order(partner, csr=make_csr(host), **fields)


def make_sent(*orders: Order, **fields: Any) -> Quote:
    now = clock.now()
    return send_quote(draft_quote(list(orders), actor=None, now=now, **fields), actor=None, now=now, by_mail=False)


@pytest.fixture
def quote(house: Partner) -> Quote:
    return make_sent(make_order(house))


def link_of(page: str) -> Link:
    """The link behind a clean address."""
    return Link.objects.get(token_hash__startswith=page.split("/")[2])


def reader_of(quote: Quote, client: Client | None = None) -> tuple[Client, str]:
    """A browser that has opened a link to the quote, and where it led."""
    client = client or Client()
    path = "/l/" + make_quote_link(quote, now=clock.now()).partition("/l/")[2]
    return client, client.get(path)["Location"]


def told(client: Client, page: str) -> str:
    """What the page says, as its form sends it back."""
    return str(client.get(page).context["accept"].initial["told"])


def accept(client: Client, page: str, **typed: str) -> Any:
    known = {"accept-told": told(client, page)} if "accept-told" not in typed else {}
    return client.post(f"{page}accept/", {**TYPED, **known, **typed})


def stands(quote: Quote) -> Quote:
    return Quote.objects.get(pk=quote.pk)


def test_page_says_what_the_quote_says(quote: Quote) -> None:
    client, page = reader_of(quote)

    said = words(client.get(page))

    assert f"Quote {quote.number}, version 1" in said
    assert "Renewal of www.granit-phare.example" in said
    assert "No day is lost: the new order runs to" in said
    assert "Payable within 30 days." in said
    assert quote.verification_code in said
    assert [one for one in figures_of(quote) if one not in said] == []


def figures_of(quote: Quote) -> list[str]:
    """Every amount of the quote as it is written."""
    snapshot = stored_snapshot(quote)
    amounts = {snapshot.net, snapshot.tax.amount, snapshot.gross}
    for line in snapshot.lines:
        amounts |= {line.net, *(abs(price.amount) for price in line.prices)}
    return [money(amount, snapshot.currency) for amount in amounts]


def test_page_of_many_orders_has_a_row_for_each(house: Partner) -> None:
    customer = factories.make_customer(house, country="FR")
    orders = [make_order(house, customer=customer, common_name=f"w{number}.granit.example") for number in range(3)]
    quote = make_sent(*orders)
    client, page = reader_of(quote)

    said = words(client.get(page))

    assert "Quote for 3 certificates" in said
    assert [order.common_name for order in orders if order.common_name not in said] == []
    assert [one for one in figures_of(quote) if one not in said] == []
    assert "No day is lost on any of these orders" in said


def test_page_asks_no_more_of_the_database_for_three_orders_than_for_one(house: Partner) -> None:
    customer = factories.make_customer(house, country="FR")
    asked = []
    for count in (1, 3):
        hosts = [f"w{count}{number}.granit.example" for number in range(count)]
        client, page = reader_of(make_sent(*(make_order(house, customer=customer, common_name=host) for host in hosts)))
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        asked.append(len(queries))

    assert asked[0] == asked[1] <= 8


def test_page_speaks_the_quotes_language_until_the_reader_chooses(house: Partner) -> None:
    order = make_order(house)
    contact = factories.make_contact(order.customer, language="fr", email="acheteuse@granit.example")
    client, page = reader_of(make_sent(order, contact=contact))

    first = client.get(page)
    client.post(reverse("portal:preferences"), {"language": "en", "next": page})

    assert first.headers["Content-Language"] == "fr"
    assert "Payable à 30 jours." in words(first)
    assert client.get(page).headers["Content-Language"] == "en"


def test_reading_by_a_program_counts_nobody(quote: Quote) -> None:
    client, page = reader_of(quote)

    client.get(page)
    client.head(page)

    assert stands(quote).state == QuoteState.SENT
    assert link_of(page).opened_count == 0


def test_first_gesture_of_a_person_makes_the_quote_viewed(quote: Quote) -> None:
    client, page = reader_of(quote)
    seen = reverse("portal:link_seen", args=["quote", link_of(page).handle])

    client.post(seen)

    assert stands(quote).state == QuoteState.VIEWED
    assert f'data-seen="{seen}"' in client.get(page).content.decode()


def test_accepting_orders_once_and_tells_who_did(quote: Quote) -> None:
    client, page = reader_of(quote)

    response = accept(client, page)

    assert (response.status_code, response["Location"]) == (302, page)
    accepted = stands(quote)
    assert (accepted.state, accepted.answered_name, accepted.answered_role) == ("accepted", "Awa Diallo", "Buyer")
    assert [(one.order, one.purchase_order) for one in Request.objects.all()] == [(quote.lines.get().order, "PO-77")]
    said = words(client.get(page))
    assert "Awa Diallo (Buyer) accepted this quote on" in said
    assert "What happens next" in said
    assert "accept-name" not in client.get(page).content.decode()
    assert link_of(page).opened_count == 1


def test_second_press_shows_the_first(quote: Quote) -> None:
    client, page = reader_of(quote)
    other, _page = reader_of(quote)
    seen = told(other, _page)
    accept(client, page)

    response = accept(other, _page, **{"accept-name": "Somebody Else", "accept-told": seen})

    assert (response.status_code, response["Location"]) == (302, _page)
    assert "Awa Diallo (Buyer) accepted this quote on" in words(other.get(_page))
    assert Request.objects.count() == 1


def test_missing_tick_keeps_what_was_typed(quote: Quote) -> None:
    client, page = reader_of(quote)
    typed = {name: value for name, value in TYPED.items() if name != "accept-terms"}

    response = client.post(f"{page}accept/", {**typed, "accept-told": told(client, page)})

    assert response.status_code == 422
    assert "without your word nothing can be ordered" in words(response)
    assert 'value="Awa Diallo"' in response.content.decode()
    assert 'value="PO-77"' in response.content.decode()
    assert "Nothing was sent yet: something in the form needs your attention. Quote" in words(response)
    assert (stands(quote).is_open, Request.objects.count()) == (True, 0)


def test_without_terms_only_the_price_is_agreed_to(house: Partner) -> None:
    make_settings(house, terms_en="", terms_fr="")
    client, page = reader_of(make_sent(make_order(house)))

    said = words(client.get(page))

    assert "I may order for this company, and I order at this price." in said
    assert "terms of sale" not in said.lower()
    assert accept(client, page).status_code == 302


def test_purchase_order_of_the_quote_is_filled_in(house: Partner) -> None:
    draft = draft_quote([make_order(house)], actor=None, now=clock.now())
    Quote.objects.filter(pk=draft.pk).update(purchase_order="PO-1")
    client, page = reader_of(send_quote(draft, actor=None, now=clock.now(), by_mail=False))

    assert 'value="PO-1"' in client.get(page).content.decode()


def test_newer_version_is_shown_before_it_can_be_accepted(quote: Quote, claire: Membership) -> None:
    client, page = reader_of(quote)
    seen = told(client, page)
    draft = new_version(quote, actor=claire.user, now=clock.now())
    newer = send_quote(draft, actor=claire.user, now=clock.now(), by_mail=False)

    refused = accept(client, page, **{"accept-told": seen})

    assert refused.status_code == 409
    assert "This quote has changed since you opened it" in words(refused)
    assert f"{newer.number}, version 2" in words(refused)
    assert 'value="Awa Diallo"' in refused.content.decode()
    assert Request.objects.count() == 0
    assert accept(client, page).status_code == 302
    assert stands(newer).state == QuoteState.ACCEPTED


def test_version_for_another_reader_stays_with_that_reader(quote: Quote, claire: Membership) -> None:
    client, page = reader_of(quote)
    draft = new_version(quote, actor=claire.user, now=clock.now())
    draft.contact = factories.make_contact(quote.customer, email="head@granit.example")
    draft.save(update_fields=["contact"])
    send_quote(draft, actor=claire.user, now=clock.now(), by_mail=False)

    said = words(client.get(page))

    assert "Replaced by a newer version" in said
    assert "version 1" in said
    assert accept(client, page, **{"accept-told": "any"}).status_code == 302
    assert Request.objects.count() == 0


def test_order_renewed_meanwhile_is_named_and_nothing_is_ordered(house: Partner) -> None:
    customer = factories.make_customer(house, country="FR")
    gone, left = (make_order(house, customer=customer, common_name=f"{host}.granit.example") for host in "ab")
    client, page = reader_of(make_sent(gone, left))
    factories.make_request(gone)
    Order.objects.filter(pk=gone.pk).update(renewal_mark="in_hand")

    response = accept(client, page)

    assert response.status_code == 409
    assert "Nothing was ordered: part of this quote has been dealt with in another way. a.granit.example" in words(
        response
    )
    assert Request.objects.filter(order=left).count() == 0


def test_what_is_gone_is_said_before_anything_is_typed_and_one_press_asks_for_the_rest(house: Partner) -> None:
    customer = factories.make_customer(house, country="FR")
    gone, left = (make_order(house, customer=customer, common_name=f"{host}.granit.example") for host in "ab")
    quote = make_sent(gone, left)
    client, page = reader_of(quote)
    accept(*reader_of(make_sent(gone)))

    said = client.get(page)
    typed = dict(re.findall(r'name="(change-\w+)" value="([^"]*)"', said.content.decode()))
    presses = [client.post(f"{page}change/", typed).status_code for _ in range(2)]

    assert "so it can no longer be accepted as it is. a.granit.example Quote" in words(said)
    assert "Accept and order" not in words(said)
    assert presses == [302, 302]
    assert "without what has been dealt with in another way: a.granit.example." in stands(quote).answer_words
    assert Activity.objects.filter(verb="quote.change_asked").count() == 1
    assert "A new one was asked for on" in words(client.get(page))


def test_quote_of_which_all_is_gone_offers_nothing_to_press(quote: Quote) -> None:
    client, page = reader_of(quote)
    factories.make_request(Order.objects.get())

    said = words(client.get(page))

    assert "All of this quote has been dealt with in another way" in said
    assert "There is nothing left to order." in said
    assert "Accept and order" not in said


def test_declining_asks_for_a_reason_and_keeps_it(quote: Quote) -> None:
    client, page = reader_of(quote)

    empty = client.post(f"{page}decline/", {"decline-words": "Next year"})
    declined = client.post(f"{page}decline/", {"decline-reason": "later", "decline-words": "Next year"})

    assert empty.status_code == 422
    assert "Choose a reason" in words(empty)
    assert "Next year" in words(empty)
    assert declined.status_code == 302
    assert (stands(quote).state, stands(quote).decline_reason, stands(quote).answer_words) == (
        "declined",
        "later",
        "Next year",
    )
    assert "Ask for a new quote" in words(client.get(page))


def test_a_link_asks_for_so_many_changes_in_a_day(quote: Quote) -> None:
    client, page = reader_of(quote)
    answers = [
        client.post(f"{page}change/", {"change-words": f"Wish {number}", "change-name": "Awa Diallo"})
        for number in range(6)
    ]

    refused = words(answers[-1])
    assert [one.status_code for one in answers] == [302] * 5 + [429]
    assert "This was not sent: enough changes were asked for today." in refused
    assert "Wish 5" in refused
    assert stands(quote).answer_words == "Wish 4"
    # Another reader is still heard, and the quote can still be accepted.
    other, own = reader_of(quote)
    assert other.post(f"{own}change/", {"change-words": "Mine", "change-name": "Elise Roy"}).status_code == 302
    assert accept(client, page).status_code == 302


def test_asking_for_a_change_leaves_the_quote_open(quote: Quote) -> None:
    client, page = reader_of(quote)

    client.post(f"{page}change/", {"change-words": "Two years, please", "change-name": "Awa Diallo"})

    assert (stands(quote).answer_words, stands(quote).is_open) == ("Two years, please", True)
    assert "You asked for a change on" in words(client.get(page))
    assert accept(client, page).status_code == 302


def test_past_its_last_day_one_press_asks_for_a_new_one(quote: Quote) -> None:
    client, page = reader_of(quote)
    Quote.objects.filter(pk=quote.pk).update(valid_until=clock.today() - timedelta(days=1))

    before = words(client.get(page))
    refused = accept(client, page, **{"accept-told": "any"})
    presses = [client.post(f"{page}again/").status_code for _ in range(2)]

    assert "These prices no longer hold" in before
    assert (refused.status_code, Request.objects.count()) == (409, 0)
    assert presses == [302, 302]
    assert Activity.objects.filter(verb="quote.change_asked").count() == 1
    assert "A new one was asked for on" in words(client.get(page))


def test_document_is_handed_out_once_it_is_drawn(quote: Quote, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = settings.MEDIA_ROOT = tmp_path
    client, page = reader_of(quote)

    before = client.get(f"{page}quote.pdf")
    draw_quote(QuoteDocument.objects.get(quote=quote).pk)
    after = client.get(f"{page}quote.pdf")

    assert (before.status_code, after.status_code) == (202, 200)
    assert "The document is being made." in words(before)
    assert (after.content[:5], after.headers["Content-Type"]) == (b"%PDF-", "application/pdf")
    assert after.headers["Content-Disposition"].startswith(f'attachment; filename="{quote.number}')


def test_quote_taken_back_opens_nothing(quote: Quote, claire: Membership) -> None:
    client, page = reader_of(quote)

    withdraw_quote(quote, actor=claire.user, now=clock.now())

    assert client.get(page).status_code == 404
    assert accept(client, page, **{"accept-told": "any"}).status_code == 404


def test_open_quote_cannot_be_asked_for_again(quote: Quote) -> None:
    client, page = reader_of(quote)

    client.post(f"{page}again/")

    assert stands(quote).change_asked_at is None


def test_people_of_the_house_look_and_do_not_answer(quote: Quote, page: Client) -> None:
    colleague, address = reader_of(quote, page)

    said = words(colleague.get(address))
    refused = accept(colleague, address)

    assert "This is your customer's page" in said
    assert "data-seen" not in colleague.get(address).content.decode()
    assert (refused.status_code, stands(quote).state) == (403, QuoteState.SENT)
    assert colleague.get("/orders/").status_code == 200


def test_people_of_the_house_answer_nothing_while_they_work_for_another_one(quote: Quote) -> None:
    member = factories.make_member(factories.make_partner("Another partner"))
    with scopes_disabled():
        Membership.objects.create(user=member.user, partner=quote.partner, role=Role.ACCOUNT_MANAGER)
    colleague = Client()
    colleague.force_login(member.user)
    _client, address = reader_of(quote, colleague)

    assert "This is your customer's page" in words(colleague.get(address))
    assert (accept(colleague, address).status_code, stands(quote).state) == (403, QuoteState.SENT)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("A\r\nBcc: x@evil.example", "A Bcc: x@evil.example"),
        ("A\x07\x1b[31m\tB", "A [31m B"),
        ("A\x00B", "A B"),
        ("\u202eknab\u2066 A", "knab A"),
        ("😀 Zoé\u2028Łukasz", "😀 Zoé Łukasz"),
        ("<b>{{ 7|add:7 }}</b>", "<b>{{ 7|add:7 }}</b>"),
    ],
)
@pytest.mark.parametrize("field", ["name", "role", "purchase_order"])
def test_what_a_buyer_types_is_kept_on_one_line(quote: Quote, field: str, typed: str, kept: str) -> None:
    client, page = reader_of(quote)

    assert accept(client, page, **{f"accept-{field}": typed}).status_code == 302

    accepted = stands(quote)
    told = {"name": accepted.answered_name, "role": accepted.answered_role, "purchase_order": accepted.purchase_order}
    assert told[field] == kept
    assert Request.objects.get().purchase_order == accepted.purchase_order
    assert "<b>" not in words(client.get(page)).replace(kept, "")


@pytest.mark.parametrize("field", ["name", "role", "purchase_order"])
@pytest.mark.parametrize("typed", ["x" * 10_000, "\u202e \x00"])
def test_what_no_name_or_number_can_be_is_refused(quote: Quote, field: str, typed: str) -> None:
    client, page = reader_of(quote)
    typed = "x" * 61 if field == "purchase_order" else typed

    assert accept(client, page, **{f"accept-{field}": typed}).status_code == 422
    assert (stands(quote).state, Request.objects.count()) == (QuoteState.SENT, 0)


def test_fields_that_the_form_does_not_have_change_nothing(quote: Quote, house: Partner) -> None:
    other = make_sent(make_order(house, common_name="other.example"))
    client, page = reader_of(quote)
    mine = {name: str(value) for name, value in Quote.objects.filter(pk=other.pk).values().get().items()}
    forged = {**mine, "gross": "0.01", "net": "0.01", "price": "0.01", "state": "draft", "version": "9"}

    accept(
        client,
        page,
        **forged,
        **{f"accept-{name}": value for name, value in forged.items() if name != "purchase_order"},
    )

    assert (stands(quote).state, stands(quote).gross) == (QuoteState.ACCEPTED, quote.gross)
    assert stands(other).state == QuoteState.SENT
    assert [str(one.price) for one in Request.objects.all()] == [str(quote.net)]


def test_every_answer_asks_for_the_token_of_the_form(quote: Quote) -> None:
    client, page = reader_of(quote, Client(enforce_csrf_checks=True))

    answers = [client.post(f"{page}{deed}/", TYPED).status_code for deed in DEEDS]

    assert answers == [403] * len(DEEDS)
    assert stands(quote).state == QuoteState.SENT


def test_page_opens_for_nobody_without_its_link(quote: Quote, house: Partner) -> None:
    _client, page = reader_of(quote)
    other, _page = reader_of(make_sent(make_order(house, common_name="other.example")))

    answers = [
        (method, client.get(page + path) if method == "get" else client.post(page + path))
        for client in (Client(), other)
        for method, path in (
            ("get", ""),
            ("post", "accept/"),
            ("post", "decline/"),
            ("post", "change/"),
            ("post", "again/"),
        )
    ]

    assert {response.status_code for _method, response in answers} == {404}
    assert [one for _method, one in answers if quote.number in one.content.decode()] == []
    assert stands(quote).state == QuoteState.SENT


def test_page_never_shows_the_token_or_asks_another_host(quote: Quote) -> None:
    client, page = reader_of(quote)

    body = client.get(page).content.decode()

    assert "/l/" not in body.replace("/l/quote/", "")
    assert [one for one in ('src="http', 'href="http') if one in body] == []


def test_hostile_names_are_only_text(house: Partner) -> None:
    hostile = "<script>alert(1)</script>\u202e{{ 7|add:7 }}"
    order = make_order(house, customer=factories.make_customer(house, hostile, country="FR"))
    client, page = reader_of(make_sent(order))

    body = client.get(page).content.decode()

    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in body


# The code at the foot of the document


def verify(code: str, **extra: Any) -> Any:
    return Client().get(reverse("portal:verify"), {"code": code}, **extra)


def test_code_tells_whose_quote_it_is_and_no_more(quote: Quote) -> None:
    said = words(verify(quote.verification_code.lower().replace("-", " ")))

    assert "Yes: Relais Partner sent this quote." in said
    assert f"{quote.number}, version 1" in said
    assert "w….gr….example" in said
    assert [one for one in ("granit-phare", "Granit Phare", str(quote.gross), "buyer@") if one in said] == []


def test_code_of_a_quote_that_no_longer_holds_says_why(house: Partner, claire: Membership) -> None:
    withdrawn, old, expired, accepted = (make_sent(make_order(house, common_name=f"w{one}.example")) for one in "1234")
    withdraw_quote(withdrawn, actor=claire.user, now=clock.now())
    newer = send_quote(new_version(old, actor=claire.user, now=clock.now()), actor=None, now=clock.now(), by_mail=False)
    Quote.objects.filter(pk=expired.pk).update(valid_until=clock.today() - timedelta(days=1))
    accept(*reader_of(accepted))

    said = {one: words(verify(one.verification_code)) for one in (withdrawn, old, expired, newer, accepted)}

    assert "Relais Partner sent this quote, but it no longer holds: it was withdrawn." in said[withdrawn]
    assert "but it no longer holds: version 2 has replaced it." in said[old]
    assert "but it no longer holds: its last day is over." in said[expired]
    assert [one for one in (withdrawn, old, expired) if "Yes:" in said[one]] == []
    assert [one for one in (newer, accepted) if "Yes: Relais Partner sent this quote." not in said[one]] == []


def test_unknown_code_is_answered_in_the_same_shape(quote: Quote) -> None:
    known, unknown = verify(quote.verification_code), verify("0000-0000-00")

    assert (known.status_code, unknown.status_code) == (200, 200)
    assert "Nothing of ours bears the code 0000-0000-00." in words(unknown)
    assert verify("").status_code == 200


def test_draft_and_quote_on_another_partners_host_are_unknown(quote: Quote, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    factories.make_partner(host="other.example")

    assert "Yes:" not in words(verify(quote.verification_code, headers={"host": "other.example"}))
    Quote.objects.filter(pk=quote.pk).update(state="draft", sent_at=None)
    assert "Yes:" not in words(verify(quote.verification_code))


def test_guessing_codes_is_slow(quote: Quote) -> None:
    for number in range(20):
        verify(f"0000-0000-{number:02}", REMOTE_ADDR="198.51.100.66")

    assert verify(quote.verification_code, REMOTE_ADDR="198.51.100.66").status_code == 429
    assert verify(quote.verification_code, REMOTE_ADDR="192.0.2.10").status_code == 200
