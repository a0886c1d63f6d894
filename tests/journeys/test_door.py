from __future__ import annotations

import re
from subprocess import Popen

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import LazySettings
from playwright.sync_api import Page, expect

from portal.demo import PASS_PHRASE
from portal.mail import mailbox
from tests.journeys.house import House, wait_for
from tests.journeys.looks import barriers
from tests.journeys.people import CLAIRE, ELISE
from tests.journeys.visits import Visits

pytestmark = pytest.mark.browser


def sign_in(page: Page, pass_phrase: str = PASS_PHRASE) -> None:
    page.get_by_label("Email").fill(CLAIRE)
    page.get_by_label("Password").fill(pass_phrase)
    page.get_by_role("button", name="Sign in", exact=True).click()


def shown_by_the_app(secret: str) -> str:
    """The six digits that an authenticator app shows at this moment."""
    digits: str = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    return digits


def code_sent_to(email: str) -> str:
    [letter] = [one for one in mailbox.newest() if one.recipients == email]
    [code] = re.findall(r"^ {4}(\S+)$", letter.text, flags=re.MULTILINE)
    return str(code)


def test_staff_set_up_a_second_factor_before_anything_else_and_need_it_ever_after(
    demo_house: House, visits: Visits, settings: LazySettings
) -> None:
    settings.MFA_REQUIRED = True
    page = visits.open()
    page.goto("/expiring/")
    sign_in(page, "not the pass phrase")
    expect(page.get_by_text("not correct")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value(CLAIRE)
    sign_in(page)
    for _ in range(2):
        page.goto("/expiring/")
        expect(page).to_have_url(re.compile("/accounts/security/$"))
        expect(page.get_by_text("Whoever works here signs in with a second factor.")).to_be_visible()

    page.get_by_role("link", name="Activate").click()
    page.get_by_label("Password").fill(PASS_PHRASE)
    page.get_by_role("button", name="Confirm").click()
    secret = page.get_by_label("Authenticator secret")
    page.get_by_label("Authenticator code").fill("000000")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    assert barriers(page) == []
    page.get_by_label("Authenticator code").fill(shown_by_the_app(secret.input_value()))
    page.get_by_role("button", name="Activate").click()
    codes = page.get_by_label("Unused codes").input_value().split()
    assert len(set(codes)) == 10
    assert barriers(page) == []
    assert set(Authenticator.objects.filter(user__email=CLAIRE).values_list("type", flat=True)) == {
        "totp",
        "recovery_codes",
    }
    page.goto("/expiring/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Expiring certificates")

    for code, is_good in ((codes[0], True), (codes[0], False), (codes[1], True)):
        page = visits.open()
        page.goto("/expiring/")
        sign_in(page)
        page.get_by_label("Code").fill(code)
        assert barriers(page) == []
        page.get_by_role("button", name="Sign in", exact=True).click()
        if is_good:
            expect(page.get_by_role("heading", level=1)).to_have_text("Expiring certificates")
        else:
            expect(page.get_by_text("Incorrect code")).to_be_visible()


def test_customer_signs_in_with_a_code_from_a_letter(
    demo_house: House, worker: Popen[bytes], visits: Visits, settings: LazySettings
) -> None:
    settings.MFA_REQUIRED = True
    visits.watch.expected = {403}
    page = visits.open()
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Send me a sign-in code").click()
    page.get_by_label("Email").fill(ELISE)
    page.get_by_role("button", name="Request code").click()
    wait_for(mailbox.newest, what="the letter with the code")

    page.get_by_label("Code").fill("NOT-IT")
    page.get_by_role("button", name=re.compile("Confirm|Sign in", re.IGNORECASE)).first.click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    page.get_by_label("Code").fill(code_sent_to(ELISE))
    page.get_by_role("button", name=re.compile("Confirm|Sign in", re.IGNORECASE)).first.click()

    expect(page).to_have_url(re.compile("/home/$"))
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_text("www.karst-atelier.example").first).to_be_visible()
    page.goto("/expiring/")
    expect(page.get_by_text("www.karst-atelier.example")).to_have_count(0)
