"""All that is due on one page: list, sums, quote and letters say the same, and each order is renewed once."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from certificates.models import AuthorityRule, Contact, Customer, Order, Request
from certificates.services.replies import Voice, decline, put_off
from certificates.states import EmailState, RenewalMark, RequestState
from certificates.visits import Visit
from offers.models import Price, Quote, Redemption, Sale
from offers.rules.taxes import shares
from offers.services.customer_quotes import QUOTES, TooManyQuotes, quote_for_visit
from offers.services.renewing_many import Placed, TermsChanged, due_of, renew_many
from portal.models import Activity, Membership, OutgoingMail, Partner
from portal.models.mail import MailPurpose
from tests import factories
from tests.certificates.certs import make_csr
from tests.certificates.customers import open_contact_link, open_order_link
from tests.certificates.services.work import TEN, press
from tests.factories import TODAY
from tests.offers.factories import make_offer, make_price
from tests.offers.quoting import make_buyer, make_reader, make_shop
from tests.queries import BASELINE, page_queries

DV = "ssl_dv_geotrust_flex"
# Prices at which a tax rounded line by line would not be that of the sum
ODD = "33.33"


@pytest.fixture
def shop(connected: Partner) -> Partner:
    return make_shop(connected)


@pytest.fixture
def buyer(shop: Partner, claire: Membership) -> Customer:
    return make_buyer(shop, owner=claire)


@pytest.fixture
def reader(buyer: Customer) -> Contact:
    found: Contact = Contact.objects.get(customer=buyer)
    return found


def make_due(reader: Contact, host: str, *, ends_in: int = 20, **fields: Any) -> Order:
    """A DV order of the reader's whose key is known."""
    fields.setdefault("product", factories.product(DV))
    fields.setdefault("csr", make_csr(host))
    customer = reader.customer
    ends_on = TODAY + timedelta(days=ends_in)
    return factories.make_order(
        customer.partner, customer=customer, contact=reader, common_name=host, ends_on=ends_on, **fields
    )


def make_many(reader: Contact, count: int, **fields: Any) -> list[Order]:
    return [make_due(reader, f"w{number}.granit.example", ends_in=number + 1, **fields) for number in range(count)]


def visit_of(reader: Contact, **fields: Any) -> Visit:
    facts: dict[str, Any] = {"name": reader.name, "email": reader.email, "contact": reader}
    return Visit(partner=reader.partner, customer=reader.customer, **(facts | fields))


def told(visit: Visit, *orders: Order) -> dict[int, str]:
    keys = {order.pk for order in orders}
    return {line.order.pk: line.told for line in due_of(visit, now=TEN).lines if line.order.pk in keys}


def renew(visit: Visit, *orders: Order, **more: Any) -> Placed:
    return renew_many(visit, told(visit, *orders), now=TEN, **more)


class Browser:
    """A browser that has opened the contact's link."""

    def __init__(self, reader: Contact) -> None:
        self.client = Client()
        self.url = reverse("offers:link_due", args=[open_contact_link(self.client, reader)])

    def read(self, **query: Any) -> str:
        return self.client.get(self.url, query).content.decode()

    def typed(self, *ticked: Order, **more: str) -> dict[str, Any]:
        """The form as the page offers it, with these ticks."""
        hidden = dict(re.findall(r'name="(told-\d+)" value="([^"]*)"', self.read()))
        return hidden | {"chosen": "1", "order": [str(order.pk) for order in ticked], "purchase_order": ""} | more

    def press(self, name: str, *ticked: Order, **more: str) -> HttpResponse:
        return self.send(self.typed(*ticked, **more) | {name: "1"})

    def send(self, form: dict[str, Any]) -> HttpResponse:
        return self.client.post(self.url, form)  # type: ignore[return-value]


def letters_to(email: str) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(to_email=email, purpose=MailPurpose.SERVICE).order_by("pk"))


def total_on(page: str) -> str:
    found = re.search(r'class="is-total"><dt>Total</dt><dd>([^<]*)</dd>', page)
    return found[1] if found else ""


