"""The code at the foot of a letter: whoever types it learns whether we sent the letter, and nothing more."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from pytest_django.fixtures import Settings

from portal import clock, verification
from portal.access import across_partners
from portal.codes import new_code
from portal.mail import letters, outbox
from portal.mail.delivery import deliver_due
from portal.mail.letters import Words
from portal.models import OutgoingMail, Partner
from portal.models.mail import MailPurpose, MailState
from tests.factories import make_partner
from tests.portal.mail.letters import NOW

pytestmark = pytest.mark.django_db

OWN, OTHER = "certs.relais.example", "certs.other.example"
SECRETS = ("Karst Atelier", "karst-key", "buyer@", "Élise", "A subject of its own")


@pytest.fixture(autouse=True)
def _answering(settings: Settings) -> None:
    cache.clear()
    settings.ALLOWED_HOSTS = [OWN, OTHER, "testserver"]
    settings.PUBLIC_URL = "http://testserver"


@pytest.fixture
def relais() -> Partner:
    return make_partner("Relais", host=OWN)


def send(partner: Partner, purpose: MailPurpose = MailPurpose.SERVICE, *, leaves: bool = True) -> OutgoingMail:
    """A letter with a code at its foot."""
    facts = {"person": {"first_name": "Élise"}, "inviter": "", "role": "", "is_new": False, "url": "https://x.example/"}
    words = letters.render("emails/invitation", facts, language="en", partner=partner, bears_code=True)
    letter = outbox.enqueue(
        key=f"karst-key:{words.code}",
        partner=partner,
        purpose=purpose,
        to_email="buyer@Karst.example",
        to_name="Karst Atelier",
        words=replace(words, subject="A subject of its own"),
        now=NOW,
    )
    if leaves:
        deliver_due(now=NOW)
    return letter


def ask(code: str, host: str = "testserver", **extra: Any) -> Any:
    return Client().get(reverse("portal:verify"), {"code": code}, headers={"host": host}, **extra)


def said(response: Any) -> str:
    return " ".join(strip_tags(response.content.decode()).split())


def test_code_stands_in_both_bodies_with_the_place_where_it_is_typed(relais: Partner) -> None:
    letter = send(relais)

    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}", letter.code)
    for body in (letter.text, letter.html):
        assert f"Type the code {letter.code} at {OWN}/verify/." in body


def test_letter_of_another_kind_bears_none(relais: Partner) -> None:
    words = letters.render("emails/invitation", {"url": ""}, language="en", partner=relais)

    assert words.code == ""
    assert "verify" not in words.text + words.html


def test_code_tells_by_whom_when_where_to_and_about_what_and_no_more(relais: Partner) -> None:
    letter = send(relais, MailPurpose.NOTICE)

    words = said(ask(letter.code.lower().replace("-", " ")))

    assert "Yes: Relais sent this letter." in words
    assert "The end of a certificate" in words
    assert "22 November 2026" in words
    assert "Sent to an address at karst.example" in words
    assert [one for one in SECRETS if one in words] == []


@pytest.mark.parametrize("purpose", [one for one in MailPurpose if one != MailPurpose.SIGN_IN])
def test_every_purpose_has_its_words(purpose: MailPurpose, relais: Partner) -> None:
    found = verification.verified(send(relais, purpose).code, owner=None, today=clock.today())

    assert found is not None
    assert found.about
    assert found.holds


def test_code_survives_the_words_of_a_letter(relais: Partner) -> None:
    letter = send(relais, MailPurpose.QUOTE)

    letter.refresh_from_db()
    assert (letter.state, letter.text) == (MailState.SENT, "")
    assert "Yes: Relais sent this letter." in said(ask(letter.code))


def test_letter_that_stayed_home_is_unknown(relais: Partner) -> None:
    letter = send(relais, leaves=False)

    assert "Nothing of ours bears the code" in said(ask(letter.code))


def test_other_houses_and_suspended_ones_are_answered_like_a_code_of_nobody(relais: Partner) -> None:
    make_partner("Another house", host=OTHER)
    letter, nobodys = send(relais), new_code()

    at_home, elsewhere = ask(letter.code, OWN), ask(letter.code, OTHER)
    unknown = ask(nobodys, OTHER)
    Partner.objects.filter(pk=relais.pk).update(is_active=False)
    suspended = ask(letter.code)

    assert "Yes: Relais sent this letter." in said(at_home)
    assert said(elsewhere).replace(letter.code, "") == said(unknown).replace(nobodys, "")
    assert "Nothing of ours" in said(suspended)
    assert {one.status_code for one in (at_home, elsewhere, unknown, suspended)} == {200}


def test_empty_code_asks_and_finds_no_letter_without_one(relais: Partner) -> None:
    with across_partners():
        OutgoingMail.objects.filter(pk=send(relais).pk).update(code="")

    assert "Nothing of ours" not in said(ask(""))
    assert "Nothing of ours" in said(ask("--"))


def test_guessing_is_slow_and_what_is_known_costs_nothing(relais: Partner) -> None:
    letter = send(relais)
    with time_machine.travel(NOW, tick=False):  # all in one minute
        for _ in range(30):
            assert ask(letter.code, REMOTE_ADDR="198.51.100.66").status_code == 200
        for number in range(20):
            ask(f"0000-0000-{number:02}", REMOTE_ADDR="198.51.100.66")

        assert ask(letter.code, REMOTE_ADDR="198.51.100.66").status_code == 429
        assert ask(letter.code, REMOTE_ADDR="192.0.2.10").status_code == 200


def test_same_letter_asked_for_twice_keeps_its_code(relais: Partner) -> None:
    facts: dict[str, Any] = {"partner": relais, "purpose": MailPurpose.SERVICE, "to_email": "a@b.example"}
    first, second = (
        outbox.enqueue(key="same", words=Words("x", "x", code=new_code()), now=NOW, **facts) for _ in range(2)
    )

    assert first.code == second.code != ""


def test_page_is_never_kept_and_only_read(relais: Partner) -> None:
    answer = ask(send(relais).code)

    assert answer.headers["Cache-Control"] == "no-store"
    assert Client().post(reverse("portal:verify")).status_code == 405
