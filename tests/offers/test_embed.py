"""The selector on the partner's own website: framed only by whom the partner lists, without scripts and cookies."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from offers.models import SalesSettings
from offers.services.embedding import change_embedding
from offers.services.origins import BadOrigin, in_policy, read_origin
from portal.models import Activity, Membership, Partner
from portal.roles import Role
from tests.factories import TODAY, make_member, make_partner, midnight
from tests.offers.factories import make_prices, make_settings
from tests.offers.reading import words

SITE = "https://www.relais.example"
SHOP: dict[str, Any] = {"personal": "yes", "payment": "yes", "names": "one", "servers": "one", "trust": "public"}


@pytest.fixture
def shown_on(connected: Partner) -> Partner:
    """A partner whose website is on the list."""
    connected.website, connected.support_email = SITE, "help@relais.example"
    connected.save()
    make_settings(connected, embed_origins=[SITE, "https://shop.relais.example:8443"])
    return connected


def visit(partner: Partner, client: Client | None = None, **query: Any) -> Any:
    return (client or Client()).get(reverse("offers:embedded", args=[partner.slug]), query)


def policy(response: Any) -> dict[str, str]:
    """The directives of the page's Content-Security-Policy."""
    directives = (one.strip().partition(" ") for one in response["Content-Security-Policy"].split(";"))
    return {name: value for name, _space, value in directives if name}


# The public page


def test_exactly_the_listed_websites_may_frame_it(shown_on: Partner) -> None:
    response = visit(shown_on)

    assert response.status_code == 200
    assert policy(response)["frame-ancestors"] == f"{SITE} https://shop.relais.example:8443"
    assert policy(response)["script-src"] == "'self'"
    assert "X-Frame-Options" not in response


def test_every_other_page_still_refuses_every_frame(page: Client) -> None:
    response = page.get(reverse("offers:choose"))

    assert policy(response)["frame-ancestors"] == "'none'"
    assert response["X-Frame-Options"] == "DENY"


def test_it_sets_no_cookie_and_holds_no_script(shown_on: Partner) -> None:
    for response in (visit(shown_on), visit(shown_on, **SHOP), visit(make_partner("Without a list"))):
        html = response.content.decode()

        assert response.cookies == {}
        assert "<script" not in html
        assert "csrf" not in html
        assert 'method="post"' not in html


@pytest.mark.parametrize("origins", [[], ["*"], ["https://a.example; script-src *"], [None]])
def test_without_a_usable_list_it_is_switched_off(connected: Partner, origins: list[Any]) -> None:
    make_settings(connected, embed_origins=origins)

    response = visit(connected)

    assert response.status_code == 404
    assert "This page is switched off" in words(response)
    assert policy(response)["frame-ancestors"] == "'none'"
    assert response["X-Frame-Options"] == "DENY"


def test_a_partner_who_left_or_never_was_looks_like_one_who_switched_it_off(shown_on: Partner) -> None:
    shown_on.is_active = False
    shown_on.save()

    gone, unknown = visit(shown_on), Client().get(reverse("offers:embedded", args=["nobody"]))

    assert (gone.status_code, gone.content) == (unknown.status_code, unknown.content)


def test_on_the_host_of_another_partner_it_is_switched_off(shown_on: Partner, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "own.example", "other.example"]
    make_partner("Another partner", host="other.example")
    Partner.objects.filter(pk=shown_on.pk).update(host="own.example")
    path = reverse("offers:embedded", args=[shown_on.slug])

    answers = {host: Client().get(path, headers={"host": host}) for host in settings.ALLOWED_HOSTS}

    assert [one.status_code for one in answers.values()] == [200, 200, 404]
    assert shown_on.name not in answers["other.example"].content.decode()


def test_its_links_leave_the_frame_for_the_partner(shown_on: Partner) -> None:
    html = visit(shown_on, **SHOP).content.decode()

    links = re.findall(r"<a [^>]*>", html)
    assert [re.findall(r'href="([^"]*)"', link)[0] for link in links] == [
        SITE,
        "mailto:help@relais.example?subject=Secure%20Site%20Pro",
    ]
    assert all('target="_top"' in link and 'rel="noopener"' in link for link in links)


def test_a_website_that_is_no_web_address_is_not_linked(shown_on: Partner) -> None:
    Partner.objects.filter(pk=shown_on.pk).update(website="javascript:alert(1)")

    assert "javascript:" not in visit(shown_on).content.decode()


def test_prices_are_told_only_where_the_partner_wants_it(shown_on: Partner) -> None:
    make_prices(shown_on)
    silent = visit(shown_on, **SHOP).content.decode()
    make_settings(shown_on, embed_prices=True)
    open_handed = visit(shown_on, **SHOP).content.decode()

    assert "€" not in silent
    assert "on request" not in silent
    assert "€320.00 for one year with 1 name, tax excluded" in open_handed


