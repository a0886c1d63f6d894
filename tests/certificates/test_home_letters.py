"""Which letters a contact wants, by scope; and what was written to them, to be read again without its links."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Exists, OuterRef
from django.test import Client

from certificates.models import Consent, Contact, Customer, OptOut, Order
from certificates.services.preferences import Scope, opt_in, opt_out, unwanted, wanting, wants
from certificates.services.renewal_links import make_order_link
from portal import clock
from portal.mail import outbox
from portal.mail.letters import Words
from portal.models import Activity, OutgoingMail, Partner, SuppressedAddress
from portal.models.mail import MailPurpose, MailState
from portal.roles import Role
from tests.certificates.expiring import content, sign_in, text
from tests.factories import make_certificate, make_contact, make_customer, make_member, make_order
from tests.queries import page_queries


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner, "Karst Atelier SA")


@pytest.fixture
def client(partner: Partner, customer: Customer) -> Client:
    return sign_in(partner, Role.CUSTOMER, customer=customer, email="elise@karst.example")


@pytest.fixture
def elise(customer: Customer, client: Client) -> Contact:
    return make_contact(customer, "Elise Roy", email="Elise@karst.example")


@pytest.fixture
def order(partner: Partner, customer: Customer) -> Order:
    return make_order(partner, customer=customer)


def guarded() -> list[str]:
    return [one.email for one in SuppressedAddress.objects.filter(reason="unsubscribed")]


# What apps above ask


def test_each_scope_stops_its_own_letters_and_no_others(partner: Partner, elise: Contact, order: Order) -> None:
    current, other = make_certificate(order), make_order(partner, customer=order.customer)
    now = clock.now()

    opt_out(elise, Scope.ORDER, order=order, now=now)
    assert (wants(elise, order=order), wants(elise, order=other), wants(elise)) == (False, True, True)
    opt_out(elise, Scope.CERTIFICATE, certificate=current, now=now)
    assert (wants(elise, order=other, certificate=current.pk), wants(elise, order=other)) == (False, True)
    opt_out(elise, Scope.OFFERS, now=now)
    assert (wants(elise, offers=True), wants(elise, order=other)) == (False, True)
    opt_out(elise, Scope.ALL, now=now)
    assert not wants(elise, order=other)

    for scope, about in (
        (Scope.ALL, {}),
        (Scope.OFFERS, {}),
        (Scope.CERTIFICATE, {"certificate": current}),
        (Scope.ORDER, {"order": order}),
    ):
        assert opt_in(elise, scope, now=now, **about)
    assert wants(elise, order=order, certificate=current.pk, offers=True)
    assert not OptOut.objects.exists()


def test_many_letters_are_planned_with_one_question(partner: Partner, elise: Contact, order: Order) -> None:
    marc = make_contact(order.customer, "Marc Dubois")
    Order.objects.filter(pk=order.pk).update(contact=elise)
    other = make_order(partner, customer=order.customer, contact=marc)
    opt_out(elise, Scope.ORDER, order=order, now=clock.now())

    stopped = Exists(unwanted(contact=OuterRef("contact"), order=OuterRef("pk")))

    assert list(Order.objects.exclude(stopped)) == [other]
    assert set(wanting(Contact.objects.for_partner(partner), order=order.pk)) == {marc}
    assert set(wanting(Contact.objects.for_partner(partner), order=other.pk)) == {elise, marc}


def test_a_wish_is_kept_once_and_written_down_once(elise: Contact) -> None:
    assert [opt_out(elise, Scope.OFFERS, now=clock.now()) for _ in range(2)] == [True, False]
    assert [opt_in(elise, Scope.OFFERS, now=clock.now()) for _ in range(2)] == [True, False]

    deeds = list(Activity.objects.order_by("pk").values_list("verb", flat=True))
    assert deeds == ["contact.letters_stopped", "contact.letters_wanted"]


def test_a_scope_without_its_subject_is_a_mistake(elise: Contact, order: Order) -> None:
    mistakes: list[tuple[Scope, dict[str, Any]]] = [
        (Scope.ORDER, {}),
        (Scope.ALL, {"order": order}),
        (Scope.CERTIFICATE, {"order": order}),
    ]
    for scope, about in mistakes:
        with pytest.raises(ValueError, match=scope.value):
            opt_out(elise, scope, now=clock.now(), **about)


def test_the_mail_guard_holds_as_long_as_one_wish_stands(partner: Partner, elise: Contact, order: Order) -> None:
    namesake = make_contact(make_customer(partner, "Second house"), email=elise.email)
    now = clock.now()

    opt_out(elise, Scope.ORDER, order=order, now=now)
    assert guarded() == []
    opt_out(elise, Scope.OFFERS, now=now)
    opt_out(elise, Scope.ALL, now=now)
    opt_out(namesake, Scope.OFFERS, now=now)
    assert guarded() == ["elise@karst.example"]
    for contact, scope in ((elise, Scope.OFFERS), (elise, Scope.ALL)):
        opt_in(contact, scope, now=now)
        assert guarded() == ["elise@karst.example"]
    opt_in(namesake, Scope.OFFERS, now=now)
    assert guarded() == []


def test_whoever_wants_no_offers_gets_none_from_the_mail_guard(partner: Partner, elise: Contact) -> None:
    opt_out(elise, Scope.OFFERS, now=clock.now())
    offer, notice = (letter(partner, elise.email, purpose=one) for one in (MailPurpose.OFFER, MailPurpose.NOTICE))

    assert list(OutgoingMail.objects.suppressed()) == [offer]
    assert notice in OutgoingMail.objects.claimable(clock.now())


# The page


def choose(client: Client, url: str = "/home/preferences/", **typed: Any) -> int:
    return client.post(url, typed).status_code


def test_wishes_are_changed_on_the_page_and_on_the_orders(client: Client, elise: Contact, order: Order) -> None:
    assert choose(client, scope="order", order=order.pk, wanted="0") == 302
    assert choose(client, scope="offers", wanted="0") == 302

    page = text(client.get("/home/preferences/"))
    assert not wants(elise, order=order)
    assert not wants(elise, offers=True)
    for words in (order.common_name, "This order: stopped", "These always come", "Send them again"):
        assert words in page
    assert "Reminders about this order They are stopped" in text(client.get(f"/home/orders/{order.pk}/"))

    assert choose(client, scope="order", order=order.pk, wanted="1") == 302
    assert wants(elise, order=order)


def test_a_button_leads_back_to_the_page_it_stands_on(client: Client, elise: Contact, order: Order) -> None:
    page = f"http://testserver/home/orders/{order.pk}/"

    answer = client.post("/home/preferences/", {"scope": "order", "order": order.pk}, headers={"referer": page})

    assert answer.headers["Location"] == page


def test_nobody_speaks_for_another_customers_order(partner: Partner, client: Client, elise: Contact) -> None:
    neighbour = make_order(partner, customer=make_customer(partner, "Neighbour"))
    theirs = make_certificate(neighbour)

    assert choose(client, scope="order", order=neighbour.pk) == 404
    assert choose(client, scope="certificate", certificate=theirs.pk) == 404
    assert choose(client, scope="order", order="1e3") == 404
    assert choose(client, scope="everything") == 302
    assert not OptOut.objects.exists()


def test_language_and_zone_are_those_of_letters_and_pages(client: Client, elise: Contact) -> None:
    typed = {"language": "fr", "time_zone": "Europe/Paris"}

    assert choose(client, **typed) == 302
    assert choose(client, language="xx", time_zone="Europe/Paris") == 422

    elise.refresh_from_db()
    user = client.member.user  # type: ignore[attr-defined]
    user.refresh_from_db()
    assert [(one.language, one.time_zone) for one in (elise, user)] == [("fr", "Europe/Paris")] * 2


def test_whoever_is_no_contact_is_told_so(client: Client) -> None:
    assert "nobody with this address is a contact" in text(client.get("/home/preferences/"))
    assert choose(client, scope="all") == 302
    assert not OptOut.objects.exists()


# Behind a link


def opened(order: Order, email: str) -> tuple[Client, str]:
    """A stranger's browser that has opened a link to the order, and the page of preferences behind it."""
    reader = Client()
    address = make_order_link(order, email=email, language="en", now=clock.now())
    clean = reader.get("/l/" + address.partition("/l/")[2]).headers["Location"]
    return reader, f"/r/{clean.split('/')[2]}/preferences/"


