"""Links in letters: what opens one, what refuses one, and what neither a scanner nor a log ever learns."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import structlog
import time_machine
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.core.cache import cache
from django.db import connections
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django_scopes import scopes_disabled
from pytest_django.fixtures import Settings

from portal import clock, linked, links
from portal.access import on_behalf_of
from portal.linked import LinkedRequest
from portal.models import Link, Partner
from tests.factories import make_member, make_partner

HOSTS = ("relais.example", "relais.example:8443", "testserver", "other.example")
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


def test_link_of_an_unknown_purpose_is_never_made(relais: Partner) -> None:
    with pytest.raises(KeyError):
        make(relais, purpose="unheard-of")


def test_t8_token_altered_in_any_place_opens_nothing(relais: Partner) -> None:
    path = make(relais)
    token = path.split("/")[2]
    altered = [f"{token[:at]}{'A' if token[at] != 'A' else 'B'}{token[at + 1 :]}" for at in range(len(token))]

    opened = [links.open_link(one, host="testserver", now=clock.now()) for one in [token, *altered, token[:-1], ""]]

    assert opened == [only_link(relais)] + [None] * (len(altered) + 2)


def test_t8_cookie_altered_in_any_place_opens_nothing(relais: Partner) -> None:
    client = Client()
    client.get(make(relais))
    link = only_link(relais)
    (name, morsel), *_others = client.cookies.items()
    proof = morsel.value
    altered = [f"{proof[:at]}{'x' if proof[at] != 'x' else 'y'}{proof[at + 1 :]}" for at in range(len(proof))]

    answers = [page(Client(), link, **{name: one}).status_code for one in [proof, *altered]]

    assert answers == [200] + [404] * len(altered)


def test_t8_link_of_one_purpose_opens_no_page_of_another(relais: Partner) -> None:
    client = Client()
    client.get(make(relais, purpose="song"))
    link = only_link(relais)
    (name, morsel), *_others = client.cookies.items()

    moved = signing.dumps(link.pk, salt="portal.links.tale")

    assert page(client, link).status_code == 404
    # not even with a cookie signed for the other purpose: the row is asked too
    assert page(Client(), link, **{name: moved}).status_code == 404
    assert morsel.value != moved


def test_t8_cookie_of_one_link_opens_no_other(relais: Partner) -> None:
    client = Client()
    client.get(make(relais))
    own = only_link(relais)
    make(relais, subject="tale:2")
    with on_behalf_of(relais):
        foreign = Link.objects.exclude(pk=own.pk).get()
    ((_name, morsel),) = client.cookies.items()

    answer = page(Client(), foreign, **{f"link-{foreign.handle}": morsel.value})

    assert answer.status_code == 404


def test_t8_link_of_one_partner_opens_nothing_on_the_host_of_another(relais: Partner) -> None:
    make_partner(host="other.example")
    path, client = make(relais), Client()

    answers = {host: client.get(path, headers={"host": host}).status_code for host in HOSTS}
    behind = {host: page(client, only_link(relais), host=host).status_code for host in HOSTS}

    assert answers == {"relais.example": 302, "relais.example:8443": 302, "testserver": 302, "other.example": 404}
    assert behind == {"relais.example": 200, "relais.example:8443": 200, "testserver": 200, "other.example": 404}


def test_t8_link_opens_until_the_moment_it_ends(relais: Partner) -> None:
    token = make(relais).split("/")[2]
    ends = only_link(relais).expires_at

    before, after = (links.open_link(token, host="", now=moment) for moment in (ends - timedelta.resolution, ends))

    assert (before, after) == (only_link(relais), None)


def test_t8_cookie_ends_after_hours_although_the_link_goes_on(relais: Partner) -> None:
    path, client = make(relais), Client()
    with time_machine.travel(datetime(2026, 11, 22, 8, tzinfo=UTC)):
        client.get(path)
    link = only_link(relais)

    answers = []
    for hour in (11, 13):
        with time_machine.travel(datetime(2026, 11, 22, hour, tzinfo=UTC)):
            answers.append(page(client, link).status_code)

    assert answers == [200, 404]


def test_t8_cookie_outlives_a_new_key_but_not_the_end_of_its_own(relais: Partner, settings: Settings) -> None:
    client = Client()
    client.get(make(relais))
    link, old = only_link(relais), settings.SECRET_KEY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new key that is long enough to be one", [old]
    rotated = page(client, link).status_code
    settings.SECRET_KEY_FALLBACKS = []

    assert (rotated, page(client, link).status_code) == (200, 404)


def test_t8_suspended_partner_has_no_links(relais: Partner) -> None:
    path, client = make(relais), Client()
    client.get(path)
    relais.is_active = False
    relais.save(update_fields=["is_active"])

    assert (client.get(path).status_code, page(client, only_link(relais)).status_code) == (404, 404)


@pytest.mark.django_db(transaction=True)
def test_t9_two_hundred_scanners_at_once_change_nothing_and_count_nobody(relais: Partner) -> None:
    path = make(relais)
    before = everything()

    with ThreadPoolExecutor(8) as scanners:
        answers = list(scanners.map(partial(scan, path), range(200)))

    assert set(answers) == {302}
    assert everything() == before
    assert Client().get(path).status_code == 302


def scan(path: str, number: int) -> int:
    """One look at the link, as a mail scanner does it."""
    client = Client(headers={"user-agent": SCANNERS[number % len(SCANNERS)]})
    try:
        return int((client.head if number % 2 else client.get)(path).status_code)
    finally:
        connections.close_all()


def everything() -> dict[str, list[Any]]:
    """Every row of the portal's own tables."""
    with scopes_disabled():
        return {
            model._meta.label: list(model._default_manager.order_by("pk").values())
            for model in apps.get_models()
            if model._meta.managed and model._meta.app_label in ("portal", "sessions", "certificates")
        }


