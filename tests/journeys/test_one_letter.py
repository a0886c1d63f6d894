"""Forty orders due: the worker sends one letter; one press renews them all, and from then on all is silent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from campaigns.models import Call, Notice
from campaigns.states import Channel, NoticeState, Reason
from certificates.models import Contact, Order
from portal import clock
from portal.access import on_behalf_of
from portal.mail import mailbox
from portal.mail.mailbox import Kept
from portal.models import OutgoingMail, Partner
from portal.models.mail import MASS_PURPOSES
from tests import factories
from tests.campaigns.factories import make_calendar, make_step
from tests.factories import TODAY
from tests.journeys.house import House, wait_for
from tests.journeys.visits import Visits
from tests.offers.quoting import make_buyer, make_shop

pytestmark = [pytest.mark.browser]

FORTY = 40


@pytest.fixture(scope="module")
def seller(house: House) -> Iterator[Partner]:
    """A partner with prices, whose calendar speaks on every channel today, and by mail once more in three days."""
    # another worker's last plan may be some minutes old: this one is to make its own
    cache.clear()
    relais = factories.make_partner("Relais Partner", support_email="help@relais.example")
    factories.make_connection(relais)
    make_shop(relais)
    # one quiet minute, some hours away from now
    quiet = (clock.now() + timedelta(hours=6)).time().replace(second=0, microsecond=0)
    until = (clock.now() + timedelta(hours=6, minutes=1)).time().replace(second=0, microsecond=0)
    calendar = make_calendar(relais, sends_at=time(0), quiet_from=quiet, quiet_until=until)
    for channel in Channel.values:
        make_step(calendar, -30, channel)
    make_step(calendar, -27, letter="days_30")
    with on_behalf_of(relais):
        yield relais


@pytest.fixture
def reader(seller: Partner) -> Contact:
    """The buyer of forty orders, each of which ends in thirty days."""
    customer = make_buyer(seller, owner=factories.make_member(seller))
    contact = Contact.objects.get(customer=customer)
    for number in range(FORTY):
        factories.make_order(
            seller,
            customer=customer,
            contact=contact,
            common_name=f"w{number:02}.granit.example",
            ends_on=TODAY + timedelta(days=30),
        )
    return contact


def reminders(reader: Contact) -> list[Kept]:
    """The letters of the calendar that have come to the reader's mailbox."""
    subjects = OutgoingMail.objects.filter(purpose__in=MASS_PURPOSES, to_email=reader.email)
    known = set(subjects.values_list("subject", flat=True))
    return [one for one in mailbox.newest() if reader.email in one.recipients and one.subject in known]


def test_forty_due_are_one_letter_and_after_renewing_all_there_is_silence(
    house: House, seller: Partner, reader: Contact, visits: Visits
) -> None:
    with house.worker():
        wait_for(Notice.objects.exists, what="a plan")
        words = Notice.objects.filter(state=NoticeState.SENT)
        wait_for(lambda: words.count() == len(Channel.values) * FORTY, what="the calendar's words")
        wait_for(lambda: reminders(reader), what="the letter")
        (letter,) = reminders(reader)
        assert all(f"w{number:02}.granit.example" in letter.text for number in range(FORTY))
        assert Call.objects.due(TODAY).count() == 1
        assert Notice.objects.open().count() == FORTY

        page = visits.open()
        way = re.search(r"https?://\S+?(/l/\S+)", letter.text)
        assert way
        page.goto(way[1])
        page.get_by_role("button", name=f"Renew the {FORTY} ticked").click()
        expect(page.get_by_text(f"{FORTY} renewals are ordered.")).to_be_visible()

        assert not Call.objects.due(TODAY).exists()
        wait_for(lambda: not Notice.objects.open().exists(), what="silence")

    silent = Notice.objects.filter(state=NoticeState.SILENT)
    assert (silent.count(), set(silent.values_list("reason", flat=True))) == (FORTY, {Reason.RENEWED})
    assert not Order.objects.filter(customer=reader.customer, renewal_mark="none").exists()
    assert len(reminders(reader)) == 1
