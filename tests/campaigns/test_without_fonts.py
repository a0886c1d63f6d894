"""Where set-up has made no fonts, pictures are not there; nothing else fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from campaigns import banner_pictures, guides
from campaigns.drawing import lettering
from campaigns.models import Banner
from campaigns.warnings import Browser, Device, drawing
from campaigns.warnings.addresses import picture_url
from certificates.wording.guides import guide_for
from portal.models import Partner

REMEMBERED: list[Any] = [
    lettering._font,
    lettering._characters,
    lettering._script_of,
    banner_pictures.draw,
    drawing.draw,
    guides.draw,
]


def forget() -> None:
    for one in REMEMBERED:
        one.cache_clear()


@pytest.fixture
def fonts(settings: Any) -> Iterator[None]:
    """As they were."""
    settings_before = settings.BASE_DIR
    yield
    settings.BASE_DIR = settings_before
    forget()


def pictures(partner: Partner) -> list[str]:
    banner = Banner.objects.create(partner=partner, name="Summer", headline_en="Renew before summer")
    warning = picture_url(
        partner,
        host="www.karst.example",
        day=date(2027, 1, 21),
        browser=Browser.CHROME,
        device=Device.DESKTOP,
        language="en",
    )
    guide = guides.address(partner, guide_for("nginx"), "en")
    return [f"/embed/banners/{banner.public_key}.png", urlsplit(warning).path, urlsplit(guide).path]


@pytest.mark.usefixtures("fonts")
def test_pictures_are_not_found_without_fonts_and_come_back_with_them(
    partner: Partner, settings: Any, tmp_path: Path, client: Client
) -> None:
    house = settings.BASE_DIR
    addresses = pictures(partner)

    forget()
    settings.BASE_DIR = tmp_path
    assert [client.get(address).status_code for address in addresses] == [404, 404, 404]

    forget()
    settings.BASE_DIR = house
    assert [client.get(address).status_code for address in addresses] == [200, 200, 200]


@pytest.mark.usefixtures("fonts")
def test_a_typeface_that_is_made_later_is_seen_by_whoever_runs_already(settings: Any, tmp_path: Path) -> None:
    before = settings.BASE_DIR
    forget()
    settings.BASE_DIR = tmp_path
    assert not lettering.can_set("é")

    settings.BASE_DIR = before

    assert lettering.can_set("é")
    assert [words for _font, words in lettering.Face(12).pieces("éж")] == ["é", "ж"]