def test_t9_only_what_a_person_does_is_counted_and_once_a_visit(relais: Partner) -> None:
    client, scanner = Client(), Client()
    path = make(relais)
    client.get(path)
    link = only_link(relais)
    seen = reverse("portal:link_seen", args=["tale", link.handle])

    answers = [client.post(seen).status_code, client.post(seen).status_code, scanner.post(seen).status_code]

    assert answers == [204, 204, 404]
    assert only_link(relais).opened_count == 1
    assert client.get(seen).status_code == 405


def test_later_visit_counts_again_and_tells_the_app_above(relais: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    purpose = links.Purpose(url=lambda link: "/", seen=lambda link, now: told.append(f"{link.subject} {now:%H:%M}"))
    monkeypatch.setitem(links.purposes, "tale", purpose)
    make(relais)
    link, nine = only_link(relais), clock.now().replace(hour=9, minute=0)

    with on_behalf_of(relais):
        counted = [links.count_opening(link, now=nine + timedelta(minutes=each)) for each in (0, 29, 31)]

    seen = only_link(relais)
    assert counted == [True, False, True]
    assert told == ["tale:1 09:00", "tale:1 09:31"]
    assert (seen.opened_count, seen.first_opened_at, seen.last_opened_at) == (2, nine, nine + timedelta(minutes=31))


def test_t10_link_taken_back_ends_at_once_also_for_those_inside(relais: Partner) -> None:
    path, client = make(relais), Client()
    client.get(path)
    link = only_link(relais)

    with on_behalf_of(relais):
        revoked = [links.revoke(partner=relais, purpose="tale", subject="tale:1", now=clock.now()) for _ in range(2)]

    assert revoked == [1, 0]
    assert (client.get(path).status_code, page(client, link).status_code) == (404, 404)


def test_t10_taking_back_reaches_no_other_subject_purpose_or_partner(relais: Partner) -> None:
    other = make_partner()
    paths = [make(relais, subject="tale:10"), make(relais, purpose="song"), make(other)]

    with on_behalf_of(relais):
        links.revoke(partner=relais, purpose="tale", subject="tale:1", now=clock.now())

    assert [Client().get(path).status_code for path in paths] == [302, 302, 302]


def test_t11_token_is_stored_nowhere(relais: Partner) -> None:
    token = make(relais).split("/")[2]

    assert len(token) == 22
    assert token not in str(everything())


def test_t11_way_in_is_not_kept_and_tells_no_other_page(relais: Partner) -> None:
    for path in (make(relais), "/l/unknown-unknown-unknown/"):
        headers = Client().get(path).headers

        assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_t11_page_behind_a_link_is_kept_by_nobody(relais: Partner) -> None:
    client = Client()
    client.get(make(relais))

    assert page(client, only_link(relais)).headers["Cache-Control"] == "private, no-store"


def test_t11_cookie_is_for_this_host_over_https_and_for_no_script(relais: Partner, settings: Settings) -> None:
    settings.HTTPS = True
    settings.LINK_COOKIE_PREFIX = "__Host-link-"
    client = Client()

    client.get(make(relais), secure=True)

    ((name, cookie),) = client.cookies.items()
    assert name == f"__Host-link-{only_link(relais).handle}"
    kept = {key: cookie[key] for key in ("secure", "httponly", "path", "domain", "samesite", "max-age")}
    assert kept == {
        "secure": True,
        "httponly": True,
        "path": "/",
        "domain": "",
        "samesite": "Lax",
        "max-age": 4 * 3600,
    }


@pytest.mark.parametrize(
    ("before", "after"), [("/l/", "/"), ("/calendar/", ".ics"), ("/accounts/password/reset/key/", "/")]
)
def test_t11_log_lines_hold_no_token(before: str, after: str) -> None:
    token = "1-Zm9yLW9uZS1yZWFkZXItb25s"
    (formatter,) = {
        handler.formatter
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)
    }
    with pytest.raises(Resolver404) as missed:
        resolve(f"{before}{token}{after}/further/")
    facts = (missed.type, missed.value, missed.tb)
    record = logging.LogRecord("django.request", 30, "", 0, "Not Found: %s", (f"{before}{token}{after}",), facts)

    line = formatter.format(record)

    assert f"Not Found: {before}[token]{after}" in line
    assert "Resolver404" in line
    assert token not in line


