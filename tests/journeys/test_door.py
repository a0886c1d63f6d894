from __future__ import annotations

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import LazySettings
from playwright.sync_api import Page, expect

from portal.demo import PASS_PHRASE
from tests.journeys.house import House
from tests.journeys.visits import Visits

pytestmark = pytest.mark.browser

CLAIRE = "claire.martin@relais.example"
ELISE = "elise.roy@karst-atelier.example"


def sign_in(page: Page, email: str, pass_phrase: str = PASS_PHRASE) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(pass_phrase)
    page.get_by_role("button", name="Sign in", exact=True).click()


def code_of(secret: str) -> str:
    """What an authenticator app shows at this moment."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_staff_set_up_a_second_factor_before_anything_else(
    demo_house: House, visits: Visits, settings: LazySettings
) -> None:
    settings.MFA_REQUIRED = True
    page = visits.open()

    page.goto("/expiring/")
    sign_in(page, CLAIRE, "not the pass phrase")
    expect(page.get_by_text("not correct")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value(CLAIRE)
    sign_in(page, CLAIRE)
    for _ in range(2):
        page.goto("/expiring/")
        expect(page).to_have_url(re.compile("/accounts/security/$"))

    page.get_by_role("link", name="Activate").first.click()
    secret = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill("000000")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    page.get_by_label("Authenticator code").fill(code_of(page.get_by_label("Authenticator secret").input_value()))
    page.get_by_role("button", name="Activate").click()
    codes = re.findall(r"\b[0-9a-f]{8}\b|\b\d{8}\b", page.get_by_role("main").inner_text())
    page.goto("/expiring/")
    assert secret
    expect(page.get_by_role("heading", name="Expiring certificates")).to_be_visible()
