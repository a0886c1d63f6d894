"""Asking a colleague: a letter of ours with a link of their own, a few a day, and never an open relay."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from certificates.models import Contact, Order
from certificates.services import forwarding, renewal_links
from certificates.services.forwarding import AskedJustNow, AskedTooOften, Asker, Colleague, Part, Task
from certificates.services.letters.renewals import take_back_link
from portal import clock
from portal.models import Activity, Link, OutgoingMail, Partner
from portal.roles import Role
from tests import factories
from tests.certificates.customers import (
    link_in,
    make_due,
    newest_link,
    open_contact_link,
    open_order_link,
    opened,
)
from tests.certificates.services.work import TEN

TYPED = {"name": "Bao Tran", "email": "Bao@Granit-Phare.example", "task": "buy", "message": "", "language": "en"}
LENA = Asker(name="Lena Roth")


@pytest.fixture(autouse=True)
def _fresh_counters(db: None, settings: Any) -> None:
    cache.clear()
    settings.MFA_REQUIRED = False


def link_to(order: Order) -> Link:
    renewal_links.make_order_link(order, email="lena@granit-phare.example", language="en", now=TEN)
    return newest_link()


def ask(order: Order, link: Link | None = None, **options: Any) -> OutgoingMail:
    now, part = options.pop("now", TEN), options.pop("part", Part.ONE)
    asker = options.pop("asker", Asker(name="Lena Roth", link=link or link_to(order)))
    facts = {"name": "Bao Tran", "email": "bao@granit-phare.example", "task": Task.BUY, "language": "en"} | options
    return forwarding.ask_colleague(order, Colleague(**facts), asker=asker, part=part, now=now)


def visible(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# The letter


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (Task.BUY, "asks you to order the renewal of this certificate, or to get a quote for it."),
        (Task.INSTALL, "asks you to take care of the server when this certificate is renewed"),
    ],
)
def test_letter_says_who_asks_for_what_in_text_and_html_alike(partner: Partner, task: Task, words: str) -> None:
    order = make_due(partner)

    letter = ask(order, task=task, message="Please do it\nbefore Friday.")

    assert (letter.to_email, letter.to_name) == ("bao@granit-phare.example", "Bao Tran")
    assert letter.subject.startswith("Lena Roth asks")
    for body in (" ".join(letter.text.split()), visible(letter.html)):
        assert f"Lena Roth of Granit Phare SA {words}" in body
        assert "Lena Roth writes: Please do it before Friday." in body
        assert f"Order {order.number} · {order.product_name}" in body
        assert "It ends on 12 December 2026." in body
    assert link_in(letter.text) == link_in(letter.html)


def test_letter_is_written_in_the_language_chosen(partner: Partner) -> None:
    letter = ask(make_due(partner), language="fr")

    assert "Bonjour Bao Tran," in letter.text
    assert newest_link().language == "fr"


def test_letter_comes_from_the_partner_whoever_asks(partner: Partner) -> None:
    partner.sender_email, partner.support_email = "renewals@relais.example", "help@relais.example"
    partner.save()

    letter = ask(make_due(partner), asker=Asker(name="Evil <evil@spam.example>", link=None, actor=None))

    assert "renewals@relais.example" in letter.from_email
    assert "evil" not in letter.from_email.lower()
    assert letter.reply_to == "help@relais.example"


@pytest.mark.parametrize("breaks", ["\r\nBcc: all@spam.example", "\nSubject: Buy", "\x0bX: y\u2028Z: w"])
def test_line_breaks_in_names_never_reach_a_header(partner: Partner, breaks: str) -> None:
    order = make_due(partner)

    letter = ask(order, name=f"Bao{breaks}", asker=Asker(name=f"Lena{breaks}", link=link_to(order)))

    for header in (letter.subject, letter.to_name, letter.from_email):
        assert len(header.splitlines()) == 1


def test_message_is_one_plain_paragraph_without_markup_or_links_to_press(partner: Partner) -> None:
    order = make_due(partner)

    letter = ask(order, message='<a href="https://spam.example">Win</a>\n\n\n-- \nYour bank\u202e')

    assert "<a href=" not in letter.html.replace(f'<a href="{link_in(letter.html)}"', "")
    assert '<a href="https://spam.example">Win</a> -- Your bank' in letter.text
    assert "\u202e" not in letter.text


def test_address_is_kept_for_the_timeline_and_is_no_contact(partner: Partner) -> None:
    order = make_due(partner)

    ask(order)

    deed = Activity.objects.get(verb="order.forwarded")
    assert deed.facts == {"by": "Lena Roth", "to": "bao@granit-phare.example", "task": "buy"}
    assert not Contact.objects.filter(email="bao@granit-phare.example").exists()


# Limits


def test_same_address_is_not_written_to_twice_within_an_hour(partner: Partner) -> None:
    order, other = make_due(partner), make_due(partner)
    ask(order)

    for again in (order, other):
        with pytest.raises(AskedJustNow):
            ask(again, email="BAO@granit-phare.example", now=TEN + timedelta(minutes=59))
    ask(order, now=TEN + timedelta(minutes=61))

    assert OutgoingMail.objects.count() == 2
    assert Link.objects.filter(source__startswith="forward:").count() == 2


def test_another_partner_may_write_to_the_address(partner: Partner) -> None:
    ask(make_due(partner))
    other = factories.make_partner("Autre")

    with scope(partner=other):
        letter = ask(make_due(other))

    assert letter.partner == other


def test_one_link_writes_to_a_few_colleagues_a_day(partner: Partner) -> None:
    order = make_due(partner)
    link = link_to(order)

    for number in range(forwarding.PER_ASKER.amount):
        ask(order, link, email=f"{number}@granit-phare.example")
    with pytest.raises(AskedTooOften):
        ask(order, link, email="one.more@granit-phare.example")

    assert OutgoingMail.objects.count() == forwarding.PER_ASKER.amount
    ask(order, email="by.another.link@granit-phare.example")


def test_customers_of_a_partner_write_to_so_many_a_day_together(partner: Partner) -> None:
    order = make_due(partner)
    for _ in range(forwarding.PER_PARTNER.amount):
        forwarding.PER_PARTNER.count(str(partner.pk))

    with pytest.raises(AskedTooOften):
        ask(order)

    assert not OutgoingMail.objects.exists()


def test_what_is_refused_uses_nothing_up(partner: Partner) -> None:
    order = make_due(partner)
    link = link_to(order)
    ask(order, link)

    for _ in range(forwarding.PER_ASKER.amount):
        with pytest.raises(AskedJustNow):
            ask(order, link)

    ask(order, link, email="somebody.else@granit-phare.example")


# The colleague's link


def test_colleague_sees_the_order_and_who_asked(partner: Partner) -> None:
    order = make_due(partner)
    first = link_to(order)

    letter = ask(order, first)

    link, browser = newest_link(), Client()
    assert (link.audience, link.subject) == ("bao@granit-phare.example", first.subject)
    assert link.expires_at == first.expires_at
    assert forwarding.asked_by(link) == "Lena Roth"
    assert forwarding.asked_by(first) == ""
    handle = opened(browser, link_in(letter.text))
    assert browser.get(reverse("certificates:link_reply", args=[handle, order.pk])).status_code == 200


def test_link_to_all_that_is_due_is_handed_on_for_one_order_or_whole(partner: Partner) -> None:
    order = make_due(partner)
    second = make_due(partner, customer=order.customer, contact=order.contact)
    renewal_links.make_contact_link(order.contact, now=TEN)  # type: ignore[arg-type]
    link = newest_link()

    ask(order, link)
    one = newest_link()
    ask(second, link, email="eve@granit-phare.example", part=Part.ALL)
    everything = newest_link()

    assert (one.subject, everything.subject) == (f"order:{order.pk}", f"contact:{order.contact_id}")


def test_taking_the_first_link_back_ends_those_that_were_handed_on(partner: Partner) -> None:
    order = make_due(partner)
    first, stranger = link_to(order), link_to(order)
    ask(order, first)
    second = newest_link()
    ask(order, second, email="eve@granit-phare.example")
    third = newest_link()

    ended = take_back_link(first, actor=factories.make_user(), now=TEN)

    def is_open(link: Link) -> bool:
        return Link.objects.get(pk=link.pk).is_open(TEN)

    assert ended == 3
    assert [is_open(link) for link in (first, second, third, stranger)] == [False, False, False, True]


def test_colleague_who_is_out_takes_nobody_else_along(partner: Partner) -> None:
    order = make_due(partner)
    first = link_to(order)
    ask(order, first)
    second = newest_link()

    take_back_link(second, actor=factories.make_user(), now=TEN)

    assert Link.objects.get(pk=first.pk).is_open(TEN)


# The page


def test_customer_asks_behind_the_link(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    page = reverse("certificates:link_forward", args=[open_order_link(client, order), order.pk])

    shown = client.get(page).content.decode()
    answered = client.post(page, TYPED)

    assert "Ask a colleague" in shown
    assert 'name="part"' not in shown
    assert answered.status_code == 302
    letter = OutgoingMail.objects.get()
    assert letter.to_email == "Bao@Granit-Phare.example"
    assert "Lena Roth of Granit Phare SA" in letter.text


def test_customer_chooses_how_much_to_hand_on(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    handle = open_contact_link(client, order.contact)  # type: ignore[arg-type]
    page = reverse("certificates:link_forward", args=[handle, order.pk])

    assert 'name="part"' in client.get(page).content.decode()
    client.post(page, {**TYPED, "part": "all"})

    assert newest_link().subject == f"contact:{order.contact_id}"


def test_page_says_why_nobody_was_asked(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    page = reverse("certificates:link_forward", args=[open_order_link(client, order), order.pk])

    client.post(page, TYPED)
    again = client.post(page, TYPED)
    for number in range(4):
        client.post(page, {**TYPED, "email": f"{number}@granit-phare.example"})
    tomorrow = client.post(page, {**TYPED, "email": "eve@granit-phare.example"})
    wrong = client.post(page, {**TYPED, "email": "a@b.example\nBcc: c@d.example", "task": "spam"})

    assert again.status_code == 429
    assert "within the last hour" in again.content.decode()
    assert tomorrow.status_code == 429
    assert "No more colleagues can be asked today" in tomorrow.content.decode()
    assert wrong.status_code == 422


@pytest.mark.parametrize("where", ["name", "message"])
@pytest.mark.parametrize("words", ["See https://evil.example", "WWW.evil.example", "bank.example/login now"])
def test_the_letter_leads_to_nobody_elses_page(partner: Partner, client: Client, where: str, words: str) -> None:
    order = make_due(partner)
    page = reverse("certificates:link_forward", args=[open_order_link(client, order), order.pk])

    refused = client.post(page, {**TYPED, where: words})
    taken = client.post(page, {**TYPED, where: "For shop.granit-phare.example, and/or its mail"})

    assert refused.status_code == 422
    assert "Write it without web addresses" in refused.content.decode()
    assert taken.status_code == 302
    assert OutgoingMail.objects.count() == 1


def test_link_asks_about_its_own_orders_only(partner: Partner, client: Client) -> None:
    order, other = make_due(partner), make_due(partner)
    handle = open_order_link(client, order)

    assert client.post(reverse("certificates:link_forward", args=[handle, other.pk]), TYPED).status_code == 404
    assert not OutgoingMail.objects.exists()


def test_customer_asks_at_home(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    member = factories.make_member(partner, Role.CUSTOMER, customer=order.customer)
    client.force_login(member.user)

    client.post(reverse("certificates:home_forward", args=[order.pk]), TYPED)

    link = newest_link()
    assert (link.subject, link.source) == (f"order:{order.pk}", f"forward:user:{member.user.pk}")
    assert forwarding.asked_by(link) == str(member.user)
    assert Activity.objects.get(verb="order.forwarded").actor == member.user
    assert clock.now() < link.expires_at