def test_t11_link_signs_nobody_in_and_leaves_those_signed_in_alone(relais: Partner) -> None:
    stranger, member = Client(), Client()
    member.force_login(make_member(make_partner(), "administrator").user)
    session = dict(member.session)
    path = make(relais)

    stranger.get(path)
    member.get(path)

    assert "session" not in stranger.cookies
    assert stranger.get("/orders/").status_code == 302
    assert dict(member.session) == session


def test_browser_that_holds_twenty_links_begins_anew(relais: Partner) -> None:
    client = Client()
    for number in range(21):
        client.get(make(relais, subject=f"tale:{number}"))

    held = [cookie for cookie in client.cookies.values() if cookie.value]

    assert len(held) == 1


@pytest.mark.parametrize(
    ("of_link", "of_cookie", "spoken"), [("fr", "", "fr"), ("", "", "en"), ("fr", "en", "en"), ("fr", "xx", "fr")]
)
def test_page_speaks_the_links_language_until_the_reader_chooses(
    of_link: str, of_cookie: str, spoken: str, relais: Partner
) -> None:
    client = Client()
    client.get(make(relais, language=of_link))
    if of_cookie:
        client.cookies["django_language"] = of_cookie

    with translation.override("en"):
        answer = page(client, only_link(relais))

    assert answer.content.decode().endswith(f" in {spoken}")


def test_t13_all_that_opens_nothing_looks_the_same_and_asks_the_same(
    relais: Partner, django_assert_num_queries: Any
) -> None:
    now = clock.now()
    make_partner(host="other.example")
    wrong_host = make(relais)
    expired = make(relais, now=now - timedelta(days=2), expires_at=now - timedelta(days=1))
    revoked = make(relais, subject="tale:2")
    with on_behalf_of(relais):
        links.revoke(partner=relais, purpose="tale", subject="tale:2", now=now)
    tries = {"/l/AAAAAAAAAAAAAAAAAAAAAA/": "relais.example", expired: "relais.example", revoked: "relais.example"}

    pages = set()
    for path, host in tries.items():
        response = Client().get(path, headers={"host": host})
        pages.add((response.status_code, alike(response.content.decode(), path)))
        with django_assert_num_queries(2):
            links.open_link(path.split("/")[2], host=host, now=now)

    (status, words), *others = pages
    assert (status, others) == (404, [])
    assert "opens nothing" in words
    assert Client().get(wrong_host, headers={"host": "other.example"}).status_code == 404


def alike(words: str, path: str) -> str:
    """The page without what differs by itself: its own address, and the form's token."""
    return re.sub(r'(csrf-token" content|csrfmiddlewaretoken" value)="\w+"', "", words).replace(path, "")


def test_browser_with_cookies_that_nobody_could_set_is_let_in(relais: Partner) -> None:
    odd = "; ".join(f"link-x[{number}]=1" for number in range(linked.MOST_COOKIES + 1))

    assert Client().get(make(relais), headers={"cookie": odd}).status_code == 302


@pytest.mark.parametrize("told", ["unknown", "192.0.2.1, ", "😀"])
def test_t13_networks_that_cannot_be_told_share_one_limit(relais: Partner, settings: Settings, told: str) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    path = make(relais)

    assert Client().get(path, headers={"x-forwarded-for": told}).status_code == 302
    for number in range(linked.GUESSES.amount):
        Client().get(f"/l/{'x' * 20}{number:02}/", headers={"x-forwarded-for": told})
    assert Client().get(path, headers={"x-forwarded-for": told}).status_code == 429
    assert Client().get(path, headers={"x-forwarded-for": "192.0.2.1"}).status_code == 302


def test_t13_network_that_guesses_is_refused_and_others_are_not(relais: Partner) -> None:
    path = make(relais)
    guess(21, "198.51.100.66")

    assert Client().get(path, REMOTE_ADDR="198.51.100.66").status_code == 429
    assert Client().get(path, REMOTE_ADDR="192.0.2.10").status_code == 302


def test_t13_many_networks_that_guess_on_one_host_have_one_try_each(relais: Partner) -> None:
    path = make(relais)
    for _ in range(300):
        linked.GUESSES_EVERYWHERE.count("relais.example")
    guess(1, "198.51.100.66", host="relais.example")

    answers = [
        Client().get(path, REMOTE_ADDR=network, headers={"host": host}).status_code
        for network, host in (
            ("198.51.100.66", "relais.example"),
            ("192.0.2.10", "relais.example"),
            ("198.51.100.66", "testserver"),
        )
    ]

    assert answers == [429, 302, 302]


def guess(times: int, network: str, *, host: str = "testserver") -> None:
    for number in range(times):
        Client().get(f"/l/guess-number-{number:08}/", REMOTE_ADDR=network, headers={"host": host})
