"""Legal notices and privacy: text that everybody may read, under the partner's own name and no other's."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal.mail import letters
from portal.models import Partner
from portal.notices import Kind, text_of
from tests.factories import make_customer, make_member, make_partner

pytestmark = pytest.mark.django_db

OWN, OTHER = "certs.relais.example", "certs.other.example"


@pytest.fixture(autouse=True)
def _answering(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [OWN, OTHER, "testserver"]
    settings.PUBLIC_URL = "http://testserver"
    settings.MFA_REQUIRED = False


@pytest.fixture
def relais() -> Partner:
    return make_partner(
        "Relais", slug="relais", host=OWN, legal_en="Relais SAS\n\n12 quai des Essais", privacy_fr="Nous gardons peu."
    )


def get(path: str, host: str = "testserver", language: str = "en") -> tuple[int, str]:
    answer = Client().get(path, headers={"host": host, "accept-language": language})
    return answer.status_code, answer.content.decode()


def test_notice_is_read_at_home_and_on_the_shared_address(relais: Partner) -> None:
    for path, host in (("/legal/", OWN), ("/p/relais/legal/", OWN), ("/p/relais/legal/", "testserver")):
        status, body = get(path, host)

        assert status == 200
        assert "<p>Relais SAS</p>" in body
        assert "<p>12 quai des Essais</p>" in body
        assert "/brand/relais.css" in body


def test_changed_colours_have_an_address_that_no_browser_has_kept(relais: Partner) -> None:
    before = get("/p/relais/legal/", OWN)[1]

    Partner.objects.filter(pk=relais.pk).update(brand_colour="#ffe600", accent_colour="#000000")

    address = "/brand/relais.css?ffe600-000000"
    assert address not in before
    assert address in get("/p/relais/legal/", OWN)[1]


def test_no_other_houses_notice_is_shown_at_home(relais: Partner) -> None:
    make_partner("Another house", slug="other", host=OTHER, legal_en="Another SAS")

    assert get("/p/relais/legal/", OTHER)[0] == 404
    assert "Another SAS" in get("/legal/", OTHER)[1]


@pytest.mark.parametrize("path", ["/legal/", "/privacy/", "/p/nobody/legal/", "/p/quiet/legal/", "/p/gone/privacy/"])
def test_what_nobody_has_written_is_not_there(path: str, relais: Partner) -> None:
    make_partner("Quiet", slug="quiet", legal_en="  \n ")
    make_partner("Gone", slug="gone", privacy_en="We were.", is_active=False)

    assert get(path)[0] == 404


def test_reader_of_the_other_language_gets_what_is_written_and_its_language_is_marked(relais: Partner) -> None:
    assert '<div class="card-body" lang="fr"><p>Nous gardons peu.</p></div>' in get("/privacy/", OWN, "en")[1]
    assert text_of(relais, Kind.LEGAL, "fr") == ("Relais SAS\n\n12 quai des Essais", "en")


def test_customer_who_is_signed_in_reads_that_of_the_own_partner(relais: Partner) -> None:
    client = Client()
    client.force_login(make_member(relais, "customer", customer=make_customer(relais)).user)

    assert "Relais SAS" in client.get("/legal/").content.decode()


def test_markup_in_a_notice_is_text(relais: Partner) -> None:
    relais.legal_en = "<script>alert(1)</script>\n\n<b>bold</b> {{ partner.slug }}"
    relais.save()

    body = get("/legal/", OWN)[1]

    assert "<script>alert" not in body
    assert "&lt;b&gt;bold&lt;/b&gt; {{ partner.slug }}" in body


def test_foot_of_pages_and_letters_leads_to_what_is_written(relais: Partner) -> None:
    bare = make_partner("Bare")
    shared = make_partner("Shared", slug="shared", legal_fr="Shared SARL")

    body = get(reverse("account_login"), OWN)[1]
    words = {
        one: letters.render("emails/invitation", {"url": ""}, language="en", partner=one)
        for one in (relais, bare, shared)
    }

    assert body.count('href="/legal/"') == body.count('href="/privacy/"') == 1
    assert f"Legal notice: http://{OWN}/legal/" in words[relais].text
    assert f'href="http://{OWN}/privacy/"' in words[relais].html
    assert "/legal/" not in words[bare].text + words[bare].html
    assert "Legal notice: http://testserver/p/shared/legal/" in words[shared].text
    assert "privacy" not in words[shared].text
