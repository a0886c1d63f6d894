"""One box finds what a person on the phone spells out, and nothing of another partner."""

from __future__ import annotations

import pytest
from django.db import connection
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
from portal.models import Partner
from tests.factories import make_contact, make_customer, make_order, make_partner


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
    "typed", ["+33 4 00 27 53 64", "04 00 27 53 64", "0033 400275364", "(04) 00.27.53.64", "275364"]
)
def test_a_telephone_number_may_be_written_in_any_way(typed: str) -> None:
    kept = contact_text(name="Søren O'Neil", email="it@customer.example", phone="+33 4 00 27 53 64")

    assert phone_needle(typed).removeprefix("33") in kept


def test_words_are_no_telephone_number() -> None:
    assert phone_needle("it@customer.example") == ""
    assert phone_needle("12") == ""


def orders_matching(partner: Partner, text: str) -> list[Order]:
    return list(Order.objects.for_partner(partner).matching(text).order_by("pk"))


def an_order(partner: Partner, *names: str, **fields: object) -> Order:
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
