"""Stopping letters by the address at their foot: by mail programs, by people, and by nobody who only looks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.test import Client

from campaigns.models import Calendar, Step
from campaigns.services.unsubscribing import unsubscribe_headers, unsubscribe_url
from certificates.models import Consent, Contact, Customer, OptOut, Order
from certificates.services.preferences import opt_out, wants
from portal import clock
from portal.mail import outbox
from portal.mail.letters import Words
from portal.models import OutgoingMail, Partner
from portal.models.mail import MailPurpose, MailState
from portal.roles import Role
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.factories import make_contact, make_customer, make_member, make_order

SCANNERS = ("Mozilla/5.0 (compatible; scanner)", "Outlook-SafeLinks", "")


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner, "Karst Atelier SA", owner=make_member(partner, Role.ACCOUNT_MANAGER))


@pytest.fixture
def elise(customer: Customer) -> Contact:
    return make_contact(customer, "Elise Roy", email="elise@karst.example")


@pytest.fixture
def orders(partner: Partner, customer: Customer, elise: Contact) -> list[Order]:
    return [make_order(partner, customer=customer, contact=elise) for _ in range(2)]


def letter_about(orders: Sequence[Order], reader: Contact, purpose: MailPurpose, code: str) -> OutgoingMail:
    now, partner = clock.now(), reader.partner
    mail = outbox.enqueue(
        key=f"letter:{code}",
        partner=partner,
        purpose=purpose,
        to_email=reader.email,
        words=Words("60 days", "Renew", "", code),
        now=now,
    )
    calendar = Calendar.objects.filter(name="Everybody").first() or make_calendar(partner, "Everybody")
    step = Step.objects.filter(calendar=calendar).first() or make_step(calendar, -60)
    for order in orders:
        make_notice(order, step, reader, mail=mail)
    return mail


def path_of(mail: OutgoingMail) -> str:
    assert mail.partner
    return "/u/" + unsubscribe_url(mail.partner, mail.code).partition("/u/")[2]


def one_click(mail: OutgoingMail) -> int:
    client = Client(enforce_csrf_checks=True)
    return client.post(path_of(mail), {"List-Unsubscribe": "One-Click"}).status_code


def test_one_click_on_a_letter_with_an_offer_stops_offers_and_leaves_the_reminders(
    elise: Contact, orders: list[Order]
) -> None:
    mail = letter_about(orders, elise, MailPurpose.OFFER, "AAAA-BBBB-01")

    assert one_click(mail) == 200

    assert not wants(elise, offers=True)
    assert [wants(elise, order=order) for order in orders] == [True, True]


def test_one_click_on_a_service_notice_stops_its_orders_and_no_others(
    partner: Partner, elise: Contact, orders: list[Order]
) -> None:
    first, second = orders
    mail = letter_about([first], elise, MailPurpose.NOTICE, "AAAA-BBBB-02")

    assert one_click(mail) == 200

    assert [wants(elise, order=first), wants(elise, order=second), wants(elise, offers=True)] == [False, True, True]


def test_the_partner_is_told_once_when_notices_of_an_order_are_stopped(
    customer: Customer, elise: Contact, orders: list[Order]
) -> None:
    mail = letter_about(orders, elise, MailPurpose.NOTICE, "AAAA-BBBB-03")

    assert [one_click(mail), one_click(mail)] == [200, 200]

    [told] = OutgoingMail.objects.filter(key__startswith="letters-stopped:")
    assert customer.owner
    assert told.to_email == customer.owner.user.email
    assert "Elise Roy" in told.subject
    assert all(order.number in told.text for order in orders)


def test_a_customer_of_nobody_is_told_about_to_the_administrators(partner: Partner) -> None:
    head = make_member(partner, Role.ADMINISTRATOR)
    make_member(partner, Role.SUPPORT)
    customer = make_customer(partner, "Nobody's")
    reader = make_contact(customer, "Ada", email="ada@nobody.example")
    mail = letter_about([make_order(partner, customer=customer)], reader, MailPurpose.NOTICE, "AAAA-BBBB-04")

    one_click(mail)

    told = OutgoingMail.objects.filter(key__startswith="letters-stopped:")
    assert [one.to_email for one in told] == [head.user.email]


def test_scanners_that_open_the_address_stop_nothing(elise: Contact, orders: list[Order]) -> None:
    mail = letter_about(orders, elise, MailPurpose.OFFER, "AAAA-BBBB-05")

    for agent in SCANNERS:
        client = Client(headers={"user-agent": agent})
        assert client.get(path_of(mail)).status_code == 200
        assert client.head(path_of(mail)).status_code == 200

    assert not OptOut.objects.exists()
    assert not Consent.objects.exists()


def test_a_post_without_the_words_of_the_standard_or_a_press_stops_nothing(elise: Contact, orders: list[Order]) -> None:
    mail = letter_about(orders, elise, MailPurpose.OFFER, "AAAA-BBBB-06")

    assert Client().post(path_of(mail), {"something": "else"}).status_code == 200

    assert not OptOut.objects.exists()


def test_a_person_stops_sees_it_and_takes_it_back(elise: Contact, orders: list[Order]) -> None:
    mail, client = letter_about(orders, elise, MailPurpose.NOTICE, "AAAA-BBBB-07"), Client(enforce_csrf_checks=True)

    stopped = client.post(path_of(mail), {"wanted": "0"}).content.decode()
    again = client.post(path_of(mail), {"wanted": "1"}).content.decode()

    assert "You get no more notices about" in stopped
    assert "You will get no more notices about" in again
    assert not OptOut.objects.exists()


def test_each_word_of_the_reader_is_kept_with_its_source_and_letter(elise: Contact, orders: list[Order]) -> None:
    mail = letter_about(orders, elise, MailPurpose.OFFER, "AAAA-BBBB-08")

    one_click(mail)
    Client().post(path_of(mail), {"wanted": "1"})

    kept = Consent.objects.order_by("pk").values_list("scope", "wanted", "source", "email", "letter")
    assert list(kept) == [
        ("offers", False, "one_click", "elise@karst.example", mail.code),
        ("offers", True, "letter", "elise@karst.example", mail.code),
    ]


def test_what_is_said_at_home_is_kept_too(elise: Contact) -> None:
    actor = make_member(elise.partner, Role.CUSTOMER, customer=elise.customer).user

    opt_out(elise, OptOut.Scope.ALL, now=clock.now(), actor=actor)

    assert list(Consent.objects.values_list("source", "by")) == [("home", actor.pk)]


@pytest.mark.parametrize("change", [lambda token: token[:-1] + "x", lambda token: "x" + token, lambda _token: "x"])
def test_a_token_that_was_changed_opens_nothing(elise: Contact, orders: list[Order], change: object) -> None:
    mail = letter_about(orders, elise, MailPurpose.OFFER, "AAAA-BBBB-09")
    token = path_of(mail).removeprefix("/u/").removesuffix("/")

    answer = Client().post(f"/u/{change(token)}/", {"List-Unsubscribe": "One-Click"})  # type: ignore[operator]

    assert answer.status_code == 404
    assert not OptOut.objects.exists()


def test_letters_that_are_not_one_of_a_row_have_nothing_to_stop(elise: Contact, orders: list[Order]) -> None:
    mail = letter_about([], elise, MailPurpose.SERVICE, "AAAA-BBBB-10")

    page = Client().post(path_of(mail), {"List-Unsubscribe": "One-Click"})

    assert "There is nothing to stop" in page.content.decode()
    assert not OptOut.objects.exists()


def test_who_stops_resumes_and_stops_again_is_told_of_twice(elise: Contact, orders: list[Order]) -> None:
    mail = letter_about(orders, elise, MailPurpose.NOTICE, "AAAA-BBBB-13")

    for wanted in ("0", "0", "1", "0"):
        Client().post(path_of(mail), {"wanted": wanted})

    assert OutgoingMail.objects.filter(key__startswith="letters-stopped:").count() == 2


def test_letter_to_an_address_that_was_corrected_meanwhile_still_stops_for_its_reader(
    elise: Contact, orders: list[Order]
) -> None:
    mail = letter_about(orders, elise, MailPurpose.NOTICE, "AAAA-BBBB-14")
    Contact.objects.filter(pk=elise.pk).update(email="elise.roy@karst.example")

    assert one_click(mail) == 200

    assert [wants(elise, order=order) for order in orders] == [False, False]


def test_the_headers_are_those_of_the_standard(elise: Contact, orders: list[Order]) -> None:
    url = unsubscribe_url(elise.partner, "AAAA-BBBB-11")

    assert unsubscribe_headers(url) == {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_a_letter_is_spoken_of_in_the_language_of_its_reader(customer: Customer, partner: Partner) -> None:
    reader = make_contact(customer, "Zoé", email="zoe@karst.example", language="fr")
    mail = letter_about([make_order(partner, customer=customer)], reader, MailPurpose.OFFER, "AAAA-BBBB-12")

    page = Client(headers={"accept-language": "en"}).get(path_of(mail))

    assert '<html lang="fr"' in page.content.decode()
    assert OutgoingMail.objects.get(pk=mail.pk).state == MailState.QUEUED
