"""Customers: the list, support's page, and who may change what there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from certificates.models import Contact, Customer, Order
from certificates.search.text import order_text
from certificates.services import customers
from certificates.services.replies import Voice, put_off
from certificates.states import EmailState
from portal.models import Activity, Partner
from portal.roles import Role
from tests.certificates.certs import ec_key, private_pem
from tests.certificates.expiring import content, sign_in, text
from tests.factories import (
    TODAY,
    make_certificate,
    make_contact,
    make_customer,
    make_domain,
    make_member,
    make_order,
    make_organization,
    make_partner,
    make_request,
    midnight,
)
from tests.queries import assert_query_baseline, page_queries

CUSTOMER = {
    "name": "Opale Quartz SA",
    "number": "K-7",
    "address": "1 quai des Essais",
    "city": "Brest",
    "country": "fr",
    "vat_number": "",
    "language": "fr",
    "notices_enabled": "on",
}
CONTACT = {
    "name": "Ada Novak",
    "role": "buyer",
    "job_title": "",
    "email": "ada@opale.example",
    "phone": "+33 4 00 27 53 64",
    "language": "fr",
    "time_zone": "Europe/Paris",
}


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def browser(partner: Partner) -> Client:
    return sign_in(partner)


def day(days: int) -> Any:
    return TODAY + timedelta(days=days)


def names(response: Any) -> list[str]:
    return [row.name for row in response.context["table"].data]


# The list


def test_the_list_counts_orders_and_people_for_each_customer(browser: Client, partner: Partner) -> None:
    one, other = make_customer(partner, "Alpha"), make_customer(partner, "Beta")
    for days in (40, 12, -3, -100):
        make_order(partner, customer=one, ends_on=day(days))
    make_order(partner, customer=one, ends_on=day(5), renewal_mark="renewed")
    make_contact(one)
    make_contact(one, email="")
    make_contact(one, email_state=EmailState.BOUNCED)

    alpha, beta = browser.get("/customers/").context["table"].data

    assert (alpha.running, alpha.next_end, alpha.reachable) == (3, day(-3), 1)
    assert (beta.name, beta.running, beta.next_end, beta.reachable) == (other.name, 0, None, 0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("owner=me", ["Mine"]),
        ("owner=nobody", ["Elsewhere", "Empty", "Silent"]),
        ("contact=never", ["Elsewhere", "Empty", "Mine"]),
        ("contact=not30", ["Elsewhere", "Empty", "Mine", "Silent"]),
        ("reachable=yes", ["Mine"]),
        ("reachable=no", ["Elsewhere", "Empty", "Silent"]),
        ("orders=soon", ["Mine"]),
        ("orders=none", ["Elsewhere", "Empty"]),
        ("elsewhere=yes", ["Elsewhere"]),
        ("q=sil", ["Silent"]),
    ],
)
def test_the_list_is_filtered(browser: Client, partner: Partner, query: str, found: list[str]) -> None:
    mine = make_customer(partner, "Mine", owner=browser.member, search_text=" mine")  # type: ignore[attr-defined]
    make_contact(mine)
    make_order(partner, customer=mine)
    silent = make_customer(partner, "Silent", last_contacted_at=midnight(day(-60)), search_text=" silent")
    make_order(partner, customer=silent, ends_on=day(200))
    make_customer(partner, "Empty", search_text=" empty")
    order = make_order(partner, customer=make_customer(partner, "Elsewhere", search_text=" elsewhere"))
    make_certificate(order, is_current=False)
    order.certificates.update(order=None)
    order.delete()

    assert names(browser.get(f"/customers/?{query}")) == found


def test_the_list_shows_and_exports_no_other_partners_customer(browser: Client, partner: Partner) -> None:
    make_customer(partner, "Own")
    make_customer(make_partner(), "Foreign")

    assert names(browser.get("/customers/")) == ["Own"]
    assert "Foreign" not in content(browser.get("/customers/?export=csv"))


def test_the_list_costs_the_same_at_any_length(browser: Client, partner: Partner) -> None:
    def add(number: int) -> None:
        for _ in range(number):
            customer = make_customer(partner, owner=make_member(partner))
            make_contact(customer)
            make_order(partner, customer=customer)

    assert_query_baseline(browser, "/customers/", "customers", add_rows=add)


def test_a_partner_without_customers_reads_what_to_do(browser: Client, partner: Partner) -> None:
    assert "No customers yet" in text(browser.get("/customers/"))


# The page


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner, "Granit Phare SA", number="K-42", city="Lyon")


def test_the_page_holds_what_the_person_on_the_phone_may_ask(
    browser: Client, partner: Partner, customer: Customer
) -> None:
    make_contact(customer, "Zoé Lefèvre", email="zoe@granit.example", phone="+33 4 00 27 53 64")
    make_contact(customer, "Gone", email_state=EmailState.BOUNCED, email_state_reason="550 no such mailbox")
    order = make_order(partner, customer=customer, common_name="www.granit.example", number="7101523")
    make_request(order)
    make_organization(customer, "Granit Phare SA", ov_validated_until=day(-2))
    make_domain(customer, "granit.example")
    other = make_certificate(order, is_current=False, issuer_name="Somebody Else CA", serial_number="ABCDEF01")
    type(other).objects.filter(pk=other.pk).update(order=None)

    words = text(browser.get(f"/customers/{customer.pk}/"))

    for fact in (
        "K-42",
        "Zoé Lefèvre",
        "zoe@granit.example",
        "+33 4 00 27 53 64",
        "Bounced",
        "550 no such mailbox",
        "www.granit.example",
        "7101523",
        "in 20 days",
        "Queued",
        "Lapsed 2 days ago",
        "granit.example",
        "Somebody Else CA",
        "ABCDEF01",
    ):
        assert fact in words


def test_what_the_customer_answered_stands_at_its_order_and_names_it_in_the_story(
    browser: Client, partner: Partner, customer: Customer
) -> None:
    order = make_order(partner, customer=customer, common_name="www.granit.example")
    put_off(order, until=day(7), voice=Voice(name="Zoé Lefèvre"), now=midnight(TODAY))

    page = browser.get(f"/customers/{customer.pk}/")

    assert "Put off until 29 Nov 2026" in text(page)
    assert "www.granit.example · Until 29 November 2026, no reminders are sent. · Zoé Lefèvre" in text(page)
    assert f'<a href="/orders/{order.pk}/">Renewal put off by the customer</a>' in content(page)


def test_another_customers_rows_stay_away(browser: Client, partner: Partner, customer: Customer) -> None:
    other = make_customer(partner, "LEAK customer")
    order = make_order(partner, customer=other, common_name="leak.example", number="LEAK-1")
    make_contact(other, "LEAK contact")
    make_certificate(order, serial_number="LEAK01")
    make_organization(other, "LEAK organisation")
    make_domain(other, "leak-domain.example")
    make_request(order)
    customers.change_customer(other, values={"city": "LEAK city"}, actor=make_member(partner).user, now=midnight(TODAY))

    assert "leak" not in content(browser.get(f"/customers/{customer.pk}/")).lower()


def test_a_customer_without_orders_has_a_page_too(browser: Client, customer: Customer) -> None:
    words = text(browser.get(f"/customers/{customer.pk}/"))

    assert "No orders yet" in words
    assert "Nobody is known here yet" in words


def test_the_page_costs_the_same_with_one_row_of_everything_and_with_thirty(
    browser: Client, partner: Partner, customer: Customer
) -> None:
    actor = make_member(partner).user

    def add(number: int) -> None:
        for index in range(number):
            order = make_order(partner, customer=customer)
            make_certificate(order)
            make_request(order, requested_by=actor)
            make_contact(customer)
            make_organization(customer)
            make_domain(customer, f"d{index}-{order.pk}.example")
            customers.change_customer(customer, values={"city": f"C{order.pk}"}, actor=actor, now=midnight(TODAY))

    add(1)
    browser.get(f"/customers/{customer.pk}/")
    one = page_queries(browser, f"/customers/{customer.pk}/")
    add(29)

    assert len(page_queries(browser, f"/customers/{customer.pk}/")) == len(one)


# Look-ups are written down


def test_support_looking_at_a_customer_is_written_down_once_an_hour(
    partner: Partner, customer: Customer, settings: Any
) -> None:
    settings.PORTAL_TODAY = ""
    support = sign_in(partner, Role.SUPPORT)

    with time_machine.travel(midnight(TODAY), tick=False) as clock:
        for minutes in (0, 20, 20):
            clock.shift(timedelta(minutes=minutes))
            support.get(f"/customers/{customer.pk}/")
        assert Activity.objects.filter(verb=customers.VIEWED).count() == 1
        clock.shift(timedelta(minutes=40))
        support.get(f"/customers/{customer.pk}/")

    deeds = Activity.objects.filter(verb=customers.VIEWED)
    assert [(deed.actor, deed.subject_id) for deed in deeds] == 2 * [(support.member.user, customer.pk)]  # type: ignore[attr-defined]


def test_an_order_page_is_a_look_at_its_customer_too(partner: Partner, customer: Customer) -> None:
    support, order = sign_in(partner, Role.SUPPORT), make_order(partner, customer=customer)

    support.get(f"/orders/{order.pk}/")
    support.get(f"/customers/{customer.pk}/")

    assert [deed.subject_id for deed in Activity.objects.filter(verb=customers.VIEWED)] == [customer.pk]


@pytest.mark.parametrize("role", [Role.ACCOUNT_MANAGER, Role.ADMINISTRATOR])
def test_account_managers_look_at_their_own_work(partner: Partner, customer: Customer, role: str) -> None:
    sign_in(partner, role).get(f"/customers/{customer.pk}/")

    assert not Activity.objects.filter(verb=customers.VIEWED).exists()


def test_another_supporters_look_up_is_another_row(partner: Partner, customer: Customer) -> None:
    for _ in range(2):
        sign_in(partner, Role.SUPPORT).get(f"/customers/{customer.pk}/")

    assert Activity.objects.filter(verb=customers.VIEWED).count() == 2


# What people do


def test_a_customer_made_by_hand_is_found_at_once(browser: Client, partner: Partner) -> None:
    answer = browser.post("/customers/new/", CUSTOMER)

    made = Customer.objects.get()
    assert answer.headers["Location"] == f"/customers/{made.pk}/contacts/new/"
    assert (made.name, made.country, made.partner) == ("Opale Quartz SA", "FR", partner)
    assert list(Customer.objects.for_partner(partner).matching("quartz k-7")) == [made]


def test_what_is_typed_turns_the_reading_direction_of_nothing(browser: Client) -> None:
    made = browser.post("/customers/new/", CUSTOMER | {"name": "Opale\u202e Quartz", "city": "Bre\u2067st"})
    page = made.headers["Location"]
    browser.post(page, CONTACT | {"name": "Ada\u202e Novak"})
    browser.post(f"/customers/{Customer.objects.get().pk}/note/", {"text": "Call \u202eagain"})
    refused = browser.post("/customers/new/", CUSTOMER | {"name": "\u202e"})

    kept = Customer.objects.get()
    assert (kept.name, kept.city, str(kept.contacts.get())) == ("Opale Quartz", "Brest", "Ada Novak")
    assert kept.notes.get().text == "Call again"
    assert refused.status_code == 422


def test_a_form_with_mistakes_keeps_what_was_typed(browser: Client) -> None:
    answer = browser.post("/customers/new/", CUSTOMER | {"country": "France"})

    assert answer.status_code == 422
    assert "Write the country as two letters, such as FR for France." in text(answer)
    assert 'value="Opale Quartz SA"' in content(answer)
    assert not Customer.objects.exists()


def test_a_renamed_customer_and_its_orders_are_found_by_the_new_name(
    browser: Client, partner: Partner, customer: Customer
) -> None:
    known_as = order_text(number="7101523", names=["www.x.example"], customer=customer.name)
    order = make_order(partner, customer=customer, number="7101523", names=["www.x.example"], search_text=known_as)

    browser.post(f"/customers/{customer.pk}/edit/", CUSTOMER)

    orders = Order.objects.for_partner(partner)
    assert list(Customer.objects.for_partner(partner).matching("opale")) == [customer]
    assert (list(orders.matching("opale 7101523")), list(orders.matching("granit"))) == ([order], [])


def test_a_change_is_written_down_with_both_values(browser: Client, customer: Customer) -> None:
    browser.post(f"/customers/{customer.pk}/edit/", CUSTOMER)

    facts = Activity.objects.get(verb="customer.changed").facts
    assert (facts["before"]["name"], facts["after"]["name"]) == ("Granit Phare SA", "Opale Quartz SA")


def test_saving_without_a_change_writes_nothing_down(browser: Client, customer: Customer) -> None:
    browser.post(f"/customers/{customer.pk}/edit/", CUSTOMER)
    browser.post(f"/customers/{customer.pk}/edit/", CUSTOMER)

    assert Activity.objects.filter(verb="customer.changed").count() == 1


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ACCOUNT_MANAGER, Role.ADMINISTRATOR])
def test_contacts_are_added_and_corrected_by_all_who_answer_calls(
    partner: Partner, customer: Customer, role: str
) -> None:
    browser = sign_in(partner, role)

    browser.post(f"/customers/{customer.pk}/contacts/new/", CONTACT)
    contact = Contact.objects.get()
    browser.post(f"/contacts/{contact.pk}/", CONTACT | {"phone": "+33 5 11 22 33 44"})

    contact.refresh_from_db()
    assert (contact.name, contact.phone, contact.customer) == ("Ada Novak", "+33 5 11 22 33 44", customer)
    assert list(Contact.objects.for_partner(partner).matching("05 11 22 33 44")) == [contact]
    assert list(Customer.objects.for_partner(partner).matching("ada@opale")) == [customer]


def test_a_corrected_address_is_written_to_again(browser: Client, customer: Customer) -> None:
    contact = make_contact(
        customer, email="old@opale.example", email_state=EmailState.BOUNCED, email_state_reason="550"
    )

    browser.post(f"/contacts/{contact.pk}/", CONTACT)

    contact.refresh_from_db()
    assert (contact.email, contact.email_state, contact.email_state_reason) == ("ada@opale.example", EmailState.OK, "")


def test_a_corrected_telephone_leaves_a_bounced_address_bounced(browser: Client, customer: Customer) -> None:
    contact = make_contact(customer, email="ada@opale.example", email_state=EmailState.BOUNCED)

    browser.post(f"/contacts/{contact.pk}/", CONTACT)

    contact.refresh_from_db()
    assert contact.email_state == EmailState.BOUNCED


@pytest.mark.parametrize("where", ["new", "existing"])
def test_two_contacts_of_a_customer_do_not_share_an_address(browser: Client, customer: Customer, where: str) -> None:
    make_contact(customer, email="ADA@opale.example")
    contact = make_contact(customer)
    url = f"/customers/{customer.pk}/contacts/new/" if where == "new" else f"/contacts/{contact.pk}/"

    answer = browser.post(url, CONTACT)

    assert answer.status_code == 422
    assert "Another contact of this customer has this address already" in text(answer)
    assert Contact.objects.filter(email="ada@opale.example").count() == 0


def test_a_contact_nobody_can_reach_is_refused(browser: Client, customer: Customer) -> None:
    answer = browser.post(f"/customers/{customer.pk}/contacts/new/", CONTACT | {"email": "", "phone": ""})

    assert "Write an e-mail address or a telephone number" in text(answer)


@pytest.mark.parametrize("field", ["customer", "partner", "email_state", "source_email", "search_text", "id", "pk"])
def test_fields_of_nobodys_form_are_not_taken(
    browser: Client, partner: Partner, customer: Customer, field: str
) -> None:
    contact = make_contact(customer, email="ada@opale.example", email_state=EmailState.BOUNCED)
    stranger = make_customer(make_partner())

    browser.post(f"/contacts/{contact.pk}/", CONTACT | {field: stranger.pk})

    changed = Contact.objects.get(pk=contact.pk)
    kept = ("customer_id", "partner_id", "email_state", "source_email")
    assert [getattr(changed, name) for name in kept] == [getattr(contact, name) for name in kept]


def test_an_owner_is_one_of_the_partners_account_managers(
    browser: Client, partner: Partner, customer: Customer
) -> None:
    colleague, support, stranger = (
        make_member(partner),
        make_member(partner, Role.SUPPORT),
        make_member(make_partner()),
    )

    for member in (colleague, support, stranger):
        browser.post(f"/customers/{customer.pk}/owner/", {"owner": member.pk})

    customer.refresh_from_db()
    assert customer.owner == colleague


@pytest.mark.parametrize(
    ("deed", "data"),
    [("edit/", CUSTOMER), ("owner/", {"owner": ""})],
)
def test_support_changes_neither_customers_nor_owners(
    partner: Partner, customer: Customer, deed: str, data: dict[str, str]
) -> None:
    support = sign_in(partner, Role.SUPPORT)

    assert support.post(f"/customers/{customer.pk}/{deed}", data).status_code == 403
    assert support.post("/customers/new/", CUSTOMER).status_code == 403
    assert Customer.objects.get().name == "Granit Phare SA"


@pytest.mark.parametrize("deed", ["", "edit/", "note/", "owner/", "contacts/new/"])
def test_another_partners_customer_is_not_found(browser: Client, deed: str) -> None:
    stranger = make_customer(make_partner())
    url = f"/customers/{stranger.pk}/{deed}"

    answer = browser.post(url, CONTACT | {"text": "x"}) if deed else browser.get(url)

    assert answer.status_code == 404


def test_another_partners_contact_is_not_found(browser: Client) -> None:
    stranger = make_contact(make_customer(make_partner()))

    assert browser.get(f"/contacts/{stranger.pk}/").status_code == 404
    assert browser.post(f"/contacts/{stranger.pk}/", CONTACT).status_code == 404


def test_private_key_in_a_note_is_neither_kept_nor_shown_again(browser: Client, partner: Partner) -> None:
    customer = make_customer(partner)

    answer = browser.post(f"/customers/{customer.pk}/note/", {"text": private_pem(ec_key())})

    assert not customer.notes.exists()
    assert "PRIVATE KEY" not in answer.content.decode()


def test_pages_of_a_partner_are_kept_by_no_cache_on_the_way(browser: Client) -> None:
    assert browser.get("/customers/").headers["Cache-Control"] == "private, no-cache"
