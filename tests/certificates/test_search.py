"""One box finds what a person on the phone spells out, and nothing of another partner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from certificates.models import Customer, Order
from certificates.search import sql
from certificates.search.text import (
    contact_text,
    fold,
    index_text,
    order_text,
    phone_needle,
    serial_needle,
    words,
)
from certificates.services import search
from certificates.states import RenewalMark
from portal.models import Partner
from portal.roles import Role
from tests.certificates.expiring import sign_in
from tests.certificates.expiring import text as text_of
from tests.factories import TODAY, make_certificate, make_contact, make_customer, make_member, make_order, make_partner
from tests.queries import assert_query_baseline


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Boréal", "boreal"),
        ("SØREN O'Neil", "soren o'neil"),
        ("Straße", "strasse"),
        ("Łódź Œuvre", "lodz oeuvre"),
        ("WWW.Example", "www.example"),
    ],
)
def test_accents_and_capitals_make_no_difference(typed: str, kept: str) -> None:
    assert fold(typed) == kept


@given(st.text(), st.text())
def test_every_word_that_was_kept_is_found_by_itself(one: str, other: str) -> None:
    kept = index_text(one, other)

    assert all(f" {word}" in kept for word in words(f"{one} {other}"))


@pytest.mark.parametrize(
    ("typed", "serial"),
    [
        ("0a:1b:2c:3d", "A1B2C3D"),
        ("0A 1B 2C 3D", "A1B2C3D"),
        ("0x0a1b2c3d", "A1B2C3D"),
        ("a1b2c3d", "A1B2C3D"),
        ("a1b2", ""),
        ("granit phare", ""),
    ],
)
def test_a_serial_number_may_be_written_in_any_way(typed: str, serial: str) -> None:
    assert serial_needle(typed) == serial


@pytest.mark.parametrize(
    "typed",
    [
        "+33 4 00 27 53 64",
        "04 00 27 53 64",
        "0400275364",
        "0033 400275364",
        "+33 (0)4 00 27 53 64",
        "(+33) 400 27",
        "(04) 00.27.53.64",
        "275364",
        "04 00",
        "0400",
        "+33 4 00",
    ],
)
@pytest.mark.parametrize("kept", ["+33 4 00 27 53 64", "04 00 27 53 64", "+33 (0)4 00 27 53 64"])
def test_a_telephone_number_may_be_written_in_any_way(partner: Partner, typed: str, kept: str) -> None:
    customer = make_customer(partner)
    text = contact_text(name="Søren O'Neil", email="it@customer.example", phone=kept)
    contact = make_contact(customer, search_text=text)
    make_contact(customer, search_text=contact_text(name="Ann", email="a@b.example", phone="+33 5 11 22 33 44"))

    assert list(customer.contacts.matching(typed)) == [contact]


def test_a_country_code_alone_is_searched_as_it_stands() -> None:
    assert phone_needle("+33 6") == "336"
    assert phone_needle("+352 6") == "3526"


def test_words_are_no_telephone_number() -> None:
    assert phone_needle("it@customer.example") == ""
    assert phone_needle("12") == ""


def orders_matching(partner: Partner, text: str) -> list[Order]:
    return list(Order.objects.for_partner(partner).matching(text).order_by("pk"))


def an_order(partner: Partner, *names: str, **fields: Any) -> Order:
    text = order_text(number="7101523", names=names, customer="Granit Phare SA", references=("PO-4290",))
    return make_order(partner, common_name=names[0], search_text=text, **fields)


@pytest.mark.parametrize(
    "text", ["7101523", "1015", "GRANIT phare", "po-4290", "münchen", "xn--mnchen", "sho", "sh", "g", ""]
)
def test_orders_are_found_by_number_name_customer_and_reference(partner: Partner, text: str) -> None:
    order = an_order(partner, "shop.xn--mnchen-3ya.example")

    assert orders_matching(partner, text) == [order]


@pytest.mark.parametrize(
    "text", ["7101524", "granit quartz", "op", "%", "_", "s_op", "sh%", '"', "' OR 1", "*", "NEAR(", "\x00granit\x00x"]
)
def test_letters_stand_for_themselves_only(partner: Partner, text: str) -> None:
    an_order(partner, "shop.granit-phare.example")

    assert orders_matching(partner, text) == []


@pytest.mark.parametrize("text", ["100%", "a_b", 'say "cheese"', "back\\slash"])
def test_signs_that_mean_something_to_databases_are_found(partner: Partner, text: str) -> None:
    customer = make_customer(partner, text, search_text=index_text(text))
    make_customer(partner, "100 percent, axb, say cheese, backslash", search_text=index_text("100x axb say cheese"))

    assert list(Customer.objects.for_partner(partner).matching(text)) == [customer]


def test_the_search_stays_inside_the_partner(partner: Partner) -> None:
    own = an_order(partner, "www.granit-phare.example")
    an_order(make_partner(), "www.granit-phare.example")

    assert orders_matching(partner, "granit") == [own]


def test_the_index_follows_what_is_changed_and_deleted(partner: Partner) -> None:
    order = an_order(partner, "www.granit-phare.example")

    Order.objects.filter(pk=order.pk).update(search_text=index_text("opale"))

    assert (orders_matching(partner, "granit"), orders_matching(partner, "opale")) == ([], [order])
    order.delete()
    assert orders_matching(partner, "opale") == []


def test_a_contact_is_found_through_a_join(partner: Partner) -> None:
    customer = make_customer(partner, search_text=index_text("Granit"))
    contact = make_contact(customer, search_text=contact_text(name="Søren", email="it@x.example", phone="04 00 27 53"))
    make_contact(customer, "Somebody else", search_text=index_text("somebody"))

    assert list(customer.contacts.matching("soren x.example")) == [contact]
    assert list(customer.contacts.matching("04-00-27-53")) == [contact]


def test_the_search_uses_its_index(partner: Partner) -> None:
    plan = Order.objects.for_partner(partner).matching("granit").explain()

    index = "certificates_order_search"
    assert connection.vendor == "postgresql" or "VIRTUAL TABLE INDEX" in plan, plan
    assert index in connection.introspection.table_names() or connection.vendor == "postgresql"


def test_installing_the_index_again_changes_nothing(partner: Partner) -> None:
    order = an_order(partner, "www.granit-phare.example")

    sql.install_index(connection)

    assert orders_matching(partner, "granit") == [order]


# The page


@pytest.fixture
def browser(partner: Partner, settings: pytest.FixtureRequest) -> Client:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]
    return sign_in(partner)


def typed(browser: Client, text: str) -> Any:
    """The answer to what is typed into the box, before Enter."""
    return browser.get("/search/", {"q": text}, headers={"HX-Request": "true", "HX-Target": "search-results"})


def titles(response: Any) -> dict[str, list[str]]:
    return {str(group.label): [hit.title for hit in group.hits] for group in response.context["groups"]}


@pytest.fixture
def granit(partner: Partner) -> Order:
    """A customer with a contact, an order and its certificate, all of which “granit” or a number finds."""
    customer = make_customer(partner, "Granit Phare SA", number="K-42", search_text=index_text("Granit Phare SA K-42"))
    facts = {"name": "Søren O'Neil", "email": "it@granit.example", "phone": "+33 4 00 27 53 64"}
    make_contact(customer, **facts, search_text=contact_text(**facts))
    order = an_order(partner, "www.granit.example", customer=customer, number="7101523", customer_reference="PO-4290")
    make_certificate(order, serial_number="A1B2C3D4E5F60718")
    return order


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("granit", {"Customers", "Contacts", "Orders"}),
        ("7101523", {"Orders"}),
        ("po-4290", {"Orders"}),
        ("soren", {"Contacts"}),
        ("04 00 27 53 64", {"Contacts"}),
        ("ff:1b:2c:3d", set()),
        ("A1:B2:C3:D4:E5", {"Certificates by serial number"}),
        ("a1b2c3 d4e5f6", {"Certificates by serial number"}),
        ("g", set()),
        ("", set()),
    ],
)
def test_the_box_finds_each_kind_in_its_group(browser: Client, granit: Order, text: str, groups: set[str]) -> None:
    assert set(titles(typed(browser, text))) == groups


def test_nothing_of_another_partner_is_found(browser: Client, granit: Order) -> None:
    foreign = make_partner()
    customer = make_customer(foreign, "Granit LEAK", search_text=index_text("Granit leak"))
    make_contact(customer, "Granit LEAK", search_text=index_text("granit leak"))
    order = an_order(foreign, "leak.granit.example", customer=customer)
    make_certificate(order, serial_number="A1B2C3D4E5FFFFFF")

    for text in ("granit", "7101523", "A1B2C3D4E5"):
        for answer in (typed(browser, text), browser.get("/search/", {"q": text}, follow=True)):
            assert titles(answer) if "groups" in (answer.context or {}) else answer.redirect_chain
            assert "leak" not in answer.content.decode().lower()


def test_the_order_that_ends_next_comes_before_those_that_are_long_gone(browser: Client, partner: Partner) -> None:
    days = {"in a year": 400, "soon": 12, "long gone": -400, "just now": -3, "later": 90, "renewed": 5}
    for name, left in days.items():
        mark = RenewalMark.RENEWED if name == "renewed" else RenewalMark.NONE
        ends_on = TODAY + timedelta(days=left)
        make_order(partner, ends_on=ends_on, number=name, renewal_mark=mark, search_text=index_text("opale"))

    found = browser.get("/search/", {"q": "opale"}).context["groups"][0].hits

    ordered = [hit.detail.split(" · ")[0] for hit in found]
    assert ordered == ["just now", "soon", "later", "in a year", "renewed", "long gone"]


def test_more_than_a_page_of_orders_leads_to_the_list(browser: Client, partner: Partner) -> None:
    for number in range(27):
        make_order(partner, number=f"N{number}", search_text=index_text("opale.example"))

    page = browser.get("/search/", {"q": "opale example"}).content.decode()

    assert 'href="/orders/?q=opale+example"' in page
    assert "see them all in the list" in page
    assert len(browser.get("/orders/?q=opale+example").context["table"].rows) > 5


def test_at_most_five_of_a_kind_appear_while_typing(browser: Client, partner: Partner) -> None:
    for number in range(8):
        make_customer(partner, f"Opale {number}", search_text=index_text("Opale"))

    assert len(titles(typed(browser, "opale"))["Customers"]) == 5
    page = browser.get("/search/", {"q": "opale"})
    assert len(titles(page)["Customers"]) == 8


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("7101523", "order"),
        ("A1:B2:C3:D4:E5:F6:07:18", "order"),
        ("it@GRANIT.example", "customer"),
        ("k-42", "customer"),
        ("granit phare sa", "customer"),
    ],
)
def test_enter_goes_straight_to_the_one_exact_hit(browser: Client, granit: Order, text: str, kind: str) -> None:
    pk = granit.pk if kind == "order" else granit.customer_id

    answer = browser.get("/search/", {"q": text})

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"/{kind}s/{pk}/")


def test_enter_shows_all_where_several_are_exact(browser: Client, granit: Order, partner: Partner) -> None:
    make_customer(partner, "Granit Phare SA", search_text=index_text("Granit Phare SA"))

    assert browser.get("/search/", {"q": "granit phare sa"}).status_code == 200


def test_the_page_says_when_nothing_is_found(browser: Client) -> None:
    assert "Nothing found" in text_of(browser.get("/search/", {"q": "no such thing"}))
    assert "Write at least 2 letters." in text_of(browser.get("/search/", {"q": "x"}))


def test_what_is_typed_is_shown_as_text(browser: Client) -> None:
    page = browser.get("/search/", {"q": "<script>alert(1)</script>"}).content.decode()

    assert "<script>alert" not in page


def test_customers_do_not_search(partner: Partner, settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]

    assert sign_in(partner, Role.CUSTOMER).get("/search/?q=granit").status_code == 403


def test_a_search_costs_one_query_per_kind(browser: Client, granit: Order, partner: Partner) -> None:
    def add(number: int) -> None:
        for _ in range(number):
            customer = make_customer(partner, "Abc123 SA", search_text=index_text("abc123"), owner=make_member(partner))
            make_contact(customer, search_text=index_text("abc123"))
            order = an_order(partner, "abc123.example", customer=customer, number=f"N{customer.pk}")
            Order.objects.filter(pk=order.pk).update(search_text=index_text("abc123"))
            make_certificate(order, serial_number=f"ABC123{order.pk:08X}")

    assert_query_baseline(browser, "/search/?q=abc123", "search", add_rows=add, many=30)
    with CaptureQueriesContext(connection) as captured:
        assert len(titles(typed(browser, "abc123"))) == 4
    # Orders take two: those that still ask for something, and the rest.
    assert len(captured) - 3 == 6


def test_the_search_texts_follow_a_renamed_customer(partner: Partner, granit: Order) -> None:
    granit.customer.name = "Opale Quartz"
    granit.customer.save()

    search.index_orders_of(granit.customer)

    assert orders_matching(partner, "opale www.granit") == [granit]
