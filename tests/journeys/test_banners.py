"""Banners on other websites, in a real browser: framed where allowed, counting down, and leading to the portal."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django_scopes import scope
from playwright.sync_api import Browser, expect

from campaigns.models import Banner
from portal import clock
from portal.demo import PARTNER_SLUG
from portal.models import Partner
from tests.journeys.house import House
from tests.journeys.websites import website

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house")]
HEADLINE = "Renew before the holidays"
HOSTILE = "</style><style>body{position:fixed}</style><script>top.location='https://evil.example'</script>"


@pytest.fixture
def banner(demo_house: House) -> Banner:
    partner = Partner.objects.get(slug=PARTNER_SLUG)
    with scope(partner=partner):
        return Banner.objects.create(
            partner=partner,
            name="Journey",
            design=Banner.Design.COUNTDOWN,
            headline_en=HEADLINE,
            text_en=HOSTILE[:160],
            ends_at=clock.now() + timedelta(days=2, minutes=30),
        )


def snippet(house: House, banner: Banner) -> str:
    address = f"{house.url}/embed/banners/{banner.public_key}"
    picture = f'<img id="picture" src="{address}.png?lang=en" width="970" height="120" alt="">'
    return f'<iframe title="Banner" src="{address}/?lang=en" width="970" height="120"></iframe>{picture}'


def allow(banner: Banner, *origins: str) -> None:
    with scope(partner=banner.partner):
        Banner.objects.filter(pk=banner.pk).update(origins=list(origins))


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_listed_website_shows_it_without_cookies_and_its_link_leads_to_the_portal(
    house: House, banner: Banner, browser: Browser, scripts: bool
) -> None:
    context = browser.new_context(java_script_enabled=scripts, locale="en-GB")
    with website(snippet(house, banner)) as site:
        allow(banner, site)
        page = context.new_page()
        page.goto(site)
        frame = page.frame_locator("iframe")

        expect(frame.get_by_role("heading", name=HEADLINE)).to_be_visible()
        expect(frame.locator("[data-days]")).to_have_text("2")
        expect(frame.locator("[data-minutes]")).to_have_text(re.compile(r"^[12]\d$"))
        expect(frame.get_by_role("link", name="Renew now")).to_have_attribute("href", re.compile("/home/renew/$"))
        assert page.url.rstrip("/") == site
        assert context.cookies() == []
    context.close()


def test_website_that_is_not_listed_shows_the_picture_but_not_the_frame(
    house: House, banner: Banner, browser: Browser
) -> None:
    context = browser.new_context(locale="en-GB")
    with website(snippet(house, banner)) as site, website(snippet(house, banner)) as other:
        allow(banner, site)
        page = context.new_page()
        page.goto(other)

        assert all(not frame.url.startswith(house.url) for frame in page.frames[1:])
        assert page.locator("#picture").evaluate("image => image.naturalWidth") == 1940
        assert context.cookies() == []
    context.close()
