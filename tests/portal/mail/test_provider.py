"""What a mail provider posts counts once, with the secret, about letters of ours, and as a mail server's word would."""

from __future__ import annotations

import base64
import json
from types import ModuleType
from typing import Any

import pytest
from anymail.signals import tracking
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from portal import urls
from portal.mail import returns
from portal.mail.delivery import deliver_due
from portal.mail.line import message_of
from portal.models import MailReturn, OutgoingMail, SuppressedAddress
from portal.views import mail_events
from tests.factories import make_partner
from tests.portal.mail.letters import NOW, post

pytestmark = pytest.mark.usefixtures("outbox_table", "_set_up")
SECRET = "provider:a-long-secret"
READER = "buyer@karst.example"
PLACE = "/mail/events/postmark/tracking/"


@pytest.fixture
def _set_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.MAIL_PROVIDER, settings.ANYMAIL = "postmark", {"WEBHOOK_SECRET": [SECRET]}
    monkeypatch.setattr("portal.clock.now", lambda: NOW)
    house = ModuleType("urls_with_a_provider")
    house.urlpatterns = _mounted()  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = house
    mail_events.register()
    yield
    tracking.disconnect(dispatch_uid="portal.mail_events")


def _mounted() -> list[Any]:
    from django.urls import include, path

    return [path("mail/events/", include(mail_events.addresses())), *urls.urlpatterns]


@pytest.fixture
def letter(mailoutbox: list[Any]) -> OutgoingMail:
    """A letter that the provider has taken."""
    sent = post("notice:1", partner=make_partner(), to_email=READER)
    deliver_due(now=NOW)
    return OutgoingMail.objects.get(pk=sent.pk)


def bounce(letter: OutgoingMail, *, said: str = "smtp;550 5.1.1 No such user", **facts: Any) -> dict[str, Any]:
    """As Postmark posts it, about a letter that carries our metadata."""
    metadata = message_of(letter).metadata  # type: ignore[attr-defined]
    known = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 692560173, "Email": READER, "Details": said}
    return known | {"Metadata": metadata, "BouncedAt": "2026-11-23T09:00:00Z"} | facts


def tell(event: dict[str, Any], *, secret: str = SECRET) -> HttpResponse:
    head = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}
    client = Client(enforce_csrf_checks=True)
    return client.post(PLACE, json.dumps(event), content_type="application/json", headers=head)  # type: ignore[return-value]


def switched_off() -> list[str]:
    return list(SuppressedAddress.objects.values_list("reason", flat=True))


def test_a_bounce_that_says_so_switches_the_address_off(letter: OutgoingMail) -> None:
    assert tell(bounce(letter)).status_code == 200

    assert switched_off() == ["bounced"]
    assert MailReturn.objects.get().detail == "smtp;550 5.1.1 No such user"


@pytest.mark.parametrize("secret", ["", "provider:guessed", "a-long-secret"])
def test_without_the_secret_nothing_is_taken(letter: OutgoingMail, secret: str) -> None:
    assert tell(bounce(letter), secret=secret).status_code == 400

    assert not MailReturn.objects.exists()
    assert switched_off() == []


def test_the_same_event_twice_counts_once(letter: OutgoingMail) -> None:
    assert [tell(bounce(letter)).status_code for _ in range(2)] == [200, 200]

    assert MailReturn.objects.count() == 1


def test_a_full_mailbox_is_only_noted(letter: OutgoingMail) -> None:
    tell(bounce(letter, said="smtp;552 5.2.2 Mailbox full", Type="SoftBounce"))

    assert switched_off() == []
    assert MailReturn.objects.get().kind == MailReturn.Kind.NOTE


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, "complained"),
        ({"RecordType": "SubscriptionChange", "SuppressionReason": "ManualSuppression"}, "unsubscribed"),
        ({"Type": "BadEmailAddress", "Details": ""}, "bounced"),
    ],
)
def test_what_the_reader_wants_is_heard(letter: OutgoingMail, facts: dict[str, Any], reason: str) -> None:
    tell(bounce(letter, **facts))

    assert switched_off() == [reason]


def test_a_delivery_is_no_news(letter: OutgoingMail) -> None:
    tell(bounce(letter, RecordType="Delivery"))

    assert not MailReturn.objects.exists()


@pytest.mark.parametrize("metadata", [{}, {"letter": "1-00000000000000000000"}, {"letter": 1}])
def test_an_unknown_letter_changes_nothing(letter: OutgoingMail, metadata: Any) -> None:
    assert tell(bounce(letter, Metadata=metadata)).status_code == 200

    assert not MailReturn.objects.exists()


def test_a_letter_that_is_gone_changes_nothing(letter: OutgoingMail) -> None:
    told = bounce(letter, Metadata={"letter": returns.token_for(OutgoingMail(pk=letter.pk + 1))})

    assert tell(told).status_code == 200
    assert not MailReturn.objects.exists()


def test_there_is_no_address_without_a_provider_and_a_secret(settings: Settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": []}
    assert mail_events.addresses() == []

    settings.MAIL_PROVIDER, settings.ANYMAIL = "", {"WEBHOOK_SECRET": [SECRET]}
    assert mail_events.addresses() == []


def test_only_what_becomes_of_letters_is_asked_for() -> None:
    assert [str(pattern.name) for pattern in mail_events.addresses()] == ["postmark_tracking_webhook"]
