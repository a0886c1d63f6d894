"""The administrator sees what keeps letters back, answers the question about a mass, and stops all by hand."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portal.mail import alarms, guard
from portal.mail.delivery import deliver_due
from portal.models import MailAlarm, OutgoingMail, Partner, SendingHold
from portal.models.mail import MailPurpose
from portal.roles import Role
from tests.factories import make_member, make_order, make_partner
from tests.portal.mail.letters import NOW, post, states


@pytest.fixture(autouse=True)
def _at_once(settings: Settings, outbox_table: None) -> None:
    settings.MFA_REQUIRED = False
    settings.MAIL_GUARD_LETTERS = 3


@pytest.fixture
def house() -> Partner:
    return make_partner()


@pytest.fixture
def head(house: Partner) -> Client:
    client = Client()
    client.force_login(make_member(house, Role.ADMINISTRATOR).user)
    return client


def stop_mass(partner: Partner) -> SendingHold:
    for number in range(4):
        post(f"notice:{partner.pk}:{number}", partner=partner, purpose=MailPurpose.NOTICE, due_at=NOW.replace(hour=0))
    deliver_due(now=NOW)
    return SendingHold.objects.get(partner=partner)


def test_question_shows_how_many_and_some_of_them_and_is_answered_with_one_press(house: Partner, head: Client) -> None:
    make_order(house)  # without orders, the dashboard says how to begin
    hold, other = stop_mass(house), stop_mass(make_partner())

    page = head.get(reverse("portal:sending")).content.decode()
    dashboard = head.get(reverse("certificates:dashboard")).content.decode()

    assert "4 letters wait." in page
    assert f"notice-{house.pk}-0@reader.example" in page
    assert f"notice-{other.partner_id}-0@reader.example" not in page
    assert "Waits for your answer" in dashboard

    answer = head.post(reverse("portal:sending_release", args=[hold.pk]), follow=True).content.decode()
    assert "4 letters are on their way." in answer
    assert (
        "Somebody has answered this before you."
        in head.post(reverse("portal:sending_refuse", args=[hold.pk]), follow=True).content.decode()
    )
    deliver_due(now=NOW)
    assert {state for key, state in states().items() if key.startswith(f"notice:{house.pk}:")} == {"sent"}
    assert head.post(reverse("portal:sending_release", args=[other.pk])).status_code == 404


def test_mass_is_dropped_with_one_press(house: Partner, head: Client) -> None:
    hold = stop_mass(house)

    head.post(reverse("portal:sending_refuse", args=[hold.pk]))
    deliver_due(now=NOW)

    assert set(states().values()) == {"withdrawn"}


def test_all_is_stopped_by_hand(house: Partner, head: Client) -> None:
    page = head.post(reverse("portal:sending_hold"), follow=True).content.decode()

    assert "stopped all notices and offers" in page
    assert SendingHold.objects.get().kind == SendingHold.Kind.BY_HAND


def test_trouble_of_the_mail_server_is_shown_to_every_house_without_anothers_words(
    house: Partner, head: Client
) -> None:
    alarms.raise_alarm(MailAlarm.Kind.REFUSED, at=NOW, until=NOW, code=554)
    guard.ask(make_partner(), wants=77123, now=NOW)

    page = head.get(reverse("portal:sending")).content.decode()

    assert "The mail server refuses every letter" in page
    assert "Far more letters than usual" not in page
    assert "77123" not in page
    assert not OutgoingMail.objects.exists()
