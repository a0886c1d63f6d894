"""Letters that hang on an event: each told once, only while it is so, and to whoever wants to hear of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.contributions.events import customer_events, order_events
from campaigns.models import Calendar, EventLetter, Letter
from campaigns.services import events
from campaigns.services.events import hear, tell_events
from campaigns.services.unsubscribing import received
from certificates.models import Certificate, Contact, Customer, Installation, Order, Reply, Request
from certificates.services.installations import say_installed, unsay_installed
from certificates.services.preferences import Scope, opt_out
from certificates.states import EmailState, OrderStatus, RenewalMark, RequestState
from offers.models import Quote
from offers.models.quotes import QuoteState
from portal.mail.delivery import deliver_due
from portal.mail.settled import Settled
from portal.models import Link, OutgoingMail, Partner
from portal.models.mail import MailPurpose, MailReason, MailState
from portal.roles import Role
from tests.campaigns.factories import make_calendar
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
from tests.offers.factories import make_draft_quote

NOW = datetime.combine(TODAY, time(9), UTC)
SOON = NOW + timedelta(seconds=30)


@pytest.fixture(autouse=True)
def calendar(partner: Partner) -> Calendar:
    return make_calendar(partner)


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner)


@pytest.fixture
def contact(customer: Customer) -> Contact:
    return make_contact(customer, "Ada Morel", email="ada@granit.example", time_zone="UTC", language="en")


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def renewing_itself(contact: Contact, days: int = 37, **fields: Any) -> Order:
    by = make_member(contact.partner, Role.ADMINISTRATOR)
    facts: dict[str, Any] = {"customer": contact.customer, "contact": contact, "auto_renew": True, "auto_renew_by": by}
    return make_order(contact.partner, ends_on=in_days(days), **(facts | fields))


def held_up(contact: Contact, until: int = 10, **fields: Any) -> Order:
    """An order of a year that ends in 60 days, and the domain that it needs."""
    make_domain(contact.customer, validated_until=in_days(until))
    make_organization(contact.customer)
    facts: dict[str, Any] = {"ends_on": in_days(60), "customer": contact.customer, "contact": contact}
    return make_order(contact.partner, **(facts | fields))


def quoted(contact: Contact, valid: int = 3, **fields: Any) -> Order:
    order = make_order(contact.partner, customer=contact.customer, contact=contact, ends_on=in_days(40))
    quote = make_draft_quote(order, contact=contact, valid_until=in_days(valid))
    facts = {"state": QuoteState.SENT, "number": f"Q-{quote.pk}", "sent_at": NOW - timedelta(days=11)}
    Quote.objects.filter(pk=quote.pk).update(**(facts | fields))
    return order


def uninstalled(contact: Contact, **fields: Any) -> Order:
    """What renewed an order that ends in six days; its certificate waits, as of now, to be spoken of."""
    facts: dict[str, Any] = {"customer": contact.customer, "contact": contact}
    old = make_order(contact.partner, ends_on=in_days(6), renewal_mark=RenewalMark.RENEWED, **facts)
    order = make_order(contact.partner, ends_on=in_days(371), predecessor=old, **(facts | fields))
    make_request(old, state=RequestState.ISSUED, result=order, finished_at=NOW - timedelta(days=3))
    Installation.objects.create(partner=order.partner, certificate=make_certificate(order), remind_due_at=NOW)
    return order


EVENTS: dict[str, Callable[..., Order]] = {
    "auto_renew": renewing_itself,
    "validation_needed": held_up,
    "quote_expiring": quoted,
    "not_installed": uninstalled,
}
every_event = pytest.mark.parametrize("key", list(EVENTS))


def told() -> list[str]:
    return list(EventLetter.objects.order_by("pk").values_list("letter", flat=True))


# Once


@every_event
def test_an_event_is_told_once_however_often_one_looks(contact: Contact, key: str) -> None:
    EVENTS[key](contact)

    assert [tell_events(now=NOW), tell_events(now=NOW), tell_events(now=NOW + timedelta(days=1))] == [1, 0, 0]

    letter = OutgoingMail.objects.get()
    assert told() == [key]
    assert letter.key.startswith(f"event:{key}:")
    assert (letter.to_email, letter.purpose) == ("ada@granit.example", MailPurpose.NOTICE)


@every_event
@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_speaks_the_language_of_its_reader(contact: Contact, key: str, language: str) -> None:
    Contact.objects.filter(pk=contact.pk).update(language=language)
    EVENTS[key](contact)
    tell_events(now=NOW)

    letter = OutgoingMail.objects.get()
    assert ("Bonjour" if language == "fr" else "Hello") in letter.text
    assert "{" not in letter.subject


def test_several_orders_of_one_reader_are_told_of_in_one_letter(contact: Contact) -> None:
    hosts = [f"w{number}.granit-phare.example" for number in range(3)]
    for host in hosts:
        renewing_itself(contact, common_name=host)

    assert tell_events(now=NOW) == 1
    letter = OutgoingMail.objects.get()
    assert letter.subject.startswith("3 certificates renew themselves on")
    assert all(host in letter.text for host in hosts)
    assert told() == ["auto_renew"] * 3


def test_a_new_end_is_a_new_event(contact: Contact) -> None:
    order = renewing_itself(contact)
    tell_events(now=NOW)
    later = midnight(in_days(37 + 365 + 1))
    Order.objects.filter(pk=order.pk).update(ends_at=later, ends_on=in_days(37 + 365))

    assert tell_events(now=NOW + timedelta(days=365)) == 1


def test_a_further_validation_that_ends_later_is_told_of_and_one_that_is_renewed_is_not(contact: Contact) -> None:
    held_up(contact, names=["www.granit-phare.example", "phare.example"])
    tell_events(now=NOW)

    make_domain(contact.customer, "phare.example", validated_until=in_days(12))
    assert tell_events(now=NOW) == 1
    contact.customer.domains.filter(name="phare.example").update(validated_until=in_days(300))
    assert tell_events(now=NOW) == 0


def test_two_sweeps_at_once_tell_it_once(contact: Contact, monkeypatch: pytest.MonkeyPatch) -> None:
    renewing_itself(contact)
    look = events.FINDERS[0]

    def overtaken(*asked: Any) -> list[events.Event]:
        found = list(look(*asked))
        monkeypatch.setattr(events, "FINDERS", [look])
        assert tell_events(now=NOW) == 1
        return found

    monkeypatch.setattr(events, "FINDERS", [overtaken])

    assert tell_events(now=NOW) == 0
    assert OutgoingMail.objects.count() == 1


# Silence


@every_event
@pytest.mark.parametrize(
    "changes",
    [
        {"notices_enabled": False},
        {"renewal_mark": RenewalMark.IN_HAND},
        {"status": OrderStatus.REVOKED},
    ],
    ids=["switched off", "renewed", "revoked"],
)
def test_nobody_hears_of_an_order_that_asks_for_nothing(contact: Contact, key: str, changes: dict[str, Any]) -> None:
    order = EVENTS[key](contact)
    Order.objects.filter(pk=order.pk).update(**changes)

    assert tell_events(now=NOW) == 0


@every_event
def test_nobody_hears_who_wants_no_letters_about_the_order(contact: Contact, key: str) -> None:
    order = EVENTS[key](contact)
    opt_out(contact, Scope.ORDER, order=order, now=NOW)

    assert tell_events(now=NOW) == 0


@every_event
def test_nobody_hears_of_what_the_customer_has_put_off(contact: Contact, key: str) -> None:
    order = EVENTS[key](contact)
    Reply.objects.create(partner=order.partner, order=order, kind=Reply.Kind.NOT_NOW, until=in_days(5), at=NOW)

    assert tell_events(now=NOW) == 0


@every_event
def test_nobody_is_written_to_at_an_address_that_is_switched_off(contact: Contact, key: str) -> None:
    EVENTS[key](contact)
    Contact.objects.filter(pk=contact.pk).update(email_state=EmailState.BOUNCED)

    assert tell_events(now=NOW) == 0


@every_event
def test_no_customer_hears_whose_notices_are_off(contact: Contact, key: str) -> None:
    EVENTS[key](contact)
    Customer.objects.filter(pk=contact.customer_id).update(notices_enabled=False)

    assert tell_events(now=NOW) == 0


@every_event
def test_quiet_hours_and_days_off_are_waited_for(contact: Contact, calendar: Calendar, key: str) -> None:
    EVENTS[key](contact)
    Calendar.objects.filter(pk=calendar.pk).update(days_off=[TODAY.isoformat()])

    assert tell_events(now=NOW) == 0
    assert tell_events(now=NOW + timedelta(hours=12)) == 0
    assert tell_events(now=NOW + timedelta(days=1)) == 1


@every_event
def test_a_suspended_partner_writes_nothing(contact: Contact, key: str) -> None:
    EVENTS[key](contact)
    Partner.objects.filter(pk=contact.partner_id).update(is_active=False)

    assert tell_events(now=NOW) == 0


@pytest.mark.parametrize("days", [38, 30, 10])
def test_automatic_renewal_is_told_of_in_the_week_before_it(contact: Contact, days: int) -> None:
    renewing_itself(contact, days)

    assert tell_events(now=NOW) == 0


def test_automatic_renewal_that_has_stopped_is_not_promised(contact: Contact) -> None:
    order = renewing_itself(contact)
    order.auto_renew_by.delete()  # type: ignore[union-attr]

    assert tell_events(now=NOW) == 0


def test_a_validation_that_still_lasts_or_that_another_order_needs_holds_nothing_up(contact: Contact) -> None:
    held_up(contact, until=15)
    make_domain(contact.customer, "phare.example", validated_until=in_days(-5))

    assert tell_events(now=NOW) == 0


def test_the_organisation_of_an_order_holds_it_up_too(contact: Contact) -> None:
    held_up(contact, until=200)
    contact.customer.organizations.update(ov_validated_until=in_days(-2))

    assert tell_events(now=NOW) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"valid": 4},
        {"valid": -1},
        {"state": QuoteState.DECLINED, "decline_reason": "price"},
        {"sent_at": NOW - timedelta(hours=3)},
        {"change_asked_at": NOW},
    ],
    ids=["not yet", "over", "answered", "new", "being changed"],
)
def test_a_quote_is_not_spoken_of(contact: Contact, fields: dict[str, Any]) -> None:
    quoted(contact, **fields)

    assert tell_events(now=NOW) == 0


# What is not installed


def waiting(order: Order) -> Certificate:
    certificate: Certificate = order.certificates.get(is_current=True)
    return certificate


def old_of(order: Order) -> Order:
    assert order.predecessor is not None
    return order.predecessor


def test_a_letter_to_install_leads_to_the_request_and_warns_of_the_end_of_the_old_one(contact: Contact) -> None:
    order = uninstalled(contact)

    tell_events(now=NOW)

    letter = OutgoingMail.objects.get()
    asked = Request.objects.get()
    link = Link.objects.get(source=f"request:{asked.pk}")
    assert link.subject == f"order:{order.pk}"
    assert "Fetch and install it" in letter.text
    assert "From 29 November 2026 visitors see this." in letter.text


@pytest.mark.parametrize(("days", "seen"), [(3, "25 November 2026"), (-1, "")], ids=["to come", "over"])
def test_what_the_server_shows_goes_before_what_we_know(contact: Contact, days: int, seen: str) -> None:
    order = uninstalled(contact)
    Installation.objects.filter(certificate=waiting(order)).update(served_ends_on=in_days(days))

    tell_events(now=NOW)

    text = OutgoingMail.objects.get().text
    assert ("visitors see this" in text) is bool(seen)
    assert seen in text


def test_of_a_reissue_the_certificate_before_it_is_the_old_one(contact: Contact) -> None:
    order = uninstalled(contact)
    tell_events(now=NOW)
    order.certificates.update(is_current=False, ends_on=in_days(9))
    later = make_certificate(order, kind=Certificate.Kind.REISSUE)
    Installation.objects.create(partner=order.partner, certificate=later, remind_due_at=SOON)

    assert [tell_events(now=NOW), tell_events(now=SOON), tell_events(now=SOON)] == [0, 1, 0]
    assert "From 2 December 2026 visitors see this." in OutgoingMail.objects.latest("pk").text


def test_a_letter_to_install_waits_for_its_day_and_not_for_ever(contact: Contact) -> None:
    uninstalled(contact)

    assert tell_events(now=NOW - timedelta(seconds=1)) == 0
    assert tell_events(now=NOW + timedelta(days=31)) == 0


def test_what_is_said_to_be_installed_before_the_letter_leaves_is_not_spoken_of(contact: Contact) -> None:
    certificate = waiting(uninstalled(contact))
    who: dict[str, Any] = {"by": "Ada Morel", "actor": None}
    tell_events(now=NOW)

    say_installed(certificate, **who, now=NOW)
    deliver_due(now=SOON)
    assert mail.outbox == []

    # taken back, it is told after all, once
    unsay_installed(certificate, **who, now=SOON)
    Installation.objects.update(remind_due_at=SOON)
    assert [tell_events(now=SOON), tell_events(now=SOON)] == [1, 0]


def test_what_was_reminded_of_is_not_spoken_of_again_when_its_customer_takes_a_word_back(contact: Contact) -> None:
    certificate = waiting(uninstalled(contact))
    who: dict[str, Any] = {"by": "Ada Morel", "actor": None}
    tell_events(now=NOW)
    deliver_due(now=SOON)
    assert len(mail.outbox) == 1

    say_installed(certificate, **who, now=SOON)
    unsay_installed(certificate, **who, now=SOON)

    assert tell_events(now=NOW + timedelta(days=7)) == 0


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.ORDER, Scope.CERTIFICATE])
def test_nobody_hears_of_it_who_wants_no_letters_about_the_old_order_or_the_new_certificate(
    contact: Contact, scope: Scope
) -> None:
    order = uninstalled(contact)
    about: dict[Scope, dict[str, Any]] = {
        Scope.ORDER: {"order": old_of(order)},
        Scope.CERTIFICATE: {"certificate": waiting(order)},
    }
    opt_out(contact, scope, now=NOW, **about.get(scope, {}))

    assert tell_events(now=NOW) == 0


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.ORDER, Scope.CERTIFICATE])
def test_a_letter_to_install_stays_home_when_its_reader_stops_it_on_the_way(contact: Contact, scope: Scope) -> None:
    order = uninstalled(contact)
    about = {Scope.ORDER: {"order": old_of(order)}, Scope.CERTIFICATE: {"certificate": waiting(order)}}
    tell_events(now=NOW)
    opt_out(contact, scope, now=NOW, **about.get(scope, {}))  # type: ignore[arg-type]

    deliver_due(now=SOON)

    assert mail.outbox == []
    assert OutgoingMail.objects.get().state == MailState.WITHDRAWN


def test_what_its_reader_stops_of_other_orders_keeps_no_letter_to_install_home(contact: Contact) -> None:
    uninstalled(contact)
    other = uninstalled(make_contact(contact.customer, email="bruno@granit.example", time_zone="UTC"))
    assert tell_events(now=NOW) == 2
    opt_out(contact, Scope.ORDER, order=old_of(other), now=NOW)
    opt_out(contact, Scope.CERTIFICATE, certificate=waiting(other), now=NOW)

    deliver_due(now=SOON)

    assert len(mail.outbox) == 2


def test_whoever_wants_no_offers_is_told_to_install_all_the_same(contact: Contact) -> None:
    uninstalled(contact)
    opt_out(contact, Scope.OFFERS, now=NOW)

    assert tell_events(now=NOW) == 1


def test_what_was_not_asked_for_here_is_nobodys_to_install(contact: Contact) -> None:
    uninstalled(contact)
    Request.objects.all().delete()

    assert tell_events(now=NOW) == 0


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_partners_own_words_are_what_is_sent(contact: Contact, language: str) -> None:
    Contact.objects.filter(pk=contact.pk).update(language=language)
    own = Letter.objects.create(partner=contact.partner, key="not_installed", name="Ours", based_on="not_installed")
    own.versions.create(
        partner=contact.partner,
        language=language,
        number=1,
        subject="{{ order.host }} waits for you ({{ order.number }})",
        preheader="It is issued.",
        body="Dear {{ name }}, in our own words: it is issued.\n\n{{ essentials }}\n\n{{ button }}",
        is_live=True,
        created_at=NOW,
        created_by=make_member(contact.partner).user,
    )
    order = uninstalled(contact)

    tell_events(now=NOW)
    deliver_due(now=SOON)

    [sent] = mail.outbox
    assert sent.subject == f"www.granit-phare.example waits for you ({order.number})"
    assert "Dear Ada Morel, in our own words: it is issued." in sent.body
    assert "List-Unsubscribe" in sent.extra_headers
    assert OutgoingMail.objects.get().code in sent.body


# On its way


@every_event
def test_what_is_renewed_before_the_letter_leaves_is_not_spoken_of(contact: Contact, key: str) -> None:
    order = EVENTS[key](contact)
    tell_events(now=NOW)
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.ELSEWHERE)

    deliver_due(now=SOON)

    assert mail.outbox == []
    assert OutgoingMail.objects.get().state == MailState.WITHDRAWN


@every_event
def test_a_letter_that_leaves_stands_in_the_story_of_its_order_and_its_customer(contact: Contact, key: str) -> None:
    order = EVENTS[key](contact)
    tell_events(now=NOW)

    deliver_due(now=SOON)

    assert len(mail.outbox) == 1
    (event,), (of_customer,) = order_events(order), customer_events(contact.customer)
    assert "Ada Morel" in str(event.detail)
    assert event.level == of_customer.level == "good"


def test_what_was_taken_back_is_told_anew_and_what_was_refused_is_not(contact: Contact) -> None:
    renewing_itself(contact)
    tell_events(now=NOW)
    first = OutgoingMail.objects.get()
    settle(first, MailReason.LATE)

    assert tell_events(now=SOON) == 1
    settle(OutgoingMail.objects.latest("pk"), MailReason.REFUSED)
    assert tell_events(now=SOON) == 0


def settle(letter: OutgoingMail, reason: MailReason) -> None:
    facts = {"state": MailState.WITHDRAWN, "detail": "", "at": SOON, "may_have_arrived": False}
    hear([Settled(letter=letter.pk, key=letter.key, partner=letter.partner_id, reason=reason, **facts)])  # type: ignore[arg-type]


def test_it_is_stopped_by_the_address_at_its_foot(contact: Contact) -> None:
    order = renewing_itself(contact)
    tell_events(now=NOW)
    url = OutgoingMail.objects.get().headers["List-Unsubscribe"].strip("<>")

    letter = received(url.rstrip("/").rpartition("/")[2], owner=None)

    assert letter
    assert letter.is_stoppable
    assert letter.orders == [order]


# Many


def test_more_orders_ask_no_more_of_the_database(partner: Partner) -> None:
    few = _queries(partner, 1)
    assert _queries(partner, 6) == few


def _queries(partner: Partner, count: int) -> int:
    for number in range(count):
        customer = make_customer(partner)
        reader = make_contact(customer, time_zone="UTC")
        renewing_itself(reader)
        quoted(reader)
        uninstalled(reader)
        make_organization(customer, ov_validated_until=in_days(3 + number))
        make_order(partner, customer=customer, contact=reader, ends_on=in_days(50))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert tell_events(now=NOW) == 4 * count
    return len(asked)


def test_the_letters_of_one_partner_speak_of_its_own_orders_alone(contact: Contact) -> None:
    other = make_partner("Other")
    renewing_itself(contact)
    tell_events(now=NOW)

    assert not EventLetter.objects.filter(partner=other).exists()


def test_the_list_of_letters_says_what_sends_each(client: Client, partner: Partner, settings: Any) -> None:
    settings.MFA_REQUIRED = False
    client.force_login(make_member(partner, Role.ADMINISTRATOR).user)

    page = client.get(reverse("campaigns:letters")).content.decode()

    for words in ("7 days before it renews itself", "14 days before a validation ends", "3 days before a quote ends"):
        assert words in page
    assert "3 days after the issue" in page