def rows_on(page: str) -> list[str]:
    """The hosts of the orders that are due, in their order."""
    return re.findall(r'<label class="due-name"[^>]*><span class="host">([^<]*)</span>', page)


def test_each_row_says_what_ends_what_it_gives_and_what_it_costs(reader: Contact) -> None:
    make_offer(reader.partner, "10")
    order = make_due(reader, "www.granit.example", ends_in=12)
    make_due(reader, "later.granit.example", ends_in=40, csr="")

    page = " ".join(Browser(reader).read().split())

    assert rows_on(page) == ["www.granit.example", "later.granit.example"]
    assert f"order {order.number}" in page
    for words in (
        "in 12 days",
        "4 Dec 2027",
        "12 days kept",
        "GeoTrust DV",
        "Present key kept",
        "You will be asked for a key request (CSR) afterwards.",
        "2 of 2 ticked",
    ):
        assert words in page, words


def test_sums_follow_the_ticks_and_round_tax_once(reader: Contact) -> None:
    make_price(reader.partner, ODD, product=factories.product(DV), customer=reader.customer)
    orders = make_many(reader, 3)
    browser = Browser(reader)

    assert total_on(browser.read()) == "€119.99"
    assert total_on(browser.read(chosen="1", order=[order.pk for order in orders[:2]])) == "€79.99"
    assert total_on(browser.read(chosen="1")) == "€0.00"
    part = browser.client.get(f"{browser.url}?chosen=1&order={orders[0].pk}", headers={"HX-Request": "true"})
    assert total_on(part.content.decode()) == "€40.00"
    assert "<html" not in part.content.decode()
    without_script = browser.send(browser.typed(*orders[:2])).content.decode()
    assert total_on(without_script) == "€79.99"
    assert without_script.count(" checked") == 2


def test_what_was_put_off_or_is_no_longer_needed_says_so_and_is_not_ticked(reader: Contact) -> None:
    wanted, later, never, again = make_many(reader, 4)
    voice = Voice(name=reader.name)
    put_off(later, until=TODAY + timedelta(days=7), voice=voice, now=TEN)
    decline(never, reason="site_ended", voice=voice, now=TEN)
    put_off(again, until=TODAY, voice=voice, now=TEN - timedelta(days=7))

    page = Browser(reader).read()

    ticked = {int(pk) for pk in re.findall(r'id="tick-(\d+)"[^>]* checked>', page)}
    assert ticked == {wanted.pk, again.pk}
    assert "2 of 4 ticked" in page
    assert page.count("Put off until 29 Nov 2026") == 1
    assert page.count("No longer needed") == 1


def test_list_letters_and_sales_agree_on_what_was_renewed(reader: Contact, claire: Membership) -> None:
    make_price(reader.partner, ODD, product=factories.product(DV), customer=reader.customer)
    orders = make_many(reader, 4)
    browser = Browser(reader)
    total = total_on(browser.read(chosen="1", order=[order.pk for order in orders[:3]]))

    answer = browser.press("renew", *orders[:3], purchase_order="PO 4711")

    assert (answer.status_code, answer["Location"]) == (302, f"{browser.url}?chosen=1&ordered=1")
    requests = list(Request.objects.order_by("order__ends_on"))
    assert [request.order for request in requests] == orders[:3]
    assert {(request.state, request.purchase_order) for request in requests} == {(RequestState.QUEUED, "PO 4711")}
    assert {request.asked_by for request in requests} == {"Elise Roy"}
    sales = Sale.objects.order_by("request__order__ends_on")
    owed = shares([Decimal(ODD)] * 3, Decimal(20), "EUR")
    assert [sale.gross - sale.net for sale in sales] == owed
    assert sum(sale.gross for sale in sales) == Decimal("119.99")
    assert total == "€119.99"
    (mine,), (theirs,) = letters_to(reader.email), letters_to(claire.user.email)
    for letter in (mine, theirs):
        assert "Total with tax: €119.99." in letter.text
        assert "€119.99" in letter.html
        assert all(order.number in letter.text and order.common_name in letter.text for order in orders[:3])
        assert "PO 4711" in letter.text
        assert letter.text.count("€33.33") == 3
        assert orders[3].number not in letter.text
    assert mine.subject == "Your 3 renewals are ordered"
    assert mine.code
    assert mine.code in mine.text
    assert "ordered by Elise Roy on 22 November 2026, 10:00" in mine.text
    assert theirs.subject == "Granit Phare SA has renewed 3 certificates"
    page = browser.client.get(answer["Location"]).content.decode()
    assert page.index("Ordered already") < page.index("Orders to renew")
    assert "0 of 1 ticked" in page
    assert "3 renewals are ordered. A letter to" in page
    assert rows_on(page) == ["w3.granit.example"]
    assert all(reverse("certificates:link_request", args=[browser.url[3:-1], one.pk]) in page for one in requests)


