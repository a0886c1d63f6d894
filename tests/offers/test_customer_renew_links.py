"""Who reaches a renew page, and what looking does: nothing; by the link of one order no other is opened."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from certificates.models import Order, Request
from certificates.services.renewal_links import make_contact_link, make_order_link
from certificates.services.timeline import customer_timeline, order_timeline
from portal import clock, links
from portal.access import on_behalf_of
from portal.models import Activity, Link, Membership, Partner
from tests import factories
from tests.certificates.services.work import TEN, make_renewable
from tests.offers.customers import READER, Reader, at_home, home_url, make_person, order_link, path_of, reader_of, typed
from tests.offers.quoting import make_buyer, make_shop
from tests.offers.reading import words

SCANNERS = ("Mozilla/5.0 (compatible; SafeLinks)", "BarracudaCentral", "curl/8.5", "Mozilla/5.0 (Windows NT 10.0)")


@pytest.fixture(autouse=True)
def _fresh_counters(db: None) -> None:
    cache.clear()


@pytest.fixture
def shop(connected: Partner) -> Partner:
    return make_shop(connected)


@pytest.fixture
def order(shop: Partner) -> Order:
    return make_renewable(shop, customer=make_buyer(shop), ends_on=date(2026, 12, 23))


def everything() -> dict[str, list[Any]]:
    """Every row of the portal's own tables."""
    with scopes_disabled():
        return {
            model._meta.label: list(model._default_manager.order_by("pk").values())
            for model in apps.get_models()
            if model._meta.managed and model._meta.app_label in ("portal", "sessions", "certificates", "offers")
        }


def revoke(order: Order) -> None:
    with on_behalf_of(order.partner):
        links.revoke(partner=order.partner, purpose="renew", subject=f"order:{order.pk}", now=clock.now())


# T8: only the link itself, on its own host, while it lasts


def test_t8_link_altered_in_any_place_opens_nothing(order: Order) -> None:
    path = order_link(order)
    token = path.split("/")[2]

    answers = set()
    for at in range(len(token)):
        cache.clear()
        letter = "A" if token[at] != "A" else "B"
        answers.add(Client().get(f"/l/{token[:at]}{letter}{token[at + 1 :]}/").status_code)

    assert answers == {404}
    assert Client().get(path).status_code == 302


def test_t8_page_is_found_by_nobody_without_the_link(order: Order, shop: Partner) -> None:
    reader = reader_of(order)
    stranger = reader_of(make_renewable(shop, customer=order.customer))
    outsider = at_home(make_person(factories.make_customer(shop, "Another SA"), "max@another.example"))
    form = reader.typed()

    for client in (Client(), stranger.client, outsider):
        assert client.get(reader.url).status_code == 404
        assert client.post(reader.url, form).status_code == 404
        assert client.get(f"{reader.url}advice/").status_code == 404
    assert not Request.objects.exists()


