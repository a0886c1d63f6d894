"""The letter with the link to a renewal: the essentials in text and HTML alike, sent on request, taken back at once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from certificates.models import Contact, Customer, OptOut, Order
from certificates.services import replies
from certificates.services.letters import renewals as renewal_letters
from certificates.services.letters.renewals import (
    NobodyToWriteTo,
    NothingDue,
    Sent,
    TooManyLetters,
    send_renewal_link,
)
from certificates.services.preferences import opt_out
from certificates.services.replies import Voice
from certificates.states import EmailState, OrderStatus, RenewalMark
from portal.models import Activity, Link, OutgoingMail, Partner
from portal.models.mail import SECRET_PURPOSES
from portal.roles import Role
from tests import factories
from tests.certificates.customers import EMAIL, in_days, link_in, make_due, newest_link, opened
from tests.certificates.services.work import TEN

ESSENTIALS = (
    "www.granit-phare.example",
    "771001",
    "Secure Site OV",
    "13 December 2025",
    "12 December 2026",
    "1 year",
    "You lose no day: what is left (20 days) is added to the 365 days of the new order, "
    "which runs to 12 December 2027.",
)


@pytest.fixture(autouse=True)
def _fresh_counters(db: None, settings: Any) -> None:
    cache.clear()
    settings.MFA_REQUIRED = False


def send(about: Order | Contact, **options: Any) -> OutgoingMail:
    return send_renewal_link(about, actor=options.get("actor"), now=options.get("now", TEN))


def contact_of(order: Order) -> Contact:
    assert order.contact
    return order.contact


def visible(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def staff(client: Client, partner: Partner, role: str = Role.SUPPORT) -> Client:
    client.force_login(factories.make_member(partner, role).user)
    return client


def send_to_all(partner: Partner) -> Sent:
    orders = Order.objects.for_partner(partner)
    return renewal_letters.send_renewal_links(orders, partner=partner, actor=factories.make_user(), now=TEN)


# What it says


def test_letter_gives_all_the_essentials_in_text_and_html_alike(partner: Partner) -> None:
    partner.support_phone, partner.support_email = "+33 1 00 00 00 00", "help@relais.example"
    partner.save()
    order = make_due(partner, number="771001")

    letter = send(order, actor=factories.make_user("sam@relais.example", first_name="Sam", last_name="Okafor"))

    assert letter.subject == "Renew www.granit-phare.example by 12 December 2026"
    for body in (" ".join(letter.text.split()), visible(letter.html)):
        for essential in (*ESSENTIALS, "Hello Lena Roth,", "Sam Okafor sends you the link", "+33 1 00 00 00 00"):
            assert essential in body
    assert letter.html.count("<a href=") == 1
    assert link_in(letter.text) == link_in(letter.html)


def test_letter_of_an_ended_order_promises_no_days(partner: Partner) -> None:
    letter = send(make_due(partner, days=-5))

    assert letter.subject == "Renew www.granit-phare.example: it ended on 17 November 2026"
    assert "You lose no day" not in letter.text + letter.html
    assert "Renewed today, the new order runs to" in letter.text


def test_letter_speaks_the_language_of_its_reader(partner: Partner) -> None:
    order = make_due(partner)
    Contact.objects.filter(pk=contact_of(order).pk).update(language="fr")
    order.contact.refresh_from_db()  # type: ignore[union-attr]

    letter = send(order)

    assert "Bonjour Lena Roth," in letter.text
    assert "12 décembre 2026" in letter.text
    assert "12 décembre 2026" in visible(letter.html)
    assert newest_link().language == "fr"


def test_letter_about_everything_names_each_order_and_how_many_more(partner: Partner) -> None:
    first = make_due(partner, days=3, common_name="first.granit-phare.example")
    for number in range(14):
        make_due(partner, customer=first.customer, contact=first.contact, common_name=f"n{number}.granit-phare.example")

    letter = send(contact_of(first))

    assert letter.subject == "15 certificates to renew, the first by 25 November 2026"
    assert letter.text.count("Order number:") == 12
    assert letter.html.count("Order number") == 12
    for body in (letter.text, letter.html):
        assert body.index("first.granit-phare.example") < body.index("n0.granit-phare.example")
        assert "and 3 more certificates" in body
    assert newest_link().subject == f"contact:{contact_of(first).pk}"


def test_letter_about_everything_leaves_out_what_is_not_due_or_not_wanted(partner: Partner) -> None:
    due = make_due(partner, number="771001")
    same: dict[str, Any] = {"customer": due.customer, "contact": due.contact}
    put_off = make_due(partner, number="771002", **same)
    replies.put_off(put_off, until=in_days(7), voice=Voice(name="Lena Roth"), now=TEN)
    make_due(partner, number="771003", renewal_mark=RenewalMark.IN_HAND, **same)
    make_due(partner, number="771004", days=120, **same)
    make_due(partner, number="771005", status=OrderStatus.REVOKED, **same)
    factories.make_order(partner, number="771006", customer=due.customer)

    letter = send(contact_of(due))

    assert set(re.findall(r"77100\d", letter.text)) == {"771001"}


def test_line_break_in_a_name_never_keeps_the_letter_from_leaving(partner: Partner) -> None:
    order = make_due(partner)
    Contact.objects.filter(pk=contact_of(order).pk).update(name="Lena\r\nBcc: all@spam.example")
    order.contact.refresh_from_db()  # type: ignore[union-attr]

    letter = send(order)

    assert letter.to_name == "Lena Bcc: all@spam.example"
    assert len(letter.subject.splitlines()) == 1


# Whom it reaches, and how often


def test_link_opens_the_order_for_its_reader(partner: Partner, client: Client) -> None:
    order = make_due(partner)

    handle = opened(client, link_in(send(order).text))

    assert newest_link().audience == EMAIL
    assert client.get(reverse("certificates:link_reply", args=[handle, order.pk])).status_code == 200


def test_asked_again_within_the_minute_it_is_the_same_letter(partner: Partner) -> None:
    order = make_due(partner)

    first, again = send(order), send(order, now=TEN + timedelta(seconds=20))
    later = send(order, now=TEN + timedelta(minutes=2))

    assert first == again
    assert later != first
    assert Link.objects.count() == 2
    assert Activity.objects.filter(verb="order.link_sent").count() == 2


@pytest.mark.parametrize("fields", [{"email": ""}, {"email_state": EmailState.BOUNCED}])
def test_nobody_is_written_to_where_letters_come_back(partner: Partner, fields: dict[str, str]) -> None:
    order = make_due(partner)
    Contact.objects.filter(pk=contact_of(order).pk).update(**fields)
    order.contact.refresh_from_db()  # type: ignore[union-attr]

    for about in (order, contact_of(order), factories.make_order(partner)):
        with pytest.raises(NobodyToWriteTo):
            send(about)

    assert not Link.objects.exists()


@pytest.mark.parametrize("fields", [{"renewal_mark": RenewalMark.RENEWED}, {"days": 120}, {"days": -60}])
def test_nothing_is_sent_about_what_cannot_be_renewed_today(partner: Partner, fields: dict[str, Any]) -> None:
    order = make_due(partner, **fields)

    with pytest.raises(NothingDue):
        send(order)
    with pytest.raises(NothingDue):
        send(contact_of(order))

    assert not OutgoingMail.objects.exists()


def test_letters_hold_a_secret_and_are_emptied_once_sent(partner: Partner) -> None:
    assert send(make_due(partner)).purpose in SECRET_PURPOSES


# What staff do


def test_support_sends_the_link_from_the_order_and_sees_it_there(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    page = reverse("certificates:order", args=[order.pk])

    before = staff(client, partner).get(page).content.decode()
    answered = client.post(reverse("certificates:order_link_send", args=[order.pk]), follow=True).content.decode()

    assert "Send the renewal link" in before
    assert EMAIL in before
    assert f"The link is on its way to {EMAIL}." in answered
    assert "Not opened yet" in answered
    assert OutgoingMail.objects.get().to_email == EMAIL


def test_copied_link_is_shown_once_and_written_down(partner: Partner, client: Client) -> None:
    order = make_due(partner)

    shown = staff(client, partner).post(reverse("certificates:order_link_copy", args=[order.pk]))

    address = link_in(shown.content.decode())
    assert shown["Cache-Control"] == "no-store"
    assert Activity.objects.get(verb="order.link_made").facts == {"to": EMAIL}
    assert opened(Client(), address)
    assert address not in client.get(reverse("certificates:order", args=[order.pk])).content.decode()


def test_taken_back_link_opens_nothing_any_more(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    reader = Client()
    handle = opened(reader, link_in(send(order).text))
    page = reverse("certificates:link_reply", args=[handle, order.pk])
    assert reader.get(page).status_code == 200

    staff(client, partner).post(reverse("certificates:link_take_back", args=[newest_link().pk]))

    assert reader.get(page).status_code == 404
    assert Activity.objects.filter(verb="order.link_taken_back").count() == 1
    assert "Taken back" in client.get(reverse("certificates:order", args=[order.pk])).content.decode()


def test_link_of_another_purpose_is_not_taken_back_here(partner: Partner, client: Client) -> None:
    send(make_due(partner))
    Link.objects.update(purpose="quote")

    assert staff(client, partner).post(f"/links/{newest_link().pk}/take-back/").status_code == 404


def test_support_sends_all_that_is_due_from_the_customers_page(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    make_due(partner, customer=order.customer, contact=order.contact)
    idle = factories.make_contact(order.customer, "Idle Contact", email="idle@granit-phare.example")
    page = reverse("certificates:customer", args=[order.customer_id])

    before = staff(client, partner).get(page).content.decode()
    client.post(reverse("certificates:contact_link_send", args=[contact_of(order).pk]))
    after = client.get(page).content.decode()

    assert "Send Lena Roth the link to all that is due" in before
    assert f"Send {idle} the link" not in before
    assert OutgoingMail.objects.get().subject == "2 certificates to renew, the first by 12 December 2026"
    assert "Not opened yet" in after


def test_many_orders_get_one_letter_per_contact(partner: Partner, client: Client) -> None:
    first = make_due(partner)
    same = make_due(partner, customer=first.customer, contact=first.contact)
    other = make_due(partner)
    nobodys = factories.make_order(partner)
    staff(client, partner)

    ids = [order.pk for order in (first, same, other, nobodys)]
    answered = client.post("/expiring/bulk/", {"action": "send_links", "ids": ids, "query": "tab=30"}, follow=True)

    assert OutgoingMail.objects.count() == 2
    said = answered.content.decode()
    assert "2 letters are on their way." in said
    assert "1 order was left out" in said


def test_bulk_respects_switches_and_wishes(partner: Partner) -> None:
    wanted, off, customer_off, unsubscribed = (make_due(partner) for _ in range(4))
    Order.objects.filter(pk=off.pk).update(notices_enabled=False)
    Customer.objects.filter(pk=customer_off.customer_id).update(notices_enabled=False)
    opt_out(contact_of(unsubscribed), OptOut.Scope.ALL, now=TEN)

    sent = send_to_all(partner)

    assert (sent.letters, sent.left_out) == (1, 3)
    assert wanted.number in OutgoingMail.objects.get().text


def test_order_that_its_reader_wants_no_letters_about_stands_in_none(partner: Partner) -> None:
    order = make_due(partner, number="771001")
    other = make_due(partner, number="771002", customer=order.customer, contact=order.contact)
    opt_out(contact_of(order), OptOut.Scope.ORDER, order=other, now=TEN)

    letter = send(contact_of(order))

    assert set(re.findall(r"77100\d", letter.text)) == {"771001"}


def test_too_many_contacts_are_not_written_to_at_once(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal_letters, "MOST_LETTERS", 1)
    for _ in range(2):
        make_due(partner)

    with pytest.raises(TooManyLetters):
        send_to_all(partner)

    assert not OutgoingMail.objects.exists()


def test_customers_send_no_links(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    client.force_login(factories.make_member(partner, Role.CUSTOMER, customer=order.customer).user)

    assert client.post(reverse("certificates:order_link_send", args=[order.pk])).status_code == 403