def test_a_quote_for_the_same_ticks_comes_to_the_same_total(reader: Contact, claire: Membership) -> None:
    make_price(reader.partner, ODD, product=factories.product(DV), customer=reader.customer)
    orders = make_many(reader, 4)
    browser = Browser(reader)
    total = total_on(browser.read(chosen="1", order=[order.pk for order in orders[1:]]))

    answer = browser.press("quote", *orders[1:], purchase_order="PO 4711")

    quote = Quote.objects.get()
    assert [line.order for line in quote.lines.all()] == orders[1:]
    assert (quote.contact, quote.owner, quote.purchase_order) == (reader, claire.user, "PO 4711")
    assert (quote.gross, total) == (Decimal("119.99"), "€119.99")
    letter = OutgoingMail.objects.get(purpose=MailPurpose.QUOTE)
    assert letter.to_email == reader.email
    assert "€119.99" in letter.text
    page = browser.client.get(answer["Location"], follow=True).content.decode()
    assert f"This is quote {quote.number}. It is on its way to {reader.email}, too." in page
    assert "€119.99" in page
    assert not Request.objects.exists()


def test_nothing_is_ordered_where_a_price_changed_and_the_page_says_which(reader: Contact) -> None:
    first, second = make_many(reader, 2)
    browser = Browser(reader)
    form = browser.typed(first, second) | {"renew": "1"}
    make_price(reader.partner, "140.00", product=factories.product(DV), valid_from=TODAY)
    make_price(reader.partner, "140.00", product=second.product, customer=reader.customer)

    answer = browser.send(form)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The dates or the price are not the ones you saw" in page
    assert not Request.objects.exists()
    assert not OutgoingMail.objects.exists()
    assert browser.press("renew", first, second).status_code == 302
    assert Request.objects.count() == 2


def test_only_what_changed_is_named(reader: Contact) -> None:
    first, second = make_many(reader, 2)
    visit = visit_of(reader)
    seen = told(visit, first, second)
    Order.objects.filter(pk=second.pk).update(csr="")

    with pytest.raises(TermsChanged) as changed:
        renew_many(visit, seen, now=TEN)

    assert changed.value.orders == {second.pk}
    assert not Request.objects.exists()


def test_what_somebody_else_renewed_meanwhile_is_left_out_and_never_doubled(reader: Contact) -> None:
    orders = make_many(reader, 3)
    browser = Browser(reader)
    form = browser.typed(*orders) | {"renew": "1"}
    press(orders[0])

    answer = browser.client.post(browser.url, form, follow=True)

    page = answer.content.decode()
    assert "2 renewals are ordered." in page
    assert "1 was in hand already and was left out: it is not ordered twice." in page
    assert sorted(Request.objects.values_list("order", flat=True)) == sorted(order.pk for order in orders)


def test_the_second_of_two_browsers_sees_what_the_first_has_ordered(reader: Contact) -> None:
    orders = make_many(reader, 2)
    first, second = Browser(reader), Browser(reader)
    form = second.typed(*orders) | {"renew": "1"}
    first.press("renew", *orders)

    answer = second.send(form)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing was ordered: what you ticked is in hand already" in page
    assert page.count("/requests/") == 2
    assert Request.objects.count() == 2
    assert len(letters_to(reader.email)) == 1


