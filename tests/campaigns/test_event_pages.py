"""Letters about events in the outbox and in the why of an order: what became of each, in a sentence."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from campaigns.models import EventLetter
from campaigns.services.events import tell_events
from portal.models import OutgoingMail, Partner, User
from portal.models.mail import MailReason, MailState, Waiting
from portal.roles import Role
from tests.campaigns.factories import make_calendar, make_step
from tests.certificates.expiring import sign_in, tab_counts, text
from tests.factories import TODAY, make_contact, make_customer, make_member, make_order, make_partner
from tests.queries import assert_query_baseline

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
URL = "/campaigns/outbox/events/"


@pytest.fixture(autouse=True)
def _noon(settings: Any) -> Any:
    settings.MFA_REQUIRED = False
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def browser(partner: Partner) -> Client:
    make_calendar(partner)
    return sign_in(partner)


def make_told(partner: Partner, host: str = "www.granit.example", **mail: Any) -> EventLetter:
    """That an order renews itself was told to Ada Morel at noon."""
    customer = make_customer(partner, mail.pop("customer", "Granit Phare SA"))
    contact = make_contact(customer, "Ada Morel", email="ada@granit.example", time_zone="Europe/Paris", language="en")
    order = make_order(
        partner,
        customer=customer,
        contact=contact,
        common_name=host,
        search_text=host,
        ends_on=TODAY + timedelta(days=37),
        auto_renew=True,
        auto_renew_by=make_member(partner, Role.ADMINISTRATOR),
    )
    tell_events(now=NOW)
    with scopes_disabled():
        one = EventLetter.objects.select_related("mail", "contact", "order__customer").get(order=order)
        letters = OutgoingMail.objects.filter(event_letters=one)
        letters.update(**{"state": MailState.SENT, "sent_at": NOW, **mail})
    return one


def hosts(browser: Client, query: str = "") -> list[str]:
    table = browser.get(f"{URL}?{query}").content.decode().partition("<tbody>")[2]
    return re.findall(r'<span class="host">([^<]+)<', table)


def test_every_letter_stands_under_what_became_of_it(partner: Partner, browser: Client) -> None:
    for state in MailState:
        lease = NOW if state == MailState.CLAIMED else None
        make_told(partner, f"{state}.example", state=state, claimed_until=lease)

    assert tab_counts(browser.get(URL)) == {"All": "6", "Being sent": "2", "Sent": "1", "Failed": "1", "Not sent": "2"}
    assert hosts(browser, "tab=failed") == ["parked.example"]


def test_a_row_says_when_which_letter_about_whom_and_to_whom(partner: Partner, browser: Client) -> None:
    make_told(partner)

    said = text(browser.get(URL))

    for words in ("23 Nov 2026", "7 days before it renews itself", "www.granit.example", "Ada Morel", "Sent"):
        assert words in said
    assert "By the calendar" in said
    assert "About events" in text(browser.get(reverse("campaigns:outbox")))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=b.example", ["b.example"]),
        ("customer=autre", ["b.example"]),
        ("contact=nobody", []),
        ("letter=auto_renew", ["b.example", "a.example"]),
        ("letter=quote_expiring", []),
        ("day_from=2026-11-24", []),
        ("day_to=2026-11-23", ["b.example", "a.example"]),
    ],
)
def test_filters_narrow_the_list(partner: Partner, browser: Client, query: str, found: list[str]) -> None:
    make_told(partner, "a.example")
    make_told(partner, "b.example", customer="Autre SA")

    assert hosts(browser, query) == found


def test_the_file_says_names_and_not_keys(partner: Partner, browser: Client) -> None:
    make_told(partner, state=MailState.PARKED, reason=MailReason.SERVER)

    said = b"".join(browser.get(f"{URL}?export=csv")).decode("utf-8-sig")

    (row,) = csv.DictReader(io.StringIO(said))
    assert (row["Letter"], row["Reason"]) == ("Automatic renewal", "The mail server refused it")


def test_the_list_asks_as_many_questions_for_one_row_as_for_many(partner: Partner, browser: Client) -> None:
    def add(count: int) -> None:
        for _ in range(count):
            make_told(partner)

    assert_query_baseline(browser, URL, "event letters", add_rows=add, many=12)


def test_another_partners_letters_are_not_there(browser: Client) -> None:
    other = make_partner("Autre Partner")
    make_calendar(other)
    foreign = make_told(other, "foreign.example")

    assert hosts(browser) == []
    for name in ("event_letter", "event_letter_words"):
        assert browser.get(reverse(f"campaigns:{name}", args=[foreign.pk])).status_code == 404


@pytest.mark.parametrize(
    ("mail", "sentence"),
    [
        ({}, "The letter “Automatic renewal” went to Ada Morel on 23 November 2026, 13:00 (Paris)."),
        (
            {"state": MailState.QUEUED, "sent_at": None},
            "The letter to Ada Morel has been on its way since 23 November 2026, 13:00 (Paris).",
        ),
        (
            {"state": MailState.QUEUED, "sent_at": None, "waits": Waiting.ADDRESS_CAP, "due_at": TOMORROW},
            "The letter to Ada Morel has waited since 23 November 2026, 13:00 (Paris): The reader has had as many "
            "letters as one gets in a day.",
        ),
        (
            {"state": MailState.PARKED, "sent_at": None, "reason": MailReason.SERVER, "last_error": "554 no"},
            "Not sent on 23 November 2026, 13:00 (Paris): the mail server refused the letter (554 no).",
        ),
        (
            {"state": MailState.PARKED, "sent_at": None, "reason": MailReason.TOO_OFTEN, "last_error": "451 later"},
            "Not sent on 23 November 2026, 13:00 (Paris): the mail server put the letter off too often (451 later).",
        ),
        (
            {"state": MailState.PARKED, "sent_at": None, "reason": MailReason.UNWRITABLE, "last_error": "KeyError"},
            "Not sent on 23 November 2026, 13:00 (Paris): the letter could not be written (KeyError).",
        ),
        (
            {"state": MailState.PARKED, "sent_at": None, "reason": MailReason.UNANSWERED},
            "Whether it reached Ada Morel nobody knows: it was handed over twice, and no answer ever came.",
        ),
        (
            {"state": MailState.SUPPRESSED, "sent_at": None, "reason": MailReason.SWITCHED_OFF},
            "Not sent: letters to ada@granit.example do not arrive.",
        ),
        (
            {"state": MailState.WITHDRAWN, "sent_at": None, "reason": MailReason.REFUSED},
            "Not sent: one of us has stopped it.",
        ),
    ],
)
def test_what_became_of_it_is_told_on_its_page_and_in_the_why_of_its_order(
    partner: Partner, browser: Client, mail: dict[str, Any], sentence: str
) -> None:
    one = make_told(partner, **mail)

    assert sentence in text(browser.get(reverse("campaigns:event_letter", args=[one.pk])))
    assert sentence in text(browser.get(reverse("campaigns:why", args=[one.order_id])))
    assert sentence in text(browser.get(reverse("campaigns:why", args=[one.order_id]) + "?on=2026-11-23"))


def test_the_page_shows_the_letter_and_the_other_orders_in_it(partner: Partner, browser: Client) -> None:
    one = make_told(partner)
    other = make_order(partner, customer=one.order.customer, common_name="beside.example")
    EventLetter.objects.create(
        partner=partner, letter=one.letter, about="1", order=other, contact=one.contact, mail=one.mail, queued_at=NOW
    )

    page = browser.get(reverse("campaigns:event_letter", args=[one.pk]))
    frame = browser.get(reverse("campaigns:event_letter_words", args=[one.pk]))

    assert "beside.example" in text(page)
    assert one.order.number in frame.content.decode()
    assert "sandbox" in frame.headers["Content-Security-Policy"]


def test_the_outbox_calls_letters_by_their_names_in_the_readers_language(partner: Partner, browser: Client) -> None:
    calendar = make_calendar(partner, "Steps")
    make_step(calendar, -60, letter="days_60")
    make_step(calendar, -30, letter="auto_renew")

    shown = browser.get(reverse("campaigns:outbox") + "?filter=more").content.decode()
    User.objects.update(language="fr")
    spoken = browser.get(reverse("campaigns:outbox") + "?filter=more").content.decode()

    assert ">Automatic renewal<" in shown
    assert ">Renouvellement automatique<" in spoken
    assert ">auto_renew<" not in shown + spoken