def test_t8_link_of_one_partner_opens_nothing_on_the_host_of_another(order: Order, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    factories.make_partner(host="other.example")
    reader, path = reader_of(order), order_link(order)

    assert reader.client.get(path, headers={"host": "other.example"}).status_code == 404
    for page in (reader.url, f"{reader.url}advice/"):
        assert reader.client.get(page, headers={"host": "other.example"}).status_code == 404


def test_t8_quote_link_opens_no_renewal(order: Order) -> None:
    reader = reader_of(order)
    Link.objects.filter(pk=reader.link.pk).update(purpose="quote", subject="quote:1")

    assert reader.get().status_code == 404


def test_t8_link_reads_on_after_the_end_and_then_no_more(order: Order) -> None:
    path = order_link(order)

    with time_machine.travel(TEN + timedelta(days=90)):
        late = Client().get(path, follow=True)
    with time_machine.travel(TEN + timedelta(days=92)):
        gone = Client().get(path, follow=True)

    assert (late.status_code, gone.status_code) == (200, 404)
    assert "The renewal closed on" in words(late)
    assert "This link opens nothing any more" in words(gone)


# T9: looking changes nothing and counts nobody


def test_t9_looking_changes_nothing_and_counts_nobody(order: Order) -> None:
    path = order_link(order)
    clean = Client().get(path)["Location"]
    before = everything()

    for number in range(24):
        client = Client(headers={"user-agent": SCANNERS[number % len(SCANNERS)]})
        look = client.head if number % 2 else client.get
        look(path, follow=True)
        look(clean, {"product": "ssl_securesite_pro", "term_years": "3"}, headers={"purpose": "prefetch"})
        look(f"{clean}advice/")

    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_t9_two_hundred_scanners_beside_a_person_who_renews(order: Order) -> None:
    path = order_link(order)
    person = reader_of(order)

    with ThreadPoolExecutor(8) as scanners:
        looks = [scanners.submit(_scan, path, number) for number in range(200)]
        renewed = person.send()
        answers = {look.result() for look in looks}

    assert answers == {200}
    assert renewed.status_code == 302
    with scopes_disabled():
        assert Request.objects.count() == 1
        assert Link.objects.exclude(pk=person.link.pk).get().opened_count == 0


def _scan(path: str, number: int) -> int:
    """One look at the page behind the link, as a mail scanner does it."""
    client = Client(headers={"user-agent": SCANNERS[number % len(SCANNERS)]})
    try:
        return int((client.head if number % 2 else client.get)(path, follow=True).status_code)
    finally:
        connections.close_all()


def test_first_gesture_of_a_person_is_counted_and_told_to_the_house_once(order: Order) -> None:
    reader = reader_of(order)
    seen = reverse("portal:link_seen", args=["renew", reader.link.handle])
    assert f'data-seen="{seen}"' in reader.get().content.decode()

    statuses = [reader.client.post(seen).status_code for _gesture in range(2)]
    with time_machine.travel(TEN + timedelta(hours=1)):
        statuses.append(reader.client.post(seen).status_code)

    assert statuses == [204, 204, 204]
    assert Link.objects.get().opened_count == 2
    told = [(event.title, event.detail) for event in order_timeline(order) if "read" in str(event.title)]
    assert told == [("Renew page read by the customer", READER)]


def test_visit_by_the_link_of_a_contact_is_told_on_the_customers_page(order: Order) -> None:
    contact = factories.make_contact(order.customer, "Awa Diallo", email=READER)
    client = Client()
    client.get(path_of(make_contact_link(contact, now=clock.now())))

    client.post(reverse("portal:link_seen", args=["renew", Link.objects.get().handle]))

    told = [(event.title, event.detail) for event in customer_timeline(order.customer) if "read" in str(event.title)]
    assert told == [("Renew page read by the customer", READER)]


def test_whoever_presses_has_been_there(order: Order) -> None:
    reader = reader_of(order)

    reader.send()

    assert Link.objects.get().opened_count == 1
    assert Activity.objects.filter(verb="renewal.seen").count() == 1


# T10: a press sent again


def test_t10_form_sent_again_after_the_link_is_taken_back_orders_nothing(order: Order) -> None:
    reader = reader_of(order)
    form = reader.typed()
    revoke(order)

    assert reader.client.post(reader.url, form).status_code == 404
    assert reader.get().status_code == 404
    assert not Request.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_t10_eight_presses_at_once_order_once(order: Order) -> None:
    readers = [reader_of(order, email=f"reader{number}@granit-phare.example") for number in range(8)]
    forms = [reader.typed() for reader in readers]

    with ThreadPoolExecutor(8) as hands:
        answers = list(hands.map(_press, readers, forms))

    assert sorted(answers) == [302] + [409] * 7
    with scopes_disabled():
        assert Request.objects.count() == 1


def _press(reader: Reader, form: dict[str, Any]) -> int:
    try:
        return int(reader.client.post(reader.url, form).status_code)
    finally:
        connections.close_all()


# T11: nothing leaks


def test_t11_page_shows_no_token_and_is_kept_by_nobody(order: Order) -> None:
    client, path = Client(), order_link(order)

    page = client.get(client.get(path)["Location"])

    assert path.split("/")[2] not in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    assert [one for one in ('src="http', 'href="http') if one in page.content.decode()] == []


def test_t11_hostile_names_are_only_text(shop: Partner) -> None:
    hostile = "<script>alert(1)</script>{{ 7|add:7 }}"
    order = make_renewable(shop, customer=make_buyer(shop, hostile))

    body = reader_of(order).get().content.decode()

    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in body


# T13: all that opens nothing looks the same


def test_t13_unknown_expired_taken_back_and_foreign_are_answered_alike(order: Order, shop: Partner) -> None:
    taken_back, expired = order_link(order), order_link(order)
    revoke(order)
    Link.objects.filter(token_hash=links.hash_of(expired.split("/")[2])).update(
        revoked_at=None, created_at=TEN - timedelta(days=2), expires_at=TEN - timedelta(days=1)
    )
    reader = reader_of(make_renewable(shop, customer=order.customer))
    elsewhere = reverse("offers:link_renew", args=["0" * 12, order.pk])

    paths = (taken_back, expired, "/l/unknown-unknown-unknown/", elsewhere, reader.url)
    answers = [Client().get(path) for path in paths]

    assert {answer.status_code for answer in answers} == {404}
    assert len({words(answer) for answer in answers}) == 1


# Whose orders


def test_link_of_one_order_opens_no_other(order: Order, shop: Partner) -> None:
    sibling = make_renewable(shop, customer=order.customer, common_name="shop.granit-phare.example")
    foreign = make_renewable(shop, customer=make_buyer(shop, "Another SA"), common_name="www.another.example")
    elsewhere = make_renewable(factories.make_partner(), common_name="www.elsewhere.example")
    reader = reader_of(order)
    form = reader.typed()

    for other in (sibling, foreign, elsewhere):
        page = reverse("offers:link_renew", args=[reader.link.handle, other.pk])
        answers = [reader.client.get(page), reader.client.post(page, form), reader.client.get(f"{page}advice/")]
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert [one for one in answers if other.common_name in one.content.decode()] == []
    with scopes_disabled():
        assert not Request.objects.exists()


def test_link_of_a_contact_opens_that_contacts_due_orders_only(shop: Partner) -> None:
    customer = make_buyer(shop)
    contact = factories.make_contact(customer, "Awa Diallo", email=READER)
    mine, later = (make_renewable(shop, customer=customer, contact=contact, ends_on=end) for end in _ends())
    anothers = make_renewable(shop, customer=customer)
    client = Client()
    client.get(path_of(make_contact_link(contact, now=clock.now())))
    handle = Link.objects.get().handle

    statuses = [
        client.get(reverse("offers:link_renew", args=[handle, one.pk])).status_code for one in (mine, later, anothers)
    ]

    assert statuses == [200, 404, 404]


def _ends() -> tuple[date, date]:
    return factories.TODAY + timedelta(days=20), factories.TODAY + timedelta(days=120)


def test_at_home_one_reaches_the_own_customers_orders_only(order: Order, shop: Partner) -> None:
    foreign = make_renewable(shop, customer=make_buyer(shop, "Another SA"))
    elsewhere = make_renewable(factories.make_partner())
    client = at_home(make_person(order.customer))
    form = typed(client, home_url(order))

    statuses = [
        (client.get(home_url(one)).status_code, client.post(home_url(one), form).status_code)
        for one in (foreign, elsewhere)
    ]

    assert statuses == [(404, 404), (404, 404)]
    assert client.get(home_url(order)).status_code == 200


def test_link_signs_nobody_in(order: Order) -> None:
    reader = reader_of(order)

    assert reader.client.get(home_url(order)).status_code == 302
    assert reader.client.get(reverse("certificates:orders")).status_code == 302


def test_people_of_the_house_look_and_do_not_press(order: Order, page: Client, claire: Membership) -> None:
    reader = reader_of(order, client=page)
    form = reader.typed()

    shown = reader.get().content.decode()
    answers = [page.post(reader.url, form | more).status_code for more in ({}, {"look": "1"}, {"quote": "1"})]

    assert answers == [403, 403, 403]
    assert "This is your customer's page." in shown
    assert "data-seen" not in shown
    assert "hx-post" not in shown
    assert shown.count("disabled") >= 3
    assert not Request.objects.exists()
    assert Link.objects.get().opened_count == 0


def test_link_that_follows_a_forgotten_order_is_refused_quietly(order: Order) -> None:
    reader = reader_of(order)
    Link.objects.filter(pk=reader.link.pk).update(subject="order:999999")

    assert reader.get().status_code == 404


def test_link_is_made_for_the_partners_own_host(order: Order, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "relais.example"]
    Partner.objects.filter(pk=order.partner_id).update(host="relais.example")
    order.partner.refresh_from_db()

    address = make_order_link(order, email=READER, language="en", now=clock.now())

    assert address.partition("://")[2].startswith("relais.example")
