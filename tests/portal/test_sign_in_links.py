"""The link of a sign-in letter: it opens a page, one press on which opens the portal, once, in any browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal import clock, signing_in
from portal.access import across_partners, on_behalf_of
from portal.models import Link, Membership, User
from portal.models.mail import SECRET_PURPOSES, MailPurpose
from tests.factories import make_customer, make_member, make_partner, make_user
from tests.portal.signing import app_code, code_in, give_app, is_signed_in, letters, link_in

pytestmark = pytest.mark.django_db

SCANNERS = ("Mozilla/5.0 (compatible; Safe Links)", "HeadlessChrome", "curl/8")


@pytest.fixture(autouse=True)
def _no_counters(settings: Settings) -> None:
    cache.clear()
    settings.MFA_REQUIRED = False


@pytest.fixture
def elise() -> Membership:
    """A contact of a customer."""
    partner = make_partner("Relais")
    return make_member(partner, "customer", customer=make_customer(partner), user=make_user("elise@karst.example"))


def ask(email: str, **extra: Any) -> str:
    """Ask for a letter in a browser of its own; the path of its link."""
    Client().post(reverse("account_request_login_code"), {"email": email}, **extra)
    return link_in(letters()[-1])


def door(client: Client, path: str) -> str:
    """The clean address to which the link leads this browser."""
    response = client.get(path)
    assert response.status_code == 302
    return str(response["Location"])


def links_of(membership: Membership) -> list[Link]:
    with on_behalf_of(membership.partner):
        return list(Link.objects.filter(purpose=signing_in.PURPOSE).order_by("pk"))


def test_one_press_in_another_browser_signs_in(elise: Membership) -> None:
    client = Client()
    page = door(client, ask(elise.user.email))

    shown = client.get(page)
    pressed = client.post(page)

    assert "elise@karst.example" in shown.content.decode()
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert (pressed.status_code, pressed["Location"]) == (302, "/")
    assert is_signed_in(client)
    assert client.session["membership"] == elise.pk


def test_t9_scanners_burn_nothing_and_sign_nobody_in(elise: Membership) -> None:
    path, person = ask(elise.user.email), Client()

    for agent in SCANNERS * 10:
        scanner = Client(headers={"user-agent": agent})
        for method in (scanner.get, scanner.head):
            method(path)
            method(door(scanner, path))
        assert not is_signed_in(scanner)

    assert [(one.opened_count, one.revoked_at) for one in links_of(elise)] == [(0, None)]
    person.post(door(person, path))
    assert is_signed_in(person)


def test_t10_link_is_good_for_one_press(elise: Membership) -> None:
    path = ask(elise.user.email)
    first, second = Client(), Client()
    page = door(first, path)
    assert door(second, path) == page

    first.post(page)
    again = second.post(page)

    assert again.status_code == 404
    assert (is_signed_in(first), is_signed_in(second)) == (True, False)
    assert Client().get(path).status_code == 404


def test_link_is_good_for_ten_minutes(elise: Membership) -> None:
    client = Client()
    page = door(client, ask(elise.user.email))
    with on_behalf_of(elise.partner):
        link = Link.objects.get()
        Link.objects.update(created_at=link.created_at - timedelta(minutes=11), expires_at=clock.now())

    assert link.expires_at - link.created_at == timedelta(minutes=10)
    assert client.post(page).status_code == 404
    assert not is_signed_in(client)


def test_code_and_link_of_a_letter_let_in_once_between_them(elise: Membership) -> None:
    client = Client()
    client.post(reverse("account_request_login_code"), {"email": elise.user.email})
    letter = letters()[-1]
    client.post(reverse("account_confirm_login_code"), {"code": code_in(letter)})

    assert is_signed_in(client)
    assert Client().get(link_in(letter)).status_code == 404


def test_using_one_link_ends_the_others_of_the_person(elise: Membership) -> None:
    first, second, client = ask(elise.user.email), ask(elise.user.email), Client()

    client.post(door(client, second))

    assert Client().get(first).status_code == 404


def test_second_factor_is_still_asked_for(elise: Membership) -> None:
    claire = make_member(elise.partner, "account_manager")
    secret, client = give_app(claire.user), Client()

    answer = client.post(door(client, ask(claire.user.email)))

    assert answer["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": app_code(secret)})
    assert is_signed_in(client)


def test_t25_session_is_another_one_afterwards_whoever_sat_there(elise: Membership) -> None:
    claire = make_member(elise.partner, "account_manager")
    client = Client()
    client.force_login(claire.user)
    before = client.session.session_key

    client.post(door(client, ask(elise.user.email)))

    assert client.session.session_key != before
    assert client.session["_auth_user_id"] == str(elise.user_id)


def test_t28_press_without_a_token_is_refused(elise: Membership) -> None:
    client = Client(enforce_csrf_checks=True)
    page = door(client, ask(elise.user.email))

    assert client.post(page).status_code == 403
    assert not is_signed_in(client)


def test_t25_who_buys_here_no_longer_is_not_let_in(elise: Membership) -> None:
    client = Client()
    page = door(client, ask(elise.user.email))
    with across_partners():
        Membership.objects.filter(pk=elise.pk).update(is_active=False)

    assert client.get(page).status_code == client.post(page).status_code == 404
    assert not is_signed_in(client)


def test_t11_link_made_for_one_address_lets_nobody_in_under_another(elise: Membership) -> None:
    client = Client()
    page = door(client, ask(elise.user.email))
    User.objects.filter(pk=elise.user_id).update(email="somebody.else@karst.example")

    assert client.post(page).status_code == 404


def test_t27_unknown_address_gets_a_letter_without_a_link_and_the_same_page(elise: Membership) -> None:
    answers = [
        Client().post(reverse("account_request_login_code"), {"email": email}, follow=True)
        for email in (elise.user.email, "nobody@karst.example")
    ]
    bodies = [answer.content.decode() for answer in answers]

    assert len({answer.redirect_chain[-1] for answer in answers}) == 1
    assert len(bodies[0].replace(elise.user.email, "")) == len(bodies[1].replace("nobody@karst.example", ""))
    known, unknown = letters()
    assert "/l/" in known.body
    assert "/l/" not in unknown.body


def test_person_of_no_partner_gets_a_code_alone() -> None:
    user = make_user("operator@portal.example")
    Client().post(reverse("account_request_login_code"), {"email": user.email})

    (letter,) = letters()
    assert code_in(letter)
    assert "/l/" not in letter.body


def test_whoever_is_signed_in_already_goes_on_and_keeps_the_link(elise: Membership) -> None:
    client = Client()
    client.force_login(elise.user)

    answer = client.get(door(client, ask(elise.user.email)))

    assert answer["Location"] == "/"
    assert [one.revoked_at for one in links_of(elise)] == [None]


def test_letter_sent_by_staff_lets_in_for_a_day_and_its_words_are_forgotten(elise: Membership) -> None:
    with on_behalf_of(elise.partner):
        letter = signing_in.send_link(elise, now=clock.now())
    sent, client = letters()[-1], Client()

    client.post(door(client, link_in(sent)))

    assert sent.subject == "Your way in to Relais"
    assert is_signed_in(client)
    assert letter.purpose == MailPurpose.SIGN_IN
    assert letter.purpose in SECRET_PURPOSES
    (link,) = links_of(elise)
    assert link.expires_at - link.created_at == timedelta(days=1)