def test_a_link_changes_the_letters_of_its_own_reader_about_its_own_order(
    partner: Partner, elise: Contact, order: Order
) -> None:
    marc = make_contact(order.customer, "Marc Dubois", email="marc@karst.example")
    other = make_order(partner, customer=order.customer)
    reader, url = opened(order, marc.email)

    assert f"order {order.number}" in text(reader.get(url))
    assert reader.post(url, {"scope": "order", "order": order.pk, "wanted": "0"}).status_code == 302
    assert reader.post(url, {"scope": "order", "order": other.pk, "wanted": "0"}).status_code == 404

    assert not wants(marc, order=order)
    assert wants(elise, order=order)
    assert wants(marc, order=other)
    assert Activity.objects.get(verb="contact.letters_stopped").facts["by"] == "marc@karst.example"


def test_the_house_looks_on_and_presses_nothing(
    partner: Partner, customer: Customer, elise: Contact, order: Order
) -> None:
    browser, url = opened(order, elise.email)
    assert " disabled>" not in content(browser.get(url))
    browser.force_login(make_member(partner).user)

    page = content(browser.get(url))

    pressed = re.findall(r"<button class=\"btn[^>]*>", page.partition("<main")[2].partition("</main>")[0])
    assert len(pressed) == 4
    assert all(" disabled>" in button for button in pressed), pressed
    assert "This is your customer’s page." in page
    assert choose(browser, url, scope="all", wanted="0") == 403
    assert not OptOut.objects.exists()


