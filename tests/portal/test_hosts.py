"""A partner's own host name: its face on every page, its letters, and nobody let in whom it does not know."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.core.cache import cache, caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal import clock, hosts, links
from portal.access import on_behalf_of
from portal.models import OutgoingMail, Partner
from portal.services import people
from tests.factories import TODAY, make_customer, make_member, make_partner, make_user, midnight
from tests.portal.signing import is_signed_in, letters, link_in, try_password

pytestmark = pytest.mark.django_db

OWN, OTHER, SHARED = "certs.relais.example", "certs.other.example", "portal.example"
PUBLIC = [
    ("account_login", 200),
    ("account_request_login_code", 200),
    ("account_reset_password", 200),
    ("account_reset_password_done", 200),
]


@pytest.fixture(autouse=True)
def _answering(settings: Settings) -> None:
    cache.clear()
    settings.MFA_REQUIRED = False
    settings.ALLOWED_HOSTS = [OWN, OTHER, SHARED, "testserver"]
    settings.PUBLIC_URL = f"http://{SHARED}"


@pytest.fixture
def relais() -> Partner:
    return make_partner("Relais", host=OWN, support_email="help@relais.example", sender_email="certs@relais.example")


@pytest.fixture
def other() -> Partner:
    return make_partner("Another house", host=OTHER)


def on(host: str, client: Client | None = None) -> Client:
    """The client, asking under that host name."""
    client = client or Client()
    client.defaults["HTTP_HOST"] = host
    return client


def wears(response: Any, partner: Partner) -> bool:
    body = response.content.decode()
    return f"/brand/{partner.slug}.css" in body and partner.name in body


@pytest.mark.parametrize(("name", "status"), PUBLIC)
def test_page_for_strangers_wears_the_face_of_the_house(
    name: str, status: int, relais: Partner, other: Partner
) -> None:
    answers = {host: on(host).get(reverse(name)) for host in (OWN, OTHER, SHARED)}

    assert {answer.status_code for answer in answers.values()} == {status}
    assert [wears(answers[host], relais) for host in answers] == [True, False, False]
    assert [wears(answers[host], other) for host in answers] == [False, True, False]


@pytest.mark.parametrize("path", ["/nothing/here/", "/l/AAAAAAAAAAAAAAAAAAAAAA/"])
def test_page_that_is_not_there_wears_it_too(path: str, relais: Partner) -> None:
    answer = on(OWN).get(path)

    assert answer.status_code == 404
    assert wears(answer, relais)


def test_too_many_tries_wear_it_too(relais: Partner) -> None:
    client = on(OWN)
    with time_machine.travel(midnight(TODAY), tick=False):  # all in one minute
        for _ in range(20):
            client.get("/l/AAAAAAAAAAAAAAAAAAAAAA/")
        answer = client.get("/l/AAAAAAAAAAAAAAAAAAAAAA/")

    assert answer.status_code == 429
    assert wears(answer, relais)


def test_form_without_a_token_is_refused_in_the_face_of_the_house(relais: Partner) -> None:
    answer = on(OWN, Client(enforce_csrf_checks=True)).post(reverse("account_login"), {})

    assert answer.status_code == 403
    assert wears(answer, relais)


def test_shared_address_stays_as_it_was(relais: Partner) -> None:
    body = on(SHARED).get(reverse("account_login")).content.decode()

    assert "Renewal portal" in body
    assert relais.name not in body


def test_suspended_house_shows_no_face_and_lets_nobody_in(relais: Partner, other: Partner) -> None:
    member = make_member(other)
    relais.is_active = False
    relais.save()
    client = on(OWN)
    client.force_login(member.user)

    assert not wears(on(OWN).get(reverse("account_login")), relais)
    assert client.get("/").status_code == 403


def test_somebody_of_another_house_only_is_told_so_and_shown_the_way_out(relais: Partner, other: Partner) -> None:
    stranger = make_member(other, "administrator")
    client = on(OWN)
    client.force_login(stranger.user)

    answers = [client.get(path) for path in ("/", "/settings/", "/orders/", "/home/")]
    body = answers[0].content.decode()

    assert [answer.status_code for answer in answers] == [403] * 4
    assert wears(answers[0], relais)
    assert "You are not known at this address" in body
    assert stranger.user.email in body
    assert f'action="{reverse("account_logout")}"' in body
    assert 'href="http://portal.example/"' in body
    assert other.name not in body


def test_wrong_role_in_the_own_house_is_told_the_usual(relais: Partner) -> None:
    client = on(OWN)
    client.force_login(make_member(relais, "support").user)

    body = client.get("/settings/").content.decode()

    assert "Your role does not include this page" in body


def test_only_memberships_of_the_house_count_on_its_host(relais: Partner, other: Partner) -> None:
    claire = make_member(relais, "administrator")
    make_member(other, "administrator", user=claire.user)
    seen = {}
    for host in (OWN, OTHER, SHARED):
        client = on(host)
        client.force_login(claire.user)
        context = client.get("/settings/").context
        seen[host] = (context["partner"], [one.partner for one in context["other_memberships"]])

    assert seen == {OWN: (relais, []), OTHER: (other, []), SHARED: (relais, [other])}


def test_choosing_another_partner_changes_nothing_in_this_house(relais: Partner, other: Partner) -> None:
    claire = make_member(relais, "administrator")
    there = make_member(other, "administrator", user=claire.user)
    client = on(OWN)
    client.force_login(claire.user)

    client.post(reverse("portal:switch_partner"), {"membership": there.pk})

    assert client.get("/settings/").context["partner"] == relais


def test_t6_two_houses_never_wear_each_others_face_cold_or_warm(relais: Partner, other: Partner) -> None:
    for _round in range(3):
        assert wears(on(OWN).get(reverse("account_login")), relais)
        assert wears(on(OTHER).get(reverse("account_login")), other)
        assert not wears(on(SHARED).get(reverse("account_login")), relais)


def test_t6_name_that_has_gone_to_another_partner_bears_its_face_at_once(relais: Partner, other: Partner) -> None:
    assert hosts.house_of(OWN) == relais

    # as another process does it, of whose changes this one hears nothing
    Partner.objects.filter(pk=relais.pk).update(host="")
    assert hosts.house_of(OWN) is None
    other.host = OWN
    other.save()

    assert hosts.house_of(OWN) == other


@pytest.mark.parametrize("host", [OWN, OWN.upper(), f"{OWN}:8443"])
def test_house_is_known_by_name_whatever_its_letters_and_port(host: str, relais: Partner) -> None:
    assert hosts.house_of(host) == relais


def test_no_query_is_spent_on_the_shared_address_and_one_in_a_house(relais: Partner) -> None:
    caches["minute"].clear()
    counts = []
    for host in (SHARED, SHARED, OWN, OWN):
        with CaptureQueriesContext(connection) as captured:
            hosts.house_of(host)
        counts.append(len(captured))

    assert counts == [1, 0, 1, 1]


def test_probes_ask_nobody(relais: Partner) -> None:
    with CaptureQueriesContext(connection) as captured:
        on(OWN).get("/livez")

    assert len(captured) == 0


# Letters


@pytest.mark.parametrize("host", [OWN, SHARED])
def test_letters_about_signing_in_come_from_the_house_that_was_asked(host: str, relais: Partner) -> None:
    member = make_member(relais, "customer", customer=make_customer(relais))
    for name in ("account_request_login_code", "account_reset_password"):
        on(host).post(reverse(name), {"email": member.user.email})

    code, reset = letters()
    # the way to the own door is the same from wherever it was asked
    assert f"http://{OWN}/l/" in str(code.body)
    assert f"http://{host}/accounts/password/reset/key/" in str(reset.body)
    for letter in (code, reset):
        assert ("certs@relais.example" in letter.from_email) == (host == OWN)
        assert ("Relais" in str(letter.body)) == (host == OWN)


def test_nobody_learns_from_a_house_who_has_an_account_elsewhere(relais: Partner, other: Partner) -> None:
    elsewhere = make_member(other)
    answers = []
    for email in (elsewhere.user.email, "nobody@karst.example"):
        answer = on(OWN).post(reverse("account_request_login_code"), {"email": email}, follow=True)
        answers.append((answer.redirect_chain[-1], len(answer.content.decode().replace(email, ""))))

    assert answers[0] == answers[1]
    assert [f"http://{OTHER}" in str(letter.body) for letter in letters()] == [False, False]


def test_invitation_leads_to_the_own_host(relais: Partner) -> None:
    nadia = make_member(relais, "administrator")
    make_user("known@relais.example")
    with on_behalf_of(relais):
        for email in ("new@relais.example", "known@relais.example"):
            invitation = people.Invitation(email, "support")
            people.invite(invitation, partner=relais, actor=nadia.user, now=clock.now())

    assert [f"http://{OWN}/accounts/" in str(letter.body) for letter in letters()] == [True, True]


def test_reset_from_a_house_signs_in_there(relais: Partner) -> None:
    member = make_member(relais, "customer", customer=make_customer(relais))
    client = on(OWN)
    client.post(reverse("account_reset_password"), {"email": member.user.email})
    form = client.get(link_in(letters()[0]), follow=True).redirect_chain[-1][0]

    client.post(form, {"password1": "another long phrase", "password2": "another long phrase"})

    assert is_signed_in(client)


def test_letter_of_a_suspended_house_is_the_portals_own(relais: Partner) -> None:
    user = make_member(relais).user
    relais.is_active = False
    relais.save()

    on(OWN).post(reverse("account_request_login_code"), {"email": user.email})

    assert OutgoingMail._base_manager.get().partner_id is None


def test_links_go_to_the_port_at_which_the_portal_is_asked(relais: Partner, settings: Settings) -> None:
    settings.PUBLIC_URL = f"http://{SHARED}:8000"

    assert links.address(relais, "/l/x/") == f"http://{OWN}:8000/l/x/"


def test_nobody_is_led_from_a_house_to_elsewhere_after_signing_in(relais: Partner) -> None:
    user = make_member(relais).user

    assert try_password(on(OWN), user, next=f"http://{OTHER}/").url == "/"
    assert try_password(on(OWN), user, next="//evil.example").url == "/"