def test_it_speaks_the_language_the_snippet_asks_for(shown_on: Partner) -> None:
    french = visit(shown_on, lang="fr", **SHOP)

    assert french["Content-Language"] == "fr"
    assert '<html lang="fr"' in french.content.decode()
    assert 'name="lang" value="fr"' in french.content.decode()
    assert visit(shown_on, lang="xx")["Content-Language"] == "en"
    assert {"Accept-Language", "Cookie"} <= {one.strip() for one in french["Vary"].split(",")}


def test_who_is_signed_in_elsewhere_sees_what_everybody_sees(shown_on: Partner) -> None:
    stranger = visit(shown_on, **SHOP).content
    client = Client()
    with scopes_disabled():
        client.force_login(make_member(make_partner("Another partner")).user)

    assert visit(shown_on, client, **SHOP).content == stranger


def test_a_hostile_name_is_only_text(shown_on: Partner) -> None:
    Partner.objects.filter(pk=shown_on.pk).update(name='<script>alert(1)</script>" onload="x')

    html = visit(shown_on, **SHOP).content.decode()

    assert "<script" not in html
    assert 'onload="' not in html


# The list


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://www.relais.example", "https://www.relais.example"),
        (" HTTPS://WWW.Relais.example/ ", "https://www.relais.example"),
        ("https://www.relais.example:443", "https://www.relais.example"),
        ("https://www.relais.example:8443", "https://www.relais.example:8443"),
        ("https://café.example", "https://xn--caf-dma.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_compare_it(typed: str, origin: str) -> None:
    assert read_origin(typed) == origin
    assert in_policy([origin]) == [origin]


@pytest.mark.parametrize(
    "typed",
    [
        "www.relais.example",
        "http://www.relais.example",
        "https://",
        "https://localhost",
        "https://192.0.2.1",
        "https://*.relais.example",
        "*",
        "https://www.relais.example/shop",
        "https://www.relais.example?x",
        "https://www.relais.example#x",
        "https://claire@www.relais.example",
        "https://www.relais.example:99999",
        "https://www.relais.example:0",
        "https://a.example;script-src",
        "javascript:alert(1)",
        "https://[::1",
    ],
)
def test_what_is_no_origin_is_refused(typed: str) -> None:
    with pytest.raises(BadOrigin):
        read_origin(typed)


# The page in the house


@pytest.fixture
def nadia(connected: Partner) -> Membership:
    return make_member(connected, Role.ADMINISTRATOR)


@pytest.fixture
def desk(nadia: Membership) -> Client:
    """The browser of an administrator."""
    client = Client()
    client.force_login(nadia.user)
    return client


def test_an_administrator_lists_websites_and_copies_the_snippet(desk: Client, connected: Partner) -> None:
    assert "It is switched off: no website is on the list." in words(desk.get(reverse("offers:embed")))

    answer = desk.post(
        reverse("offers:embed"),
        {"origins": f"{SITE}/\nhttps://shop.relais.example\n{SITE}", "prices": "on"},
        follow=True,
    )

    row = SalesSettings.objects.for_partner(connected).get()
    assert (row.embed_origins, row.embed_prices) == ([SITE, "https://shop.relais.example"], True)
    assert f"/embed/{connected.slug}/choose/?lang=en" in words(answer)
    assert "It is switched off" not in words(answer)
    assert visit(connected).status_code == 200


def test_what_is_no_website_is_refused_with_the_way_out_and_nothing_typed_is_lost(
    desk: Client, connected: Partner
) -> None:
    answer = desk.post(reverse("offers:embed"), {"origins": f"{SITE}\nwww.relais.example/shop"})

    assert answer.status_code == 422
    assert "www.relais.example/shop is no website that can be allowed." in words(answer)
    assert f"{SITE}\nwww.relais.example/shop</textarea>" in answer.content.decode()
    assert not SalesSettings.objects.for_partner(connected).exists()


def test_a_change_is_written_down_once_and_an_unchanged_list_is_not(nadia: Membership, connected: Partner) -> None:
    for _again in range(2):
        change_embedding(connected, origins=[SITE], prices=False, actor=nadia.user, now=midnight(TODAY))

    (deed,) = Activity.objects.filter(partner=connected, verb="selector.embedding")
    assert deed.facts == {
        "before": {"origins": [], "prices": False},
        "after": {"origins": [SITE], "prices": False},
    }


def test_the_deed_is_told_in_words(desk: Client, nadia: Membership, connected: Partner) -> None:
    change_embedding(connected, origins=[SITE], prices=False, actor=nadia.user, now=midnight(TODAY))

    assert "Selector on websites changed" in words(desk.get(reverse("portal:activity")))


def test_the_preview_is_for_our_own_frame_also_while_it_is_switched_off(desk: Client) -> None:
    around, preview = desk.get(reverse("offers:embed")), desk.get(reverse("offers:embed_preview"))

    assert policy(around)["frame-src"] == "'self'"
    assert policy(around)["frame-ancestors"] == "'none'"
    assert policy(preview)["frame-ancestors"] == "'self'"
    assert preview["Cache-Control"] == "private, no-cache"


def test_account_managers_do_not_edit_the_list(page: Client) -> None:
    assert page.get(reverse("offers:embed")).status_code == 403
    assert page.post(reverse("offers:embed"), {"origins": SITE}).status_code == 403