def test_orders_without_a_key_wait_for_it_and_the_letter_says_so(reader: Contact) -> None:
    orders = [make_due(reader, "www.granit.example"), make_due(reader, "shop.granit.example", csr="")]

    placed = renew(visit_of(reader), *orders)

    assert sorted(one.request.state for one in placed.ordered) == [RequestState.QUEUED, RequestState.WAITING_KEY]
    (letter,) = letters_to(reader.email)
    assert "1 of them waits for a certificate request (CSR) from your server." in letter.text


def test_offers_are_used_for_each_order_and_noted(reader: Contact) -> None:
    make_offer(reader.partner, "10", redemption_limit=2)
    orders = make_many(reader, 2)

    placed = renew(visit_of(reader), *orders)

    assert [one.sale.discount for one in placed.ordered if one.sale] == [Decimal("42.00")] * 2
    assert Redemption.objects.filter(state=Redemption.State.USED).count() == 2


def test_an_offer_that_is_not_left_for_all_is_said_and_orders_nothing(reader: Contact) -> None:
    make_offer(reader.partner, "10", redemption_limit=1)
    orders = make_many(reader, 2)
    browser = Browser(reader)

    answer = browser.press("renew", *orders)

    assert answer.status_code == 409
    assert "is not left for so many, so nothing was ordered" in answer.content.decode()
    assert not Request.objects.exists()
    assert browser.press("renew", orders[0]).status_code == 302


def test_what_cannot_be_had_now_has_no_tick_and_says_why_and_from_when(reader: Contact) -> None:
    make_many(reader, 2)
    limits = {"certificate_days": 199, "dcv_days": 199, "organization_days": 398, "window_days": 60}
    AuthorityRule.objects.create(partner=reader.partner, authority="sandbox", effective_from=TODAY, **limits)
    early = make_due(reader, "early.granit.example", ends_in=70)
    unpriced = make_due(reader, "odd.granit.example", product=factories.product("ssl_basic"))
    Price.objects.filter(product=unpriced.product).delete()
    browser = Browser(reader)

    page = browser.read()

    assert "2 of 2 ticked" in page
    assert "Its renewal opens on 2 December 2026." in page
    assert "Its price is on request: look at its own page." in page
    for order in (early, unpriced):
        assert f'name="order" value="{order.pk}"' not in page
        assert f"/orders/{order.pk}/" in page
        assert browser.press("renew", order).status_code == 409
        assert browser.press("quote", order).status_code == 409
    assert not Request.objects.exists()


def test_at_home_the_empty_page_says_when_the_next_opens(reader: Contact) -> None:
    make_due(reader, "www.granit.example", ends_in=140)
    member = factories.make_member(reader.partner, "customer", customer=reader.customer)
    client = Client()
    client.force_login(member.user)

    page = client.get(reverse("offers:home_due")).content.decode()

    assert "The next renewal opens on 11 January 2027." in page


def test_one_due_order_leads_to_its_own_page(reader: Contact) -> None:
    order = make_due(reader, "www.granit.example")
    browser = Browser(reader)

    answer = browser.client.get(browser.url)

    assert (answer.status_code, answer["Location"]) == (302, f"{browser.url}orders/{order.pk}/")


def test_nothing_ticked_orders_nothing(reader: Contact) -> None:
    make_many(reader, 2)
    browser = Browser(reader)

    answers = [browser.press(name) for name in ("renew", "quote")]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert "Tick what you want to renew." in answers[0].content.decode()
    assert not Request.objects.exists()


def test_reading_counting_and_scanning_change_nothing(reader: Contact) -> None:
    orders = make_many(reader, 3)
    browser = Browser(reader)
    before = list(Order.objects.order_by("pk").values())

    for _ in range(3):
        browser.client.get(browser.url)
        browser.client.head(browser.url)
        browser.client.get(f"{browser.url}?chosen=1&order={orders[0].pk}", headers={"HX-Request": "true"})

    assert list(Order.objects.order_by("pk").values()) == before
    assert not Request.objects.exists()
    assert not Activity.objects.filter(verb="renewal.seen").exists()