def test_a_link_that_was_handed_on_changes_nobodys_letters(elise: Contact, order: Order) -> None:
    reader, url = opened(order, "stranger@elsewhere.example")

    assert "nobody with this address is a contact" in text(reader.get(url))
    assert reader.post(url, {"scope": "all", "wanted": "0"}).status_code == 302
    assert not OptOut.objects.exists()


def test_looking_at_the_page_changes_nothing(elise: Contact, order: Order) -> None:
    reader, url = opened(order, elise.email)

    for _ in range(3):
        assert reader.get(url, {"scope": "all", "wanted": "0"}).status_code == 200
        assert reader.head(url).status_code == 200

    assert not OptOut.objects.exists()


# What was written


def letter(partner: Partner, to: str, *, purpose: MailPurpose = MailPurpose.NOTICE, **fields: Any) -> OutgoingMail:
    made = outbox.enqueue(
        key=f"letter:{OutgoingMail.objects.count()}",
        partner=partner,
        purpose=purpose,
        to_email=to,
        words=Words(fields.pop("subject", "www.karst.example ends"), fields.pop("text", "It ends.")),
        now=clock.now(),
    )
    if fields:
        OutgoingMail.objects.filter(pk=made.pk).update(**fields)
    return made


def sent(partner: Partner, to: str, **fields: Any) -> OutgoingMail:
    return letter(partner, to, state=MailState.SENT, sent_at=fields.pop("sent_at", clock.now()), **fields)


def test_messages_are_what_was_sent_to_the_reader_and_lets_nobody_in(partner: Partner, client: Client) -> None:
    sent(partner, "Elise@Karst.example", subject="Yours is ready", sent_at=clock.now() - timedelta(days=1))
    sent(partner, "elise@karst.example", subject="It ends soon")
    letter(partner, "elise@karst.example", subject="leak: not sent yet")
    hidden = [
        sent(partner, "marc@karst.example", subject="leak: a colleague's"),
        sent(partner, "elise@karst.example", purpose=MailPurpose.SIGN_IN, subject="leak: a code"),
    ]

    page = text(client.get("/home/messages/"))

    assert page.index("It ends soon") < page.index("Yours is ready")
    assert "leak" not in page
    assert [client.get(f"/home/messages/{one.pk}/").status_code for one in hidden] == [404, 404]


def test_a_letter_is_read_again_without_its_links(partner: Partner, client: Client) -> None:
    words = "Renew here: https://portal.example/l/aToken-123/ or HTTP://x.example/q?k=aToken-123.\n<b>Regards</b>"
    one = sent(partner, "elise@karst.example", text=words)

    page = client.get(f"/home/messages/{one.pk}/")

    assert "Renew here: [the link in your letter] or [the link in your letter]" in text(page)
    assert "aToken-123" not in content(page)
    assert "&lt;b&gt;Regards" in content(page)


def test_messages_cost_the_same_however_many(partner: Partner, client: Client) -> None:
    sent(partner, "elise@karst.example")
    client.get("/home/messages/")
    one = page_queries(client, "/home/messages/")
    for _ in range(20):
        sent(partner, "elise@karst.example")

    assert len(page_queries(client, "/home/messages/")) == len(one) <= 7


# What staff take down


def test_staff_take_a_wish_down_by_telephone_and_the_proof_names_them(partner: Partner, elise: Contact) -> None:
    staff = sign_in(partner, Role.SUPPORT, email="maya@relais.example")
    url = f"/contacts/{elise.pk}/wish/"

    staff.post(url, {"scope": "offers", "wanted": "0"})
    page = content(staff.get(f"/customers/{elise.customer_id}/"))

    assert not wants(elise, offers=True)
    assert list(Consent.objects.values_list("source", "wanted", "by__email")) == [
        ("staff", False, "maya@relais.example")
    ]
    assert "No letters: Offers" in page
    assert "Told to one of the house" in page


def test_staff_cannot_take_down_what_is_nobodys_choice(partner: Partner, elise: Contact) -> None:
    sign_in(partner, Role.SUPPORT).post(f"/contacts/{elise.pk}/wish/", {"scope": "everything", "wanted": "0"})

    assert not OptOut.objects.exists()
