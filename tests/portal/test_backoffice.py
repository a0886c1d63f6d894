"""The back office: for operators with a second factor, where letters can be read and nothing deleted."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from portal.access import across_partners
from portal.models import OutgoingMail, User
from portal.models.mail import MailPurpose, MailState
from tests.factories import make_member, make_partner
from tests.portal.mail.letters import post
from tests.portal.signing import give_app

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(settings: Settings) -> Client:
    settings.MFA_REQUIRED = True
    operator = User.objects.create_superuser("operator@portal.example", "a long pass phrase")
    give_app(operator)
    client = Client()
    client.force_login(operator)
    return client


@pytest.mark.parametrize("role", ["administrator", "support"])
def test_partners_people_stay_outside(settings: Settings, role: str) -> None:
    settings.MFA_REQUIRED = False
    client = Client()
    client.force_login(make_member(make_partner(), role).user)

    assert client.get("/backoffice/portal/outgoingmail/").status_code in {302, 403}
    assert "outgoing" not in client.get("/backoffice/", follow=True).content.decode().lower()


def test_pages_open_under_the_strict_policy(client: Client) -> None:
    partner = make_partner()
    letter, member = post("quote:1", partner=partner), make_member(partner)

    for path in (
        "",
        "portal/partner/",
        f"portal/partner/{partner.pk}/change/",
        "portal/user/",
        f"portal/user/{member.user_id}/change/",
        "portal/outgoingmail/",
        f"portal/outgoingmail/{letter.pk}/change/",
    ):
        response = client.get(f"/backoffice/{path}")
        assert response.status_code == 200, path
        assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_codes_are_not_shown(client: Client) -> None:
    letter = post("code", text="Your code is 123456.")

    assert "123456" not in client.get(f"/backoffice/portal/outgoingmail/{letter.pk}/change/").content.decode()


def test_links_to_quotes_are_not_shown(client: Client) -> None:
    letter = post("quote", partner=make_partner(), purpose=MailPurpose.QUOTE, text="/l/0123456789/")

    assert "0123456789" not in client.get(f"/backoffice/portal/outgoingmail/{letter.pk}/change/").content.decode()


@pytest.mark.parametrize("model", ["partner", "user", "outgoingmail"])
def test_nothing_is_deleted(client: Client, model: str) -> None:
    partner = make_partner()
    pk = {"partner": partner.pk, "user": make_member(partner).user_id, "outgoingmail": post("a").pk}[model]

    assert client.post(f"/backoffice/portal/{model}/{pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"/backoffice/portal/{model}/", {"action": "delete_selected", "_selected_action": pk, "post": "yes"})
    assert client.get(f"/backoffice/portal/{model}/{pk}/change/").status_code == 200


def test_letters_cannot_be_rewritten(client: Client) -> None:
    letter = post("a")

    client.post(f"/backoffice/portal/outgoingmail/{letter.pk}/change/", {"to_email": "evil@example.com"})

    with across_partners():
        assert OutgoingMail.objects.get().to_email == "a@reader.example"


def test_what_was_set_aside_is_sent_again_on_a_press(client: Client) -> None:
    parked, sent = post("a"), post("b")
    with across_partners():
        OutgoingMail.objects.filter(pk=parked.pk).update(state=MailState.PARKED, attempts=7)
        OutgoingMail.objects.filter(pk=sent.pk).update(state=MailState.SENT)

    client.post("/backoffice/portal/outgoingmail/", {"action": "send_again", "_selected_action": [parked.pk, sent.pk]})

    with across_partners():
        assert dict(OutgoingMail.objects.values_list("key", "state")) == {"a": "queued", "b": "sent"}


def test_operator_makes_a_partner(client: Client) -> None:
    post_data = {"name": "Relais", "slug": "relais", "is_active": "on", "currency": "EUR", "language": "fr"}

    response = client.post("/backoffice/portal/partner/add/", post_data | {"time_zone": "Europe/Paris"})

    assert response.status_code == 302


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Certs.Relais.Example ", "certs.relais.example"),
        ("", ""),
        ("https://certs.relais.example", None),
        ("certs.relais.example:8443", None),
        ("certs.relais.example/", None),
        ("localhost", None),
        ("-a.example", None),
    ],
)
def test_operator_gives_a_partner_a_host_name_of_its_own(client: Client, typed: str, kept: str | None) -> None:
    partner = make_partner(host="before.example")
    fields = {"name": partner.name, "slug": partner.slug, "is_active": "on", "currency": "EUR", "language": "en"}

    response = client.post(
        f"/backoffice/portal/partner/{partner.pk}/change/", fields | {"time_zone": "UTC", "host": typed}
    )

    partner.refresh_from_db()
    assert (response.status_code, partner.host) == ((302, kept) if kept is not None else (200, "before.example"))
