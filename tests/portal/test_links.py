"""Links in letters: what opens one, what refuses one, and what neither a scanner nor a log ever learns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from portal import clock, linked, links
from portal.access import on_behalf_of
from portal.linked import LinkedRequest
from portal.models import Link, Partner
from tests.factories import make_partner

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"}
SCANNERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0; Pro)",
    "Barracuda Sentinel (EE)",
    "python-requests/2.32",
)


@pytest.fixture(autouse=True)
def _purposes(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setitem(links.purposes, "tale", links.Purpose(url=lambda link: f"/tales/{link.handle}/"))
    monkeypatch.setitem(links.purposes, "song", links.Purpose(url=lambda link: f"/songs/{link.handle}/"))


@pytest.fixture(autouse=True)
def _hosts(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "relais.example", "other.example"]


@pytest.fixture
def relais() -> Partner:
    return make_partner(host="relais.example")


def make(partner: Partner, **fields: Any) -> str:
    """The path of a new link for thirty days."""
    now = clock.now()
    facts: dict[str, Any] = {"purpose": "tale", "subject": "tale:1", "audience": "it@granit.example", "now": now}
    with on_behalf_of(partner):
        address = links.make_link(partner=partner, **{"expires_at": now + timedelta(days=30), **facts, **fields})
    return "/l/" + address.partition("/l/")[2]


def only_link(partner: Partner) -> Link:
    with on_behalf_of(partner):
        return Link.objects.get()


@linked.linked("tale")
def tell(request: LinkedRequest) -> HttpResponse:
    """A page behind a link."""
    return HttpResponse(f"{request.link.subject} of {request.partner.slug} in {request.LANGUAGE_CODE}")


def page(client: Client, link: Link, *, host: str = "testserver", **cookies: str) -> Any:
    """What the browser is told behind the link."""
    request = RequestFactory().get(f"/tales/{link.handle}/", headers={"host": host})
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()} | cookies
    request.user = AnonymousUser()
    request.LANGUAGE_CODE = "en"
    return tell(request, link.handle)


def test_link_leads_to_its_clean_address_and_opens_it(relais: Partner) -> None:
    path, client = make(relais), Client()
    link = only_link(relais)

    response = client.get(path)

    assert (response.status_code, response["Location"]) == (302, f"/tales/{link.handle}/")
    assert page(client, link).content.decode() == f"tale:1 of {relais.slug} in en"
    assert link.handle not in path


def test_address_is_the_partners_own_host_only_where_this_server_answers_to_it(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://portal.example"
    settings.HTTPS = True
    own = make_partner(host="relais.example")
    elsewhere = make_partner(host="not-yet-pointed-here.example")

    assert links.address(own, "/l/x/") == "https://relais.example/l/x/"
    assert links.address(elsewhere, "/l/x/") == "https://portal.example/l/x/"
    assert links.address(make_partner(), "/l/x/") == "https://portal.example/l/x/"