def test_the_house_looks_on_and_presses_nothing(reader: Contact, claire: Membership) -> None:
    orders = make_many(reader, 2)
    browser = Browser(reader)
    form = browser.typed(*orders) | {"renew": "1"}
    browser.client.force_login(claire.user)

    page = browser.read()

    assert 'name="renew"' not in page
    assert browser.send(form).status_code == 403
    assert not Request.objects.exists()


def test_foreign_orders_are_neither_shown_nor_ordered(reader: Contact) -> None:
    mine = make_many(reader, 2)
    stranger = make_reader(make_buyer(reader.partner, "Canary customer"))
    foreign = make_due(stranger, "canary.stranger.example")
    colleague = make_reader(reader.customer, email="ben@granit.example")
    theirs = make_due(colleague, "canary.colleague.example")
    browser = Browser(reader)
    form = browser.typed(*mine) | {f"told-{foreign.pk}": "", f"told-{theirs.pk}": ""}
    form["order"] = [*form["order"], str(foreign.pk), str(theirs.pk)]

    for name in ("renew", "quote"):
        answer = browser.client.post(browser.url, form | {name: "1"}, follow=True)
        assert "canary" not in answer.content.decode().lower()

    assert set(Request.objects.values_list("order", flat=True)) == {order.pk for order in mine}
    assert not Quote.objects.filter(lines__order__in=[foreign, theirs]).exists()
    assert "canary" not in browser.read().lower()


def test_a_link_to_one_order_shows_that_order_alone(reader: Contact) -> None:
    mine, other = make_many(reader, 2)
    client = Client()
    url = reverse("offers:link_due", args=[open_order_link(client, mine, email=reader.email)])

    client.post(url, {"chosen": "1", "order": [str(other.pk)], f"told-{other.pk}": "", "renew": "1"})

    assert not Request.objects.exists()
    assert other.common_name not in client.get(url, {"chosen": "1"}).content.decode()


def test_as_many_queries_for_one_order_as_for_forty(reader: Contact) -> None:
    make_offer(reader.partner, "10", redemption_limit=100, min_orders=1)
    browser = Browser(reader)
    url = f"{browser.url}?chosen=1"
    make_due(reader, "www.granit.example")
    press(make_due(reader, "asked.granit.example"))
    browser.client.get(url)
    at_one = page_queries(browser.client, url)
    for number in range(39):
        make_due(reader, f"v{number}.shop{number}.granit.example")
    press(make_due(reader, "asked2.granit.example"))

    at_forty = page_queries(browser.client, url)

    assert len(at_forty) == len(at_one), "\n".join([*at_one, "", *at_forty])
    assert len(at_forty) <= json.loads(BASELINE.read_text())["due"], "\n".join(at_forty)


def test_at_home_whoever_is_signed_in_orders_under_the_own_name(reader: Contact, claire: Membership) -> None:
    orders = make_many(reader, 3)
    person = factories.make_user("ben@granit.example", first_name="Ben", last_name="Okri")
    factories.make_member(reader.partner, "customer", customer=reader.customer, user=person)
    client, url = Client(), reverse("offers:home_due")
    client.force_login(person)
    told = dict(re.findall(r'name="(told-\d+)" value="([^"]*)"', client.get(url).content.decode()))

    client.post(url, told | {"order": [orders[0].pk, orders[1].pk], "renew": "1"})
    answer = client.post(url, told | {"order": [orders[2].pk], "quote": "1"})

    requests = Request.objects.order_by("pk")
    assert [(one.requested_by, one.asked_by, one.source) for one in requests] == [(person, "", "home")] * 2
    (letter,) = letters_to(person.email)
    assert "/home/" in letter.text
    quote = Quote.objects.get()
    assert quote.contact is not None
    assert (quote.contact.email, quote.owner) == (person.email, claire.user)
    page = client.get(answer["Location"], follow=True).content.decode()
    assert f"This is quote {quote.number}." in page
    assert {"quote.got", "contact.added"} <= set(Activity.objects.values_list("verb", flat=True))


