"""Replicas of browser warnings: the customer's own host and day, in the reader's language, and nobody is counted."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from django_scopes import scopes_disabled
from PIL import Image

from campaigns import warnings
from campaigns.drawing.lettering import Face, Run, lines
from campaigns.drawing.sheet import KEPT
from campaigns.warnings import BadHost, Browser, Device, scene_of
from campaigns.warnings.drawing import SIZES, draw
from portal.models import Activity, Partner
from tests.factories import make_partner

DAY = date(2027, 1, 21)
HOST = "www.karst.example"
EVERY = [(browser, device) for browser in Browser for device in Device]


def url_of(partner: Partner, **changes: Any) -> str:
    wanted = {"host": HOST, "day": DAY, "browser": Browser.CHROME, "device": Device.DESKTOP, "language": "en"}
    return warnings.picture_url(partner, **wanted | changes)  # type: ignore[arg-type]


def path_of(partner: Partner, **changes: Any) -> str:
    return urlsplit(url_of(partner, **changes)).path


def test_every_browser_names_the_host_and_the_day() -> None:
    for browser, device in EVERY:
        page = render_to_string(
            "campaigns/warnings/warning.html", {"scene": scene_of(HOST, DAY, browser, device), "theme": "dark"}
        )

        assert HOST in page
        assert "21\N{NO-BREAK SPACE}January\N{NO-BREAK SPACE}2027" in page
        assert f"warning-{browser} warning-{device} is-dark" in page


def test_every_browser_speaks_french_in_words_of_its_own() -> None:
    with translation.override("en"):
        english = [scene_of(HOST, DAY, browser, device) for browser, device in EVERY]
    with translation.override("fr"):
        french = [scene_of(HOST, DAY, browser, device) for browser, device in EVERY]

    for before, after in zip(english, french, strict=True):
        for words in ("chip", "title", "text", "ended", "leave", "more"):
            assert getattr(before, words) != getattr(after, words), (before.browser, words)


def test_errors_have_their_own_names() -> None:
    codes = {browser: scene_of(HOST, DAY, browser, Device.PHONE).code for browser in Browser}

    assert codes == {
        Browser.CHROME: "NET::ERR_CERT_DATE_INVALID",
        Browser.FIREFOX: "SEC_ERROR_EXPIRED_CERTIFICATE",
        Browser.SAFARI: "",
    }


@pytest.mark.parametrize(("browser", "device"), EVERY)
def test_picture_is_fine_light_and_the_same_whenever_it_is_asked_for(
    browser: Browser, device: Device, partner: Partner, client: Client
) -> None:
    response = client.get(path_of(partner, browser=browser, device=device))

    picture = Image.open(BytesIO(response.content))
    width, height = SIZES[device]
    assert response["Content-Type"] == "image/png"
    assert picture.format == "PNG"
    assert picture.size == (width * KEPT, height * KEPT)
    assert len(response.content) < 60_000
    draw.cache_clear()
    assert client.get(path_of(partner, browser=browser, device=device)).content == response.content


def test_picture_is_kept_for_long_by_everybody_and_sets_no_cookie(partner: Partner, client: Client) -> None:
    response = client.get(path_of(partner, browser=Browser.SAFARI, device=Device.PHONE, language="fr"))

    assert response["Cache-Control"] == "public, max-age=2592000, immutable"
    assert response["Content-Disposition"] == 'inline; filename="warning-safari-phone-fr.png"'
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Language"] == "fr"
    assert response.cookies == {}


def test_everybody_gets_the_same_address_and_asking_for_it_writes_nothing(partner: Partner, client: Client) -> None:
    assert path_of(partner) == path_of(make_partner("Another")) == path_of(partner)

    with scopes_disabled():
        before = Activity.objects.count()
        client.get(path_of(partner))
        assert Activity.objects.count() == before


def test_picture_is_drawn_in_its_own_language_whoever_asks(partner: Partner) -> None:
    address = path_of(partner, language="en")

    english, french = (Client(headers={"accept-language": language}).get(address).content for language in ("en", "fr"))

    assert english == french


@pytest.mark.parametrize(
    "host",
    ["", "karst", "198.51.100.7", "a b.example", "<b>.example", "a.example/x", "a~b.example", "x" * 300, "a\n.example"],
)
def test_what_is_no_host_is_refused(host: str, partner: Partner) -> None:
    with pytest.raises(BadHost):
        url_of(partner, host=host)


def test_wildcard_stands_for_the_name_it_hangs_on() -> None:
    assert scene_of("*.karst.example", DAY, Browser.CHROME, Device.PHONE).host == "karst.example"


def test_international_name_is_shown_as_people_read_it_unless_it_cannot_be_drawn() -> None:
    shown = [
        scene_of(host, DAY, Browser.CHROME, Device.PHONE).host
        for host in ("xn--mnchen-3ya.example", "www.xn--e1afmkfd.xn--p1ai", "xn--wgv71a119e.example")
    ]

    assert shown == ["münchen.example", "www.пример.рф", "xn--wgv71a119e.example"]


def test_long_name_keeps_its_end() -> None:
    shown = scene_of(f"{'part.' * 40}karst.example", DAY, Browser.FIREFOX, Device.PHONE).host

    assert len(shown) == 48
    assert shown.startswith("…")
    assert shown.endswith("part.karst.example")


@pytest.mark.parametrize("changed", ["karst~evil", "2027~2028", "chrome~safari"])
def test_altered_address_is_nothing(changed: str, partner: Partner, client: Client) -> None:
    was, becomes = changed.split("~")

    assert client.get(path_of(partner).replace(was, becomes)).status_code == 404
    assert client.get("/w/of-nobody/warning.png").status_code == 404


def test_words_for_whoever_sees_no_pictures(partner: Partner) -> None:
    with translation.override("fr"):
        picture = warnings.picture_of(
            partner, host=HOST, day=DAY, browser=Browser.CHROME, device=Device.PHONE, language="en"
        )

    assert (picture.width, picture.height) == SIZES[Device.PHONE]
    assert picture.alt == "Chrome warns of www.karst.example, whose certificate ended on 21 January 2027."


def test_lines_are_never_wider_than_their_room_and_keep_a_full_stop_with_its_word() -> None:
    thin, bold = Face(20), Face(20, 600)

    found = lines([Run("Do not go on to", thin), Run(f" {'x' * 60}.example", bold), Run(". It ended.", thin)], 200)

    assert all(sum(run.width for run in line) <= 200 for line in found)
    assert not any(line[0].words.startswith(".") for line in found)
    assert "".join(run.words for line in found for run in line).count("x") == 61
