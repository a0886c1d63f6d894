"""The customer's renew page: known already, priced to the last cent, and pressed once."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from certificates.models import AuthorityConnection, Order, Reply, Request
from certificates.states import RenewalMark, RequestState
from offers.models import Price, Quote, Sale
from portal.models import Membership, OutgoingMail, Partner
from tests import factories
from tests.certificates.certs import ec_key, make_csr, private_pem
from tests.certificates.services.work import TEN, make_renewable, press
from tests.offers.customers import READER, at_home, home_url, make_person, reader_of, typed
from tests.offers.factories import make_offer
from tests.offers.quoting import make_buyer, make_shop
from tests.offers.reading import words

HOST = "www.granit-phare.example"
# What the house says to itself and never to a customer
STAFF_WORDS = (
    "margin",
    "cost price",
    "lowest price allowed",
    "this customer",
    "An administrator",
    "waiting never pays",
)


@pytest.fixture
def shop(connected: Partner) -> Partner:
    connected.support_email, connected.support_phone = "help@relais.example", "+33 4 00 00 00 27"
    connected.save(update_fields=["support_email", "support_phone"])
    return make_shop(connected)


@pytest.fixture
def order(shop: Partner) -> Order:
    return make_renewable(shop, customer=make_buyer(shop), ends_on=date(2026, 12, 23))


def options(body: str, name: str) -> list[tuple[str, str]]:
    """The values of a choice, each with whether it is ticked."""
    return re.findall(rf'name="{name}" value="(\w+)"( checked)?', body)


def presses(body: str) -> list[str]:
    """What can be pressed on the page, in words."""
    found = re.findall(r"<button([^>]*)>(.*?)</button>", body, re.DOTALL)
    words_of = [re.sub(r"<[^>]+>", "", label).strip() for attributes, label in found if "disabled" not in attributes]
    return [one for one in words_of if one in ("Renew now", "Get a quote")]


# What the page knows


def test_page_says_what_ends_what_is_kept_and_what_it_costs(order: Order) -> None:
    shown = words(reader_of(order).get())

    assert f"Renew {HOST}" in shown
    assert f"Order {order.number} of Granit Phare SA" in shown
    assert "It ends on 23 December 2026, in 31 days." in shown
    assert "the new order ends on 23 December 2027" in shown
    assert "31 days kept from the present order" in shown
    assert "199 days on the new certificate, to 9 June 2027" in shown
    assert "396 days on the order, to 23 December 2027" in shown
    assert "GeoTrust DV, 1 year €400.00 Host name 1 × €20.00 €20.00" in shown
    assert "Net €420.00 VAT at 20% €84.00 Total €504.00" in shown
    assert "ECDSA of 256 bits, in use since 24 December 2025" in shown
    assert "You order under our terms of sale Payable within 30 days." in shown


def test_same_page_stands_at_home(order: Order) -> None:
    client = at_home(make_person(order.customer))

    shown = words(client.get(home_url(order)))

    assert "the new order ends on 23 December 2027" in shown
    assert "Total €504.00" in shown


def test_present_product_is_chosen_and_never_a_dearer_one(shop: Partner) -> None:
    order = make_renewable(shop, customer=make_buyer(shop), product=factories.product("ssl_basic"))

    body = reader_of(order).get().content.decode()

    assert options(body, "product") == [
        ("ssl_basic", " checked"),
        ("ssl_securesite_flex", ""),
        ("ssl_securesite_pro", ""),
    ]
    assert options(body, "term_years")[0] == ("1", " checked")


def test_ev_order_with_a_wildcard_is_offered_what_holds_it(shop: Partner) -> None:
    customer = make_buyer(shop)
    order = make_renewable(
        shop,
        customer=customer,
        product=factories.product("ssl_ev_securesite_flex"),
        common_name="*.granit-phare.example",
    )
    reader = reader_of(order)

    response = reader.get()
    refused = reader.send(product="ssl_ev_securesite_flex")

    assert options(response.content.decode(), "product")[0] == ("ssl_securesite_flex", " checked")
    assert "An EV certificate cannot hold *.granit-phare.example." in words(response)
    assert refused.status_code == 422
    assert reader.send().status_code == 302
    assert Request.objects.get().product.name_id == "ssl_securesite_flex"


def test_names_are_priced_as_they_are_typed(order: Order) -> None:
    reader = reader_of(order)
    names = f"{HOST}\nshop.granit-phare.example\n*.granit-phare.example"

    look = words(reader.client.post(reader.url, reader.typed(names=names) | {"look": "1"}))

    assert "Host names 2 × €20.00 €40.00 Wildcard 1 × €90.00 €90.00" in look
    assert "Each host name costs €20.00, each wildcard €90.00, tax excluded." in look
    assert not Request.objects.exists()


def test_names_are_checked_as_they_are_typed(order: Order) -> None:
    factories.make_domain(order.customer, "granit-phare.example", validated_until=date(2027, 1, 14))
    reader = reader_of(order)

    look = words(reader.client.post(reader.url, reader.typed(names=f"{HOST}\nwww.new-name.example") | {"look": "1"}))

    assert "granit-phare.example is validated until 14 January 2027." in look
    assert "new-name.example will be proved once the order is placed." in look


def test_offer_counts_with_its_reckoning_in_sight(order: Order, shop: Partner) -> None:
    make_offer(shop, "10")

    shown = words(reader_of(order).get())

    assert "10% off for renewing early -€42.00 Net €378.00" in shown.replace("\N{MINUS SIGN}", "-")
    assert "€378.00 instead of €420.00" in shown


def test_code_is_looked_at_and_ordered(order: Order, shop: Partner) -> None:
    make_offer(shop, "20", code="SAVE20")
    reader = reader_of(order)
    form = reader.typed(code="save20")

    look = words(reader.client.post(reader.url, form | {"look": "1"}))
    reader.client.post(reader.url, form)

    assert "save20 applies" in look
    assert Sale.objects.get().discount == Decimal("84.00")


def test_wrong_code_orders_nothing_and_keeps_what_was_typed(order: Order) -> None:
    response = reader_of(order).send(code="NOPE", purchase_order="PO 7")

    assert response.status_code == 422
    assert "There is no offer with the code NOPE." in words(response)
    assert 'value="PO 7"' in response.content.decode()
    assert not Request.objects.exists()


def test_what_holds_it_up_is_said_with_what_to_do(shop: Partner) -> None:
    customer = factories.make_customer(shop, country="FR")
    factories.make_organization(customer, ov_validated_until=factories.TODAY - timedelta(days=9))
    factories.make_domain(customer, validated_until=factories.TODAY - timedelta(days=2))
    order = make_renewable(shop, customer=customer, product=factories.product("ssl_securesite_flex"))

    shown = words(reader_of(order).get())

    assert "The validation of Granit Phare SA ended on 13 November 2026" in shown
    assert "The authority looks your organisation up in public registers, and may telephone you." in shown
    assert "the next page shows the record, file or e-mail that proves a name, ready to copy." in shown
    assert "You can renew now" in shown
    assert (
        shown.index("You lose no day") < shown.index("Product") < shown.index("Names and key") < shown.index("Checks")
    )


def test_reader_meets_no_words_of_the_house(shop: Partner) -> None:
    customer = factories.make_customer(shop, country="JP")
    order = make_renewable(shop, customer=customer, product=factories.product("ssl_securesite_flex"))
    Price.objects.for_partner(shop).update(cost_base=F("base") - Decimal("7.13"))
    make_offer(shop, "90")

    body = reader_of(order).get().content.decode()

    assert [one for one in STAFF_WORDS if one in body] == []
    assert "as far as this price allows" in body
    costs = [f"{one.cost_base:.2f}" for one in Price.objects.for_partner(shop)]
    assert [one for one in costs if one in body] == []


def test_page_speaks_the_language_of_the_link(order: Order) -> None:
    body = reader_of(order, language="fr").get().content.decode()

    assert '<html lang="fr"' in body
    assert "23 décembre 2027" in body


# The press


def test_one_press_behind_the_link_orders_at_the_price_shown(order: Order) -> None:
    reader = reader_of(order)

    response = reader.send(purchase_order="PO 4711")

    asked = Request.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/r/{reader.link.handle}/requests/{asked.pk}/")
    assert (asked.order, asked.requested_by, asked.asked_by) == (order, None, READER)
    assert (asked.source, asked.purchase_order) == (f"link:{reader.link.pk}", "PO 4711")
    assert (asked.price, asked.names, asked.csr) == (Decimal("420.00"), [HOST], order.csr)
    assert Sale.objects.get().gross == Decimal("504.00")
    assert [mail.to_email for mail in OutgoingMail.objects.all()] == [READER]


def test_one_press_at_home_orders_in_the_name_of_whoever_pressed(order: Order) -> None:
    member = make_person(order.customer)
    client = at_home(member)

    response = client.post(home_url(order), typed(client, home_url(order)))

    asked = Request.objects.get()
    assert response["Location"] == f"/home/requests/{asked.pk}/"
    assert (asked.requested_by, asked.asked_by, asked.source) == (member.user, "", "home")


def test_page_that_follows_opens_behind_the_same_link(order: Order) -> None:
    reader = reader_of(order)

    followed = reader.client.get(reader.send()["Location"])

    assert followed.status_code == 200
    assert HOST in words(followed)


def test_known_contact_is_named_as_who_asked(order: Order) -> None:
    factories.make_contact(order.customer, "Awa Diallo", email=READER.upper())

    reader_of(order).send()

    assert Request.objects.get().asked_by == "Awa Diallo"


def test_second_press_and_second_reader_see_the_first(order: Order) -> None:
    first, second = reader_of(order), reader_of(order, email="it@granit-phare.example")
    form = second.typed()
    first.send()

    answers: list[Any] = [first.client.post(first.url, form), second.client.post(second.url, form), second.get()]

    assert [one.status_code for one in answers] == [409, 409, 200]
    for answer, reader in zip(answers, (first, second, second), strict=True):
        assert f"Already in hand since 10:00 by {READER}." in words(answer)
        assert f"/r/{reader.link.handle}/requests/{Request.objects.get().pk}/" in answer.content.decode()
        assert presses(answer.content.decode()) == []
    assert Request.objects.count() == 1


def test_what_the_house_has_pressed_is_told_to_the_customer(order: Order, claire: Membership) -> None:
    press(order, actor=claire.user)

    answer = reader_of(order).get()

    assert "Already in hand since 10:00 by Claire Martin." in words(answer)
    assert "/requests/" in answer.content.decode()


@pytest.mark.parametrize("changed", [{"term_years": "2"}, {"told": ""}, {"told": "2027-12-23 199 0 0.01 EUR 0.01"}])
def test_t12_terms_that_were_not_seen_are_shown_again(order: Order, changed: dict[str, str]) -> None:
    reader = reader_of(order)

    response = reader.client.post(reader.url, reader.typed() | changed)

    assert response.status_code == 409
    assert "The dates or the price are not the ones you saw, so nothing was ordered." in words(response)
    assert not Request.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_t12_price_changed_since_it_was_read_is_shown_before_it_is_paid(order: Order, shop: Partner) -> None:
    reader = reader_of(order)
    form = reader.typed()
    Price.objects.for_partner(shop).update(base=Decimal("450.00"))

    again = reader.client.post(reader.url, form)
    taken = reader.send()

    assert (again.status_code, taken.status_code) == (409, 302)
    assert "Net €470.00" in words(again)
    assert Request.objects.get().price == Decimal("470.00")


def test_t12_fields_that_the_form_does_not_have_change_nothing(order: Order) -> None:
    forged = {"price": "0.01", "net": "0.01", "discount": "99", "customer": "1", "partner": "1", "order": "1"}

    reader_of(order).send(**forged)

    assert (Request.objects.get().price, Request.objects.get().order) == (Decimal("420.00"), order)


def test_private_key_is_refused_and_never_shown_again(order: Order) -> None:
    secret = private_pem(ec_key())

    response = reader_of(order).send(key="paste", csr=secret)

    assert response.status_code == 422
    assert "That was a private key. It was neither read nor kept." in words(response)
    assert secret.splitlines()[1] not in response.content.decode()


def test_pasted_request_takes_the_place_of_the_present_key(order: Order) -> None:
    csr = make_csr(HOST)

    reader_of(order).send(key="paste", csr=csr)

    assert Request.objects.get().csr.strip() == csr.strip()


def test_order_whose_key_nobody_knows_is_renewed_in_one_press_and_asks_for_the_key_then(shop: Partner) -> None:
    reader = reader_of(make_renewable(shop, customer=make_buyer(shop), csr=""))
    body = reader.get().content.decode()

    response = reader.send()

    asked = Request.objects.get()
    assert options(body, "key")[0] == ("later", " checked")
    assert "No key request is known here yet." in body
    assert (asked.state, asked.csr, asked.price) == (RequestState.WAITING_KEY, "", Decimal("420.00"))
    assert (
        f"/r/{reader.link.handle}/requests/{asked.pk}/key/" in reader.client.get(response["Location"]).content.decode()
    )


def test_known_key_is_never_put_off(order: Order) -> None:
    reader = reader_of(order)

    assert "later" not in dict(options(reader.get().content.decode(), "key"))
    assert reader.send(key="later").status_code == 422


def test_token_of_the_form_is_asked_for(order: Order) -> None:
    reader = reader_of(order, client=Client(enforce_csrf_checks=True))

    assert reader.send().status_code == 403
    assert not Request.objects.exists()


# What cannot be pressed


@pytest.mark.parametrize(
    ("ends_on", "sentence"),
    [
        (factories.TODAY + timedelta(days=100), "The renewal opens on 2 December 2026."),
        (factories.TODAY - timedelta(days=40), "The renewal closed on 12 November 2026."),
    ],
)
def test_outside_the_window_the_page_says_when(shop: Partner, ends_on: date, sentence: str) -> None:
    reader = reader_of(make_renewable(shop, customer=make_buyer(shop), ends_on=ends_on))

    answers: list[Any] = [reader.get(), reader.client.post(reader.url, {"product": "x"})]

    for answer in answers:
        assert sentence in words(answer)
        assert presses(answer.content.decode()) == []
        assert 'href="/orders/' not in answer.content.decode()
    assert not Request.objects.exists()


def test_too_early_at_home_leads_to_the_order_and_to_its_reissue(shop: Partner) -> None:
    order = make_renewable(shop, customer=make_buyer(shop), ends_on=factories.TODAY + timedelta(days=100))

    body = at_home(make_person(order.customer)).get(home_url(order)).content.decode()

    assert f'href="/home/orders/{order.pk}/"' in body
    assert f'href="/home/orders/{order.pk}/reissue/"' in body


def test_renewal_that_closed_leads_to_whoever_helps(shop: Partner) -> None:
    order = make_renewable(shop, customer=make_buyer(shop), ends_on=factories.TODAY - timedelta(days=40))

    assert 'href="mailto:help@relais.example"' in reader_of(order).get().content.decode()


def test_order_marked_as_renewed_elsewhere_says_so_in_the_customers_words(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.ELSEWHERE)

    answer = reader_of(order).get()

    assert "This order is noted as renewed elsewhere. If that is not so, please tell us." in words(answer)


def test_without_a_connection_the_customer_is_told_to_write(order: Order, shop: Partner) -> None:
    AuthorityConnection.objects.for_partner(shop).delete()

    shown = words(reader_of(order).get())

    assert "It cannot be renewed on this page at the moment." in shown
    assert "administrator" not in shown


def test_without_a_price_nothing_is_ordered_and_the_page_says_who_tells_it(order: Order, shop: Partner) -> None:
    Price.objects.for_partner(shop).delete()
    reader = reader_of(order)

    looked = reader.get()
    pressed = [reader.send(), reader.send(quote="1")]

    for answer in (looked, *pressed):
        assert "There is no price for this on our list. Relais Partner tells you what it costs" in words(answer)
        assert presses(answer.content.decode()) == []
        assert "+33 4 00 00 00 27" in words(answer)
    assert [one.status_code for one in pressed] == [422, 422]
    assert not Request.objects.exists()
    assert not Quote.objects.exists()


def test_answer_given_before_is_remembered_and_stands_in_nobodys_way(order: Order) -> None:
    Reply.objects.create(
        partner=order.partner, order=order, kind="not_now", until=date(2026, 12, 1), said_by=READER, at=TEN
    )
    reader = reader_of(order)

    shown = words(reader.get())

    assert "You asked to be reminded again on 1 December 2026. You can renew now all the same." in shown
    assert reader.send().status_code == 302


# A quote instead


def test_quote_is_for_exactly_what_was_chosen_and_goes_to_whoever_asked(order: Order) -> None:
    reader = reader_of(order)
    chosen = {"term_years": "2", "names": f"{HOST}\nshop.granit-phare.example", "purchase_order": "PO 9", "quote": "1"}
    look = reader.client.post(reader.url, reader.typed(**chosen) | {"look": "1"})
    told = re.search(r'name="told" value="([^"]*)"', look.content.decode())

    response = reader.client.post(reader.url, reader.typed(**chosen) | {"told": told[1] if told else ""})

    quote = Quote.objects.get()
    line = quote.lines.get()
    assert (line.term_years, line.names, line.order) == (2, [HOST, "shop.granit-phare.example"], order)
    assert (quote.state, quote.net, quote.purchase_order) == ("sent", Decimal("880.00"), "PO 9")
    assert quote.contact
    assert quote.contact.email == READER
    assert not Request.objects.exists()
    page = reader.client.get(response["Location"], follow=True)
    assert page.status_code == 200
    assert quote.number in words(page)
    assert f"It is on its way to {READER}, too." in words(page)


def test_quote_needs_no_key(shop: Partner) -> None:
    order = make_renewable(shop, customer=make_buyer(shop), csr="")
    reader = reader_of(order)

    renewed, quoted = reader.send(key="paste"), reader.send(key="paste", quote="1")

    assert (renewed.status_code, quoted.status_code) == (422, 302)
    assert Quote.objects.get().lines.get().order == order


def test_quote_takes_the_offer_of_a_code_along(order: Order, shop: Partner) -> None:
    make_offer(shop, "20", code="SAVE20")

    reader_of(order).send(code="SAVE20", quote="1")

    assert Quote.objects.get().net == Decimal("336.00")


def test_same_quote_pressed_twice_is_one(order: Order) -> None:
    reader = reader_of(order)
    form = reader.typed(quote="1")

    for _press in range(2):
        assert reader.client.post(reader.url, form).status_code == 302

    assert Quote.objects.count() == 1


def test_after_a_quote_the_page_renews_at_its_price(order: Order, shop: Partner) -> None:
    reader = reader_of(order)
    reader.send(quote="1")
    Price.objects.for_partner(shop).update(base=Decimal("450.00"))

    shown = words(reader.get())

    assert f"The price of quote {Quote.objects.get().number}, which holds until" in shown
    assert "Net €420.00" in shown


# Which certificate


def test_advice_answers_for_this_order_and_leads_back_with_the_product_chosen(shop: Partner) -> None:
    order = make_renewable(shop, customer=make_buyer(shop), product=factories.product("ssl_basic"))
    reader = reader_of(order)

    answers = {"personal": "yes", "payment": "yes", "names": "one", "servers": "one", "trust": "public"}
    page = reader.client.get(f"{reader.url}advice/", answers)

    back = re.search(r'href="(/r/\w+/orders/\d+/\?product=\w+)"', page.content.decode())
    assert page.status_code == 200
    assert "What it can be renewed with" in words(page)
    assert back
    chosen = reader.client.get(back[1]).content.decode()
    assert re.findall(r'name="product" value="(\w+)" checked', chosen) == [back[1].partition("=")[2]]


def test_page_asks_no_more_of_the_database_for_many_names_than_for_one(
    shop: Partner, django_assert_max_num_queries: Any
) -> None:
    few = make_renewable(shop, customer=make_buyer(shop))
    many = make_renewable(
        shop, customer=few.customer, names=[HOST, *(f"n{one}.granit-phare.example" for one in range(40))]
    )
    first, second = reader_of(few), reader_of(many)
    first.get()

    with django_assert_max_num_queries(30) as counted:
        first.get()
    with django_assert_max_num_queries(len(counted)):
        second.get()