# Quotes that customers get for themselves


def test_a_quote_asked_for_twice_is_one(reader: Contact) -> None:
    orders = make_many(reader, 2)

    made = [quote_for_visit(visit_of(reader), orders, now=TEN + timedelta(seconds=seconds)) for seconds in (0, 5)]

    assert made[0] == made[1]
    assert Quote.objects.count() == 1


def test_quotes_of_one_reader_are_limited_to_a_few_a_day(reader: Contact) -> None:
    orders = make_many(reader, QUOTES.amount + 1)
    visit = visit_of(reader)
    for order in orders[:-1]:
        quote_for_visit(visit, [order], now=TEN)

    with pytest.raises(TooManyQuotes):
        quote_for_visit(visit, orders[-1:], now=TEN)

    assert Quote.objects.count() == QUOTES.amount


def test_a_colleague_who_is_no_contact_yet_becomes_one_of_that_customer(reader: Contact) -> None:
    elsewhere = make_reader(make_buyer(reader.partner, "Another"), email="ben@granit.example")
    orders = make_many(reader, 2)
    visit = visit_of(reader, contact=None, name="ben@granit.example", email="ben@granit.example")

    quote = quote_for_visit(visit, orders, now=TEN)

    assert quote.contact is not None
    assert quote.contact != elsewhere
    assert (quote.contact.customer, quote.contact.email) == (reader.customer, "ben@granit.example")


def test_an_address_that_letters_do_not_reach_gets_its_quote_on_the_page(reader: Contact) -> None:
    Contact.objects.filter(pk=reader.pk).update(email_state=EmailState.BOUNCED)
    orders = make_many(reader, 2)
    browser = Browser(reader)

    answer = browser.press("quote", *orders)

    page = browser.client.get(answer["Location"], follow=True).content.decode()
    assert "so it was not sent there" in page
    assert not OutgoingMail.objects.filter(purpose=MailPurpose.QUOTE).exists()


# Letters


def test_the_letter_speaks_the_readers_language_and_is_written_once(reader: Contact) -> None:
    Contact.objects.filter(pk=reader.pk).update(language="fr")
    reader.refresh_from_db()
    order = make_due(reader, "www.granit.example")

    renew(visit_of(reader), order)

    (letter,) = letters_to(reader.email)
    assert 'lang="fr"' in letter.html
    assert order.number in letter.text
    assert re.search(r"Net HT\s: 420,00\s€\n", letter.text)
    assert re.search(r"TVA à 20\s%\s: 84,00\s€\n", letter.text)
    assert "504,00" in letter.text


def test_the_letter_about_one_order_speaks_of_one(reader: Contact, claire: Membership) -> None:
    renew(visit_of(reader), make_due(reader, "www.granit.example", csr=""))

    (mine,), (theirs,) = letters_to(reader.email), letters_to(claire.user.email)
    assert mine.subject == "Your renewal of www.granit.example is ordered"
    assert "It waits for a certificate request (CSR) from your server." in mine.text
    assert theirs.subject == "Granit Phare SA has renewed www.granit.example"
    assert f"/requests/{Request.objects.get().pk}/" in theirs.text


def test_nobody_owns_the_customer_and_nobody_is_told(reader: Contact) -> None:
    Customer.objects.filter(pk=reader.customer_id).update(owner=None)
    reader.customer.refresh_from_db()

    renew(visit_of(reader), make_due(reader, "www.granit.example"))

    assert [letter.to_email for letter in OutgoingMail.objects.all()] == [reader.email]


def test_an_order_that_was_renewed_elsewhere_stands_nowhere(reader: Contact) -> None:
    make_many(reader, 2)
    make_due(reader, "gone.granit.example", renewal_mark=RenewalMark.ELSEWHERE)

    assert "gone.granit.example" not in Browser(reader).read()
